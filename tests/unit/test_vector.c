/* Batches whose items bring a vector of columns made elsewhere. */
#include "streams.h"

static const struct ur_items vectors = {
	.rows = 2, .dense = 3, .id = (uint64_t[]){ 10, 20 }, .x = (real[]){ .5, 1, -1.5, 0, 2, 1 },
	.shown = (uint32_t[]){ 3, 1 }, .picked = (uint32_t[]){ 1, 0 },
};

static struct bytes
make_vectors(int columns)
{
	struct ur_header header = { .format = UR_BATCHES, .has_spec = true };
	struct ur_writer *w;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	header.spec.vector = columns;
	w = ur_writer_open(f, &header);
	ur_writer_items(w, &vectors);
	assert_int_equal(ur_writer_close(w, err), 0);
	assert_int_equal(fclose(f), 0);
	ur_header_free(&header);
	return b;
}

static void
test_vectors_come_back(void **state)
{
	struct bytes b = make_vectors(3);
	struct ur_reader r;

	(void)state;
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_BATCHES), 0);
	assert_int_equal(ur_reader_users(&r), 0);
	assert_int_equal(r.header.spec.vector, 3);
	assert_int_equal(r.items.dense, 3);
	assert_memory_equal(r.items.x, vectors.x, 6 * sizeof(real));
	ur_reader_close(&r);
	free(b.p);
}

static void
test_none_by_default(void **state)
{
	struct bytes b = make_stream(UR_BATCHES);
	struct ur_reader r;

	(void)state;
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_BATCHES), 0);
	assert_int_equal(r.header.spec.vector, 0);
	assert_int_equal(ur_spec_dense(&r.header.spec), 2);
	ur_reader_close(&r);
	free(b.p);
}

static void
assert_columns_refused(int columns)
{
	struct bytes b = make_vectors(columns);
	char err[UR_ERR];

	assert_int_equal(read_all(file_of_bytes(b), UR_BATCHES, err), -1);
	free(b.p);
}

static void
test_another_width_is_refused(void **state)
{
	(void)state;
	assert_columns_refused(0);
	assert_columns_refused(2);
	assert_columns_refused(1 << 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors_come_back),
		cmocka_unit_test(test_none_by_default),
		cmocka_unit_test(test_another_width_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
