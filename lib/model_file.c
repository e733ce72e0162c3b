/* model_file.c - models as streams. */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "mem.h"
#include "net.h"
#include "nn.h"

/* --- architecture as named values, under the names of the options -------- */

static const char *const no_click_name[] = { "none", "zero" };
static const char *const loss_name[] = { "nll", "sparsemax" };
static const char *const regularizer_name[] = { "l2", "shannon" };

static void
write_arch(struct ur_params *params, const struct ur_arch *arch)
{
	char dims[UR_DIMS_TEXT];

	ur_params_free(params);
	ur_params_str(params, "state", ur_state_name[arch->state]);
	ur_params_int(params, "hidden", arch->hidden);
	ur_params_int(params, "pw-dim", arch->pw_dim);
	ur_params_int(params, "pw-band", arch->pw_band);
	ur_dims_format(arch->layers, arch->dims, dims);
	ur_params_str(params, "dims", dims);
	ur_params_bool(params, "batchnorm", arch->batchnorm);
	ur_params_str(params, "loss", loss_name[arch->loss]);
	ur_params_str(params, "no-click", no_click_name[arch->no_click]);
	ur_params_str(params, "regularizer", regularizer_name[arch->regularizer]);
	ur_params_real(params, "eta", arch->eta);
	ur_params_bool(params, "policy", arch->policy);
	if (arch->policy) {
		ur_dims_format(arch->policy_layers, arch->policy_dims, dims);
		ur_params_str(params, "policy-dims", dims);
	}
}

static int
read_word(const struct ur_params *params, const char *name, const char *const *word, int words, int *value, char *err)
{
	const struct ur_param *p = ur_params_find(params, name);

	if (p == NULL || p->type != UR_P_STR)
		return ur_fail(err, "arch has no word \"%s\"", name);
	for (*value = 0; *value < words; ++*value)
		if (strcmp(p->s, word[*value]) == 0)
			return 0;
	return ur_fail(err, "arch: %s is \"%s\", which this version does not know", name, p->s);
}

static int
read_size(const struct ur_params *params, const char *name, int *value, char *err)
{
	const struct ur_param *p = ur_params_find(params, name);

	if (p == NULL || p->type != UR_P_INT || p->i < 1 || p->i > UR_MAX_WIDTH)
		return ur_fail(err, "arch: %s is not a whole number from 1 to %d", name, UR_MAX_WIDTH);
	*value = (int)p->i;
	return 0;
}

static int
read_flag(const struct ur_params *params, const char *name, bool *value, char *err)
{
	const struct ur_param *p = ur_params_find(params, name);

	if (p == NULL || p->type != UR_P_BOOL)
		return ur_fail(err, "arch: %s is not true or false", name);
	*value = p->i != 0;
	return 0;
}

/* Whole numbers are numbers, too: some packers write 1.0 as 1. */
static int
read_eta(const struct ur_params *params, double *value, char *err)
{
	const struct ur_param *p = ur_params_find(params, "eta");

	*value = p == NULL ? 0 : p->type == UR_P_REAL ? p->x : p->type == UR_P_INT ? (double)p->i : 0;
	return *value > 0 ? 0 : ur_fail(err, "arch: eta is not a number above 0");
}

static int
read_dims(const struct ur_params *params, const char *name, int *layers, int *dims, char *err)
{
	const struct ur_param *p = ur_params_find(params, name);
	char why[UR_ERR];

	if (p == NULL || p->type != UR_P_STR)
		return ur_fail(err, "arch has no word \"%s\"", name);
	if (ur_dims_parse(p->s, layers, dims, why) < 0)
		return ur_fail(err, "arch: %s %.900s", name, why);
	return 0;
}

static int
read_arch(struct ur_arch *arch, const struct ur_header *header, char *err)
{
	const struct ur_params *params = &header->arch;
	int state, no_click, loss, regularizer;

	memset(arch, 0, sizeof *arch);
	if (read_word(params, "state", ur_state_name, 3, &state, err) < 0 ||
	    read_word(params, "no-click", no_click_name, 2, &no_click, err) < 0 ||
	    read_word(params, "loss", loss_name, 2, &loss, err) < 0 ||
	    read_word(params, "regularizer", regularizer_name, 2, &regularizer, err) < 0 ||
	    read_size(params, "hidden", &arch->hidden, err) < 0 ||
	    read_size(params, "pw-dim", &arch->pw_dim, err) < 0 ||
	    read_size(params, "pw-band", &arch->pw_band, err) < 0 ||
	    read_dims(params, "dims", &arch->layers, arch->dims, err) < 0 ||
	    read_flag(params, "batchnorm", &arch->batchnorm, err) < 0 ||
	    read_flag(params, "policy", &arch->policy, err) < 0 ||
	    (arch->policy && read_dims(params, "policy-dims", &arch->policy_layers, arch->policy_dims, err) < 0) ||
	    read_eta(params, &arch->eta, err) < 0)
		return -1;
	arch->state = (enum ur_state)state;
	arch->no_click = (enum ur_no_click)no_click;
	arch->loss = (enum ur_loss)loss;
	arch->regularizer = (enum ur_regularizer)regularizer;
	if (!header->has_spec)
		return ur_fail(err, "header has no spec");
	ur_arch_input(arch, &header->spec);
	return 0;
}

/* --- tensors ------------------------------------------------------------- */

static int
check_piece(const struct ur_tensor *t, const struct ur_piece *piece, bool seen, char *err)
{
	if (t == NULL)
		return ur_fail(err, "tensor \"%.60s\": the architecture has none of that name", piece->name);
	if (piece->rank != t->rank || piece->shape[0] != t->shape[0] || (t->rank == 2 && piece->shape[1] != t->shape[1]))
		return ur_fail(err, "tensor \"%s\": %zu by %zu, the architecture has %zu by %zu", t->name, piece->shape[0],
		    piece->rank > 1 ? piece->shape[1] : 1, t->shape[0], t->shape[1]);
	if (seen && piece->first == 0)
		return ur_fail(err, "tensor \"%s\" comes twice", t->name);
	return 0;
}

/* The values of a stream as they come: a file may claim any architecture, so memory grows with what is there. */
struct values {
	float *value;           /* [n] */
	size_t n, cap;
	size_t *at;             /* [tensors] where those of a tensor begin */
	bool *seen;             /* [tensors] */
};

static void
add_values(struct values *values, int i, const struct ur_piece *piece)
{
	if (piece->first == 0)
		values->at[i] = values->n;
	values->seen[i] = true;
	UR_GROW(values->value, values->cap, values->n + piece->count + 1);
	assert(values->value != NULL);
	memcpy(values->value + values->n, piece->data, piece->count * sizeof *values->value);
	values->n += piece->count;
}

static int
gather_values(const struct ur_model *model, struct ur_reader *r, struct values *values, char *err)
{
	struct ur_piece piece;
	int more;

	while ((more = ur_reader_tensor(r, &piece)) > 0) {
		const struct ur_tensor *t = ur_model_tensor(model, piece.name);

		if (check_piece(t, &piece, t != NULL && values->seen[t - model->tensor], err) < 0)
			return -1;
		add_values(values, (int)(t - model->tensor), &piece);
	}
	if (more < 0)
		return ur_fail(err, "%s", r->err);
	for (int i = 0; i < model->tensors; i++)
		if (!values->seen[i])
			return ur_fail(err, "tensor \"%s\" is missing", model->tensor[i].name);
	return 0;
}

static int
read_tensors(struct ur_model *model, struct ur_reader *r, char *err)
{
	struct values values = {
		.at = ur_calloc((size_t)model->tensors, sizeof *values.at),
		.seen = ur_calloc((size_t)model->tensors, sizeof *values.seen)
	};
	int status = gather_values(model, r, &values, err);

	if (status == 0)
		ur_model_allocate(model);
	for (int i = 0; i < model->tensors && status == 0; i++) {
		const struct ur_tensor *t = &model->tensor[i];
		const float *value = values.value + values.at[i];

		assert(values.value != NULL);
		for (size_t k = 0; k < t->n; k++)
			model->param[t->at + k] = value[k];
	}
	free(values.value);
	free(values.at);
	free(values.seen);
	return status;
}

int
ur_model_load(struct ur_model *model, struct ur_header *header, const char *path, char *err)
{
	struct ur_reader r;
	struct ur_arch arch;
	char why[UR_ERR];
	int status;

	memset(model, 0, sizeof *model);
	memset(header, 0, sizeof *header);
	r.err[0] = '\0';
	if (ur_reader_open(&r, path, UR_MODEL) < 0) {
		ur_fail(err, "%s", r.err);
		ur_reader_close(&r);
		return -1;
	}
	status = read_arch(&arch, &r.header, why);
	if (status == 0) {
		ur_model_lay_out(model, &arch);
		status = read_tensors(model, &r, why);
	}
	if (r.err[0] != '\0')
		status = ur_fail(err, "%s", r.err);
	else if (status < 0)
		ur_fail(err, "%.100s: %.900s", r.in.name, why);
	if (status == 0) {
		*header = r.header;     /* the caller's from here on */
		memset(&r.header, 0, sizeof r.header);
	} else
		ur_model_free(model);
	ur_reader_close(&r);
	return status;
}

static void
write_tensor(struct ur_writer *w, const struct ur_model *model, const struct ur_tensor *t)
{
	const real *value = model->param + t->at;
#ifdef UR_DOUBLE
	float *data = ur_alloc(t->n, sizeof *data);

	for (size_t i = 0; i < t->n; i++)
		data[i] = (float)value[i];
	ur_writer_tensor(w, t->name, t->shape, t->rank, data);
	free(data);
#else
	ur_writer_tensor(w, t->name, t->shape, t->rank, value);
#endif
}

int
ur_model_save(const struct ur_model *model, struct ur_header *header, FILE *f, char *err)
{
	struct ur_writer *w;

	header->format = UR_MODEL;
	write_arch(&header->arch, &model->arch);
	if (header->blas == NULL)
		header->blas = ur_strdup(ur_blas_core());
	w = ur_writer_open(f, header);
	for (int i = 0; i < model->tensors; i++)
		write_tensor(w, model, model->tensor + i);
	return ur_writer_close(w, err);
}

/* --- does a model fit batches? ------------------------------------------- */

static bool
same_vocabulary(const struct ur_vocabulary *a, const struct ur_vocabulary *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->value, b->value, a->n * sizeof *a->value) == 0);
}

int
ur_model_fits(const struct ur_header *model, const struct ur_header *batches, char *err)
{
	const struct ur_spec *a = &model->spec, *b = &batches->spec;

	if (a->vector != b->vector)
		return ur_fail(err, "the model wants %d columns with each item, the batches have %d", a->vector, b->vector);
	for (int i = 0; i < a->features || i < b->features; i++) {
		const char *have = i < b->features ? ur_feature_name[b->feature[i]] : "nothing";
		const char *want = i < a->features ? ur_feature_name[a->feature[i]] : "nothing";
		enum ur_feature f;

		if (strcmp(have, want) != 0)
			return ur_fail(err, "feature %d is %s, the model was fitted with %s", i + 1, have, want);
		f = a->feature[i];
		if (!same_vocabulary(&a->vocabulary[f], &b->vocabulary[f]))
			return ur_fail(err, "%s has another vocabulary than the model's, make the batches with --spec", have);
		if (a->mean[f] != b->mean[f] || a->deviation[f] != b->deviation[f])
			return ur_fail(err, "%s is scaled otherwise than the model's, make the batches with --spec", have);
	}
	return 0;
}
