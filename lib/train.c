/* train.c - see train.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "mem.h"
#include "metrics.h"
#include "nn.h"
#include "train.h"

const char *const ur_select_name[] = { "nll", "prec@1", "prec@2" };

enum { TRAIN = 1 << UR_TRAIN, VALIDATION = 1 << UR_VALIDATION };

/* Small enough that threads can share the work, large enough to be worth a call. */
enum { SEGMENT = 1 << 14 };

struct ur_segment {
	size_t at, n;
	bool l2, policy;
};

struct ur_judge {
	struct ur_work *work;
	struct ur_batch spare;
};

/* Do the steps without a pick count in this model's loss? */
static bool
counts_no_click(const struct ur_model *model)
{
	return model->policy == NULL && model->arch.loss == UR_NLL && model->arch.no_click == UR_NO_CLICK_ZERO;
}

static size_t
loss_steps(const struct ur_train *train, enum ur_role role)
{
	return counts_no_click(train->model) ? train->data->role_steps[role] : train->data->role_picks[role];
}

bool
ur_train_judged(const struct ur_train *train)
{
	return loss_steps(train, UR_VALIDATION) > 0;
}

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

/* All that is trained, but for the tables that lazy.c looks after. */
static void
find_segments(struct ur_train *train)
{
	const struct ur_model *model = train->model;

	for (int i = 0; i < model->tensors; i++) {
		const struct ur_tensor *t = &model->tensor[i];
		size_t table = t->table_at * t->shape[1], after = table + t->table_rows * t->shape[1];

		if (t->trained && train->set.lazy && t->table_rows > 0) {
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

	train->m = ur_aligned(n, sizeof(real));
	train->v = ur_aligned(n, sizeof(real));
	train->best = ur_aligned(n, sizeof(real));
	memcpy(train->best, train->model->param, n * sizeof(real));
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
	if (loss_steps(train, UR_TRAIN) == 0)
		return ur_fail(err, "no training step has a pick, expected at least one");
	train->adam = train->policy_adam = (struct ur_adam){ set->lr, .9, .999, 1e-8, 0 };
	train->kept.iteration = -1;
	ur_rng_seed(&train->rng, set->seed, UR_SEED_USERS);
	ur_flush_denormals();
	if (set->lazy)
		ur_lazy_init(&train->lazy, model);
	find_segments(train);
	ur_shards_init(&train->shards, data, model, set->batch, set->threads);
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
	ur_shards_free(&train->shards);
	ur_lazy_free(&train->lazy);
	free(train->judge);
	free(train->brief);
	free(train->segment);
	free(train->m);
	free(train->v);
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
		ur_adam_step(u->adam, s->l2 ? train->set.l2 : 0, train->model->param + s->at, train->m + s->at,
		    train->v + s->at, train->shards.grad + s->at, s->n);
}

void
ur_train_update(struct ur_train *train, bool policy)
{
	struct ur_adam *adam = policy ? &train->policy_adam : &train->adam;

	adam->t++;
	ur_pool_run(train->shards.pool, update_segment, &(struct update){ train, adam, policy }, train->segments);
	ur_lazy_update(&train->lazy, &train->shards, adam, policy, train->set.l2, train->m, train->v, train->shards.grad);
}

static double
model_loss(const struct ur_arch *arch, const struct ur_batch *batch, unsigned roles, const real *u, real *du, size_t *steps)
{
	if (arch->loss == UR_SPARSEMAX)
		return ur_loss_sparsemax(batch, roles, arch->eta, u, du, steps);
	return ur_loss_nll(batch, roles, arch->no_click, u, du, steps);
}

static void
fit_forward(void *arg, int i, int thread)
{
	struct ur_train *train = arg;
	struct ur_shard *s = &train->shards.shard[i];
	size_t steps = 0;

	(void)thread;
	ur_shard_gather(&train->shards, i);
	s->u = ur_net_forward(train->model->reward, s->work, &train->data->items, &s->batch, TRAIN, true);
	s->sums.loss = model_loss(&train->model->arch, &s->batch, TRAIN, s->u, s->du, &steps);
	s->sums.steps = steps;
}

static void
fit_backward(void *arg, int i, int thread)
{
	struct ur_train *train = arg;
	struct ur_shard *s = &train->shards.shard[i];
	uint64_t steps = train->drawn.steps;

	for (int k = 0; k < s->batch.K && steps > 0; k++)
		s->du[k] /= (real)steps;
	ur_shard_backward(&train->shards, i, thread, false);
}

/* One step on the mean loss of the users drawn. */
static void
fit(struct ur_train *train)
{
	const struct ur_model *model = train->model;

	ur_shards_run(&train->shards, fit_forward, train);
	train->drawn = ur_shards_sum(&train->shards);
	ur_shards_run(&train->shards, fit_backward, train);
	ur_net_track(model->reward, train->shards.shard[0].work, model->param);
	ur_train_update(train, false);
}

/* --- an evaluation --------------------------------------------------------- */

static void
judge_chunk(void *arg, int i, int thread)
{
	struct ur_train *train = arg;
	const struct ur_model *model = train->model;
	const struct ur_net *net = model->policy != NULL ? model->policy : model->reward;
	struct ur_arch arch = model->arch;
	struct ur_judge *judge = &train->judge[thread];
	struct ur_brief brief = { 0 };
	const struct ur_batch *batch = ur_pass_chunk(&train->validation, (size_t)i, &judge->spare);
	const real *u = ur_net_forward(net, judge->work, &train->data->items, batch, VALIDATION, false);

	if (model->policy != NULL)      /* its probabilities are a plain softmax */
		arch.loss = UR_NLL, arch.no_click = UR_NO_CLICK_NONE;
	brief.loss = model_loss(&arch, batch, VALIDATION, u, NULL, &brief.loss_steps);
	ur_brief_add(&brief, batch, VALIDATION, u);
	train->brief[i] = brief;
}

/* The figures on validation steps, chunk by chunk and added in order. */
static struct ur_brief
judge(struct ur_train *train)
{
	struct ur_brief sum = { 0 };

	ur_pool_run(train->shards.pool, judge_chunk, train, (int)train->validation.chunks);
	for (size_t i = 0; i < train->validation.chunks; i++) {
		const struct ur_brief *b = &train->brief[i];

		sum.loss += b->loss;
		sum.loss_steps += b->loss_steps;
		sum.hit1 += b->hit1;
		sum.hit2 += b->hit2;
		sum.picks += b->picks;
	}
	return sum;
}

static bool
better(const struct ur_train *train)
{
	const struct ur_figures *now = &train->now, *kept = &train->kept;

	if (kept->iteration < 0 || !ur_train_judged(train))
		return true;
	switch (train->set.select) {
	case UR_BY_PREC1:	return now->prec1 > kept->prec1;
	case UR_BY_PREC2:	return now->prec2 > kept->prec2;
	default:		return now->loss < kept->loss;
	}
}

static void
log_append(struct ur_train *train, const char *fmt, ...)
{
	char text[64];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = (size_t)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	UR_GROW(train->log, train->log_cap, train->log_size + n);
	memcpy(train->log + train->log_size, text, n);
	train->log_size += n;
}

static void
log_row(struct ur_train *train)
{
	const struct ur_figures *now = &train->now;
	double column[] = { now->train, now->loss, now->prec1, now->prec2, now->loss_max, now->loss_min, now->gap };
	int n = train->model->policy != NULL ? 7 : 4;

	log_append(train, "%jd", (intmax_t)now->iteration);
	for (int i = 0; i < n; i++)
		log_append(train, "\t%.9g", column[i]);
	log_append(train, "\n");
}

const char *
ur_train_log_header(const struct ur_train *train)
{
	if (train->model->policy != NULL)
		return "iteration\ttrain_nll\tnll\tprec@1\tprec@2\tloss_max\tloss_min\tgap\n";
	return "iteration\ttrain_nll\tnll\tprec@1\tprec@2\n";
}

void
ur_figures_say(const struct ur_figures *figures, bool adversarial, char *text, size_t size)
{
	int n = snprintf(text, size, "nll %.4g prec@1 %.3g prec@2 %.3g", figures->loss, figures->prec1, figures->prec2);

	if (adversarial && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " loss_max %.4g loss_min %.4g gap %.4g",
		    figures->loss_max, figures->loss_min, figures->gap);
}

static double
mean(double sum, uint64_t n)
{
	return n > 0 ? sum / (double)n : (double)NAN;
}

static void
take_figures(struct ur_train *train)
{
	struct ur_brief brief = judge(train);
	const struct ur_sums *sums = &train->sums;

	train->now = (struct ur_figures){
		.iteration = train->iteration,
		.train = mean(sums->loss, sums->steps),
		.loss = mean(brief.loss, brief.loss_steps),
		.prec1 = mean(brief.hit1, brief.picks),
		.prec2 = mean(brief.hit2, brief.picks),
		.loss_max = mean(sums->loss_max, sums->steps),
		.loss_min = mean(sums->loss_min, sums->steps),
		.gap = mean(sums->gap, sums->steps),
	};
	train->sums = (struct ur_sums){ 0 };
}

/* x * 0 is 0, or NaN where x is not finite; in lanes, so that it is vectorised. */
static bool
all_finite(const real *x, size_t n)
{
	enum { LANES = 16 };
	real lane[LANES] = { 0 }, sum = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] += x[i + (size_t)j] * 0;
	for (; i < n; i++)
		sum += x[i] * 0;
	for (int j = 0; j < LANES; j++)
		sum += lane[j];
	return sum == 0;
}

/*
 * Calls f for the parameters that may have changed since then, in ranges: all of them, or with lazy Adam all outside
 * the tables and the rows met.
 */
static void
each_changed(struct ur_train *train, struct ur_moment since, void (*f)(struct ur_train *, struct ur_range))
{
	const struct ur_lazy *lazy = &train->lazy;

	if (!train->set.lazy) {
		f(train, (struct ur_range){ 0, train->model->params });
		return;
	}
	for (int i = 0; i < train->shards.ranges; i++)
		f(train, train->shards.dense[i]);
	for (int i = 0; i < lazy->tables; i++)
		for (size_t r = 0; r < lazy->table[i].tensor->table_rows; r++)
			if (ur_lazy_changed(&lazy->table[i], r, since.reward, since.policy))
				f(train, ur_lazy_row(&lazy->table[i], r));
}

static void
check_finite(struct ur_train *train, struct ur_range range)
{
	train->finite &= all_finite(train->model->param + range.at, range.n);
}

static void
copy_to_best(struct ur_train *train, struct ur_range range)
{
	memcpy(train->best + range.at, train->model->param + range.at, range.n * sizeof(real));
}

static struct ur_moment
now(const struct ur_train *train)
{
	return (struct ur_moment){ train->adam.t, train->policy_adam.t };
}

static bool
finite_params(struct ur_train *train)
{
	train->finite = true;
	each_changed(train, train->looked, check_finite);
	train->looked = now(train);
	return train->finite;
}

static void
keep(struct ur_train *train)
{
	train->kept = train->now;
	each_changed(train, train->copied, copy_to_best);
	train->copied = now(train);
	train->stale = 0;
}

int
ur_train_evaluate(struct ur_train *train, char *err)
{
	if (!finite_params(train))
		return ur_fail(err, "iteration %jd: a parameter is not finite", (intmax_t)train->iteration);
	take_figures(train);
	if (ur_train_judged(train) && !isfinite(train->now.loss))
		return ur_fail(err, "iteration %jd: the loss on validation steps is not finite", (intmax_t)train->iteration);
	log_row(train);
	train->evaluated = true;
	if (!better(train)) {
		train->stale++;
		return 0;
	}
	keep(train);
	return 1;
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
	ur_shards_draw(&train->shards, &train->rng);
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
