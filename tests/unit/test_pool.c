/* Every job is done once, however many threads there are, phase after phase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pool.h"

enum { JOBS = 100 };

static atomic_int done[JOBS];

static void
count(void *arg, int i, int thread)
{
	assert_in_range(thread, 0, 3);
	atomic_fetch_add(&done[i], *(int *)arg);
}

static void
test_each_job_once(void **state)
{
	(void)state;
	for (int threads = 1; threads <= 4; threads++) {
		struct ur_pool *pool = ur_pool_new(threads);

		for (int jobs = 0; jobs <= JOBS; jobs++) {
			for (int i = 0; i < JOBS; i++)
				done[i] = 0;
			ur_pool_run(pool, count, &(int){ 3 }, jobs);
			for (int i = 0; i < JOBS; i++)
				assert_int_equal(done[i], i < jobs ? 3 : 0);
		}
		ur_pool_free(pool);
	}
	ur_pool_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_job_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
