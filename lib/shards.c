/* shards.c - see shards.h. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "shards.h"

enum {
	TRAIN = 1 << UR_TRAIN,
	SHARD_ITEMS = 512,              /* shown items that make a shard worth its while */
	LARGE_MODEL = 1 << 22           /* parameters: more than one gradient of these would not fit */
};

/* --- drawing ----------------------------------------------------------------- */

static void
find_users(struct ur_shards *shards, int batch)
{
	const struct ur_data *data = shards->data;

	shards->user = ur_alloc(data->users, sizeof *shards->user);
	for (size_t u = 0; u < data->users; u++)
		if (ur_data_steps(data, u, TRAIN) > 0)
			shards->user[shards->users++] = (uint32_t)u;
	shards->drawn = shards->users < (size_t)batch ? shards->users : (size_t)batch;
	shards->swap = ur_alloc(shards->drawn, sizeof *shards->swap);
}

static void
swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;

	*a = *b;
	*b = t;
}

/*
 * The first steps of Fisher and Yates' shuffle, undone before the next draw, so that a draw depends on the
 * generator's state alone.
 */
void
ur_shards_draw(struct ur_shards *shards, struct ur_rng *rng)
{
	for (size_t i = shards->drawn; i-- > 0;)
		swap(&shards->user[i], &shards->user[shards->swap[i]]);
	for (size_t i = 0; i < shards->drawn; i++) {
		shards->swap[i] = (uint32_t)(i + ur_rng_below(rng, shards->users - i));
		swap(&shards->user[i], &shards->user[shards->swap[i]]);
	}
}

/* Drawn users stand at the front of `user`, in an order of chance: equal pieces are equal shares. */
static void
deal(struct ur_shards *shards)
{
	for (int i = 0; i < shards->n; i++) {
		size_t first = shards->drawn * (size_t)i / (size_t)shards->n;
		size_t end = shards->drawn * (size_t)(i + 1) / (size_t)shards->n;

		shards->shard[i].user = shards->user + first;
		shards->shard[i].users = end - first;
		shards->shard[i].work = ur_work_new();
		shards->shard[i].policy_work = ur_work_new();
	}
}

void
ur_shard_gather(struct ur_shards *shards, int i)
{
	struct ur_shard *s = &shards->shard[i];

	ur_data_gather(shards->data, s->user, s->users, &s->batch);
	UR_GROW(s->du, s->du_cap, (size_t)s->batch.K);
	UR_GROW(s->dv, s->dv_cap, (size_t)s->batch.K);
}

/* --- gradients ----------------------------------------------------------------- */

/* What is left of the parameters without the tables of one-hots, of which a shard touches but a few rows. */
static void
find_ranges(struct ur_shards *shards)
{
	const struct ur_model *model = shards->model;

	shards->dense = ur_calloc(2 * (size_t)model->tensors, sizeof *shards->dense);
	for (int i = 0; i < model->tensors; i++) {
		const struct ur_tensor *t = &model->tensor[i];
		size_t before = t->table_rows > 0 ? t->table_at * t->shape[1] : t->n, after = before + t->table_rows * t->shape[1];

		shards->dense[shards->ranges++] = (struct ur_range){ t->at, before };
		if (after < t->n)
			shards->dense[shards->ranges++] = (struct ur_range){ t->at + after, t->n - after };
	}
}

/* grad += part, part = 0, of n parameters from `at`. */
static void
move(real *restrict grad, real *restrict part, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		grad[i] += part[i];
	memset(part + at, 0, n * sizeof *part);
}

/* Rows of a table whose items are listed; a row that comes again is 0 by then. */
static void
move_rows(const struct ur_shards *shards, const struct ur_tensor *t, const uint32_t *item, size_t n, real *part)
{
	const struct ur_items *items = &shards->data->items;
	const struct ur_arch *arch = &shards->model->arch;

	for (size_t i = 0; i < n; i++) {
		const uint32_t *code = items->code + (size_t)item[i] * (size_t)items->onehots;
		size_t row = t->table_at;

		for (int c = 0; c < items->onehots; row += arch->onehot_size[c++])
			move(shards->grad, part, t->at + (row + code[c]) * t->shape[1], t->shape[1]);
	}
}

static void
move_tables(const struct ur_shards *shards, const struct ur_work *work, bool policy, real *part)
{
	const struct ur_model *model = shards->model;
	const uint32_t *item;
	size_t n;

	for (int i = 0; i < model->tensors; i++) {
		const struct ur_tensor *t = &model->tensor[i];

		if (t->table_rows == 0 || ur_tensor_of_policy(t) != policy)
			continue;
		n = strstr(t->name, "lstm") != NULL ? ur_work_picks(work, &item) : ur_work_items(work, &item);
		move_rows(shards, t, item, n, part);
	}
}

static void
add_in_turn(struct ur_shards *shards, int i, const struct ur_work *work, bool policy, real *part)
{
	while (atomic_load(&shards->turn) != i)
		sched_yield();
	if (part != shards->grad) {
		for (int r = 0; r < shards->ranges; r++)
			move(shards->grad, part, shards->dense[r].at, shards->dense[r].n);
		move_tables(shards, work, policy, part);
	}
	atomic_store(&shards->turn, i + 1);
}

/* The first shard needs no buffer of its own: 0 + x is x. */
static real *
buffer_for(struct ur_shards *shards, int i, int thread)
{
	if (i == 0)
		return shards->grad;
	if (shards->scratch[thread] == NULL)
		shards->scratch[thread] = ur_aligned(shards->model->params, sizeof(real));
	return shards->scratch[thread];
}

void
ur_shard_backward(struct ur_shards *shards, int i, int thread, bool policy)
{
	const struct ur_model *model = shards->model;
	struct ur_shard *s = &shards->shard[i];
	struct ur_work *work = policy ? s->policy_work : s->work;
	real *part = buffer_for(shards, i, thread);

	ur_net_backward(policy ? model->policy : model->reward, work, policy ? s->dv : s->du, part);
	add_in_turn(shards, i, work, policy, part);
}

/* --- all of them ----------------------------------------------------------------- */

/*
 * From the batch alone.  Each shard projects the items it meets, so that many shards would cost more than they
 * bring.  Batch normalisation wants its statistics from the whole batch.
 */
static int
shards_for(const struct ur_shards *shards)
{
	const struct ur_data *data = shards->data;
	double items = (double)data->shown / (double)data->users * (double)shards->drawn;

	if (shards->model->arch.batchnorm || shards->model->params > LARGE_MODEL || items < 2 * SHARD_ITEMS)
		return 1;
	return items >= UR_MAX_SHARDS * SHARD_ITEMS ? UR_MAX_SHARDS : (int)(items / SHARD_ITEMS);
}

void
ur_shards_init(struct ur_shards *shards, const struct ur_data *data, const struct ur_model *model, int batch, int threads)
{
	memset(shards, 0, sizeof *shards);
	shards->data = data;
	shards->model = model;
	shards->threads = threads;
	shards->pool = ur_pool_new(threads);
	find_users(shards, batch);
	for (size_t i = 0; i < shards->drawn; i++)
		shards->swap[i] = (uint32_t)i;
	shards->n = shards_for(shards);
	deal(shards);
	find_ranges(shards);
	shards->grad = ur_aligned(model->params, sizeof(real));
	shards->scratch = ur_calloc((size_t)threads, sizeof *shards->scratch);
}

void
ur_shards_run(struct ur_shards *shards, ur_pool_job *job, void *arg)
{
	atomic_store(&shards->turn, 0);
	ur_pool_run(shards->pool, job, arg, shards->n);
}

struct ur_sums
ur_shards_sum(const struct ur_shards *shards)
{
	struct ur_sums sum = { 0 };

	for (int i = 0; i < shards->n; i++) {
		const struct ur_sums *s = &shards->shard[i].sums;

		sum.loss += s->loss;
		sum.loss_max += s->loss_max;
		sum.loss_min += s->loss_min;
		sum.gap += s->gap;
		sum.steps += s->steps;
	}
	return sum;
}

void
ur_shards_free(struct ur_shards *shards)
{
	for (int i = 0; i < shards->n; i++) {
		struct ur_shard *s = &shards->shard[i];

		ur_batch_free(&s->batch);
		ur_work_free(s->work);
		ur_work_free(s->policy_work);
		free(s->du);
		free(s->dv);
	}
	for (int i = 0; shards->scratch != NULL && i < shards->threads; i++)
		free(shards->scratch[i]);
	ur_pool_free(shards->pool);
	free(shards->scratch);
	free(shards->dense);
	free(shards->grad);
	free(shards->user);
	free(shards->swap);
	memset(shards, 0, sizeof *shards);
}
