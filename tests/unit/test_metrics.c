/* Figures on hand-made scores: ties, no-click, sparsemax, popularity, bins, and the bootstrap. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics.h"

enum { TEST_ROLE = 1 << UR_TEST };

static const struct ur_rule softmax = { false, UR_NO_CLICK_NONE, 1 };
static const struct ur_rule no_click = { false, UR_NO_CLICK_ZERO, 1 };
static const struct ur_rule sparsemax = { true, UR_NO_CLICK_NONE, 1 };

/*
 * Three users: two steps of 3 and 1 items, one step of 2, one step of 4 without a pick.
 * Rows 0 to 3 were picked 5, 0, 5 and 2 times in training.
 */
static int user_off[] = { 0, 2, 3, 4 }, item_off[] = { 0, 3, 4, 6, 10 };
static uint64_t user[] = { 7, 8, 9 };
static int64_t when[] = { 1, 2, 3, 4 };
static uint8_t role[] = { UR_TEST, UR_TEST, UR_TEST, UR_TEST };
static int32_t pick[] = { 1, 0, 1, -1 };
static uint32_t row[] = { 0, 2, 1, 3, 0, 3, 0, 1, 2, 3 }, picked[] = { 5, 0, 5, 2 };
static uint16_t rank[] = { 2, 0, 1, 0, 0, 1, 0, 1, 2, 3 };
static const real scores[] = { 1, 1, 0, -3, 2, -1, 0, 0, 0, 0 };
static const struct ur_batch batch = { .U = 3, .N = 4, .K = 10, .user = user, .user_off = user_off,
	.item_off = item_off, .time = when, .role = role, .pick = pick, .item = row, .rank = rank };
static const struct ur_items items = { .rows = 4, .picked = picked };

static void
near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-6 * fmax(1, fabs(b))))
		fail_msg("%.9g is not %.9g", a, b);
}

/* The report as text, for look-ups by name. */
static char *
text_of(const struct ur_report *report, void (*print)(const struct ur_report *, FILE *))
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print(report, f);
	fclose(f);
	return text;
}

/* Value and bounds of the row that is called name. */
static struct ur_figure
row_of(const char *text, const char *name)
{
	struct ur_figure figure = { NAN, NAN, NAN };
	size_t n = strlen(name);

	for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n') + 1)
		if (strncmp(line, name, n) == 0 && line[n] == '\t') {
			sscanf(line + n, "\t%lf\t%lf\t%lf", &figure.value, &figure.low, &figure.high);
			return figure;
		}
	fail_msg("no row %s", name);
	return figure;
}

static char *
table(const struct ur_rule *rule, const real *u, int draws)
{
	struct ur_metrics metrics;
	struct ur_report report;

	ur_metrics_init(&metrics, rule, .5, draws > 0);
	ur_metrics_add(&metrics, &batch, TEST_ROLE, &items, u);
	ur_report_make(&report, &metrics, NULL, draws, 1);
	ur_metrics_free(&metrics);
	return text_of(&report, ur_report_print);
}

static void
test_brief(void **state)
{
	struct ur_brief brief = { 0 };

	(void)state;
	ur_brief_add(&brief, &batch, TEST_ROLE, scores);
	assert_int_equal(brief.picks, 3);
	near(brief.hit1, 1);            /* the single item; the first pick ties, the third is last */
	near(brief.hit2, 3);
	ur_brief_add(&brief, &batch, 1 << UR_TRAIN, scores);
	assert_int_equal(brief.picks, 3);
}

static void
test_rank_counts_ties_and_nan_against(void **state)
{
	const real u[] = { 1, 1, 0, NAN };

	(void)state;
	assert_int_equal(ur_rank_of(u, 3, 0), 1);
	assert_int_equal(ur_rank_of(u, 3, 2), 2);
	assert_int_equal(ur_rank_of(u, 4, 2), 3);
	assert_int_equal(ur_rank_of(u, 4, 3), 3);
	assert_int_equal(ur_rank_of(u + 3, 1, 0), 0);
}

static void
test_figures(void **state)
{
	char *text = table(&softmax, scores, 0);
	double e = exp(1), first = log(2 * e + 1) - 1, third = log(exp(3) + 1);

	(void)state;
	assert_int_equal(strncmp(text, "metric\tvalue\tlow\thigh\nusers\t3\t\t\nsteps\t4\t\t\npicks\t3\t\t\n", 48), 0);
	near(row_of(text, "singletons").value, 1);
	near(row_of(text, "mean_set").value, 2.5);
	near(row_of(text, "max_reward").value, 3);
	near(row_of(text, "nll").value, (first + third) / 3);
	near(row_of(text, "nll_pick").value, (first + third) / 3);
	near(row_of(text, "nll_uniform").value, (log(3) + log(2)) / 3);
	near(row_of(text, "prec@1").value, 1. / 3);
	near(row_of(text, "prec@2").value, 1);
	near(row_of(text, "mrr").value, (.5 + 1 + .5) / 3);
	near(row_of(text, "ndcg").value, (1 / log2(3) + 1 + 1 / log2(3)) / 3);
	near(row_of(text, "prec@1_avg").value, (.5 + 1 + 0) / 3);
	near(row_of(text, "prec@2_avg").value, 1);
	near(row_of(text, "chance@1").value, (1. / 3 + 1 + .5) / 3);
	near(row_of(text, "chance@2").value, (2. / 3 + 1 + 1) / 3);
	near(row_of(text, "popularity@1").value, (.5 + 1 + 0) / 3);
	near(row_of(text, "popularity@2").value, 1);
	near(row_of(text, "rank@1").value, (1. + 1 + 0) / 3);
	near(row_of(text, "rank@2").value, 1);
	near(row_of(text, "prec@1_multi").value, 0);
	near(row_of(text, "prec@2_multi").value, 1);
	near(row_of(text, "chance@1_multi").value, (1. / 3 + .5) / 2);
	near(row_of(text, "chance@2_multi").value, (2. / 3 + 1) / 2);
	near(row_of(text, "popularity@1_multi").value, .25);
	near(row_of(text, "popularity@2_multi").value, 1);
	assert_null(strstr(text, "\nfy\t"));
	free(text);
}

/* Probabilities .4223 .4223 .1554 | 1 | .9526 .0474, picks at .4223, 1 and .0474, in 15 bins. */
static void
test_ece(void **state)
{
	char *text = table(&softmax, scores, 0);
	double e = exp(1), p = e / (2 * e + 1), q = 1 / (exp(3) + 1);

	(void)state;
	near(row_of(text, "ece").value, (fabs(2 * p - 1) + fabs(1 - 2 * p) + fabs((1 - q) + 1 - 1) + fabs(q - 1)) / 6);
	free(text);
}

static void
test_no_click(void **state)
{
	char *text = table(&no_click, scores, 0);
	double e = exp(1), alone = log(1 + exp(-3)) + 3;

	(void)state;
	near(row_of(text, "nll").value,
	    (log(2 * e + 2) - 1 + alone + log(exp(2) + exp(-1) + 1) + 1 + log(5)) / 4);
	near(row_of(text, "nll_pick").value, (log(2 * e + 1) - 1 + log(exp(3) + 1)) / 3);
	free(text);
}

static void
test_sparsemax(void **state)
{
	static const real u[] = { .5, .25, 0, -3, .25, .75, 0, 0, 0, 0 };
	char *text = table(&sparsemax, u, 0);
	/* projections: (.5833, .3333, .0833), (1), (.25, .75) */
	double p[] = { 7. / 12, 4. / 12, 1. / 12 };
	double fy1 = p[0] * .25 - p[2] * .25 + (1 - p[0] * p[0] - p[1] * p[1] - p[2] * p[2]) / 2;
	double fy3 = -.25 * .5 + (1 - .0625 - .5625) / 2;

	(void)state;
	near(row_of(text, "nll").value, -(log(p[1]) + log(.75)) / 3);
	near(row_of(text, "fy").value, (fy1 + fy3) / 3);
	near(row_of(text, "nll_temp").value,
	    (log(exp(.25) + exp(.125) + 1) - .125 + log(exp(.125) + exp(.375)) - .375) / 3);
	free(text);
	text = table(&sparsemax, scores, 100);          /* the third pick has probability 0 */
	assert_true(isinf(row_of(text, "nll").value));
	assert_true(isfinite(row_of(text, "nll").low));         /* resamples without that user */
	free(text);
}

static void
test_extremes(void **state)
{
	real u[] = { 1e4, 0, -1e4 };
	struct ur_chances c = { 0 };

	(void)state;
	ur_rule_chances(&no_click, u, 3, &c);
	near(c.log_all, 1e4);
	near(c.p[0], 1);
	near(c.none, 0);
	ur_rule_chances(&no_click, u + 2, 1, &c);
	near(c.log_sum, -1e4);
	near(c.log_all, 0);
	near(c.none, 1);
	free(c.p);
}

/* Of two items apart by 1, the better is picked in 3 of 4: the scale is log 3. */
static void
test_scale(void **state)
{
	static int two[] = { 0, 2, 4, 6, 8 };
	static int32_t picks[] = { 0, 0, 1, 0 };
	static const real u[] = { 5, 4, 1, 0, 0, -1, 2, 1 };
	struct ur_batch b = batch;
	struct ur_scores s = { 0 };

	(void)state;
	assert_true(isnan(ur_scores_scale(&s)));
	b.item_off = two;
	b.pick = picks;
	ur_scores_add(&s, &b, TEST_ROLE, u);
	near(ur_scores_scale(&s), log(3));
	ur_scores_free(&s);
}

/* What tells nothing of the scale, and what any large one fits, must not make it as large as can be. */
static void
test_scale_undecided(void **state)
{
	static int two[] = { 0, 2, 4, 6, 8 };
	static int32_t picks[] = { 0, 0, 1, 0 };
	static const real equal[] = { 5, 5, 1, 1, 0, 0, 2, 2 }, apart[] = { 5, 4, 1, 0, -1, 0, 2, 1 };
	struct ur_batch b = batch;
	struct ur_scores s = { 0 };

	(void)state;
	b.item_off = two;
	b.pick = picks;
	ur_scores_add(&s, &b, TEST_ROLE, equal);
	assert_true(ur_scores_scale(&s) < 2e-6);
	ur_scores_free(&s);
	ur_scores_add(&s, &b, TEST_ROLE, apart);
	assert_true(ur_scores_scale(&s) > 30 && ur_scores_scale(&s) < 1000);
	ur_scores_free(&s);
}

static void
test_no_steps(void **state)
{
	struct ur_metrics metrics;
	struct ur_report report;
	char *text;

	(void)state;
	ur_metrics_init(&metrics, &softmax, NAN, true);
	ur_metrics_add(&metrics, &batch, 1 << UR_VALIDATION, &items, scores);
	ur_report_make(&report, &metrics, NULL, 100, 1);
	text = text_of(&report, ur_report_print);
	near(row_of(text, "users").value, 0);
	assert_non_null(strstr(text, "\nnll\tnan\tnan\tnan\n"));
	assert_non_null(strstr(text, "\nmax_reward\tnan\t"));
	free(text);
	text = text_of(&report, ur_report_print_json);
	assert_non_null(strstr(text, ",\"nll\":{\"value\":null,\"low\":null,\"high\":null},"));
	free(text);
	ur_metrics_free(&metrics);
}

/* Every user alike: no spread.  Two kinds of user, half and half: the spread of a binomial. */
static void
test_bounds(void **state)
{
	enum { USERS = 400 };
	static int off[USERS + 1], two[USERS + 1];
	static uint64_t id[USERS];
	static int64_t at[USERS];
	static uint8_t roles[USERS];
	static int32_t picks[USERS];
	static uint32_t rows[2 * USERS];
	static uint16_t ranks[2 * USERS];
	static real u[2 * USERS];
	struct ur_batch b = { .U = USERS, .N = USERS, .K = 2 * USERS, .user = id, .user_off = off, .item_off = two,
		.time = at, .role = roles, .pick = picks, .item = rows, .rank = ranks };
	struct ur_metrics metrics;
	struct ur_report report, again;
	char *text, *same;
	struct ur_figure hit;

	(void)state;
	for (int i = 0; i <= USERS; i++)
		off[i] = i, two[i] = 2 * i;
	for (int i = 0; i < USERS; i++)
		roles[i] = UR_TEST, u[2 * i + i % 2] = 1;
	ur_metrics_init(&metrics, &softmax, NAN, true);
	ur_metrics_add(&metrics, &b, TEST_ROLE, &items, u);
	ur_report_make(&report, &metrics, NULL, 1000, 3);
	ur_report_make(&again, &metrics, NULL, 1000, 3);
	text = text_of(&report, ur_report_print);
	same = text_of(&again, ur_report_print);
	assert_string_equal(text, same);
	hit = row_of(text, "prec@1");
	near(hit.value, .5);
	assert_true(fabs(hit.low - (.5 - 1.96 * .025)) < .006 && fabs(hit.high - (.5 + 1.96 * .025)) < .006);
	near(row_of(text, "chance@1").low, .5);
	near(row_of(text, "chance@1").high, .5);
	ur_report_make(&again, &metrics, NULL, 1000, 4);
	free(same);
	same = text_of(&again, ur_report_print);
	assert_string_not_equal(text, same);
	free(text);
	free(same);
	ur_metrics_free(&metrics);
}

static void
test_paired(void **state)
{
	static const real better[] = { 1, 2, 0, -3, 2, 3, 0, 0, 0, 0 };
	struct ur_metrics a, b;
	struct ur_report report;
	struct ur_figure diff;
	char *text;

	(void)state;
	ur_metrics_init(&a, &softmax, NAN, true);
	ur_metrics_init(&b, &softmax, NAN, true);
	ur_metrics_add(&a, &batch, TEST_ROLE, &items, scores);
	ur_metrics_add(&b, &batch, TEST_ROLE, &items, better);
	ur_report_make(&report, &a, &b, 200, 1);
	text = text_of(&report, ur_report_print);
	diff = row_of(text, "prec@1_diff");
	near(diff.value, 1 - 1. / 3);
	assert_true(diff.low >= .5 && diff.high <= 1);          /* never worse on any resample */
	assert_true(row_of(text, "nll_diff").value < 0);
	assert_null(strstr(text, "chance@1_diff"));
	free(text);
	ur_report_make(&report, &a, &a, 200, 1);
	text = text_of(&report, ur_report_print);
	assert_non_null(strstr(text, "\nnll_diff\t0\t0\t0\n"));         /* the same draws for both */
	free(text);
	ur_metrics_free(&a);
	ur_metrics_free(&b);
}

/* One user's pick has the probability 0: some resamples are infinite, and bounds between them and the others no NaN. */
static void
test_infinite_bounds(void **state)
{
	struct ur_metrics a, b;
	struct ur_report report;

	(void)state;
	ur_metrics_init(&a, &sparsemax, .5, true);
	ur_metrics_init(&b, &softmax, NAN, true);
	ur_metrics_add(&a, &batch, TEST_ROLE, &items, scores);
	ur_metrics_add(&b, &batch, TEST_ROLE, &items, scores);
	for (uint64_t seed = 1; seed <= 30; seed++) {
		char *text;
		struct ur_figure diff;

		ur_report_make(&report, &a, &b, 2, seed);
		text = text_of(&report, ur_report_print);
		diff = row_of(text, "nll_diff");
		assert_true(isinf(diff.value) && !isnan(diff.low) && !isnan(diff.high));
		free(text);
	}
	ur_metrics_free(&a);
	ur_metrics_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_brief),
		cmocka_unit_test(test_rank_counts_ties_and_nan_against),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_ece),
		cmocka_unit_test(test_no_click),
		cmocka_unit_test(test_sparsemax),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_scale_undecided),
		cmocka_unit_test(test_no_steps),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_paired),
		cmocka_unit_test(test_infinite_bounds),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
