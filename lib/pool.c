#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "mem.h"
#include "nn.h"
#include "pool.h"

enum { SPINS = 4000 };          /* a phase lasts well under a millisecond: it is worth waiting awake for the next */

struct worker {
	struct ur_pool *pool;
	pthread_t thread;
	int number;             /* from 1; the caller is 0 */
};

struct ur_pool {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct worker *worker;
	int threads;            /* besides the caller */
	atomic_uint phase;      /* counts the calls of ur_pool_run */
	atomic_bool quit;
	ur_pool_job *job;
	void *arg;
	int jobs;
	atomic_int next;        /* job to be taken */
	atomic_int busy;        /* threads still in this phase */
};

static inline void
pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

void
ur_pool_wait(int spins)
{
	if (spins < SPINS)
		pause_briefly();
	else
		sched_yield();          /* the other cores have other work */
}

static void
work(struct ur_pool *pool, int thread)
{
	int i;

	while ((i = atomic_fetch_add(&pool->next, 1)) < pool->jobs)
		pool->job(pool->arg, i, thread);
}

/* Waits for a phase other than `seen`, first awake and then asleep. */
static unsigned
await_phase(struct ur_pool *pool, unsigned seen)
{
	unsigned phase;

	for (int i = 0; i < SPINS; i++) {
		if ((phase = atomic_load(&pool->phase)) != seen)
			return phase;
		pause_briefly();
	}
	pthread_mutex_lock(&pool->mutex);
	while ((phase = atomic_load(&pool->phase)) == seen)
		pthread_cond_wait(&pool->wake, &pool->mutex);
	pthread_mutex_unlock(&pool->mutex);
	return phase;
}

static void *
run(void *arg)
{
	struct worker *worker = arg;
	struct ur_pool *pool = worker->pool;
	unsigned phase = 0;

	ur_flush_denormals();
	for (;;) {
		phase = await_phase(pool, phase);
		if (atomic_load(&pool->quit))
			return NULL;
		work(pool, worker->number);
		atomic_fetch_sub(&pool->busy, 1);
	}
}

struct ur_pool *
ur_pool_new(int threads)
{
	struct ur_pool *pool = ur_calloc(1, sizeof *pool);
	sigset_t all, before;

	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pool->worker = ur_calloc((size_t)threads, sizeof *pool->worker);
	sigfillset(&all);       /* signals are for the first thread: their handler removes what it may just be making */
	sigdelset(&all, SIGBUS);        /* but a fault is met where it arises */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->threads < threads - 1) {
		struct worker *w = &pool->worker[pool->threads];

		w->pool = pool;
		w->number = pool->threads + 1;
		if (pthread_create(&w->thread, NULL, run, w) != 0)
			break;
		pool->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool;
}

static void
begin_phase(struct ur_pool *pool)
{
	pthread_mutex_lock(&pool->mutex);
	atomic_fetch_add(&pool->phase, 1);
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->mutex);
}

void
ur_pool_run(struct ur_pool *pool, ur_pool_job *job, void *arg, int jobs)
{
	if (pool == NULL || pool->threads == 0 || jobs == 1) {
		for (int i = 0; i < jobs; i++)
			job(arg, i, 0);
		return;
	}
	pool->job = job;
	pool->arg = arg;
	pool->jobs = jobs;
	atomic_store(&pool->next, 0);
	atomic_store(&pool->busy, pool->threads);
	begin_phase(pool);
	work(pool, 0);
	for (int spins = 0; atomic_load(&pool->busy) > 0; spins++)
		ur_pool_wait(spins);
}

void
ur_pool_free(struct ur_pool *pool)
{
	if (pool == NULL)
		return;
	atomic_store(&pool->quit, true);
	begin_phase(pool);
	for (int i = 0; i < pool->threads; i++)
		pthread_join(pool->worker[i].thread, NULL);
	pthread_mutex_destroy(&pool->mutex);
	pthread_cond_destroy(&pool->wake);
	free(pool->worker);
	free(pool);
}
