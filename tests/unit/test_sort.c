/* The radix sort against qsort, and events in both layouts. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "events.h"
#include "mem.h"
#include "rng.h"
#include "sort.h"

static size_t width;

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	for (size_t i = 0; i < width; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* Records whose words are drawn from 2^bits values, moved to the top of the word by `shift`. */
static void
sorts(size_t n, size_t words, int bits, int shift)
{
	uint64_t *a = ur_alloc(n, words * sizeof *a), *b = ur_alloc(n, words * sizeof *b);
	struct ur_rng rng;

	ur_rng_seed(&rng, n, words);
	for (size_t i = 0; i < n * words; i++)
		a[i] = b[i] = (bits == 0 ? 1 : ur_rng_next(&rng) >> (64 - bits)) << shift;
	ur_sort(a, n, words);
	width = words;
	qsort(b, n, words * sizeof *b, compare);
	assert_memory_equal(a, b, n * words * sizeof *a);
	free(a);
	free(b);
}

static void
sorts_like_qsort(void **state)
{
	static const size_t size[] = { 0, 1, 2, 3, 23, 24, 25, 26, 300, 5000 };

	(void)state;
	for (size_t words = 1; words <= UR_SORT_WORDS; words++)
		for (size_t i = 0; i < sizeof size / sizeof *size; i++)
			for (int bits = 0; bits <= 64; bits += 4)
				sorts(size[i], words, bits, bits % 8 == 0 ? 0 : 64 - bits);
}

/* Every record differs from the next in one bit only, high or low: the deepest recursion. */
static void
sorts_powers_of_two(void **state)
{
	uint64_t a[128 * 2] = { 0 };

	(void)state;
	for (int i = 0; i < 128; i++)
		a[2 * i + (i >= 64)] = UINT64_C(1) << (i % 64);
	ur_sort(a, 128, 2);
	for (int i = 0; i < 64; i++) {
		assert_int_equal(a[2 * i + 1], UINT64_C(1) << i);
		assert_int_equal(a[2 * (64 + i)], UINT64_C(1) << i);
	}
}

static const struct ur_event in[] = {
	{ 7, 5, UR_VIEW, 1 }, { 7, 4, UR_TRANSACTION, 1 }, { 7, 4, UR_ADDTOCART, 9 },
	{ (UINT64_C(1) << 40) - 1, (INT64_C(1) << 46) - 1, UR_TRANSACTION, (UINT64_C(1) << 40) - 1 },
	{ 0, 0, UR_VIEW, 0 }, { 7, 4, UR_ADDTOCART, 3 }, { 7, 4, UR_ADDTOCART, 3 }
};
static const int order[] = { 4, 5, 6, 2, 1, 0, 3 };

static void
assert_event(const struct ur_event *a, const struct ur_event *b)
{
	assert_true(a->visitor == b->visitor && a->time == b->time && a->kind == b->kind && a->item == b->item);
}

static void
check_order(struct ur_events *events, size_t words)
{
	struct ur_event e;

	assert_int_equal(events->words, words);
	ur_events_sort(events);
	for (size_t i = 0; i < 7; i++) {
		ur_events_get(events, i, &e);
		assert_event(&e, &in[order[i]]);
	}
}

static void
events_fit_into_16_bytes(void **state)
{
	struct ur_events events = { 0 };

	(void)state;
	for (size_t i = 0; i < 7; i++)
		ur_events_add(&events, &in[i]);
	check_order(&events, 2);
	assert_int_equal(ur_events_count_items(&events), 5);
	ur_events_free(&events);
}

/* One event that does not fit anywhere among the others makes room for all. */
static void
events_that_do_not_fit(void **state)
{
	static const struct ur_event large[] = {
		{ UINT64_MAX, INT64_MAX, UR_TRANSACTION, UINT64_MAX }, { UINT64_C(1) << 40, 0, UR_VIEW, 0 },
		{ UINT64_MAX, 0, UR_VIEW, UINT64_C(1) << 40 }, { UINT64_MAX, INT64_C(1) << 46, UR_VIEW, 0 }
	};
	struct ur_events events = { 0 };
	struct ur_event e;

	(void)state;
	for (size_t k = 0; k < 4; k++)
		for (size_t at = 0; at <= 7; at++) {
			for (size_t i = 0; i <= 7; i++)
				ur_events_add(&events, i == at ? &large[k] : &in[i - (i > at)]);
			check_order(&events, 4);
			ur_events_get(&events, 7, &e);
			assert_event(&e, &large[k]);
			assert_int_equal(ur_events_count_items(&events), large[k].item == 0 ? 5 : 6);
			ur_events_free(&events);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_like_qsort),
		cmocka_unit_test(sorts_powers_of_two),
		cmocka_unit_test(events_fit_into_16_bytes),
		cmocka_unit_test(events_that_do_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
