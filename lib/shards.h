/*
 * shards.h - the users of an iteration, cut into the same shards whatever the number of threads, and the gradients of
 * the shards added in order: so that threads change no byte.
 *
 * The caller owns the struct; data and model are borrowed.  Nothing is allocated once buffers have grown.
 */
#ifndef UR_SHARDS_H
#define UR_SHARDS_H

#include <stdatomic.h>

#include "data.h"
#include "model.h"
#include "pool.h"
#include "rng.h"

enum { UR_MAX_SHARDS = 2 };

struct ur_sums {                        /* over training steps */
	double loss, loss_max, loss_min, gap;
	uint64_t steps;
};

/* Some users of the batch, and what is known of them; a thread works on one at a time. */
struct ur_shard {
	const uint32_t *user;           /* [users] */
	size_t users;
	struct ur_batch batch;
	struct ur_work *work, *policy_work;     /* of the reward and of the policy */
	const real *u, *v;              /* [batch.K] rewards, and the policy's scores */
	real *du, *dv;                  /* [batch.K] */
	size_t du_cap, dv_cap;
	struct ur_sums sums;
};

struct ur_range {
	size_t at, n;
};

struct ur_shards {
	const struct ur_data *data;
	const struct ur_model *model;
	struct ur_pool *pool;
	int threads;
	uint32_t *user;                 /* [users] positions of those with training steps */
	size_t users, drawn;
	uint32_t *swap;                 /* [drawn] how the draw disturbed `user` */
	int n;
	struct ur_shard shard[UR_MAX_SHARDS];
	real *grad;                     /* [params], 0 between steps */
	real **scratch;                 /* [threads] the gradient of one shard, 0 between shards; NULL until needed */
	struct ur_range *dense;         /* parameters outside the tables of one-hots */
	int ranges;
	atomic_int turn;                /* the shard whose gradient is added next */
};

/* An iteration draws `batch` users, or all if there are fewer. */
void ur_shards_init(struct ur_shards *shards, const struct ur_data *data, const struct ur_model *model, int batch, int threads);
/* Draws different users and deals them to the shards. */
void ur_shards_draw(struct ur_shards *shards, struct ur_rng *rng);
/* job(arg, i, thread) for every shard; then the sums of their sums. */
void ur_shards_run(struct ur_shards *shards, ur_pool_job *job, void *arg);
struct ur_sums ur_shards_sum(const struct ur_shards *shards);
/* Within a job: packs the users of shard i, and makes room for du and dv. */
void ur_shard_gather(struct ur_shards *shards, int i);
/* Within a job: grad += the derivative of sum(d * u) of net's last forward on shard i, in the order of the shards. */
void ur_shard_backward(struct ur_shards *shards, int i, int thread, bool policy);
void ur_shards_free(struct ur_shards *shards);

#endif
