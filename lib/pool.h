/*
 * pool.h - a few threads that share the jobs of a phase.
 *
 * The caller owns what ur_pool_new returns.  Which thread does which job is left to chance: results must not
 * depend on it.
 */
#ifndef UR_POOL_H
#define UR_POOL_H

struct ur_pool;

/* As many threads as asked, the caller included; fewer if the system gives no more. */
struct ur_pool *ur_pool_new(int threads);
/*
 * Does jobs 0 .. jobs - 1, each once; begun in that order, so that one may wait for those before it.  thread, below the
 * number asked for, says whose scratch to use.  Returns when all are done.  pool NULL is the caller alone.
 */
typedef void ur_pool_job(void *arg, int i, int thread);
void ur_pool_run(struct ur_pool *pool, ur_pool_job *job, void *arg, int jobs);
/* Called again and again by a job that waits for another, spins = 0, 1, ...: awake at first, then leaving the core. */
void ur_pool_wait(int spins);
void ur_pool_free(struct ur_pool *pool);

#endif
