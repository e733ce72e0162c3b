/* Layout of a model, initial values, model files. */
#include <stdio.h>
#include <unistd.h>

#include "numbers.h"

#include "mem.h"
#include "model.h"

#define ERROR_HAS(err, text) assert_non_null(strstr(err, text))

static struct ur_arch
small(enum ur_state state)
{
	struct ur_arch arch = {
		.state = state, .hidden = 3, .pw_dim = 2, .pw_band = 4, .layers = 2, .dims = { 5, 4 }, .batchnorm = true, .eta = .5,
		.loss = UR_SPARSEMAX, .regularizer = UR_L2, .onehots = 1, .onehot_size = { 4 }, .page = 2
	};

	return arch;
}

static void
shape(const struct ur_model *model, const char *name, size_t rows, size_t cols)
{
	const struct ur_tensor *t = ur_model_tensor(model, name);

	assert_non_null(t);
	assert_int_equal(t->shape[0], rows);
	assert_int_equal(t->rank, cols > 0 ? 2 : 1);
	assert_int_equal(t->n, rows * (cols > 0 ? cols : 1));
	assert_int_equal(t->matrix, cols > 0);
	assert_int_equal(t->at % 8, 0);
}

static void
test_layout(void **state)
{
	struct ur_model model, reward;
	struct ur_arch arch = small(UR_LSTM);

	(void)state;
	ur_model_init(&model, &arch);
	shape(&model, "lstm.wx", 4, 12);
	shape(&model, "lstm.wh", 3, 12);
	shape(&model, "lstm.b", 12, 0);
	shape(&model, "mlp.0.w", 3 + 4 + 2, 5);
	shape(&model, "mlp.0.bn.var", 5, 0);
	shape(&model, "mlp.1.b", 4, 0);
	shape(&model, "mlp.2.w", 4, 1);
	assert_null(ur_model_tensor(&model, "mlp.2.bn.gamma"));
	assert_null(ur_model_tensor(&model, "pw.w"));
	assert_null(ur_model_tensor(&model, "policy.lstm.wx"));
	assert_int_equal(ur_model_tensor(&model, "mlp.0.w")->table_at, 3);
	assert_int_equal(ur_model_tensor(&model, "mlp.0.w")->table_rows, 4);
	assert_false(ur_model_tensor(&model, "mlp.0.bn.mean")->trained);
	reward = model;
	arch.policy = true;
	arch.policy_layers = 1;
	arch.policy_dims[0] = 6;
	ur_model_init(&model, &arch);
	for (int i = 0; i < reward.tensors; i++)        /* the reward's tensors come first in either, in the same places */
		assert_true(model.tensor[i].at == reward.tensor[i].at && model.tensor[i].n == reward.tensor[i].n);
	ur_model_free(&reward);
	shape(&model, "policy.mlp.0.w", 3 + 4 + 2, 6);
	shape(&model, "policy.mlp.1.w", 6, 1);
	assert_null(ur_model_tensor(&model, "policy.mlp.0.bn.gamma"));
	assert_true(model.arch.policy && model.policy != NULL);
	assert_true(model.param[ur_model_tensor(&model, "policy.lstm.wx")->at] == 0);
	ur_model_free(&model);
	arch = small(UR_PW);
	ur_model_init(&model, &arch);
	shape(&model, "pw.w", 2, 4);
	shape(&model, "mlp.0.w", 2 * 4 + 4 + 2, 5);
	ur_model_free(&model);
	ur_model_free(&model);
}

static const real *
drawn(struct ur_model *model, const char *name, size_t *n)
{
	const struct ur_tensor *t = ur_model_tensor(model, name);

	*n = t->n;
	return model->param + t->at;
}

static void
test_chen2019_values(void **state)
{
	struct ur_model model;
	struct ur_arch arch = small(UR_LSTM);
	struct ur_rng draw;
	double limit, most, square = 0;
	const real *w;
	size_t n;

	(void)state;
	arch.onehot_size[0] = 500;
	ur_model_init(&model, &arch);
	ur_rng_seed(&draw, 7, 0);
	ur_model_draw(&model, false, UR_START_CHEN2019, &draw);
	limit = sqrt(6. / (500 + 3 + 12));
	w = drawn(&model, "lstm.wx", &n);
	most = largest(w, n);
	assert_true(most <= limit && most > .95 * limit);
	w = drawn(&model, "lstm.b", &n);
	for (size_t i = 0; i < n; i++)
		assert_true(w[i] == (i / 3 == 1 ? 1 : 0));      /* i f g o */
	w = drawn(&model, "mlp.0.w", &n);
	for (size_t i = 0; i < n; i++)
		square += (double)w[i] * w[i];
	most = largest(w, n);
	assert_true(most <= .2 && most > .19);
	close(sqrt(square / (double)n), .088, .01);     /* a normal cut at two deviations */
	w = drawn(&model, "mlp.0.bn.gamma", &n);
	assert_true(w[0] == 1);
	w = drawn(&model, "mlp.0.b", &n);
	assert_true(w[0] == 0);
	ur_model_free(&model);
	arch = small(UR_PW);
	ur_model_init(&model, &arch);
	ur_model_draw(&model, false, UR_START_CHEN2019, &draw);
	w = drawn(&model, "pw.w", &n);
	for (size_t i = 0; i < n; i++)
		assert_true(w[i] == (real)1e-4);
	w = drawn(&model, "mlp.0.w", &n);
	for (size_t i = 0; i < n; i++)
		assert_true(fabs((double)w[i]) <= .002);
	ur_model_free(&model);
}

/* The same seed draws the same values, another draws others; drawing the policy leaves the reward alone. */
static void
test_draw_seed(void **state)
{
	struct ur_arch arch = small(UR_LSTM);
	struct ur_model a, b;
	struct ur_rng draw;

	(void)state;
	arch.policy = true;
	arch.policy_layers = 1;
	arch.policy_dims[0] = 3;
	for (enum ur_start start = UR_START_DEFAULT; start <= UR_START_CHEN2019; start++) {
		ur_model_init(&a, &arch);
		ur_model_init(&b, &arch);
		ur_rng_seed(&draw, 1, 0);
		ur_model_draw(&a, false, start, &draw);
		ur_rng_seed(&draw, 1, 0);
		ur_model_draw(&b, false, start, &draw);
		assert_memory_equal(a.param, b.param, a.params * sizeof *a.param);
		ur_model_draw(&b, true, start, &draw);
		assert_true(memcmp(a.param, b.param, a.params * sizeof *a.param) != 0);
		assert_memory_equal(a.param, b.param, ur_model_tensor(&a, "policy.lstm.wx")->at * sizeof *a.param);
		ur_rng_seed(&draw, 2, 0);
		ur_model_draw(&b, false, start, &draw);
		assert_true(memcmp(a.param, b.param, a.params * sizeof *a.param) != 0);
		ur_model_free(&a);
		ur_model_free(&b);
	}
}

static void
test_dims(void **state)
{
	static const char *const bad[] = { "", "-", "64-", "-64", "64--64", "64-0", "64x", "4097", "1-1-1-1-1-1-1-1-1", "0-0", " 64", "99999999999999999999" };
	int layers, dims[UR_MAX_LAYERS];
	char err[UR_ERR], text[UR_DIMS_TEXT];

	(void)state;
	assert_int_equal(ur_dims_parse("0", &layers, dims, err), 0);
	assert_int_equal(layers, 0);
	assert_int_equal(ur_dims_parse("256-32", &layers, dims, err), 0);
	assert_true(layers == 2 && dims[0] == 256 && dims[1] == 32);
	ur_dims_format(layers, dims, text);
	assert_string_equal(text, "256-32");
	assert_int_equal(ur_dims_parse("4096-4096-4096-4096-4096-4096-4096-4096", &layers, dims, err), 0);
	ur_dims_format(layers, dims, text);
	assert_string_equal(text, "4096-4096-4096-4096-4096-4096-4096-4096");
	ur_dims_format(0, dims, text);
	assert_string_equal(text, "0");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(ur_dims_parse(bad[i], &layers, dims, err), -1);
}

/* --- files -------------------------------------------------------------------------- */

/* Features id (codes 0 to 3) and repeat, as small() has them. */
static void
make_header(struct ur_header *header)
{
	memset(header, 0, sizeof *header);
	header->has_spec = true;
	header->spec.features = 2;
	header->spec.feature[0] = UR_F_ID;
	header->spec.feature[1] = UR_F_REPEAT;
	header->spec.min_count = 2;
	header->spec.items = header->spec.vocabulary[UR_F_ID].n = 3;
	header->spec.vocabulary[UR_F_ID].value = ur_calloc(3, sizeof(uint64_t));
	header->spec.item = ur_calloc(3, sizeof *header->spec.item);
	header->spec.shown = ur_calloc(3, sizeof *header->spec.shown);
	header->spec.picked = ur_calloc(3, sizeof *header->spec.picked);
	for (uint32_t i = 0; i < 3; i++) {
		header->spec.item[i] = header->spec.vocabulary[UR_F_ID].value[i] = 10 + i;
		header->spec.shown[i] = 2;
	}
	ur_params_real(&header->training, "lr", .001);
}

static void
save(const struct ur_model *model, struct ur_header *header, const char *path)
{
	FILE *f = fopen(path, "wb");
	char err[UR_ERR];

	assert_non_null(f);
	assert_int_equal(ur_model_save(model, header, f, err), 0);
	assert_int_equal(fclose(f), 0);
}

static void
loads(struct ur_model *model, struct ur_header *header, const char *path)
{
	char err[UR_ERR];

	if (ur_model_load(model, header, path, err) < 0)
		fail_msg("%s", err);
}

static char *
bytes_of(const char *path, size_t *n)
{
	static char bytes[2][1 << 20];
	static int which;
	FILE *f = fopen(path, "rb");
	char *p = bytes[which ^= 1];

	assert_non_null(f);
	*n = fread(p, 1, sizeof bytes[0], f);
	fclose(f);
	return p;
}

static void
test_file(void **state)
{
	struct ur_arch arch = small(UR_LSTM);
	struct ur_model model, back;
	struct ur_header header, read;
	char *a, *b;
	size_t na, nb;

	(void)state;
	make_header(&header);
	arch.policy = true;
	arch.policy_layers = 1;
	arch.policy_dims[0] = 6;
	ur_model_init(&model, &arch);
	for (size_t i = 0; i < model.params; i++)
		model.param[i] = (real)(float)ur_rng_normal(&rng);
	save(&model, &header, "a.ur");
	loads(&back, &read, "a.ur");
	assert_int_equal(back.arch.state, UR_LSTM);
	assert_true(back.arch.hidden == 3 && back.arch.layers == 2 && back.arch.dims[1] == 4 && back.arch.batchnorm);
	assert_true(back.arch.policy && back.arch.policy_layers == 1 && back.arch.policy_dims[0] == 6);
	assert_true(back.arch.loss == UR_SPARSEMAX && back.arch.eta == .5 && back.arch.page == 2 && back.arch.onehot_size[0] == 4);
	assert_non_null(ur_params_find(&read.training, "lr"));
	assert_non_null(read.blas);
	for (int i = 0; i < model.tensors; i++)
		assert_memory_equal(model.param + model.tensor[i].at, back.param + back.tensor[i].at, model.tensor[i].n * sizeof(real));
	save(&back, &read, "b.ur");
	a = bytes_of("a.ur", &na);
	b = bytes_of("b.ur", &nb);
	assert_int_equal(na, nb);
	assert_memory_equal(a, b, na);
	ur_model_free(&model);
	ur_model_free(&back);
	ur_header_free(&header);
	ur_header_free(&read);
}

enum fault { NO_FAULT, WHOLE_ETA, MISSING, DOUBLED, STRANGE, SHAPE, STATE, HIDDEN, NO_SPEC, NO_ETA, FAULTS };

/* A model stream written piece by piece with something wrong. */
static void
write_faulty(const char *path, enum fault fault)
{
	static const float zeros[1000];
	struct ur_arch arch = small(UR_NO_STATE);
	struct ur_model model;
	struct ur_header header;
	struct ur_writer *w;
	char err[UR_ERR];
	FILE *f;

	make_header(&header);
	ur_model_init(&model, &arch);
	save(&model, &header, path);            /* fills header.arch */
	f = fopen(path, "wb");
	assert_non_null(f);
	for (size_t i = 0; i < header.arch.n; i++) {
		struct ur_param *p = &header.arch.item[i];

		if (fault == STATE && strcmp(p->name, "state") == 0)
			memcpy(p->s, "nope", 4);
		if (fault == HIDDEN && strcmp(p->name, "hidden") == 0)
			p->i = 1 << 30;
		if (fault == WHOLE_ETA && strcmp(p->name, "eta") == 0)
			*p = (struct ur_param){ .name = p->name, .type = UR_P_INT, .i = 2 };
		if (fault == NO_ETA && strcmp(p->name, "eta") == 0)
			p->x = 0;
	}
	header.has_spec = fault != NO_SPEC;
	w = ur_writer_open(f, &header);
	for (int i = 0; i < model.tensors; i++) {
		const struct ur_tensor *t = model.tensor + i;
		bool here = strcmp(t->name, "mlp.1.w") == 0;
		size_t dims[2] = { t->shape[1], t->shape[0] };

		if (!(here && fault == MISSING))
			ur_writer_tensor(w, here && fault == STRANGE ? "mlp.9.w" : t->name, here && fault == SHAPE ? dims : t->shape, t->rank, zeros);
		if (here && fault == DOUBLED)
			ur_writer_tensor(w, t->name, t->shape, t->rank, zeros);
	}
	assert_int_equal(ur_writer_close(w, err), 0);
	assert_int_equal(fclose(f), 0);
	ur_model_free(&model);
	ur_header_free(&header);
}

static void
test_faults(void **state)
{
	static const char *const text[FAULTS] = {
		[MISSING] = "\"mlp.1.w\" is missing", [DOUBLED] = "\"mlp.1.w\" comes twice", [STRANGE] = "\"mlp.9.w\"", [SHAPE] = "4 by 5, the architecture has 5 by 4",
		[STATE] = "state is \"nope\"", [HIDDEN] = "hidden", [NO_SPEC] = "spec", [NO_ETA] = "eta"
	};
	struct ur_model model;
	struct ur_header header;
	char err[UR_ERR];

	(void)state;
	write_faulty("fault.ur", NO_FAULT);
	loads(&model, &header, "fault.ur");
	ur_model_free(&model);
	ur_header_free(&header);
	write_faulty("fault.ur", WHOLE_ETA);
	loads(&model, &header, "fault.ur");
	assert_true(model.arch.eta == 2);
	ur_model_free(&model);
	ur_header_free(&header);
	for (enum fault fault = MISSING; fault < FAULTS; fault++) {
		write_faulty("fault.ur", fault);
		assert_int_equal(ur_model_load(&model, &header, "fault.ur", err), -1);
		assert_memory_equal(err, "fault.ur: ", 10);
		ERROR_HAS(err, text[fault]);
	}
	assert_int_equal(ur_model_load(&model, &header, "no-such-file", err), -1);
}

/* A model cut short is refused. */
static void
test_truncated(void **state)
{
	struct ur_model model;
	struct ur_header header;
	char err[UR_ERR], *bytes;
	size_t n;

	(void)state;
	write_faulty("whole.ur", NO_FAULT);
	bytes = bytes_of("whole.ur", &n);
	for (size_t cut = 0; cut < n; cut += 29) {
		FILE *f = fopen("cut.ur", "wb");

		assert_non_null(f);
		fwrite(bytes, 1, cut, f);
		fclose(f);
		assert_int_equal(ur_model_load(&model, &header, "cut.ur", err), -1);
	}
}

static void
test_fits(void **state)
{
	struct ur_header a, b;
	char err[UR_ERR];

	(void)state;
	make_header(&a);
	make_header(&b);
	assert_int_equal(ur_model_fits(&a, &b, err), 0);
	b.spec.vocabulary[UR_F_ID].value[2]++;
	assert_int_equal(ur_model_fits(&a, &b, err), -1);
	ERROR_HAS(err, "id has another vocabulary");
	b.spec.vocabulary[UR_F_ID].value[2]--;
	b.spec.features = 1;
	assert_int_equal(ur_model_fits(&a, &b, err), -1);
	ERROR_HAS(err, "feature 2 is nothing");
	b.spec.features = 2;
	b.spec.feature[1] = UR_F_POPULARITY;
	assert_int_equal(ur_model_fits(&a, &b, err), -1);
	ERROR_HAS(err, "popularity");
	a.spec.feature[1] = UR_F_POPULARITY;
	b.spec.mean[UR_F_POPULARITY] = 1;
	assert_int_equal(ur_model_fits(&a, &b, err), -1);
	ERROR_HAS(err, "scaled");
	ur_header_free(&a);
	ur_header_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout), cmocka_unit_test(test_chen2019_values), cmocka_unit_test(test_draw_seed),
		cmocka_unit_test(test_dims), cmocka_unit_test(test_file), cmocka_unit_test(test_faults), cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_fits)
	};
	char folder[] = "/tmp/test_model.XXXXXX";
	int failed;

	ur_rng_seed(&rng, 3, 0);
	if (mkdtemp(folder) == NULL || chdir(folder) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (const char *const *name = (const char *const []){ "a.ur", "b.ur", "fault.ur", "whole.ur", "cut.ur", NULL }; *name; name++)
		unlink(*name);
	if (chdir("/") == 0)
		rmdir(folder);
	return failed;
}
