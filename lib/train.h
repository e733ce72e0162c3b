/*
 * train.h - the course of a training: iterations, evaluations, and the model to keep.
 *
 * Used by ur-pretrain and ur-advtrain alike; what differs is what an iteration does.  The caller owns
 * the struct; settings are copied, data and model are borrowed and outlive it.  Nothing is allocated
 * inside an iteration once its buffers have grown.
 */
#ifndef UR_TRAIN_H
#define UR_TRAIN_H

#include "data.h"
#include "draw.h"
#include "model.h"
#include "optim.h"
#include "pass.h"
#include "pool.h"
#include "rng.h"
#include "tables.h"

enum ur_select { UR_BY_LOSS, UR_BY_PREC1, UR_BY_PREC2 };
extern const char *const ur_select_name[];      /* "nll", "prec@1", "prec@2" */

/* Streams of random numbers drawn from one seed. */
enum { UR_SEED_VALUES = 1, UR_SEED_USERS, UR_SEED_POLICY };

struct ur_settings {            /* as the options of ur-pretrain(1) and ur-advtrain(1) */
	double lr, l2;
	int batch;              /* users; more than there are means all */
	int iterations, eval_every, patience;
	enum ur_select select;
	uint64_t seed;
	int threads;
	bool lazy;              /* rows of one-hots are updated when met */
	int max_steps, min_steps;       /* an iteration's steps of the policy and of the reward; without a policy unused */
};

/* What is known of the model after some iteration; means over steps, NaN where there are none. */
struct ur_figures {
	int64_t iteration;
	double train;                   /* loss over the batches since the figures before */
	double loss, prec1, prec2;      /* on validation steps, by the policy if there is one */
	/* with a policy, over the batches since the figures before: V, V - u of the pick, and max V - V */
	double loss_max, loss_min, gap;
};

struct ur_sums {                /* over training steps */
	double loss, loss_max, loss_min, gap;
	uint64_t steps;
};

struct ur_adam_steps {          /* of each of the two Adams, up to some time */
	uint64_t reward, policy;
};

struct ur_segment;              /* neighbouring parameters that Adam treats alike */
struct ur_brief;

struct ur_judge {               /* scratch of an evaluation; one per thread */
	struct ur_work *work;
	struct ur_batch spare;
};

/* A reward that does not move gives a shown item the same score in every iteration: all scores of training steps, by user. */
struct ur_frozen {
	real *all;
	size_t all_cap;
	size_t *at;                     /* [data->users] where a user's begin; NULL: not worked out */
	real *u;                        /* [batch.K] */
	size_t u_cap;
};

struct ur_train {
	struct ur_settings set;
	const struct ur_data *data;
	struct ur_model *model;

	uint64_t start;                 /* a hash of the values it began with */

	/* the state of the course, all of it in a checkpoint */
	int64_t iteration;
	struct ur_rng rng;              /* draws users */
	struct ur_adam adam, policy_adam;
	struct ur_moments at;           /* [params] moments, and the gradient, 0 between steps */
	struct ur_sums sums;
	struct ur_figures kept;         /* of the best model so far; iteration -1: none yet */
	real *best;                     /* its values [params] */
	int stale;                      /* evaluations since then */
	struct ur_tables tables;        /* empty where all of a table is updated in every step; here as lazy Adam needs it */
	char *log;                      /* rows of --log, without the header */
	size_t log_size, log_cap;

	/* scratch */
	struct ur_figures now;          /* the last evaluation */
	bool evaluated;                 /* did the last step end with one? */
	struct ur_pool *pool;
	struct ur_draw draw;
	struct ur_batch batch;
	struct ur_work *work, *policy_work;
	real *du, *dv;                  /* [batch.K] */
	size_t du_cap, dv_cap;
	struct ur_frozen frozen;
	struct ur_adam_steps looked, copied;        /* of the last evaluation, and of the last that was kept */
	struct ur_sums drawn;           /* over the batch */
	struct ur_segment *segment;
	size_t segment_cap;
	int segments;
	bool finite;
	struct ur_judge *judge;         /* [threads] scratch of evaluations */
	struct ur_brief *brief;         /* [validation.chunks] */
	struct ur_pass validation;
};

/*
 * Starts a course from the model's present values.  0, or -1 with err where no step can be trained on.
 * A model with a policy is trained adversarially, any other by its own loss.
 */
int ur_train_init(struct ur_train *train, const struct ur_settings *set, const struct ur_data *data,
    struct ur_model *model, char *err);
/*
 * One iteration, and an evaluation where one is due.  1; 0 when the course has ended before it (by iterations or
 * patience); -1 with err when it diverged: a loss or a parameter is not finite.
 */
int ur_train_step(struct ur_train *train, char *err);
/*
 * The evaluation after the last iteration, where it is not one of those due anyway.  A checkpoint is written
 * before it, so that a course that is made longer later is the same as one that was long from the beginning.
 * 0, or -1 with err when the course diverged.
 */
int ur_train_last(struct ur_train *train, char *err);
/* Judges the model as it stands, adds a row to the log, keeps it if it is the best: 1 if so, 0, -1 with err. */
int ur_train_evaluate(struct ur_train *train, char *err);
/* Puts the kept values into the model; -1 when there are none yet. */
int ur_train_keep(struct ur_train *train);
void ur_train_free(struct ur_train *train);

/* Are there validation steps to choose by?  Precisions ask for a pick, the loss with a no-click does not. */
bool ur_train_judged(const struct ur_train *train);
/* The header line of --log, and the figures as one line of words. */
const char *ur_train_log_header(const struct ur_train *train);
void ur_figures_say(const struct ur_figures *figures, bool adversarial, char *text, size_t size);

/* --- among train.c, train_judge.c and adversary.c ------------------------- */

/* The model's own loss, summed over the steps that count in it, and their number in the data by role. */
double ur_train_loss(const struct ur_arch *arch, const struct ur_batch *batch, unsigned roles, const real *u, real *du, size_t *steps);
size_t ur_train_loss_steps(const struct ur_train *train, enum ur_role role);

/* A round of max and min steps on the batch. */
void ur_train_play(struct ur_train *train);
void ur_frozen_free(struct ur_frozen *frozen);
/* Adam over the reward's (or the policy's) trained tensors; sets the gradient to 0. */
void ur_train_update(struct ur_train *train, bool policy);

#endif
