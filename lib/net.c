#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "net.h"
#include "nn.h"

enum {
	TILE = 120,             /* rows that go through the layers together, so that they stay in the cache */
	KEEP = 1 << 15          /* most rows for which the values of all layers are kept for the way back */
};

real *
ur_reals_need(struct ur_reals *reals, size_t n)
{
	if (n + 1 > reals->cap) {
		free(reals->p);
		reals->cap = n + n / 4 + 1;
		reals->p = ur_room(reals->cap, sizeof *reals->p);
	}
	return reals->p;
}

struct ur_work *
ur_work_new(void)
{
	struct ur_work *work = ur_calloc(1, sizeof *work);

	work->threads = 1;
	return work;
}

void
ur_work_share(struct ur_work *work, struct ur_pool *pool, int threads)
{
	work->pool = pool;
	work->threads = threads;
}

void
ur_work_free(struct ur_work *work)
{
	if (work == NULL)
		return;
	struct ur_reals *list[] = {
		&work->u, &work->row_u, &work->item_in.x, &work->pick_in.x, &work->page, &work->item_part, &work->state_part, &work->q,
		&work->dq, &work->gates, &work->c, &work->tc, &work->h, &work->dh, &work->dc, &work->slot_h, &work->dslot_h,
		&work->weight, &work->turned, &work->tile
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		free(list[i]->p);
	for (int l = 0; l < UR_MAX_LAYERS; l++) {
		free(work->act[l].p);
		free(work->norm[l].p);
		free(work->mean[l]);
		free(work->var[l]);
	}
	free(work->item_in.code);
	free(work->pick_in.code);
	free(work->sums);
	ur_plan_free(&work->plan);
	free(work);
}

static size_t
widest(const struct ur_net *net)
{
	size_t most = 1;

	for (size_t l = 0; l < net->layers; l++)
		most = net->width[l] > most ? net->width[l] : most;
	return most;
}

/* Batch normalisation goes over all rows layer by layer.  Else what the way back wants whole is the first layer alone. */
static size_t
kept_layers(const struct ur_net *net, const struct ur_work *work)
{
	if (net->batchnorm || (work->training && work->plan.rows <= KEEP))
		return net->layers;
	return work->training ? 1 : 0;
}

static void
grow(const struct ur_net *net, struct ur_work *work)
{
	size_t rows = work->plan.rows, width = widest(net), tiles = (size_t)work->threads * TILE;

	work->kept = kept_layers(net, work);
	for (size_t l = 0; l < net->layers; l++) {
		ur_reals_need(&work->act[l], (l < work->kept ? rows : tiles) * net->width[l]);
		if (net->batchnorm)
			ur_reals_need(&work->norm[l], rows * net->width[l]);
	}
	ur_reals_need(&work->tile, tiles * width);
	ur_reals_need(&work->row_u, rows);
	ur_reals_need(&work->u, (size_t)work->batch->K);
	if (net->batchnorm && width > work->stat_cap) {
		work->stat_cap = width;
		for (int l = 0; l < UR_MAX_LAYERS; l++) {
			work->mean[l] = ur_realloc(work->mean[l], width, sizeof(double));
			work->var[l] = ur_realloc(work->var[l], width, sizeof(double));
		}
		work->sums = ur_realloc(work->sums, 2 * width, sizeof(double));
	}
}

/* The page features of each row, and how many shown items it stands for. */
static void
row_inputs(const struct ur_net *net, struct ur_work *work)
{
	const struct ur_plan *plan = &work->plan;
	real *page = ur_reals_need(&work->page, plan->rows * net->page), *weight = ur_reals_need(&work->weight, plan->rows);

	ur_gather_rows(page, work->batch->page, plan->row_first.p, plan->rows, net->page);
	memset(weight, 0, plan->rows * sizeof *weight);
	for (size_t k = 0; k < (size_t)work->batch->K; k++)
		if (plan->row_of.p[k] != UR_NO_ROW)
			weight[plan->row_of.p[k]]++;
}

/* ELU of hidden layer l in the tile from row `first` on. */
static real *
act_of(const struct ur_net *net, struct ur_work *work, size_t l, size_t first, int thread)
{
	return work->act[l].p + (l < work->kept ? first : (size_t)thread * TILE) * net->width[l];
}

/* What layer l > 0 is given there. */
static real *
input_of(const struct ur_net *net, struct ur_work *work, size_t l, size_t first, int thread)
{
	return net->batchnorm ? work->norm[l - 1].p + first * net->width[l - 1] : act_of(net, work, l - 1, first, thread);
}

/* z of layer 0 for rows first .. first + n - 1: its parts put together. */
static void
first_layer(const struct ur_net *net, struct ur_work *work, real *z, size_t first, size_t n)
{
	const struct ur_plan *plan = &work->plan;
	size_t width = net->width[0];
	const real *w = net->param + net->layer[0].w + (net->state_rows + net->D) * width;

	ur_gather_rows(z, work->item_part.p, plan->row_item.p + first, n, width);
	if (net->state != UR_NO_STATE && first + n > plan->zero_rows)
		ur_add_segments(z, work->state_part.p, plan->slot_off.p, plan->slots, first, n, width);
	if (net->page > 0)
		ur_gemm(z, width, z, width, work->page.p + first * net->page, net->page, 1, w, width, n, width, net->page);
}

/* Layer l of rows first .. first + n - 1. */
static void
layer_forward(const struct ur_net *net, struct ur_work *work, size_t l, size_t first, size_t n, int thread)
{
	size_t width = net->width[l], before = l > 0 ? net->width[l - 1] : 0;
	const real *w = net->param + net->layer[l].w, *b = net->param + net->layer[l].b;
	real *z = l < net->layers ? act_of(net, work, l, first, thread) : work->row_u.p + first;

	if (l == 0)
		first_layer(net, work, z, first, n);
	else if (l == net->layers)
		ur_row_dots(z, input_of(net, work, l, first, thread), w, *b, n, before);
	else
		ur_gemm(z, width, b, 0, input_of(net, work, l, first, thread), before, 1, w, width, n, width, before);
	if (l < net->layers)
		ur_elu(z, z, n * width);
}

static void
normalise(const struct ur_net *net, struct ur_work *work, size_t l)
{
	const struct ur_layer *layer = &net->layer[l];
	size_t width = net->width[l], rows = work->plan.rows;
	double *mean = work->mean[l], *var = work->var[l];

	if (work->training)
		ur_bn_statistics(mean, var, work->act[l].p, work->weight.p, rows, width);
	for (size_t j = 0; j < width && !work->training; j++) {
		mean[j] = net->param[layer->mean + j];
		var[j] = net->param[layer->var + j];
	}
	ur_bn_forward(work->norm[l].p, work->act[l].p, mean, var, net->param + layer->gamma, net->param + layer->beta, rows, width);
}

static size_t
tile_rows(size_t first, size_t rows)
{
	return rows - first < TILE ? rows - first : TILE;
}

/* Layers bottom to top of all rows, a tile at a time. */
struct pass {
	const struct ur_net *net;
	struct ur_work *work;
	size_t bottom, top;
	const real **turned;            /* backward */
	real *grad;
};

static int
tiles(const struct ur_work *work)
{
	return (int)((work->plan.rows + TILE - 1) / TILE);
}

static void
tile_forward(void *arg, int i, int thread)
{
	const struct pass *pass = arg;
	size_t first = (size_t)i * TILE, n = tile_rows(first, pass->work->plan.rows);

	for (size_t l = pass->bottom; l <= pass->top; l++)
		layer_forward(pass->net, pass->work, l, first, n, thread);
}

/* With batch normalisation a layer of all rows at a time, else all layers of a tile. */
static void
layers_forward(const struct ur_net *net, struct ur_work *work)
{
	struct pass pass = { .net = net, .work = work, .top = net->layers };

	if (!net->batchnorm) {
		ur_pool_run(work->pool, tile_forward, &pass, tiles(work));
		return;
	}
	for (size_t l = 0; l <= net->layers; l++) {
		pass.bottom = pass.top = l;
		ur_pool_run(work->pool, tile_forward, &pass, tiles(work));
		if (l < net->layers)
			normalise(net, work, l);
	}
}

const real *
ur_net_forward(const struct ur_net *net, struct ur_work *work, const struct ur_items *items,
    const struct ur_batch *batch, unsigned roles, bool training)
{
	const uint32_t *row;

	work->items = items;
	work->batch = batch;
	work->training = training;
	ur_plan_build(&work->plan, batch, items->rows, roles);
	grow(net, work);
	row_inputs(net, work);
	ur_input_forward(net, work);
	layers_forward(net, work);
	row = work->plan.row_of.p;
	for (size_t k = 0; k < (size_t)batch->K; k++)
		work->u.p[k] = row[k] == UR_NO_ROW ? 0 : work->row_u.p[row[k]];
	return work->u.p;
}

/* du by row, in row_u: the sum over the shown items it stands for. */
static void
row_gradient(struct ur_work *work, const real *du)
{
	const struct ur_plan *plan = &work->plan;
	real *sum = work->row_u.p;

	memset(sum, 0, plan->rows * sizeof *sum);
	for (size_t k = 0; k < (size_t)work->batch->K; k++)
		if (plan->row_of.p[k] != UR_NO_ROW)
			sum[plan->row_of.p[k]] += du[k];
}

/*
 * The gradients of a layer are sums over all rows in their order: tile i waits until those before it have added their
 * part.  Tiles that are worked on at the same time then follow each other a layer apart.
 */
static void
await_turn(const struct ur_work *work, size_t l, int i)
{
	for (int spins = 0; atomic_load(&work->turn[l]) != i; spins++)
		ur_pool_wait(spins);
}

/* Gradients of layer l > 0 from its dz in tile i, and the dz (its input's, with batch normalisation) of the layer before. */
static void
layer_backward(const struct pass *pass, size_t l, int i, int thread)
{
	const struct ur_net *net = pass->net;
	struct ur_work *work = pass->work;
	size_t first = (size_t)i * TILE, n = tile_rows(first, work->plan.rows), width = net->width[l], before = net->width[l - 1];
	real *dw = pass->grad + net->layer[l].w, *db = pass->grad + net->layer[l].b;
	real *x = input_of(net, work, l, first, thread), *dx = work->tile.p + (size_t)thread * TILE * widest(net);
	const real *dz = l < net->layers ? act_of(net, work, l, first, thread) : NULL;

	await_turn(work, l, i);
	if (l == net->layers)
		*db += ur_row_dots_backward(dx, dw, work->row_u.p + first, x, net->param + net->layer[l].w, n, before);
	else {
		ur_gemm(dw, width, dw, width, x, 1, before, dz, width, before, width, n);
		ur_column_sums(db, dz, n, width);
	}
	atomic_store(&work->turn[l], i + 1);
	if (l < net->layers)
		ur_gemm(dx, before, NULL, 0, dz, width, 1, pass->turned[l], before, n, before, width);
	if (net->batchnorm)
		memcpy(x, dx, n * before * sizeof *x);
	else
		ur_elu_backward(x, dx, n * before);
}

/* Layers that were not kept are worked out again. */
static void
tile_backward(void *arg, int i, int thread)
{
	const struct pass *pass = arg;
	size_t first = (size_t)i * TILE, n = tile_rows(first, pass->work->plan.rows);

	for (size_t l = pass->work->kept; l < pass->net->layers; l++)
		layer_forward(pass->net, pass->work, l, first, n, thread);
	for (size_t l = pass->top; l >= pass->bottom; l--)
		layer_backward(pass, l, i, thread);
}

/* dz of hidden layer l from the gradient of what it hands on. */
static void
normalise_backward(const struct ur_net *net, struct ur_work *work, size_t l, real *grad)
{
	const struct ur_layer *layer = &net->layer[l];
	size_t width = net->width[l], rows = work->plan.rows;
	real *dy = work->norm[l].p, *a = work->act[l].p;

	ur_bn_backward(dy, grad + layer->gamma, grad + layer->beta, dy, a, work->mean[l], work->var[l], net->param + layer->gamma,
	    work->training ? work->weight.p : NULL, work->sums, rows, width);
	ur_elu_backward(a, dy, rows * width);
}

/* The transposes of the hidden layers' matrices, one after the other; at[l] is that of layer l. */
static void
turn(const struct ur_net *net, struct ur_work *work, const real **at)
{
	size_t n = 0;
	real *p;

	for (size_t l = 1; l < net->layers; l++)
		n += net->width[l - 1] * net->width[l];
	p = ur_reals_need(&work->turned, n);
	for (size_t l = 1; l < net->layers; l++) {
		ur_transpose(p, net->param + net->layer[l].w, net->width[l - 1], net->width[l]);
		at[l] = p;
		p += net->width[l - 1] * net->width[l];
	}
}

static void
layers_backward(const struct ur_net *net, struct ur_work *work, real *grad)
{
	const real *turned[UR_MAX_LAYERS + 1] = { NULL };
	struct pass pass = { net, work, 1, net->layers, turned, grad };

	turn(net, work, turned);
	for (size_t l = 0; l <= net->layers; l++)
		atomic_store(&work->turn[l], 0);
	if (!net->batchnorm) {
		ur_pool_run(work->pool, tile_backward, &pass, tiles(work));
		return;
	}
	for (size_t l = net->layers; l > 0; l--) {
		pass.bottom = pass.top = l;
		ur_pool_run(work->pool, tile_backward, &pass, tiles(work));
		normalise_backward(net, work, l - 1, grad);
	}
}

void
ur_net_backward(const struct ur_net *net, struct ur_work *work, const real *du, real *grad)
{
	assert(work->kept > 0 || net->layers == 0);
	row_gradient(work, du);
	layers_backward(net, work, grad);
	ur_input_backward(net, work, grad);
}

size_t
ur_work_codes(const struct ur_work *work, bool picks, const uint32_t **code)
{
	*code = picks ? work->pick_in.code : work->item_in.code;
	return (picks ? work->plan.picks : work->plan.items) * (size_t)work->items->onehots;
}

void
ur_net_track(const struct ur_net *net, struct ur_work *work, real *param)
{
	if (!net->batchnorm || work->plan.rows == 0)
		return;
	for (size_t l = 0; l < net->layers; l++)
		for (size_t j = 0; j < net->width[l]; j++) {
			real *mean = param + net->layer[l].mean + j, *var = param + net->layer[l].var + j;

			*mean = (real)(.99 * *mean + .01 * work->mean[l][j]);
			*var = (real)(.99 * *var + .01 * work->var[l][j]);
		}
}
