#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "net.h"

enum { ALIGN = 64 / sizeof(real) };     /* tensors begin at 64-byte boundaries of the block */

const char *const ur_state_name[] = { "lstm", "pw", "none" };

int
ur_dims_parse(const char *text, int *layers, int *dims, char *err)
{
	const char *s = text;

	*layers = 0;
	if (strcmp(text, "0") == 0)
		return 0;
	for (;;) {
		char *end;
		long n = *s >= '0' && *s <= '9' ? strtol(s, &end, 10) : 0;

		if (n < 1 || n > UR_MAX_WIDTH)
			return ur_fail(err, "\"%s\" is not 0 or widths from 1 to %d with - between them", text, UR_MAX_WIDTH);
		if (*layers == UR_MAX_LAYERS)
			return ur_fail(err, "\"%s\" has more than %d layers", text, UR_MAX_LAYERS);
		dims[(*layers)++] = (int)n;
		if (*end == '\0')
			return 0;
		if (*end != '-')
			return ur_fail(err, "\"%s\" is not 0 or widths from 1 to %d with - between them", text, UR_MAX_WIDTH);
		s = end + 1;
	}
}

void
ur_dims_format(int layers, const int *dims, char *text)
{
	if (layers == 0)
		strcpy(text, "0");
	for (int l = 0; l < layers; l++)
		text += sprintf(text, l > 0 ? "-%d" : "%d", dims[l]);
}

void
ur_arch_input(struct ur_arch *arch, const struct ur_spec *spec)
{
	arch->dense = ur_spec_dense(spec);
	arch->onehots = ur_spec_onehots(spec);
	arch->page = ur_spec_page(spec);
	for (int c = 0; c < arch->onehots; c++)
		arch->onehot_size[c] = ur_spec_onehot_size(spec, c);
}

/* --- layout -------------------------------------------------------------- */

/* Adds a tensor after those that are there; a vector has cols 0. */
static struct ur_tensor *
add(struct ur_model *model, bool policy, size_t rows, size_t cols, const char *fmt, ...)
{
	struct ur_tensor *t;
	va_list ap;
	int n;

	model->tensor = ur_realloc(model->tensor, (size_t)model->tensors + 1, sizeof *t);
	t = model->tensor + model->tensors++;
	memset(t, 0, sizeof *t);
	n = snprintf(t->name, sizeof t->name, policy ? "policy." : "");
	va_start(ap, fmt);
	vsnprintf(t->name + n, sizeof t->name - (size_t)n, fmt, ap);
	va_end(ap);
	t->rank = cols > 0 ? 2 : 1;
	t->shape[0] = rows;
	t->shape[1] = cols > 0 ? cols : 1;
	t->n = t->shape[0] * t->shape[1];
	t->at = (model->params + ALIGN - 1) / ALIGN * ALIGN;
	t->matrix = cols > 0;
	t->trained = true;
	model->params = t->at + t->n;
	return t;
}

static size_t
add_matrix(struct ur_model *model, const struct ur_net *net, bool policy, size_t before, size_t rows, size_t cols, const char *name)
{
	struct ur_tensor *t = add(model, policy, rows, cols, "%s", name);

	if (net->onehots > 0) {
		t->table_at = before + net->dense;
		t->table_rows = net->D - net->dense;
	}
	return t->at;
}

static void
add_state(struct ur_model *model, struct ur_net *net, bool policy)
{
	if (net->state == UR_LSTM) {
		net->wx = add_matrix(model, net, policy, 0, net->D, 4 * net->H, "lstm.wx");
		net->wh = add(model, policy, net->H, 4 * net->H, "lstm.wh")->at;
		net->b = add(model, policy, 4 * net->H, 0, "lstm.b")->at;
		net->state_rows = net->H;
	} else if (net->state == UR_PW) {
		net->pw = add(model, policy, net->P, net->band, "pw.w")->at;
		net->state_rows = net->P * net->D;
	}
}

static void
add_batchnorm(struct ur_model *model, struct ur_layer *layer, bool policy, int k, size_t width)
{
	struct ur_tensor *t;

	layer->gamma = add(model, policy, width, 0, "mlp.%d.bn.gamma", k)->at;
	layer->beta = add(model, policy, width, 0, "mlp.%d.bn.beta", k)->at;
	t = add(model, policy, width, 0, "mlp.%d.bn.mean", k);
	t->trained = false;
	layer->mean = t->at;
	t = add(model, policy, width, 0, "mlp.%d.bn.var", k);
	t->trained = false;
	layer->var = t->at;
}

static void
add_layers(struct ur_model *model, struct ur_net *net, bool policy)
{
	size_t in = net->state_rows + net->D + net->page;

	for (size_t l = 0; l <= net->layers; l++) {
		struct ur_layer *layer = &net->layer[l];
		char name[16];

		snprintf(name, sizeof name, "mlp.%d.w", (int)l);
		if (l == 0)
			layer->w = add_matrix(model, net, policy, net->state_rows, in, net->width[l], name);
		else
			layer->w = add(model, policy, in, net->width[l], "%s", name)->at;
		layer->b = add(model, policy, net->width[l], 0, "mlp.%d.b", (int)l)->at;
		if (net->batchnorm && l < net->layers)
			add_batchnorm(model, layer, policy, (int)l, net->width[l]);
		in = net->width[l];
	}
}

static struct ur_net *
make_net(struct ur_model *model, bool policy)
{
	const struct ur_arch *arch = &model->arch;
	struct ur_net *net = ur_calloc(1, sizeof *net);
	int layers = policy ? arch->policy_layers : arch->layers;
	const int *dims = policy ? arch->policy_dims : arch->dims;

	net->state = policy ? UR_LSTM : arch->state;
	net->H = (size_t)arch->hidden;
	net->P = (size_t)arch->pw_dim;
	net->band = (size_t)arch->pw_band;
	net->D = net->dense = (size_t)arch->dense;
	net->onehots = (size_t)arch->onehots;
	net->page = (size_t)arch->page;
	net->batchnorm = arch->batchnorm && !policy;
	for (int c = 0; c < arch->onehots; c++) {
		net->onehot_at[c] = net->D;
		net->D += arch->onehot_size[c];
	}
	net->layers = (size_t)layers;
	for (int l = 0; l < layers; l++)
		net->width[l] = (size_t)dims[l];
	net->width[layers] = 1;
	add_state(model, net, policy);
	add_layers(model, net, policy);
	return net;
}

void
ur_model_lay_out(struct ur_model *model, const struct ur_arch *arch)
{
	memset(model, 0, sizeof *model);
	model->arch = *arch;
	model->reward = make_net(model, false);
	if (model->arch.policy)
		model->policy = make_net(model, true);
	model->params = (model->params + ALIGN - 1) / ALIGN * ALIGN;
}

void
ur_model_allocate(struct ur_model *model)
{
	model->param = ur_aligned(model->params, sizeof *model->param);
	model->reward->param = model->param;
	if (model->policy != NULL)
		model->policy->param = model->param;
}

void
ur_model_init(struct ur_model *model, const struct ur_arch *arch)
{
	ur_model_lay_out(model, arch);
	ur_model_allocate(model);
}

void
ur_model_free(struct ur_model *model)
{
	free(model->tensor);
	free(model->param);
	free(model->reward);
	free(model->policy);
	memset(model, 0, sizeof *model);
}

bool
ur_tensor_of_policy(const struct ur_tensor *tensor)
{
	return strncmp(tensor->name, "policy.", 7) == 0;
}

const struct ur_tensor *
ur_model_tensor(const struct ur_model *model, const char *name)
{
	for (int i = 0; i < model->tensors; i++)
		if (strcmp(model->tensor[i].name, name) == 0)
			return model->tensor + i;
	return NULL;
}
