/* pool.c - see pool.h. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "mem.h"
#include "nn.h"
#include "pool.h"

enum { SPINS = 4000 };          /* a phase lasts well under a millisecond: it is worth waiting awake for the next */

struct ur_pool {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_t *thread;
	int threads;            /* besides the caller */
	atomic_uint phase;      /* counts the calls of ur_pool_run */
	atomic_bool quit;
	void (*job)(void *arg, int i);
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

static void
work(struct ur_pool *pool)
{
	int i;

	while ((i = atomic_fetch_add(&pool->next, 1)) < pool->jobs)
		pool->job(pool->arg, i);
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
	struct ur_pool *pool = arg;
	unsigned phase = 0;

	ur_flush_denormals();
	for (;;) {
		phase = await_phase(pool, phase);
		if (atomic_load(&pool->quit))
			return NULL;
		work(pool);
		atomic_fetch_sub(&pool->busy, 1);
	}
}

struct ur_pool *
ur_pool_new(int threads)
{
	struct ur_pool *pool = ur_calloc(1, sizeof *pool);

	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pool->thread = ur_calloc((size_t)threads, sizeof *pool->thread);
	while (pool->threads < threads - 1 &&
	    pthread_create(&pool->thread[pool->threads], NULL, run, pool) == 0)
		pool->threads++;
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
ur_pool_run(struct ur_pool *pool, void (*job)(void *arg, int i), void *arg, int jobs)
{
	if (pool->threads == 0 || jobs == 1) {
		for (int i = 0; i < jobs; i++)
			job(arg, i);
		return;
	}
	pool->job = job;
	pool->arg = arg;
	pool->jobs = jobs;
	atomic_store(&pool->next, 0);
	atomic_store(&pool->busy, pool->threads);
	begin_phase(pool);
	work(pool);
	for (int i = 0; atomic_load(&pool->busy) > 0; i++)
		if (i < SPINS)
			pause_briefly();
		else
			sched_yield();          /* the other cores have other work */
}

void
ur_pool_free(struct ur_pool *pool)
{
	if (pool == NULL)
		return;
	atomic_store(&pool->quit, true);
	begin_phase(pool);
	for (int i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	pthread_mutex_destroy(&pool->mutex);
	pthread_cond_destroy(&pool->wake);
	free(pool->thread);
	free(pool);
}
