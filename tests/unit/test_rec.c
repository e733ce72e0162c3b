/* Streams written and read back, and every way in which one can be wrong. */
#include "streams.h"

static void
assert_users_equal(const struct ur_users *a, const struct ur_users *b, bool rows)
{
	assert_int_equal(a->users, b->users);
	assert_int_equal(a->steps, b->steps);
	assert_int_equal(a->items, b->items);
	assert_memory_equal(a->user, b->user, a->users * sizeof *a->user);
	assert_memory_equal(a->nsteps, b->nsteps, a->users * sizeof *a->nsteps);
	assert_memory_equal(a->time, b->time, a->steps * sizeof *a->time);
	assert_memory_equal(a->role, b->role, a->steps * sizeof *a->role);
	assert_memory_equal(a->pick, b->pick, a->steps * sizeof *a->pick);
	assert_memory_equal(a->size, b->size, a->steps * sizeof *a->size);
	assert_memory_equal(a->rank, b->rank, a->items * sizeof *a->rank);
	if (rows)
		assert_memory_equal(a->row, b->row, a->items * sizeof *a->row);
	else
		assert_memory_equal(a->id, b->id, a->items * sizeof *a->id);
}

static void
test_users_come_back(void **state)
{
	(void)state;
	for (int format = UR_SESSIONS; format <= UR_BATCHES; format++) {
		struct bytes b = make_stream(format);
		struct ur_users want = { 0 };
		struct ur_reader r;

		make_users(&want, format == UR_BATCHES);
		assert_int_equal(ur_reader_open(&r, file_of_bytes(b), format), 0);
		assert_int_equal(ur_reader_users(&r), 1);
		assert_users_equal(&r.users, &want, format == UR_BATCHES);
		assert_int_equal(ur_reader_users(&r), 0);
		ur_reader_close(&r);
		ur_users_free(&want);
		free(b.p);
	}
}

static const enum ur_format formats[] = { UR_SESSIONS, UR_BATCHES, UR_MODEL };

/* Refused with one line that names the file. */
static void
assert_refused(const uint8_t *p, size_t n, enum ur_format format)
{
	const char *path = file_of(p, n);
	char err[UR_ERR] = "";

	assert_int_equal(read_all(path, format, err), -1);
	assert_true(strncmp(err, path, strlen(path)) == 0 && strchr(err, '\n') == NULL);
}

static void
test_every_prefix_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bytes b = make_stream(formats[i]);

		for (size_t n = 0; n < b.n; n++)
			assert_refused(b.p, n, formats[i]);
		free(b.p);
	}
}

static void
test_every_flipped_bit_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bytes b = make_stream(formats[i]);

		for (size_t bit = 0; bit < 8 * b.n; bit++) {
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_refused(b.p, b.n, formats[i]);
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		free(b.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_come_back),
		cmocka_unit_test(test_every_prefix_is_refused),
		cmocka_unit_test(test_every_flipped_bit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
