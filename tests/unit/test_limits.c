/* Input that is well-formed and claims more than it holds, or holds more than is sensible. */
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_model_that_claims_a_gigabyte),
		cmocka_unit_test(test_a_million_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
