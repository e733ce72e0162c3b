/* train_judge.c - the evaluations of a training: figures, log, and the model kept; see train.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"
#include "metrics.h"
#include "train.h"

const char *const ur_select_name[] = { "nll", "prec@1", "prec@2" };

enum { VALIDATION = 1 << UR_VALIDATION };

/* Do the steps without a pick count in this model's loss? */
static bool
counts_no_click(const struct ur_model *model)
{
	return model->policy == NULL && model->arch.loss == UR_NLL && model->arch.no_click == UR_NO_CLICK_ZERO;
}

size_t
ur_train_loss_steps(const struct ur_train *train, enum ur_role role)
{
	return counts_no_click(train->model) ? train->data->role_steps[role] : train->data->role_picks[role];
}

bool
ur_train_judged(const struct ur_train *train)
{
	return train->data->role_picks[UR_VALIDATION] > 0 ||
	    (train->set.select == UR_BY_LOSS && ur_train_loss_steps(train, UR_VALIDATION) > 0);
}

double
ur_train_loss(const struct ur_arch *arch, const struct ur_batch *batch, unsigned roles, const real *u, real *du, size_t *steps)
{
	if (arch->loss == UR_SPARSEMAX)
		return ur_loss_sparsemax(batch, roles, arch->eta, u, du, steps);
	return ur_loss_nll(batch, roles, arch->no_click, u, du, steps);
}

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
	brief.loss = ur_train_loss(&arch, batch, VALIDATION, u, NULL, &brief.loss_steps);
	ur_brief_add(&brief, batch, VALIDATION, u);
	train->brief[i] = brief;
}

/* The figures on validation steps, chunk by chunk and added in order. */
static struct ur_brief
judge(struct ur_train *train)
{
	struct ur_brief sum = { 0 };

	ur_pool_run(train->pool, judge_chunk, train, (int)train->validation.chunks);
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
each_changed(struct ur_train *train, struct ur_adam_steps since, void (*f)(struct ur_train *, struct ur_range))
{
	const struct ur_tables *tables = &train->tables;

	if (!train->set.lazy) {
		f(train, (struct ur_range){ 0, train->model->params });
		return;
	}
	for (int i = 0; i < tables->ranges; i++)
		f(train, tables->dense[i]);
	for (int i = 0; i < tables->tables; i++) {
		const struct ur_table *table = &tables->table[i];

		for (size_t r = 0; r < table->tensor->table_rows; r++)
			if (table->last[r] > (table->policy ? since.policy : since.reward))
				f(train, ur_table_row(table, r));
	}
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

static struct ur_adam_steps
now(const struct ur_train *train)
{
	return (struct ur_adam_steps){ train->adam.t, train->policy_adam.t };
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
	if (ur_train_loss_steps(train, UR_VALIDATION) > 0 && !isfinite(train->now.loss))
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
