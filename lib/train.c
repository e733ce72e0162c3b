#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "mem.h"
#include "metrics.h"
#include "nn.h"
#include "train.h"

enum { TRAIN = 1 << UR_TRAIN, VALIDATION = 1 << UR_VALIDATION };

/* Small enough that threads can share the work, large enough to be worth a call. */
enum { SEGMENT = 1 << 14 };

struct ur_segment {
	size_t at, n;
	bool l2, policy;
};

/* --- setting up ------------------------------------------------------------ */

static void
add_segments(struct ur_train *train, const struct ur_tensor *t, size_t first, size_t end)
{
	for (size_t n; first < end; first += n) {
		n = end - first < SEGMENT ? end - first : SEGMENT;
		UR_GROW(train->segment, train->segment_cap, (size_t)train->segments + 1);
		train->segment[train->segments++] = (struct ur_segment){ t->at + first, n, t->matrix, ur_tensor_of_policy(t) };
	}
}

/* All that is trained, but for the tables that tables.c looks after. */
static void
find_segments(struct ur_train *train)
{
	const struct ur_model *model = train->model;

	for (int i = 0; i < model->tensors; i++) {
		const struct ur_tensor *t = &model->tensor[i];
		size_t table = t->table_at * t->shape[1], after = table + t->table_rows * t->shape[1];

		if (t->trained && train->tables.tables > 0 && t->table_rows > 0) {
			add_segments(train, t, 0, table);
			add_segments(train, t, after, t->n);
		} else if (t->trained)
			add_segments(train, t, 0, t->n);
	}
}

static void
allocate(struct ur_train *train)
{
	size_t n = train->model->params;

	train->at.m = ur_aligned(n, sizeof(real));
	train->at.v = ur_aligned(n, sizeof(real));
	train->best = ur_aligned(n, sizeof(real));
	memcpy(train->best, train->model->param, n * sizeof(real));
	train->at.g = ur_aligned(n, sizeof(real));
	train->pool = ur_pool_new(train->set.threads);
	train->work = ur_work_new();
	train->policy_work = ur_work_new();
	ur_work_share(train->work, train->pool, train->set.threads);
	ur_work_share(train->policy_work, train->pool, train->set.threads);
	train->brief = ur_calloc(train->validation.chunks, sizeof *train->brief);
	train->judge = ur_calloc((size_t)train->set.threads, sizeof *train->judge);
	for (int i = 0; i < train->set.threads; i++)
		train->judge[i].work = ur_work_new();
}

int
ur_train_init(struct ur_train *train, const struct ur_settings *set, const struct ur_data *data,
    struct ur_model *model, char *err)
{
	*train = (struct ur_train){ .set = *set, .data = data, .model = model };
	if (data->role_steps[UR_TRAIN] == 0)
		return ur_fail(err, "there are no training steps, expected at least one");
	if (ur_train_loss_steps(train, UR_TRAIN) == 0)
		return ur_fail(err, "no training step has a pick, expected at least one");
	train->adam = train->policy_adam = (struct ur_adam){ set->lr, .9, .999, 1e-8, 0 };
	train->kept.iteration = -1;
	ur_rng_seed(&train->rng, set->seed, UR_SEED_USERS);
	ur_flush_denormals();
	if (set->lazy || set->l2 == 0)
		ur_tables_init(&train->tables, model, set->lazy);
	find_segments(train);
	ur_draw_init(&train->draw, data, set->batch);
	ur_pass_init(&train->validation, data, VALIDATION);
	allocate(train);
	train->start = XXH3_64bits(model->param, model->params * sizeof(real));
	return 0;
}

void
ur_train_free(struct ur_train *train)
{
	for (int i = 0; train->judge != NULL && i < train->set.threads; i++) {
		ur_work_free(train->judge[i].work);
		ur_batch_free(&train->judge[i].spare);
	}
	ur_pass_free(&train->validation);
	ur_pool_free(train->pool);
	ur_draw_free(&train->draw);
	ur_batch_free(&train->batch);
	ur_work_free(train->work);
	ur_work_free(train->policy_work);
	ur_tables_free(&train->tables);
	ur_frozen_free(&train->frozen);
	free(train->judge);
	free(train->brief);
	free(train->segment);
	free(train->at.g);
	free(train->du);
	free(train->dv);
	free(train->at.m);
	free(train->at.v);
	free(train->best);
	free(train->log);
	*train = (struct ur_train){ 0 };
}

/* --- an iteration ---------------------------------------------------------- */

struct update {
	struct ur_train *train;
	const struct ur_adam *adam;
	bool policy;
};

static void
update_segment(void *arg, int i, int thread)
{
	const struct update *u = arg;
	struct ur_train *train = u->train;
	const struct ur_segment *s = &train->segment[i];

	(void)thread;
	if (s->policy == u->policy)
		ur_adam_step(u->adam, s->l2 ? train->set.l2 : 0, train->model->param + s->at, train->at.m + s->at,
		    train->at.v + s->at, train->at.g + s->at, s->n);
}

void
ur_train_update(struct ur_train *train, bool policy)
{
	struct ur_adam *adam = policy ? &train->policy_adam : &train->adam;

	adam->t++;
	ur_pool_run(train->pool, update_segment, &(struct update){ train, adam, policy }, train->segments);
	ur_tables_update(&train->tables, train->pool, policy ? train->policy_work : train->work, adam, policy, train->set.l2,
	    &train->at);
}

static void
draw_batch(struct ur_train *train)
{
	ur_draw_users(&train->draw, &train->rng);
	ur_data_gather(train->data, train->draw.user, train->draw.n, &train->batch);
	UR_GROW(train->du, train->du_cap, (size_t)train->batch.K);
	UR_GROW(train->dv, train->dv_cap, (size_t)train->batch.K);
}

/* One step on the mean loss of the batch. */
static void
fit(struct ur_train *train)
{
	const struct ur_model *model = train->model;
	const struct ur_batch *batch = &train->batch;
	size_t steps = 0;
	const real *u = ur_net_forward(model->reward, train->work, &train->data->items, batch, TRAIN, true);
	double loss = ur_train_loss(&model->arch, batch, TRAIN, u, train->du, &steps);

	train->drawn = (struct ur_sums){ .loss = loss, .steps = steps };
	for (int k = 0; k < batch->K && steps > 0; k++)
		train->du[k] /= (real)steps;
	ur_net_backward(model->reward, train->work, train->du, train->at.g);
	ur_net_track(model->reward, train->work, model->param);
	ur_train_update(train, false);
}

/* --- the course ------------------------------------------------------------ */

static bool
ended(const struct ur_train *train)
{
	const struct ur_settings *set = &train->set;

	return train->iteration >= set->iterations ||
	    (set->patience > 0 && ur_train_judged(train) && train->stale >= set->patience);
}

static void
add_sums(struct ur_train *train)
{
	struct ur_sums *sums = &train->sums;
	const struct ur_sums *drawn = &train->drawn;

	sums->loss += drawn->loss;
	sums->loss_max += drawn->loss_max;
	sums->loss_min += drawn->loss_min;
	sums->gap += drawn->gap;
	sums->steps += drawn->steps;
}

int
ur_train_step(struct ur_train *train, char *err)
{
	train->evaluated = false;
	if (ended(train))
		return 0;
	draw_batch(train);
	if (train->model->policy != NULL)
		ur_train_play(train);
	else
		fit(train);
	add_sums(train);
	train->iteration++;
	if (!isfinite(train->sums.loss))
		return ur_fail(err, "iteration %jd: the loss is not finite", (intmax_t)train->iteration);
	if (train->iteration % train->set.eval_every == 0 && ur_train_evaluate(train, err) < 0)
		return -1;
	return 1;
}

int
ur_train_last(struct ur_train *train, char *err)
{
	bool out = train->iteration >= train->set.iterations;

	train->evaluated = false;
	if (out && (train->iteration % train->set.eval_every != 0 || train->iteration == 0))
		return ur_train_evaluate(train, err) < 0 ? -1 : 0;
	return 0;
}

int
ur_train_keep(struct ur_train *train)
{
	if (train->kept.iteration < 0)
		return -1;
	memcpy(train->model->param, train->best, train->model->params * sizeof(real));
	return 0;
}
