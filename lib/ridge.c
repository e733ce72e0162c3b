#include <lbfgs.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "ridge.h"

enum { ROUNDS = 50, CLOSE_ENOUGH = 1 };

static const double tolerance = 1e-10;          /* on the objective */

/* --- one pass: loss and derivative ------------------------------------------- */

/* Rewards of all item rows from their own features; columns in the order of `spec`. */
static void
item_rewards(struct ur_ridge *ridge, const double *w)
{
	const struct ur_items *items = &ridge->pass->data->items;

	for (size_t r = 0; r < items->rows; r++) {
		const double *at = w + items->dense;
		double u = 0;

		for (int d = 0; d < items->dense; d++)
			u += w[d] * (double)items->x[r * (size_t)items->dense + (size_t)d];
		for (int c = 0; c < items->onehots; c++) {
			u += at[items->code[r * (size_t)items->onehots + (size_t)c]];
			at += ridge->onehot_size[c];
		}
		ridge->reward[r] = u;
	}
}

/* g += the derivative that the item rows have gathered in slope. */
static void
item_slopes(const struct ur_ridge *ridge, double *g)
{
	const struct ur_items *items = &ridge->pass->data->items;

	for (size_t r = 0; r < items->rows; r++) {
		double *at = g + items->dense, slope = ridge->slope[r];

		for (int d = 0; d < items->dense; d++)
			g[d] += slope * (double)items->x[r * (size_t)items->dense + (size_t)d];
		for (int c = 0; c < items->onehots; c++) {
			at[items->code[r * (size_t)items->onehots + (size_t)c]] += slope;
			at += ridge->onehot_size[c];
		}
	}
}

/*
 * Choice probabilities p [size] from rewards in p; returns log of the sum of exp u (with no-click's 1).
 */
static double
choose(double *p, int size, enum ur_no_click no_click)
{
	double top = no_click == UR_NO_CLICK_ZERO ? 0 : p[0], sum;

	for (int k = 0; k < size; k++)
		top = p[k] > top ? p[k] : top;
	sum = no_click == UR_NO_CLICK_ZERO ? exp(-top) : 0;
	for (int k = 0; k < size; k++)
		sum += p[k] = exp(p[k] - top);
	for (int k = 0; k < size; k++)
		p[k] /= sum;
	return top + log(sum);
}

/* Adds one step's loss, and its derivative to slope and to the page's and b's part of g. */
static double
add_step(struct ur_ridge *ridge, const struct ur_batch *batch, int n, const double *x, double *g)
{
	int first = batch->item_off[n], size = batch->item_off[n + 1] - first, P = ridge->page;
	size_t b = ridge->n - 1;
	const double *w = x + b - P;
	double loss, *p = ridge->p;

	for (int k = 0; k < size; k++) {
		const real *page = batch->page + (size_t)(first + k) * (size_t)P;

		p[k] = ridge->reward[batch->item[first + k]] + x[b];
		for (int j = 0; j < P; j++)
			p[k] += w[j] * (double)page[j];
	}
	loss = batch->pick[n] < 0 ? 0 : -p[batch->pick[n]];
	loss += choose(p, size, ridge->no_click);
	for (int k = 0; k < size; k++) {
		const real *page = batch->page + (size_t)(first + k) * (size_t)P;
		double slope = p[k] - (k == batch->pick[n]);

		ridge->slope[batch->item[first + k]] += slope;
		for (int j = 0; j < P; j++)
			g[b - (size_t)P + (size_t)j] += slope * (double)page[j];
		if (ridge->no_click == UR_NO_CLICK_ZERO)
			g[b] += slope;
	}
	return loss;
}

static bool
counts(const struct ur_ridge *ridge, const struct ur_batch *batch, int n)
{
	return batch->role[n] == UR_TRAIN && (batch->pick[n] >= 0 || ridge->no_click == UR_NO_CLICK_ZERO);
}

/* Sum of the losses over *steps training steps; g [n] is set to the derivative of that sum. */
static double
sum_losses(struct ur_ridge *ridge, const double *x, double *g, size_t *steps)
{
	double loss = 0;

	*steps = 0;
	memset(g, 0, ridge->n * sizeof *g);
	memset(ridge->slope, 0, ridge->pass->data->items.rows * sizeof *ridge->slope);
	item_rewards(ridge, x);
	for (size_t i = 0; i < ridge->pass->chunks; i++) {
		const struct ur_batch *batch = ur_pass_chunk(ridge->pass, i, &ridge->spare);

		for (int n = 0; n < batch->N; n++) {
			if (!counts(ridge, batch, n))
				continue;
			UR_GROW(ridge->p, ridge->p_cap, (size_t)(batch->item_off[n + 1] - batch->item_off[n]));
			loss += add_step(ridge, batch, n, x, g);
			++*steps;
		}
	}
	item_slopes(ridge, g);
	return loss;
}

static lbfgsfloatval_t
objective(void *instance, const lbfgsfloatval_t *x, lbfgsfloatval_t *g, int n, lbfgsfloatval_t step)
{
	struct ur_ridge *ridge = instance;
	double square = 0;
	size_t steps;

	(void)step;
	ridge->nll = sum_losses(ridge, x, g, &steps) / (double)steps;
	for (int i = 0; i < n; i++)
		g[i] /= (double)steps;
	for (int i = 0; i < n - 1; i++) {
		g[i] += ridge->lambda * x[i];
		square += x[i] * x[i];
	}
	return ridge->nll + ridge->lambda / 2 * square;
}

/*
 * f is at least lambda-convex, so f - min f <= |g|^2 / (2 lambda).
 */
static int
watch(void *instance, const lbfgsfloatval_t *x, const lbfgsfloatval_t *g, lbfgsfloatval_t fx, lbfgsfloatval_t xnorm,
    lbfgsfloatval_t gnorm, lbfgsfloatval_t step, int n, int k, int ls)
{
	struct ur_ridge *ridge = instance;

	(void)x, (void)g, (void)xnorm, (void)step, (void)n, (void)k, (void)ls;
	ridge->iterations++;
	ridge->objective = fx;
	return gnorm * gnorm <= 2 * ridge->lambda * tolerance ? CLOSE_ENOUGH : 0;
}

/* --- the fit ------------------------------------------------------------------ */

static bool
at_optimum(struct ur_ridge *ridge)
{
	double square = 0, *g = ur_alloc(ridge->n, sizeof *g);

	ridge->objective = objective(ridge, ridge->x, g, (int)ridge->n, 0);
	for (size_t i = 0; i < ridge->n; i++)
		square += g[i] * g[i];
	free(g);
	return square <= 2 * ridge->lambda * tolerance;
}

/*
 * L-BFGS may give up in a line search when the curvature it remembers is stale; it then starts again
 * from where it stands.
 */
int
ur_ridge_fit(struct ur_ridge *ridge, double lambda, char *err)
{
	lbfgs_parameter_t param;
	int r = 0;

	lbfgs_parameter_init(&param);
	param.m = 20;
	param.epsilon = 1e-14;          /* watch() stops it */
	param.max_linesearch = 40;
	ridge->lambda = lambda;
	ridge->iterations = 0;
	for (int round = 0; round < ROUNDS; round++) {
		if (at_optimum(ridge))
			return 0;
		r = lbfgs((int)ridge->n, ridge->x, NULL, objective, watch, ridge, &param);
	}
	return at_optimum(ridge) ? 0 : ur_fail(err, "the logit did not converge under ridge %g: liblbfgs says %d", lambda, r);
}

void
ur_ridge_init(struct ur_ridge *ridge, const struct ur_pass *pass, const struct ur_model *model)
{
	const struct ur_arch *arch = &model->arch;
	const struct ur_tensor *w = ur_model_tensor(model, "mlp.0.w"), *b = ur_model_tensor(model, "mlp.0.b");
	size_t rows = pass->data->items.rows;

	*ridge = (struct ur_ridge){ .pass = pass, .no_click = arch->no_click, .page = arch->page, .n = w->n + 1 };
	memcpy(ridge->onehot_size, arch->onehot_size, sizeof ridge->onehot_size);
	ridge->x = lbfgs_malloc((int)ridge->n);
	for (size_t i = 0; i < w->n; i++)
		ridge->x[i] = (double)model->param[w->at + i];
	ridge->x[w->n] = arch->no_click == UR_NO_CLICK_ZERO ? (double)model->param[b->at] : 0;
	ridge->reward = ur_alloc(rows, sizeof *ridge->reward);
	ridge->slope = ur_alloc(rows, sizeof *ridge->slope);
}

void
ur_ridge_store(const struct ur_ridge *ridge, struct ur_model *model)
{
	const struct ur_tensor *w = ur_model_tensor(model, "mlp.0.w"), *b = ur_model_tensor(model, "mlp.0.b");

	for (size_t i = 0; i < w->n; i++)
		model->param[w->at + i] = (real)ridge->x[i];
	model->param[b->at] = (real)ridge->x[w->n];
}

void
ur_ridge_free(struct ur_ridge *ridge)
{
	if (ridge->x != NULL)
		lbfgs_free(ridge->x);
	ur_batch_free(&ridge->spare);
	free(ridge->reward);
	free(ridge->slope);
	free(ridge->p);
	*ridge = (struct ur_ridge){ 0 };
}
