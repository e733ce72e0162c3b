/* The kernels of every instruction set that this machine has give the same bytes as those of any machine. */
#include "numbers.h"

#define UR_BODY "unit/isa_bodies.h"
#include "nn_isa.h"

enum { MOST = 4096 };

static real a[MOST], b[MOST], init[MOST], want[MOST], out[MOST];

/* Calls a kernel of each set, compares what it left in `out` with what the first left there. */
#define COMPARE(name, arguments) \
	do { \
		memset(out, 0, sizeof out); \
		name##_any arguments; \
		memcpy(want, out, sizeof out); \
		COMPARE_X86(name, arguments); \
	} while (0)
#if defined(__x86_64__)
#define COMPARE_X86(name, arguments) \
	if (UR_HAS_AVX2) { \
		memset(out, 0, sizeof out); \
		name##_avx2 arguments; \
		assert_memory_equal(out, want, sizeof out); \
	} \
	if (UR_HAS_AVX512) { \
		memset(out, 0, sizeof out); \
		name##_avx512 arguments; \
		assert_memory_equal(out, want, sizeof out); \
	}
#else
#define COMPARE_X86(name, arguments) (void)0
#endif

static void
test_products(void **state)
{
	(void)state;
	fill(a, MOST, 1);
	fill(b, MOST, 1);
	fill(init, MOST, 1);
	for (size_t M = 0; M <= 27; M += 3)
		for (size_t N = 0; N <= 67; N += M % 2 ? 5 : 8)
			for (size_t K = 0; K <= 14; K += 7) {
				COMPARE(gemm, (out + 1, N + 1, NULL, 0, a, K, sizeof(real), b, N, M, N, K));
				COMPARE(gemm, (out + 1, N + 1, init, N, a + 1, 1, M * sizeof(real), b + 1, N, M, N, K));
			}
	for (size_t D = 0; D <= 70; D++)
		COMPARE(row_dots, (out, a, b, 1, 5, D));
}

static void
test_functions(void **state)
{
	(void)state;
	fill(a, MOST, 1);
	for (int i = 0; i < MOST; i++)
		a[i] *= i % 3 == 0 ? 1000 : i % 3 == 1 ? 20 : 1;
	a[1] = NAN, a[17] = 0, a[18] = (real)-0., a[19] = INFINITY, a[20] = -INFINITY;
	for (size_t n = 0; n <= 67; n++) {
		COMPARE(exp, (out, a, n));
		COMPARE(elu, (out, a, n));
		COMPARE(sigmoid, (out, a, n));
		COMPARE(tanh, (out, a, n));
	}
	COMPARE(exp, (out, a, MOST));
	COMPARE(elu, (out, a, MOST));
	COMPARE(sigmoid, (out, a, MOST));
	COMPARE(tanh, (out, a, MOST));
}

static void
test_gather(void **state)
{
	static const uint32_t index[5] = { 3, 0, 3, 1, 2 };

	(void)state;
	fill(a, MOST, 1);
	for (size_t D = 0; D <= 70; D++) {
		COMPARE(gather_rows, (out, a, index, 5, D));
		assert_memory_equal(out + D, a, D * sizeof *out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_products), cmocka_unit_test(test_functions), cmocka_unit_test(test_gather)
	};

	ur_rng_seed(&rng, 4, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
