/*
 * golden - checks this library against numbers from another implementation: golden DIR.
 *
 * Every *.msgpack in DIR is a model, a batch, and what should come out: rewards, losses, precision and gradients.
 * A line each: name, largest relative error, verdict ok, FAIL or skip (a model this library does not have).
 * Status 1 if one fails or none is found.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "metrics.h"
#include "model.h"

#ifdef UR_DOUBLE
#define TOLERANCE 1e-9
#else
#define TOLERANCE 1e-4
#endif

static const unsigned TRAINING = 1 << UR_TRAIN, EVERY = 1 << UR_TRAIN | 1 << UR_VALIDATION | 1 << UR_TEST | 1 << UR_CONTEXT;

/* An array of numbers in the file; shape as far as it has dimensions, else 1. */
struct array {
	size_t n, shape[2];
	double *x;
};

struct golden {
	const char *name;
	msgpack_object arch, tensors, batch, expect, grad;
	struct ur_model model;
	struct ur_items items;
	struct ur_batch b;
	double worst;           /* largest error of all that was compared */
	const char *worst_of;   /* where */
	const char *why;        /* the file cannot be used: reason */
	bool skip;
};

static _Noreturn void
broken(const struct golden *g, const char *what)
{
	printf("%s: %s\n", g->name, what);
	exit(1);
}

static const msgpack_object *
find(const msgpack_object *map, const char *key)
{
	for (uint32_t i = 0; map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++) {
		const msgpack_object *k = &map->via.map.ptr[i].key;

		if (k->type == MSGPACK_OBJECT_STR && k->via.str.size == strlen(key) && memcmp(k->via.str.ptr, key, strlen(key)) == 0)
			return &map->via.map.ptr[i].val;
	}
	return NULL;
}

static const msgpack_object *
need(const struct golden *g, const msgpack_object *map, const char *key)
{
	const msgpack_object *o = find(map, key);
	char what[100];

	if (o == NULL) {
		snprintf(what, sizeof what, "\"%s\" is missing", key);
		broken(g, what);
	}
	return o;
}

static double
number(const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_POSITIVE_INTEGER: return (double)o->via.u64;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER: return (double)o->via.i64;
	case MSGPACK_OBJECT_FLOAT32: case MSGPACK_OBJECT_FLOAT64: return o->via.f64;
	default: return NAN;
	}
}

static bool
is_word(const msgpack_object *o, const char *word)
{
	return o != NULL && o->type == MSGPACK_OBJECT_STR && o->via.str.size == strlen(word) && memcmp(o->via.str.ptr, word, strlen(word)) == 0;
}

static bool
is_true(const msgpack_object *o)
{
	return o != NULL && o->type == MSGPACK_OBJECT_BOOLEAN && o->via.boolean;
}

/* {shape, f64} */
static struct array
array(const struct golden *g, const msgpack_object *o)
{
	const msgpack_object *shape = need(g, o, "shape"), *data = need(g, o, "f64");
	struct array a = { .n = 1, .shape = { 1, 1 } };

	if (shape->type != MSGPACK_OBJECT_ARRAY || shape->via.array.size > 2 || data->type != MSGPACK_OBJECT_BIN)
		broken(g, "an array that is none");
	for (uint32_t i = 0; i < shape->via.array.size; i++)
		a.n *= a.shape[i] = (size_t)number(&shape->via.array.ptr[i]);
	if (data->via.bin.size != a.n * sizeof *a.x)
		broken(g, "an array of another length than its shape's");
	a.x = ur_alloc(a.n, sizeof *a.x);
	if (a.n > 0)
		memcpy(a.x, data->via.bin.ptr, a.n * sizeof *a.x);
	return a;
}

static void
keep(struct golden *g, double error, const char *of)
{
	if (!(error <= g->worst)) {
		g->worst = isnan(error) ? INFINITY : error;
		g->worst_of = of;
	}
}

/* max|a - b| / max(1e-2, max|b|) */
static void
compare(struct golden *g, const char *of, const real *a, const double *b, size_t n)
{
	double difference = 0, scale = 1e-2;

	for (size_t i = 0; i < n; i++) {
		double d = fabs(a[i] - b[i]);

		difference = d > difference || isnan(d) ? d : difference;
		scale = fabs(b[i]) > scale ? fabs(b[i]) : scale;
	}
	keep(g, difference / scale, of);
}

static void
compare_number(struct golden *g, const char *of, double a)
{
	const msgpack_object *o = find(&g->expect, of);

	if (o != NULL)
		keep(g, fabs(a - number(o)) / fmax(1e-2, fabs(number(o))), of);
}

/* --- the file's model and batch ------------------------------------------ */

static size_t
tensor_shape(const struct golden *g, const char *name, int dimension)
{
	const msgpack_object *t = find(&g->tensors, name);

	return t != NULL ? (size_t)number(&need(g, t, "shape")->via.array.ptr[dimension]) : 0;
}

/* Widths of the layers of a network by its tensors. */
static int
widths(const struct golden *g, const char *prefix, int *dims)
{
	char name[60];
	int layers = -1;

	for (int k = 0; k <= UR_MAX_LAYERS; k++) {
		snprintf(name, sizeof name, "%smlp.%d.w", prefix, k);
		if (tensor_shape(g, name, 1) == 0)
			break;
		if (layers >= 0)
			dims[layers] = (int)tensor_shape(g, k > 0 ? (snprintf(name, sizeof name, "%smlp.%d.w", prefix, k - 1), name) : name, 1);
		layers++;
	}
	return layers;
}

static bool
read_arch(struct golden *g, struct ur_arch *arch)
{
	const msgpack_object *state = find(&g->arch, "state"), *no_click = find(&g->arch, "no_click");

	memset(arch, 0, sizeof *arch);
	for (arch->state = UR_LSTM; !is_word(state, ur_state_name[arch->state]); arch->state++)
		if (arch->state == UR_NO_STATE)
			return false;
	arch->no_click = is_word(no_click, "zero") ? UR_NO_CLICK_ZERO : UR_NO_CLICK_NONE;
	arch->batchnorm = is_true(find(&g->arch, "batchnorm"));
	arch->policy = is_true(find(&g->arch, "policy"));
	arch->eta = number(need(g, &g->arch, "eta"));
	arch->hidden = (int)tensor_shape(g, arch->state == UR_LSTM ? "lstm.wh" : "policy.lstm.wh", 0);
	arch->pw_dim = (int)tensor_shape(g, "pw.w", 0);
	arch->pw_band = (int)tensor_shape(g, "pw.w", 1);
	arch->layers = widths(g, "", arch->dims);
	if (arch->policy)
		arch->policy_layers = widths(g, "policy.", arch->policy_dims);
	return arch->layers >= 0 && arch->policy_layers >= 0;
}

static void
read_items(struct golden *g, struct ur_arch *arch)
{
	struct array dense = array(g, need(g, &g->batch, "dense"));
	const msgpack_object *cat = need(g, &g->batch, "cat"), *sizes = need(g, &g->batch, "cat_sizes");

	arch->dense = (int)dense.shape[1];
	arch->onehots = (int)sizes->via.array.size;
	for (int c = 0; c < arch->onehots; c++)
		arch->onehot_size[c] = (uint32_t)number(&sizes->via.array.ptr[c]);
	g->items.rows = (uint32_t)dense.shape[0];
	g->items.dense = arch->dense;
	g->items.onehots = arch->onehots;
	g->items.x = ur_alloc(dense.n, sizeof *g->items.x);
	for (size_t i = 0; i < dense.n; i++)
		g->items.x[i] = (real)dense.x[i];
	g->items.code = ur_alloc((size_t)g->items.rows * (size_t)arch->onehots, sizeof *g->items.code);
	for (uint32_t i = 0; i < g->items.rows; i++)
		for (int c = 0; c < arch->onehots; c++)
			g->items.code[i * (uint32_t)arch->onehots + (uint32_t)c] = (uint32_t)number(&cat->via.array.ptr[i].via.array.ptr[c]);
	free(dense.x);
}

static void
read_batch(struct golden *g, struct ur_arch *arch)
{
	const msgpack_object *user_off = need(g, &g->batch, "user_off"), *item_off = need(g, &g->batch, "item_off");
	const msgpack_object *items = need(g, &g->batch, "items"), *pick = need(g, &g->batch, "pick"), *role = need(g, &g->batch, "role");
	struct array page = array(g, need(g, &g->batch, "page"));
	struct ur_batch *b = &g->b;

	b->U = (int)user_off->via.array.size - 1;
	b->N = (int)item_off->via.array.size - 1;
	b->K = (int)items->via.array.size;
	b->P = arch->page = (int)page.shape[1];
	b->user_off = ur_alloc((size_t)b->U + 1, sizeof *b->user_off);
	b->item_off = ur_alloc((size_t)b->N + 1, sizeof *b->item_off);
	b->role = ur_alloc((size_t)b->N, sizeof *b->role);
	b->pick = ur_alloc((size_t)b->N, sizeof *b->pick);
	b->item = ur_alloc((size_t)b->K, sizeof *b->item);
	b->page = ur_alloc(page.n, sizeof *b->page);
	for (int i = 0; i <= b->U; i++)
		b->user_off[i] = (int)number(&user_off->via.array.ptr[i]);
	for (int n = 0; n <= b->N; n++)
		b->item_off[n] = (int)number(&item_off->via.array.ptr[n]);
	for (int n = 0; n < b->N; n++) {
		b->role[n] = (uint8_t)number(&role->via.array.ptr[n]);
		b->pick[n] = (int32_t)number(&pick->via.array.ptr[n]);
	}
	for (int k = 0; k < b->K; k++)
		b->item[k] = (uint32_t)number(&items->via.array.ptr[k]);
	for (size_t i = 0; i < page.n; i++)
		b->page[i] = (real)page.x[i];
	free(page.x);
}

static void
read_tensors(struct golden *g)
{
	for (int i = 0; i < g->model.tensors; i++) {
		const struct ur_tensor *t = g->model.tensor + i;
		const msgpack_object *o = find(&g->tensors, t->name);

		if (o == NULL && !t->trained)
			continue;       /* running statistics are not in the file */
		struct array a = array(g, need(g, &g->tensors, t->name));

		if (a.n != t->n)
			broken(g, "a tensor of another shape than the architecture's");
		for (size_t k = 0; k < t->n; k++)
			g->model.param[t->at + k] = (real)a.x[k];
		free(a.x);
	}
}

static bool
set_up(struct golden *g)
{
	struct ur_arch arch;

	if (!read_arch(g, &arch))
		return false;
	read_items(g, &arch);
	read_batch(g, &arch);
	ur_model_init(&g->model, &arch);
	read_tensors(g);
	return true;
}

/* --- checks -------------------------------------------------------------- */

/*
 * u of all steps.  With batch normalisation the file has them by the statistics of the training steps: the running ones
 * come to that by following them long enough.
 */
static void
check_rewards(struct golden *g, struct ur_work *work)
{
	struct array u = array(g, need(g, &g->expect, "u"));

	ur_net_forward(g->model.reward, work, &g->items, &g->b, TRAINING, true);
	for (int i = 0; i < 4000; i++)
		ur_net_track(g->model.reward, work, g->model.param);
	compare(g, "u", ur_net_forward(g->model.reward, work, &g->items, &g->b, EVERY, false), u.x, u.n);
	free(u.x);
}

static void
check_gradient(struct golden *g, const char *loss, const real *grad)
{
	const msgpack_object *tensors = need(g, &g->grad, loss);

	for (uint32_t i = 0; i < tensors->via.map.size; i++) {
		const msgpack_object_str *key = &tensors->via.map.ptr[i].key.via.str;
		char name[60];
		struct array want = array(g, &tensors->via.map.ptr[i].val);
		const struct ur_tensor *t;

		snprintf(name, sizeof name, "%.*s", (int)key->size, key->ptr);
		t = ur_model_tensor(&g->model, name);
		if (t == NULL || t->n != want.n)
			broken(g, "the gradient of a tensor that is not there");
		compare(g, t->name, grad + t->at, want.x, want.n);
		free(want.x);
	}
}

static void
scale(real *x, int n, double by)
{
	for (int i = 0; i < n; i++)
		x[i] = (real)(x[i] * by);
}

/* The loss of the reward alone: nll or l2. */
static void
check_reward_loss(struct golden *g, struct ur_work *work, const char *name)
{
	const struct ur_arch *arch = &g->model.arch;
	real *du = ur_alloc((size_t)g->b.K, sizeof *du), *grad = ur_calloc(g->model.params, sizeof *grad);
	const real *u = ur_net_forward(g->model.reward, work, &g->items, &g->b, TRAINING, true);
	struct ur_brief brief = { 0 };
	size_t steps = 0;
	double sum = strcmp(name, "nll") == 0 ? ur_loss_nll(&g->b, TRAINING, arch->no_click, u, du, &steps) :
	    ur_loss_sparsemax(&g->b, TRAINING, arch->eta, u, du, &steps);

	compare_number(g, name, sum / (double)steps);
	ur_brief_add(&brief, &g->b, TRAINING, u);
	compare_number(g, "prec1", brief.hit1 / (double)brief.picks);
	compare_number(g, "prec2", brief.hit2 / (double)brief.picks);
	scale(du, g->b.K, 1 / (double)steps);
	ur_net_backward(g->model.reward, work, du, grad);
	check_gradient(g, name, grad);
	free(du);
	free(grad);
}

/* lmax = V, which the policy climbs; lmin = V - u_pick, which the reward descends. */
static void
check_policy_loss(struct golden *g, struct ur_work *work, struct ur_work *policy_work, const char *name, bool min)
{
	real *du = ur_alloc((size_t)g->b.K, sizeof *du), *dv = ur_alloc((size_t)g->b.K, sizeof *dv);
	real *grad = ur_calloc(g->model.params, sizeof *grad);
	const real *u = ur_net_forward(g->model.reward, work, &g->items, &g->b, TRAINING, true);
	const real *v = ur_net_forward(g->model.policy, policy_work, &g->items, &g->b, TRAINING, true);
	struct ur_brief brief = { 0 };
	size_t steps = 0;
	double sum = ur_loss_policy(&g->b, TRAINING, UR_L2, g->model.arch.eta, min, u, v, du, dv, &steps), by = 1 / (double)steps;

	compare_number(g, name, by * sum);
	ur_brief_add(&brief, &g->b, TRAINING, u);
	compare_number(g, "prec1", brief.hit1 / (double)brief.picks);
	compare_number(g, "prec2", brief.hit2 / (double)brief.picks);
	scale(du, g->b.K, by);
	scale(dv, g->b.K, by);
	ur_net_backward(g->model.reward, work, du, grad);
	ur_net_backward(g->model.policy, policy_work, dv, grad);
	check_gradient(g, name, grad);
	free(du);
	free(dv);
	free(grad);
}

static void
check(struct golden *g)
{
	struct ur_work *work = ur_work_new(), *policy_work = ur_work_new();

	for (uint32_t i = 0; i < g->grad.via.map.size; i++) {
		const msgpack_object *loss = &g->grad.via.map.ptr[i].key;

		if (is_word(loss, "nll"))
			check_reward_loss(g, work, "nll");
		else if (is_word(loss, "l2"))
			check_reward_loss(g, work, "l2");
		else if (is_word(loss, "lmax") || is_word(loss, "lmin"))
			check_policy_loss(g, work, policy_work, is_word(loss, "lmin") ? "lmin" : "lmax", is_word(loss, "lmin"));
		else
			g->skip = true;
	}
	check_rewards(g, work);
	ur_work_free(work);
	ur_work_free(policy_work);
}

static void
release(struct golden *g)
{
	ur_model_free(&g->model);
	free(g->items.x);
	free(g->items.code);
	free(g->b.user_off);
	free(g->b.item_off);
	free(g->b.role);
	free(g->b.pick);
	free(g->b.item);
	free(g->b.page);
}

/* Checks one file's bytes; 1 ok, 0 failed, -1 skipped. */
static int
check_bytes(const char *name, const char *bytes, size_t size)
{
	struct golden g = { .name = name, .worst_of = "nothing" };
	msgpack_unpacked whole;
	int verdict;

	msgpack_unpacked_init(&whole);
	if (msgpack_unpack_next(&whole, bytes, size, NULL) != MSGPACK_UNPACK_SUCCESS || whole.data.type != MSGPACK_OBJECT_MAP)
		broken(&g, "not a msgpack map");
	g.arch = *need(&g, &whole.data, "arch");
	g.tensors = *need(&g, &whole.data, "tensors");
	g.batch = *need(&g, &whole.data, "batch");
	g.expect = *need(&g, &whole.data, "expect");
	g.grad = *need(&g, &whole.data, "grad");
	if (set_up(&g))
		check(&g);
	else
		g.skip = true;
	verdict = g.skip ? -1 : g.worst <= TOLERANCE;
	printf("%-28s %8.2e %s%s%s\n", name, g.worst, verdict < 0 ? "skip" : verdict ? "ok" : "FAIL",
	    verdict == 0 ? " " : "", verdict == 0 ? g.worst_of : "");
	release(&g);
	msgpack_unpacked_destroy(&whole);
	return verdict;
}

static int
check_file(const char *dir, const char *name)
{
	char path[4096], *bytes;
	long size;
	FILE *f;
	int verdict;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		fprintf(stderr, "golden: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	rewind(f);
	bytes = ur_alloc((size_t)size, 1);
	if (fread(bytes, 1, (size_t)size, f) != (size_t)size) {
		fprintf(stderr, "golden: %s: cannot be read\n", path);
		exit(1);
	}
	fclose(f);
	verdict = check_bytes(name, bytes, (size_t)size);
	free(bytes);
	return verdict;
}

static int
is_case(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".msgpack") == 0;
}

int
main(int argc, char *argv[])
{
	int passed = 0, failed = 0, skipped = 0, n;
	struct dirent **entry;

	if (argc != 2) {
		fprintf(stderr, "usage: golden dir\n");
		return 2;
	}
	n = scandir(argv[1], &entry, is_case, alphasort);
	if (n <= 0) {
		fprintf(stderr, "golden: %s: no *.msgpack there\n", argv[1]);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		int verdict = check_file(argv[1], entry[i]->d_name);

		passed += verdict > 0;
		failed += verdict == 0;
		skipped += verdict < 0;
		free(entry[i]);
	}
	free(entry);
	printf("%d ok, %d failed, %d skipped, tolerance %g\n", passed, failed, skipped, TOLERANCE);
	return failed > 0;
}
