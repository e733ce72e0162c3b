/* test_catalogue - ids against a plain search, splits at their ends, and the join in time against a naive one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue.h"
#include "ids.h"
#include "mem.h"
#include "rng.h"
#include "split.h"
#include "store.h"

static void
ids_as_a_plain_search(void **state)
{
	struct ur_ids ids = { 0 };
	struct ur_rng rng;
	uint64_t seen[300];
	uint32_t n = 0, i, *number;

	(void)state;
	ur_rng_seed(&rng, 1, 0);
	assert_int_equal(ur_ids_find(&ids, 0), UR_NO_ID);
	for (int draw = 0; draw < 5000; draw++) {
		uint64_t id = ur_rng_below(&rng, 300) * 0x0101010101010101u - 1;

		for (i = 0; i < n && seen[i] != id; i++)
			;
		assert_int_equal(ur_ids_find(&ids, id), i < n ? i : UR_NO_ID);
		assert_int_equal(ur_ids_add(&ids, id), i);
		if (i == n)
			seen[n++] = id;
	}
	number = ur_ids_sort(&ids);
	assert_int_equal(ids.n, n);
	for (i = 0; i < n; i++) {
		assert_true(ids.id[number[i]] == seen[i]);
		assert_int_equal(ur_ids_find(&ids, seen[i]), number[i]);
		assert_true(i == 0 || ids.id[i - 1] < ids.id[i]);
	}
	free(number);
	ur_ids_free(&ids);
}

/* --- a store made by hand ---------------------------------------------------- */

enum { USERS = 40, STEPS = 5, SIZE = 3, ITEMS = 12, TIMES = 30 };

static void
make_store(struct ur_store *store, struct ur_rng *rng)
{
	char err[UR_ERR];

	*store = (struct ur_store){ 0 };
	for (uint64_t u = 0; u < USERS; u++) {
		ur_users_add_user(&store->all, USERS - u);
		for (int s = 0; s < STEPS; s++) {
			ur_users_add_step(&store->all, (int64_t)ur_rng_below(rng, TIMES),
			    s == 1 ? UR_CONTEXT : s == 2 ? UR_TEST : UR_NO_ROLE, 0);
			for (int k = 0; k < SIZE; k++)
				ur_users_add_row(&store->all, ur_ids_add(&store->item, 100 + ur_rng_below(rng, ITEMS)), 0);
		}
	}
	assert_int_equal(ur_store_sort(store, err), 0);
}

static void
users_in_order(void **state)
{
	struct ur_store store;
	struct ur_rng rng;

	(void)state;
	ur_rng_seed(&rng, 2, 0);
	make_store(&store, &rng);
	for (size_t i = 0; i < USERS; i++) {
		size_t u = store.order[i];

		assert_int_equal(store.all.user[u], i + 1);
		assert_int_equal(store.step_off[u], u * STEPS);
		assert_int_equal(store.item_off[u], u * STEPS * SIZE);
	}
	ur_store_free(&store);
}

/* --- splits ------------------------------------------------------------------ */

static size_t
count_role(const struct ur_store *store, enum ur_role role)
{
	size_t n = 0;

	for (size_t s = 0; s < store->all.steps; s++)
		n += store->all.role[s] == role;
	return n;
}

static void
split_parts(void **state)
{
	static const char *const bad[] = {
		"", "8", "8:1", "8:1:", ":1:1", "8:1:1:1", "8:1:1 ", " 8:1:1", "+8:1:1", "8:1:-1", "8;1;1", "1e1:1:1",
		"0:0:0", "4294967296:0:0", "99999999999999999999:1:1", "8:1:1x"
	};
	struct ur_split split = { 0 };
	char err[UR_ERR];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(ur_split_parse(&split, bad[i], err), -1);
	assert_int_equal(ur_split_parse(&split, "4294967295:0:007", err), 0);
	assert_true(split.part[0] == UINT32_MAX && split.part[1] == 0 && split.part[2] == 7);
}

/* Each part alone takes all steps that are not context, and only those without a role unless `again`. */
static void
split_all_to_one(void **state)
{
	struct ur_store store;
	struct ur_rng rng;

	(void)state;
	for (int part = 0; part < 3; part++)
		for (int by_time = 0; by_time < 2; by_time++)
			for (int again = 0; again < 2; again++) {
				struct ur_split split = { .again = again };

				split.part[part] = UINT32_MAX;
				ur_rng_seed(&rng, 3, 0);
				make_store(&store, &rng);
				if (by_time)
					ur_split_by_time(&split, &store);
				else
					ur_split_by_user(&split, &store, 7);
				assert_int_equal(count_role(&store, UR_CONTEXT), USERS);
				assert_int_equal(count_role(&store, UR_NO_ROLE), 0);
				assert_int_equal(count_role(&store, (enum ur_role)part),
				    USERS * (STEPS - 1 - (!again && part != UR_TEST)));
				ur_store_free(&store);
			}
}

/* --- the join in time ---------------------------------------------------------- */

struct row {
	int64_t time;
	uint64_t item;
	int property;
	int value;
};

static const char *const name[] = { "categoryid", "790", "available", "888" };

static void
write_rows(const char *path, const struct row *row, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fprintf(f, "property,value,timestamp,itemid\n");
	for (size_t i = 0; i < n; i++)
		fprintf(f, row[i].property == 1 ? "%s,n%d.000,%jd,%ju\n" : "%s,%d,%jd,%ju\n", name[row[i].property],
		    row[i].value, (intmax_t)row[i].time, (uintmax_t)row[i].item);
	assert_int_equal(fclose(f), 0);
}

/* The value of the last row with a time of `time` or before, the last read of equal ones; -1 if there is none. */
static int
as_of(const struct row *row, size_t n, uint64_t item, int property, int64_t time)
{
	int64_t best = -1;
	int value = -1;

	for (size_t i = 0; i < n; i++)
		if (row[i].item == item && row[i].property == property && row[i].time <= time && row[i].time >= best) {
			best = row[i].time;
			value = row[i].value;
		}
	return value;
}

static void
check_join(const struct ur_store *store, const struct ur_catalogue *c, const uint32_t *item, const struct row *row, size_t n)
{
	for (size_t k = 0; k < store->all.items; k++) {
		const struct ur_version *v = &c->version[store->all.row[k]];
		uint64_t id = store->item.id[item[k]];
		int64_t time = store->all.time[k / SIZE];
		int category = as_of(row, n, id, 0, time), price = as_of(row, n, id, 1, time);

		assert_int_equal(v->item, item[k]);
		assert_true(category < 0 ? v->category == UR_NO_ID : c->category.id[v->category] == (uint64_t)category);
		assert_true(price < 0 ? v->price == UR_NO_ID : ur_catalogue_price(c, v->price) == price);
		assert_int_equal(v->available, as_of(row, n, id, 2, time) == 1);
	}
}

static void
join_as_a_naive_one(void **state)
{
	char path[] = "properties.XXXXXX", err[UR_ERR];
	struct ur_rng rng;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	ur_rng_seed(&rng, 4, 0);
	for (size_t n = 0; n <= 400; n += 40) {
		struct ur_catalogue c = { .want = { true, true, true } };
		struct row row[400];
		struct ur_store store;
		uint32_t *item;

		make_store(&store, &rng);
		for (size_t i = 0; i < n; i++) {
			int property = (int)ur_rng_below(&rng, 4);

			row[i] = (struct row){ (int64_t)ur_rng_below(&rng, TIMES), 99 + ur_rng_below(&rng, ITEMS + 2),
			    property, (int)ur_rng_below(&rng, property == 2 ? 2 : 5) };
		}
		write_rows(path, row, n);
		item = memcpy(ur_alloc(store.all.items, sizeof *item), store.all.row, store.all.items * sizeof *item);
		assert_int_equal(ur_catalogue_properties(&c, &store, path, err), 0);
		assert_int_equal(ur_catalogue_build(&c, &store, err), 0);
		ur_catalogue_join(&c, &store);
		check_join(&store, &c, item, row, n);
		free(item);
		ur_catalogue_free(&c);
		ur_store_free(&store);
	}
	remove(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_as_a_plain_search),
		cmocka_unit_test(users_in_order),
		cmocka_unit_test(split_parts),
		cmocka_unit_test(split_all_to_one),
		cmocka_unit_test(join_as_a_naive_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
