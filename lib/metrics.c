/* metrics.c - sums over recorded choices; see metrics.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "metrics.h"
#include "nn.h"

int
ur_rank_of(const real *u, int n, int pick)
{
	int others = -1;                        /* the pick itself is met too */

	for (int k = 0; k < n; k++)
		others += !(u[k] < u[pick]);
	return others;
}

void
ur_brief_add(struct ur_brief *brief, const struct ur_batch *batch, unsigned roles, const real *u)
{
	for (int n = 0; n < batch->N; n++) {
		int first = batch->item_off[n], size = batch->item_off[n + 1] - first, rank;

		if (!(roles >> batch->role[n] & 1) || batch->pick[n] < 0)
			continue;
		rank = ur_rank_of(u + first, size, batch->pick[n]);
		brief->hit1 += rank < 1;
		brief->hit2 += rank < 2;
		brief->picks++;
	}
}

/* --- probabilities of a step ------------------------------------------- */

void
ur_rule_of(struct ur_rule *rule, const struct ur_arch *arch, bool policy)
{
	rule->sparsemax = !policy && arch->loss == UR_SPARSEMAX;
	rule->no_click = policy ? UR_NO_CLICK_NONE : arch->no_click;
	rule->eta = arch->eta;
}

/* log(1 + exp(x)) */
static double
log_one_more(double x)
{
	return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

void
ur_rule_chances(const struct ur_rule *rule, const real *u, int n, struct ur_chances *c)
{
	double most = u[0], sum = 0, share;

	UR_GROW(c->p, c->cap, (size_t)n);
	for (int k = 1; k < n; k++)
		most = u[k] > most ? u[k] : most;
	for (int k = 0; k < n; k++)
		sum += c->p[k] = exp(u[k] - most);
	c->log_all = c->log_sum = most + log(sum);
	c->none = 0;
	if (rule->sparsemax) {
		ur_project(c->p, u, (size_t)n, rule->eta);
		return;
	}
	if (rule->no_click == UR_NO_CLICK_ZERO) {
		c->log_all = log_one_more(c->log_sum);
		c->none = exp(-c->log_all);
	}
	share = exp(c->log_sum - c->log_all) / sum;
	for (int k = 0; k < n; k++)
		c->p[k] *= share;
}

/* --- a temperature for sparsemax models --------------------------------- */

void
ur_scores_add(struct ur_scores *scores, const struct ur_batch *batch, unsigned roles, const real *u)
{
	for (int n = 0; n < batch->N; n++) {
		int first = batch->item_off[n], size = batch->item_off[n + 1] - first;

		if (!(roles >> batch->role[n] & 1) || batch->pick[n] < 0)
			continue;
		UR_GROW(scores->u, scores->u_cap, scores->items + (size_t)size);
		UR_GROW(scores->size, scores->size_cap, scores->steps + 1);
		UR_GROW(scores->pick, scores->pick_cap, scores->steps + 1);
		memcpy(scores->u + scores->items, u + first, (size_t)size * sizeof *u);
		scores->items += (size_t)size;
		scores->size[scores->steps] = size;
		scores->pick[scores->steps++] = batch->pick[n];
	}
}

/* Mean of u under softmax(scale * u), minus the pick's: the derivative of the step's nll by the scale. */
static double
slope(const real *u, int n, int pick, double scale)
{
	double most = u[0], sum = 0, mean = 0;

	for (int k = 1; k < n; k++)
		most = u[k] > most ? u[k] : most;
	for (int k = 0; k < n; k++) {
		double e = exp(scale * (u[k] - most));

		sum += e;
		mean += e * (u[k] - most);
	}
	return mean / sum - (u[pick] - most);
}

/*
 * The nll is convex in the scale, so its slope changes sign once: bisection, on the logarithm.  Where it is 0 over a
 * range (sets of one, equal scores; all picks far above the rest) the least scale is taken: it claims the least.
 */
double
ur_scores_scale(const struct ur_scores *scores)
{
	double low = log(1e-6), high = log(1e6);

	if (scores->steps == 0)
		return NAN;
	for (int i = 0; i < 50; i++) {
		double middle = (low + high) / 2, total = 0;
		const real *u = scores->u;

		for (size_t n = 0; n < scores->steps; u += scores->size[n++])
			total += slope(u, scores->size[n], scores->pick[n], exp(middle));
		if (total >= 0)
			high = middle;
		else
			low = middle;
	}
	return exp((low + high) / 2);
}

void
ur_scores_free(struct ur_scores *scores)
{
	free(scores->u);
	free(scores->size);
	free(scores->pick);
	memset(scores, 0, sizeof *scores);
}

/* --- all figures --------------------------------------------------------- */

void
ur_metrics_init(struct ur_metrics *metrics, const struct ur_rule *rule, double scale, bool keep)
{
	*metrics = (struct ur_metrics){ .rule = *rule, .scale = scale, .keep = keep };
}

void
ur_metrics_free(struct ur_metrics *metrics)
{
	free(metrics->user_sum);
	free(metrics->user_largest);
	free(metrics->chances.p);
	memset(metrics, 0, sizeof *metrics);
}

/* Where the pick stands: items strictly better, and those as good, itself among them. */
struct place {
	int better, equal;
};

/* The chance that the pick is among the first k when ties are broken at random. */
static double
expected_hit(struct place place, int k)
{
	if (k <= place.better)
		return 0;
	if (k >= place.better + place.equal)
		return 1;
	return (double)(k - place.better) / place.equal;
}

static struct place
place_by_score(const real *u, int n, int pick)
{
	struct place place = { 0, 0 };

	for (int k = 0; k < n; k++) {
		place.better += !(u[k] <= u[pick]);
		place.equal += u[k] == u[pick];
	}
	return place;
}

static struct place
place_by_popularity(const uint32_t *picked, const uint32_t *row, int n, int pick)
{
	struct place place = { 0, 0 };
	uint32_t own = picked[row[pick]];

	for (int k = 0; k < n; k++) {
		place.better += picked[row[k]] > own;
		place.equal += picked[row[k]] == own;
	}
	return place;
}

static struct place
place_by_rank(const uint16_t *rank, int n, int pick)
{
	struct place place = { 0, 0 };

	for (int k = 0; k < n; k++) {
		place.better += rank[k] < rank[pick];
		place.equal += rank[k] == rank[pick];
	}
	return place;
}

static void
add_hits(double *sum, const struct ur_batch *batch, const struct ur_items *items, int first, int size, int pick,
    const real *u)
{
	struct place score = place_by_score(u, size, pick);
	struct place popular = place_by_popularity(items->picked, batch->item + first, size, pick);
	struct place recent = place_by_rank(batch->rank + first, size, pick);
	int rank = score.better + score.equal - 1;      /* a pick of NaN counts itself as better */

	sum[UR_S_HIT1] += rank < 1;
	sum[UR_S_HIT2] += rank < 2;
	sum[UR_S_RECIPROCAL] += 1.0 / (rank + 1);
	sum[UR_S_GAIN] += 1 / log2(rank + 2);
	sum[UR_S_AVERAGE1] += expected_hit(score, 1);
	sum[UR_S_AVERAGE2] += expected_hit(score, 2);
	sum[UR_S_CHANCE1] += 1.0 / size;
	sum[UR_S_CHANCE2] += size < 2 ? 1 : 2.0 / size;
	sum[UR_S_POPULAR1] += expected_hit(popular, 1);
	sum[UR_S_POPULAR2] += expected_hit(popular, 2);
	sum[UR_S_RANK1] += expected_hit(recent, 1);
	sum[UR_S_RANK2] += expected_hit(recent, 2);
}

static void
add_bins(double *sum, const double *p, int size, int pick)
{
	for (int k = 0; k < size; k++) {
		int bin = p[k] < 1 ? (int)(p[k] * UR_BINS) : UR_BINS - 1;

		sum[UR_S_BIN + bin] += p[k] - (k == pick);
	}
	sum[UR_S_BINNED] += size;
}

/* max V - V(pick) under L2, given the projection p; see ur_loss_sparsemax. */
static double
fenchel(const real *u, const double *p, int size, int pick, double eta)
{
	double value = 0, square = 0;

	for (int k = 0; k < size; k++) {
		value += p[k] * (u[k] - u[pick]);
		square += p[k] * p[k];
	}
	return value + (1 - square) / (2 * eta);
}

/* log of the sum of exp(scale * u), less that of the pick. */
static double
scaled_nll(const real *u, int size, int pick, double scale)
{
	double most = u[0], sum = 0;

	for (int k = 1; k < size; k++)
		most = u[k] > most ? u[k] : most;
	for (int k = 0; k < size; k++)
		sum += exp(scale * (u[k] - most));
	return log(sum) + scale * (most - u[pick]);
}

static void
add_losses(const struct ur_metrics *metrics, double *sum, const real *u, int size, int pick)
{
	const struct ur_chances *c = &metrics->chances;

	if (metrics->rule.sparsemax) {
		sum[UR_S_NLL] -= log(c->p[pick]);
		sum[UR_S_NLL_PICK] -= log(c->p[pick]);
		sum[UR_S_FENCHEL] += fenchel(u, c->p, size, pick, metrics->rule.eta);
		sum[UR_S_SCALED] += scaled_nll(u, size, pick, metrics->scale);
	} else {
		sum[UR_S_NLL] += c->log_all - u[pick];
		sum[UR_S_NLL_PICK] += c->log_sum - u[pick];
	}
	sum[UR_S_NLL_STEPS]++;
	sum[UR_S_LOG_SIZE] += log(size);
}

static void
add_step(struct ur_metrics *metrics, double *sum, const struct ur_batch *batch, const struct ur_items *items,
    int step, const real *u)
{
	int first = batch->item_off[step], size = batch->item_off[step + 1] - first, pick = batch->pick[step];

	u += first;
	ur_rule_chances(&metrics->rule, u, size, &metrics->chances);
	sum[UR_S_STEPS]++;
	sum[UR_S_SHOWN] += size;
	sum[UR_S_SINGLES] += size == 1;
	if (pick >= 0) {
		sum[UR_S_PICKS]++;
		sum[UR_S_SINGLE_PICKS] += size == 1;
		add_losses(metrics, sum, u, size, pick);
		add_hits(sum, batch, items, first, size, pick, u);
		add_bins(sum, metrics->chances.p, size, pick);
	} else if (metrics->rule.no_click == UR_NO_CLICK_ZERO) {
		sum[UR_S_NLL] += metrics->chances.log_all;
		sum[UR_S_NLL_STEPS]++;
	}
}

static double
largest_of(const real *u, int n, double largest)
{
	for (int k = 0; k < n; k++)
		largest = fabs((double)u[k]) > largest ? fabs((double)u[k]) : largest;
	return largest;
}

static void
add_user(struct ur_metrics *metrics, const double *sum, double largest)
{
	for (int s = 0; s < UR_SUMS; s++)
		metrics->sum[s] += sum[s];
	metrics->largest = largest > metrics->largest ? largest : metrics->largest;
	if (metrics->keep) {
		UR_GROW(metrics->user_sum, metrics->sum_cap, (metrics->users + 1) * UR_SUMS);
		UR_GROW(metrics->user_largest, metrics->largest_cap, metrics->users + 1);
		memcpy(metrics->user_sum + metrics->users * UR_SUMS, sum, UR_SUMS * sizeof *sum);
		metrics->user_largest[metrics->users] = largest;
	}
	metrics->users++;
}

void
ur_metrics_add(struct ur_metrics *metrics, const struct ur_batch *batch, unsigned roles,
    const struct ur_items *items, const real *u)
{
	for (int i = 0; i < batch->U; i++) {
		double sum[UR_SUMS] = { [UR_S_USERS] = 1 }, largest = 0;

		for (int n = batch->user_off[i]; n < batch->user_off[i + 1]; n++) {
			const real *first = u + batch->item_off[n];

			if (!(roles >> batch->role[n] & 1))
				continue;
			add_step(metrics, sum, batch, items, n, u);
			largest = largest_of(first, batch->item_off[n + 1] - batch->item_off[n], largest);
		}
		if (sum[UR_S_STEPS] > 0)
			add_user(metrics, sum, largest);
	}
}
