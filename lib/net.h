/*
 * net.h - a network's view of its model's parameter block, and what a run of it keeps; within the library.
 */
#ifndef UR_NET_H
#define UR_NET_H

#include <stdatomic.h>

#include "model.h"
#include "plan.h"
#include "pool.h"

/* Places of a layer's tensors in the parameter block. */
struct ur_layer {
	size_t w, b, gamma, beta, mean, var;
};

struct ur_net {
	enum ur_state state;
	size_t H, P, band;
	size_t dense, onehots, page, D;         /* D: an item's inputs */
	size_t onehot_at[UR_MAX_ONEHOTS];       /* first row of each table among them */
	size_t state_rows;                      /* rows of layer 0 before the item's: H, P * D or 0 */
	size_t layers, width[UR_MAX_LAYERS + 1];        /* hidden layers; outputs of each layer, the last 1 */
	bool batchnorm;
	size_t wx, wh, b, pw;
	struct ur_layer layer[UR_MAX_LAYERS + 1];
	real *param;                            /* of the model */
};

/* ur_model_init in two steps: tensors and nets, then the block for their values, cleared. */
void ur_model_lay_out(struct ur_model *model, const struct ur_arch *arch);
void ur_model_allocate(struct ur_model *model);

struct ur_reals {
	real *p;
	size_t cap;
};

/* n values, 64-byte aligned; what was there before is lost when it grows. */
real *ur_reals_need(struct ur_reals *reals, size_t n);

/* Inputs of n item table rows: x [n,dense], and which rows of the weight matrix their one-hots are, code [n,onehots]. */
struct ur_inputs {
	size_t n;
	struct ur_reals x;
	uint32_t *code;
	size_t code_cap;
};

struct ur_work {
	struct ur_plan plan;
	const struct ur_items *items;
	const struct ur_batch *batch;
	bool training;
	struct ur_reals u;                      /* [K] */
	struct ur_reals row_u;                  /* [rows] */
	struct ur_inputs item_in, pick_in;
	struct ur_reals page;                   /* [rows,page] */
	struct ur_reals item_part;              /* [items,width 0], and its gradient */
	struct ur_reals state_part;             /* [slots,width 0], and its gradient */
	struct ur_reals q;                      /* [picks,4H] or [picks,P,width 0]: picks projected, and the gradient (LSTM) */
	struct ur_reals dq;                     /* [picks,P,width 0] (PW) */
	struct ur_reals gates, c, tc, h;        /* [moves,4H], [moves,H] */
	struct ur_reals dh, dc;                 /* [moves,H], [most users,H] */
	struct ur_reals slot_h, dslot_h;        /* [slots,H] */
	size_t kept;                            /* layers, from the first on, that have act of all rows */
	struct ur_reals act[UR_MAX_LAYERS];     /* [rows,width], beyond the kept [threads,tile,width]: ELU, then dz */
	struct ur_reals norm[UR_MAX_LAYERS];    /* [rows,width]: normalised, then its gradient */
	struct ur_reals weight;                 /* [rows]: shown items that a row stands for */
	struct ur_reals turned;                 /* a weight matrix transposed */
	struct ur_reals tile;                   /* [threads,tile,width] */
	double *mean[UR_MAX_LAYERS], *var[UR_MAX_LAYERS], *sums;        /* [width], [2 width] */
	size_t stat_cap;                        /* most width they have room for */
	struct ur_pool *pool;                   /* NULL: one thread */
	int threads;
	atomic_int summed;                      /* blocks of items whose gradient is there */
	atomic_int turn[UR_MAX_LAYERS + 1];     /* the tile whose part of a layer's gradient is added next */
};

/* Layer 0's item and state parts, and the gradients of all that made them from those of the parts. */
void ur_input_forward(const struct ur_net *net, struct ur_work *work);
void ur_input_backward(const struct ur_net *net, struct ur_work *work, real *grad);

#endif
