/*
 * metrics.h - figures over recorded choices; see ur-eval(1) for their definitions.
 *
 * The caller owns the structs; see each init for its free.
 */
#ifndef UR_METRICS_H
#define UR_METRICS_H

#include "model.h"

/* What the trainers watch: sums over steps, divide by `steps` or `picks`. */
struct ur_brief {
	double loss;            /* the training loss, summed over loss_steps */
	size_t loss_steps;
	double hit1, hit2;      /* picks with rank 0; 0 or 1; ties count against the model */
	size_t picks;           /* steps with a pick */
};

/* Adds the hits of the selected steps by u [batch->K]; the loss is the caller's. */
void ur_brief_add(struct ur_brief *brief, const struct ur_batch *batch, unsigned roles, const real *u);

#endif
