/* Every job is done once, however many threads there are, phase after phase; signals are for the first thread. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
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

struct masks {
	pthread_t first;
	sigset_t mask[2];       /* of the first thread, of the other */
	atomic_int begun;
};

/* Both jobs wait for each other, so that neither thread does two. */
static void
take_mask(void *arg, int i, int thread)
{
	struct masks *m = arg;

	(void)i, (void)thread;
	pthread_sigmask(SIG_SETMASK, NULL, &m->mask[!pthread_equal(pthread_self(), m->first)]);
	atomic_fetch_add(&m->begun, 1);
	for (int spins = 0; atomic_load(&m->begun) < 2; spins++)
		ur_pool_wait(spins);
}

static void
test_signals_go_to_the_first_thread(void **state)
{
	struct masks m = { .first = pthread_self() };
	struct ur_pool *pool = ur_pool_new(2);

	(void)state;
	sigemptyset(&m.mask[0]);
	sigemptyset(&m.mask[1]);
	ur_pool_run(pool, take_mask, &m, 2);
	for (int other = 0; other < 2; other++) {
		assert_int_equal(sigismember(&m.mask[other], SIGTERM), other);
		assert_int_equal(sigismember(&m.mask[other], SIGINT), other);
		assert_int_equal(sigismember(&m.mask[other], SIGBUS), 0);
	}
	ur_pool_free(pool);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_job_once), cmocka_unit_test(test_signals_go_to_the_first_thread) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
