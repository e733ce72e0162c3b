/*
 * model.h - the user model: its architecture, its parameters, and what it says of a batch.
 *
 * A model is one reward network and, after adversarial training, one policy network; both are a
 * state (LSTM, position weights, or nothing) and layers over [state; item; page]; see ur-streams(5)
 * for the tensors and ur-pretrain(1) for the formulas.
 *
 * The caller owns the structs; every init and load has a free that accepts zeros.  All parameters
 * of a model are one block, param [params], and so is a gradient: tensors are views into it.
 */
#ifndef UR_MODEL_H
#define UR_MODEL_H

#include <stdbool.h>

#include "data.h"
#include "real.h"
#include "rng.h"

enum { UR_MAX_LAYERS = 8, UR_MAX_ONEHOTS = 3, UR_MAX_WIDTH = 4096 };   /* width: of layers, hidden, histories, band */
enum ur_state { UR_LSTM, UR_PW, UR_NO_STATE };
enum ur_no_click { UR_NO_CLICK_NONE, UR_NO_CLICK_ZERO };
enum ur_loss { UR_NLL, UR_SPARSEMAX };
enum ur_regularizer { UR_L2, UR_SHANNON };
enum ur_start { UR_START_DEFAULT, UR_START_CHEN2019 };  /* initial values */

extern const char *const ur_state_name[];       /* "lstm", "pw", "none" */

struct ur_arch {
	enum ur_state state;
	int hidden;                     /* of the LSTM */
	int pw_dim, pw_band;            /* histories, lags of the position weights */
	int layers, dims[UR_MAX_LAYERS];        /* hidden layers; none: linear */
	bool batchnorm;
	int policy_layers, policy_dims[UR_MAX_LAYERS];
	bool policy;                    /* is there a policy network? */
	enum ur_no_click no_click;
	enum ur_loss loss;
	enum ur_regularizer regularizer;
	double eta;
	/* shape of the input, from the batches */
	int dense, onehots, page;
	uint32_t onehot_size[UR_MAX_ONEHOTS];
};

/* "64-64" -> layers and dims; "0" -> no hidden layer.  0, or -1 with err. */
int ur_dims_parse(const char *text, int *layers, int *dims, char *err);
enum { UR_DIMS_TEXT = UR_MAX_LAYERS * 5 + 1 };
void ur_dims_format(int layers, const int *dims, char *text);   /* the reverse; text [UR_DIMS_TEXT] */
/* The input's shape from a stream's spec. */
void ur_arch_input(struct ur_arch *arch, const struct ur_spec *spec);

struct ur_tensor {
	char name[40];          /* "lstm.wx", "policy.mlp.0.bn.gamma" */
	int rank;
	size_t shape[2], n;     /* n values */
	size_t at;              /* first value, in param */
	bool matrix;            /* l2 applies */
	bool trained;           /* false: running statistics, which have no gradient */
	size_t table_at, table_rows;    /* rows of one-hots in shape[0]: first and number, 0 if none */
};

struct ur_net;                  /* a network's view of the parameter block */

struct ur_model {
	struct ur_arch arch;
	struct ur_tensor *tensor;
	int tensors;
	real *param;            /* [params], 64-byte aligned */
	size_t params;
	struct ur_net *reward, *policy;         /* policy NULL if there is none */
};

/* Lays out the tensors of arch; all values 0. */
void ur_model_init(struct ur_model *model, const struct ur_arch *arch);
/* Draws initial values of the reward's tensors (or the policy's). */
void ur_model_draw(struct ur_model *model, bool policy, enum ur_start start, struct ur_rng *rng);
void ur_model_free(struct ur_model *model);
bool ur_tensor_of_policy(const struct ur_tensor *tensor);
const struct ur_tensor *ur_model_tensor(const struct ur_model *model, const char *name);       /* NULL if there is none */

/*
 * Reads or writes a model stream.  header carries history, spec, training, metrics and blas; arch in it
 * is filled from model->arch on writing, and model->arch from it on reading.  A tensor that is missing,
 * doubled, of another shape or not finite is an error.  0, or -1 with err.
 */
int ur_model_load(struct ur_model *model, struct ur_header *header, const char *path, char *err);
int ur_model_save(const struct ur_model *model, struct ur_header *header, FILE *f, char *err);
/* Does the model fit batches of this spec (features and vocabularies)?  0, or -1 with err naming the difference. */
int ur_model_fits(const struct ur_header *model, const struct ur_header *batches, char *err);

/* --- running a network -------------------------------------------------- */

/* Scratch for forward and backward, grown once and then reused; one per thread and network. */
struct ur_work;
struct ur_work *ur_work_new(void);
void ur_work_free(struct ur_work *work);
/* From now on the threads of a pool share the work, which gives the same bytes; the pool is borrowed. */
struct ur_pool;
void ur_work_share(struct ur_work *work, struct ur_pool *pool, int threads);

/*
 * Rewards u of the shown items of all steps whose role is in `roles` (1 << UR_TRAIN | ...).
 *
 * returns [batch->K], owned by work until its next use: u by shown item; items of other steps hold 0.
 * training: batch normalisation by the statistics of the selected items, instead of the running ones.  Without it and
 * without batch normalisation less is kept, and no ur_net_backward can follow.
 */
const real *ur_net_forward(const struct ur_net *net, struct ur_work *work, const struct ur_items *items,
    const struct ur_batch *batch, unsigned roles, bool training);

/*
 * grad [params] += the derivative of sum(du * u) of the last ur_net_forward of this work.
 * du [batch->K], 0 (and not read) outside the selected steps.
 */
void ur_net_backward(const struct ur_net *net, struct ur_work *work, const real *du, real *grad);

/*
 * The one-hots that the last forward met in shown items, or in the picks that moved a state; one can be there more than once.
 * returns how many; code: their rows in the matrix of an item's inputs, owned by work until its next use.
 */
size_t ur_work_codes(const struct ur_work *work, bool picks, const uint32_t **code);

/* Moves the running statistics of batch normalisation towards the last training forward's. */
void ur_net_track(const struct ur_net *net, struct ur_work *work, real *param);

/* --- losses over the selected steps of a batch; du may be NULL ----------- */

/*
 * Each returns the sum over the steps whose role is in `roles` (without no-click, and for sparsemax, only
 * those with a pick), and adds their number to *steps.  u, du, phi [batch->K].  du is set (0 elsewhere), not added to.
 */
double ur_loss_nll(const struct ur_batch *batch, unsigned roles, enum ur_no_click no_click,
    const real *u, real *du, size_t *steps);
/* max over the simplex of V(phi, u) minus V(pick): the exact inner maximum under L2 (sparsemax). */
double ur_loss_sparsemax(const struct ur_batch *batch, unsigned roles, double eta,
    const real *u, real *du, size_t *steps);
/*
 * V of the policy phi = softmax(v) at rewards u, minus u_pick where `minus_pick`: what the policy climbs
 * (by dv) and the reward descends (by du).
 */
double ur_loss_policy(const struct ur_batch *batch, unsigned roles, enum ur_regularizer regularizer, double eta,
    bool minus_pick, const real *u, const real *v, real *du, real *dv, size_t *steps);

#endif
