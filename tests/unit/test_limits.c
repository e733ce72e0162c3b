/* Input that is well-formed and claims more than it holds, or is put together of two. */
#include <sys/resource.h>

#include "streams.h"

#include "model.h"

/* The most memory this process has had, in MB. */
static long
peak(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss / 1024;
}

static char *
param_text(struct ur_params *params, const char *name)
{
	for (size_t i = 0; i < params->n; i++)
		if (strcmp(params->item[i].name, name) == 0)
			return params->item[i].s;
	return NULL;
}

/* A model's header that tells of wide layers, and no tensors. */
static struct bytes
model_that_claims(const char *dims)
{
	struct ur_arch arch = { .state = UR_NO_STATE, .hidden = 1, .pw_dim = 1, .pw_band = 1, .layers = 8, .eta = 1 };
	struct ur_header header;
	struct ur_model model;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = fopen("/dev/null", "w");

	for (int l = 0; l < 8; l++)
		arch.dims[l] = l < 7 ? 1000 : 1;
	make_header(&header, UR_MODEL);
	ur_params_free(&header.arch);
	ur_arch_input(&arch, &header.spec);
	ur_model_init(&model, &arch);
	assert_int_equal(ur_model_save(&model, &header, f, err), 0);    /* fills the header */
	fclose(f);
	ur_model_free(&model);
	strcpy(param_text(&header.arch, "dims"), dims);
	f = open_memstream((char **)&b.p, &b.n);
	assert_int_equal(ur_writer_close(ur_writer_open(f, &header), err), 0);
	fclose(f);
	ur_header_free(&header);
	return b;
}

static void
test_a_model_that_claims_a_gigabyte(void **state)
{
	struct bytes b = model_that_claims("4096-4096-4096-4096-4096-4096-4096");
	struct ur_model model;
	struct ur_header header;
	char err[UR_ERR];
	long before = peak();

	(void)state;
	assert_int_equal(ur_model_load(&model, &header, file_of_bytes(b), err), -1);
	assert_non_null(strstr(err, "is missing"));
	assert_true(peak() - before < 16);
	free(b.p);
}

/* A million features of items, as columns of a vector: more than is allowed. */
static void
test_a_million_columns(void **state)
{
	struct ur_header header;
	struct ur_pack p = { 0 };
	char err[UR_ERR];

	(void)state;
	make_header(&header, UR_BATCHES);
	header.spec.vector = 1000000;
	assert_int_equal(ur_header_pack(&p, &header, err), 0);
	ur_header_free(&header);
	memset(&header, 0, sizeof header);
	assert_int_equal(ur_header_unpack(&header, p.data, p.n, err), -1);
	assert_non_null(strstr(err, "columns up to 65536"));
	ur_header_free(&header);
	ur_pack_free(&p);
}

/* --- frames of another stream, each of them whole ----------------------------------------- */

/* As make_stream, with another number in it. */
static struct bytes
other_stream(enum ur_format format)
{
	struct bytes b = make_stream(format);
	struct ur_frame_writer w;
	struct bytes out;
	size_t at[16], frames = find_frames(b, at, 16);
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&out.p, &out.n);

	ur_frames_begin(&w, f);
	for (size_t i = 0; i + 1 < frames; i++) {
		uint8_t *payload = b.p + at[i] + 7;
		size_t n = at[i + 1] - at[i] - 16;

		if (i == 1 || i == 2)
			payload[n - 3] ^= 1;    /* in the last column, of ranks or of counts, or in a value */
		ur_frames_put(&w, (enum ur_kind)b.p[at[i] + 1], payload, n, err);
	}
	ur_frames_end(&w, format == UR_MODEL ? 3 : 4);
	fclose(f);
	free(b.p);
	return out;
}

static void
test_frames_of_another_stream(void **state)
{
	(void)state;
	for (int format = UR_SESSIONS; format <= UR_MODEL; format++) {
		struct bytes a = make_stream((enum ur_format)format), b = other_stream((enum ur_format)format);
		size_t at[16], frames = find_frames(a, at, 16);
		char err[UR_ERR];

		assert_int_equal(a.n, b.n);
		for (size_t i = 1; i + 1 < frames && i < 3; i++) {
			struct bytes mixed = { memcpy(ur_alloc(a.n, 1), a.p, a.n), a.n };

			memcpy(mixed.p + at[i], b.p + at[i], at[i + 1] - at[i]);
			if (memcmp(mixed.p, a.p, a.n) == 0)
				fail_msg("frame %zu is the same in both", i);
			assert_int_equal(read_all(file_of_bytes(mixed), (enum ur_format)format, err), -1);
			if (strstr(err, "frames are missing, doubled or out of place") == NULL)
				fail_msg("frame %zu: %s", i, err);
			free(mixed.p);
		}
		free(a.p);
		free(b.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_of_another_stream),
		cmocka_unit_test(test_a_model_that_claims_a_gigabyte),
		cmocka_unit_test(test_a_million_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
