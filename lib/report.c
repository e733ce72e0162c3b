/* report.c - figures from sums, their bootstrap intervals, and the table; see metrics.h. */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "metrics.h"

enum { BLOCK = 8, STREAM = 1 };         /* resamples in one pass over the users; stream of the seed */

static const struct {
	const char *name;
	enum kind { COUNT, RATIO, MULTI, LARGEST, CALIBRATION } kind;
	enum ur_sum above, below;
	enum whose { DATA, MODEL, SPARSEMAX } whose;    /* what it depends on; differences are of models */
} figures[UR_FIGURES] = {
	{ "users", COUNT, UR_S_USERS, 0, DATA },
	{ "steps", COUNT, UR_S_STEPS, 0, DATA },
	{ "picks", COUNT, UR_S_PICKS, 0, DATA },
	{ "singletons", COUNT, UR_S_SINGLES, 0, DATA },
	{ "mean_set", RATIO, UR_S_SHOWN, UR_S_STEPS, DATA },
	{ "max_reward", LARGEST, 0, 0, MODEL },
	{ "nll", RATIO, UR_S_NLL, UR_S_NLL_STEPS, MODEL },
	{ "nll_pick", RATIO, UR_S_NLL_PICK, UR_S_PICKS, MODEL },
	{ "nll_uniform", RATIO, UR_S_LOG_SIZE, UR_S_PICKS, DATA },
	{ "prec@1", RATIO, UR_S_HIT1, UR_S_PICKS, MODEL },
	{ "prec@2", RATIO, UR_S_HIT2, UR_S_PICKS, MODEL },
	{ "mrr", RATIO, UR_S_RECIPROCAL, UR_S_PICKS, MODEL },
	{ "ndcg", RATIO, UR_S_GAIN, UR_S_PICKS, MODEL },
	{ "prec@1_avg", RATIO, UR_S_AVERAGE1, UR_S_PICKS, MODEL },
	{ "prec@2_avg", RATIO, UR_S_AVERAGE2, UR_S_PICKS, MODEL },
	{ "chance@1", RATIO, UR_S_CHANCE1, UR_S_PICKS, DATA },
	{ "chance@2", RATIO, UR_S_CHANCE2, UR_S_PICKS, DATA },
	{ "popularity@1", RATIO, UR_S_POPULAR1, UR_S_PICKS, DATA },
	{ "popularity@2", RATIO, UR_S_POPULAR2, UR_S_PICKS, DATA },
	{ "rank@1", RATIO, UR_S_RANK1, UR_S_PICKS, DATA },
	{ "rank@2", RATIO, UR_S_RANK2, UR_S_PICKS, DATA },
	{ "prec@1_multi", MULTI, UR_S_HIT1, UR_S_PICKS, MODEL },
	{ "prec@2_multi", MULTI, UR_S_HIT2, UR_S_PICKS, MODEL },
	{ "chance@1_multi", MULTI, UR_S_CHANCE1, UR_S_PICKS, DATA },
	{ "chance@2_multi", MULTI, UR_S_CHANCE2, UR_S_PICKS, DATA },
	{ "popularity@1_multi", MULTI, UR_S_POPULAR1, UR_S_PICKS, DATA },
	{ "popularity@2_multi", MULTI, UR_S_POPULAR2, UR_S_PICKS, DATA },
	{ "ece", CALIBRATION, 0, UR_S_BINNED, MODEL },
	{ "fy", RATIO, UR_S_FENCHEL, UR_S_PICKS, SPARSEMAX },
	{ "nll_temp", RATIO, UR_S_SCALED, UR_S_PICKS, SPARSEMAX },
};

/* --- figures from sums --------------------------------------------------- */

static double
calibration(const double *sum)
{
	double off = 0;

	for (int b = 0; b < UR_BINS; b++)
		off += fabs(sum[UR_S_BIN + b]);
	return off / sum[UR_S_BINNED];
}

static void
evaluate(const double *sum, double largest, double *value)
{
	for (int i = 0; i < UR_FIGURES; i++) {
		double above = sum[figures[i].above], below = sum[figures[i].below];
		double single = sum[UR_S_SINGLE_PICKS];         /* each a hit of every kind */

		switch (figures[i].kind) {
		case COUNT:
			value[i] = above;
			break;
		case RATIO:
			value[i] = above / below;
			break;
		case MULTI:
			value[i] = (above - single) / (below - single);
			break;
		case LARGEST:
			value[i] = sum[UR_S_SHOWN] > 0 ? largest : NAN;
			break;
		case CALIBRATION:
			value[i] = calibration(sum);
			break;
		}
	}
}

/* --- bootstrap ----------------------------------------------------------- */

/* How often each user is in each resample of a block; count [BLOCK, users]. */
static void
draw_block(struct ur_rng *rng, uint32_t *count, size_t users, int block)
{
	for (int d = 0; d < block; d++, count += users) {
		for (size_t i = 0; i < users; i++)
			count[i] = 0;
		for (size_t i = 0; i < users; i++)
			count[ur_rng_below(rng, users)]++;
	}
}

static void
add_times(double *sum, const double *row, double times)
{
	for (int s = 0; s < UR_SUMS; s++)
		sum[s] += times * row[s];
}

/* The figures of each resample of a block; value [BLOCK, UR_FIGURES]. */
static void
evaluate_block(const struct ur_metrics *metrics, const uint32_t *count, int block, double *value)
{
	double sum[BLOCK][UR_SUMS] = { 0 }, largest[BLOCK] = { 0 };

	for (size_t i = 0; i < metrics->users; i++) {
		for (int d = 0; d < block; d++) {
			uint32_t times = count[(size_t)d * metrics->users + i];

			if (times == 0)         /* an infinite sum of a user left out must not be met */
				continue;
			add_times(sum[d], metrics->user_sum + i * UR_SUMS, times);
			if (metrics->user_largest[i] > largest[d])
				largest[d] = metrics->user_largest[i];
		}
	}
	for (int d = 0; d < block; d++)
		evaluate(sum[d], largest[d], value + (size_t)d * UR_FIGURES);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value a share of the way through x [n], sorted, interpolated between neighbours. */
static double
percentile(const double *x, int n, double share)
{
	double at = share * (n - 1);
	int i = (int)at;

	if (n == 0)
		return NAN;
	if (i + 1 == n || at == i || isinf(x[i]) || x[i] == x[i + 1])   /* infinite ones are not to become NaN */
		return x[i];
	return x[i] + (at - i) * (x[i + 1] - x[i]);
}

/* Bounds of each figure from value [draws, UR_FIGURES]; column [draws] is scratch. */
static void
bound(struct ur_figure *figure, const double *value, int draws, double *column)
{
	for (int i = 0; i < UR_FIGURES; i++) {
		int n = 0;

		for (int d = 0; d < draws; d++) {
			double x = value[(size_t)d * UR_FIGURES + (size_t)i];

			if (!isnan(x))
				column[n++] = x;
		}
		qsort(column, (size_t)n, sizeof *column, by_value);
		figure[i].low = percentile(column, n, .025);
		figure[i].high = percentile(column, n, .975);
	}
}

/* value_b may be NULL; where it is not, it becomes the difference to value_a. */
static void
resample(const struct ur_metrics *a, const struct ur_metrics *b, int draws, uint64_t seed,
    double *value_a, double *value_b)
{
	uint32_t *count = ur_alloc(a->users, BLOCK * sizeof *count);
	struct ur_rng rng;

	ur_rng_seed(&rng, seed, STREAM);
	for (int d = 0; d < draws; d += BLOCK) {
		int block = draws - d < BLOCK ? draws - d : BLOCK;
		size_t at = (size_t)d * UR_FIGURES;

		draw_block(&rng, count, a->users, block);
		evaluate_block(a, count, block, value_a + at);
		if (b != NULL)
			evaluate_block(b, count, block, value_b + at);
		for (size_t i = at; b != NULL && i < at + (size_t)block * UR_FIGURES; i++)
			value_b[i] -= value_a[i];
	}
	free(count);
}

static void
add_bounds(struct ur_report *report, const struct ur_metrics *a, const struct ur_metrics *b, int draws, uint64_t seed)
{
	double *value_a = ur_alloc((size_t)draws, UR_FIGURES * sizeof *value_a);
	double *value_b = b == NULL ? NULL : ur_alloc((size_t)draws, UR_FIGURES * sizeof *value_b);
	double *column = ur_alloc((size_t)draws, sizeof *column);

	resample(a, b, draws, seed, value_a, value_b);
	bound(report->figure, value_a, draws, column);
	if (b != NULL)
		bound(report->difference, value_b, draws, column);
	free(value_a);
	free(value_b);
	free(column);
}

void
ur_report_make(struct ur_report *report, const struct ur_metrics *a, const struct ur_metrics *b,
    int draws, uint64_t seed)
{
	double value[UR_FIGURES], other[UR_FIGURES] = { 0 };

	*report = (struct ur_report){ .paired = b != NULL, .bounds = draws > 0 };
	report->sparsemax[0] = a->rule.sparsemax;
	report->sparsemax[1] = b != NULL && b->rule.sparsemax;
	evaluate(a->sum, a->largest, value);
	if (b != NULL)
		evaluate(b->sum, b->largest, other);
	for (int i = 0; i < UR_FIGURES; i++) {
		report->figure[i] = (struct ur_figure){ value[i], NAN, NAN };
		report->difference[i] = (struct ur_figure){ other[i] - value[i], NAN, NAN };
	}
	if (draws > 0 && a->users > 0)
		add_bounds(report, a, b, draws, seed);
}

/* --- the table ----------------------------------------------------------- */

static bool
shown(const struct ur_report *report, int i, bool difference)
{
	if (figures[i].whose == SPARSEMAX)
		return report->sparsemax[0] && (!difference || report->sparsemax[1]);
	return !difference || (report->paired && figures[i].whose == MODEL);
}

/* Nine digits tell floats apart; counts are written whole. */
static const char *
number_text(char text[32], double x)
{
	if (isnan(x))
		return "nan";
	snprintf(text, 32, x == floor(x) && fabs(x) < 1e15 ? "%.0f" : "%.9g", x + 0.0);         /* no -0 */
	return text;
}

static void
print_row(FILE *f, const char *suffix, int i, const struct ur_figure *figure, bool bounds)
{
	char value[32], low[32], high[32];

	fprintf(f, "%s%s\t%s\t%s\t%s\n", figures[i].name, suffix, number_text(value, figure->value),
	    bounds ? number_text(low, figure->low) : "", bounds ? number_text(high, figure->high) : "");
}

void
ur_report_print(const struct ur_report *report, FILE *f)
{
	fputs("metric\tvalue\tlow\thigh\n", f);
	for (int i = 0; i < UR_FIGURES; i++)
		if (shown(report, i, false))
			print_row(f, "", i, &report->figure[i], report->bounds);
	for (int i = 0; i < UR_FIGURES; i++)
		if (shown(report, i, true) && report->paired)
			print_row(f, "_diff", i, &report->difference[i], report->bounds);
}

static const char *
json_text(char text[32], double x)
{
	return isfinite(x) ? number_text(text, x) : "null";
}

static void
print_member(FILE *f, const char *suffix, int i, const struct ur_figure *figure)
{
	char value[32], low[32], high[32];

	fprintf(f, "%s\"%s%s\":{\"value\":%s,\"low\":%s,\"high\":%s}", i == 0 ? "{" : ",", figures[i].name, suffix,
	    json_text(value, figure->value), json_text(low, figure->low), json_text(high, figure->high));
}

void
ur_report_print_json(const struct ur_report *report, FILE *f)
{
	for (int i = 0; i < UR_FIGURES; i++)
		if (shown(report, i, false))
			print_member(f, "", i, &report->figure[i]);
	for (int i = 0; i < UR_FIGURES; i++)
		if (shown(report, i, true) && report->paired)
			print_member(f, "_diff", i, &report->difference[i]);
	fputs("}\n", f);
}
