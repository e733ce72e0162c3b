/* train.c - see train.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "mem.h"
#include "metrics.h"
#include "train.h"

const char *const ur_select_name[] = { "nll", "prec@1", "prec@2" };

enum { TRAIN = 1 << UR_TRAIN, VALIDATION = 1 << UR_VALIDATION };

struct ur_segment {
	size_t at, n;
	bool l2, policy;
};

static bool
of_policy(const struct ur_tensor *tensor)
{
	return strncmp(tensor->name, "policy.", 7) == 0;
}

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

/* Cuts the block into runs of trained tensors of one network, with or without l2. */
static void
find_segments(struct ur_train *train)
{
	const struct ur_model *model = train->model;

	train->segment = ur_calloc((size_t)model->tensors, sizeof *train->segment);
	for (int i = 0; i < model->tensors; i++) {
		const struct ur_tensor *t = &model->tensor[i];

		if (t->trained)
			train->segment[train->segments++] = (struct ur_segment){ t->at, t->n, t->matrix, of_policy(t) };
	}
}

static void
find_users(struct ur_train *train)
{
	const struct ur_data *data = train->data;

	train->user = ur_alloc(data->users, sizeof *train->user);
	for (size_t u = 0; u < data->users; u++)
		if (ur_data_steps(data, u, TRAIN) > 0)
			train->user[train->users++] = (uint32_t)u;
	train->drawn = train->users < (size_t)train->set.batch ? train->users : (size_t)train->set.batch;
	train->swap = ur_alloc(train->drawn, sizeof *train->swap);
}

static void
allocate(struct ur_train *train)
{
	size_t n = train->model->params;

	train->m = ur_aligned(n, sizeof(real));
	train->v = ur_aligned(n, sizeof(real));
	train->best = ur_aligned(n, sizeof(real));
	train->grad = ur_aligned(n, sizeof(real));
	train->work = ur_work_new();
	train->policy_work = ur_work_new();
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
	find_segments(train);
	find_users(train);
	allocate(train);
	ur_pass_init(&train->validation, data, VALIDATION);
	train->start = XXH3_64bits(model->param, model->params * sizeof(real));
	return 0;
}

void
ur_train_free(struct ur_train *train)
{
	ur_pass_free(&train->validation);
	ur_batch_free(&train->batch);
	ur_work_free(train->work);
	ur_work_free(train->policy_work);
	free(train->segment);
	free(train->user);
	free(train->swap);
	free(train->m);
	free(train->v);
	free(train->best);
	free(train->grad);
	free(train->du);
	free(train->dv);
	free(train->log);
	*train = (struct ur_train){ 0 };
}

/* --- an iteration ---------------------------------------------------------- */

void
ur_train_update(struct ur_train *train, bool policy)
{
	struct ur_adam *adam = policy ? &train->policy_adam : &train->adam;
	real *w = train->model->param;

	adam->t++;
	for (int i = 0; i < train->segments; i++) {
		const struct ur_segment *s = &train->segment[i];

		if (s->policy == policy)
			ur_adam_step(adam, s->l2 ? train->set.l2 : 0, w + s->at, train->m + s->at, train->v + s->at,
			    train->grad + s->at, s->n);
	}
}

static void
swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;

	*a = *b;
	*b = t;
}

/*
 * Packs different users into the batch: the first steps of Fisher and Yates' shuffle, undone
 * afterwards, so that a draw depends on the generator's state alone.
 */
static void
draw_batch(struct ur_train *train)
{
	for (size_t i = 0; i < train->drawn; i++) {
		train->swap[i] = (uint32_t)(i + ur_rng_below(&train->rng, train->users - i));
		swap(&train->user[i], &train->user[train->swap[i]]);
	}
	ur_data_gather(train->data, train->user, train->drawn, &train->batch);
	for (size_t i = train->drawn; i-- > 0;)
		swap(&train->user[i], &train->user[train->swap[i]]);
}

static double
model_loss(const struct ur_arch *arch, const struct ur_batch *batch, unsigned roles, const real *u, real *du, size_t *steps)
{
	if (arch->loss == UR_SPARSEMAX)
		return ur_loss_sparsemax(batch, roles, arch->eta, u, du, steps);
	return ur_loss_nll(batch, roles, arch->no_click, u, du, steps);
}

void
ur_train_fit(struct ur_train *train)
{
	const struct ur_model *model = train->model;
	const struct ur_batch *batch = &train->batch;
	size_t steps = 0;
	const real *u = ur_net_forward(model->reward, train->work, &train->data->items, batch, TRAIN, true);

	UR_GROW(train->du, train->du_cap, (size_t)batch->K);
	train->sums.loss += model_loss(&model->arch, batch, TRAIN, u, train->du, &steps);
	train->sums.steps += steps;
	for (int k = 0; k < batch->K && steps > 0; k++)
		train->du[k] /= (real)steps;
	ur_net_backward(model->reward, train->work, train->du, train->grad);
	ur_net_track(model->reward, train->work, model->param);
	ur_train_update(train, false);
}

/* --- an evaluation --------------------------------------------------------- */

static struct ur_brief
judge(struct ur_train *train)
{
	struct ur_pass *pass = &train->validation;
	const struct ur_model *model = train->model;
	const struct ur_net *net = model->policy != NULL ? model->policy : model->reward;
	struct ur_arch arch = model->arch;
	struct ur_brief brief = { 0 };

	if (model->policy != NULL)      /* its probabilities are a plain softmax */
		arch.loss = UR_NLL, arch.no_click = UR_NO_CLICK_NONE;
	for (size_t i = 0; i < pass->chunks; i++) {
		const struct ur_batch *batch = ur_pass_chunk(pass, i);
		const real *u = ur_net_forward(net, train->work, &train->data->items, batch, VALIDATION, false);

		brief.loss += model_loss(&arch, batch, VALIDATION, u, NULL, &brief.loss_steps);
		ur_brief_add(&brief, batch, VALIDATION, u);
	}
	return brief;
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
	int n = snprintf(text, size, "nll %.4f prec@1 %.4f prec@2 %.4f", figures->loss, figures->prec1, figures->prec2);

	if (adversarial && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " loss_max %.4f loss_min %.4f gap %.4f",
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
finite_params(const struct ur_model *model)
{
	enum { LANES = 16 };
	real lane[LANES] = { 0 }, sum = 0;
	size_t i = 0;

	for (; i + LANES <= model->params; i += LANES)
		for (int j = 0; j < LANES; j++)
			lane[j] += model->param[i + (size_t)j] * 0;
	for (; i < model->params; i++)
		sum += model->param[i] * 0;
	for (int j = 0; j < LANES; j++)
		sum += lane[j];
	return sum == 0;
}

int
ur_train_evaluate(struct ur_train *train, char *err)
{
	if (!finite_params(train->model))
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
	train->kept = train->now;
	memcpy(train->best, train->model->param, train->model->params * sizeof(real));
	train->stale = 0;
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
		ur_train_fit(train);
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
