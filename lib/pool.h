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
/* job(arg, 0) .. job(arg, jobs - 1), each once, in any order; returns when all are done. */
void ur_pool_run(struct ur_pool *pool, void (*job)(void *arg, int i), void *arg, int jobs);
void ur_pool_free(struct ur_pool *pool);

#endif
