/*
 * ridge.h - the conditional logit (McFadden 1974) with a ridge, to its optimum, in double precision.
 *
 * Rewards are linear in the features of an item and of the page: u = x w + b.  The fit minimises
 *
 *	f(w, b) = mean over training steps of -log P(pick)  +  L/2 |w|^2
 *
 * by L-BFGS (liblbfgs).  f is convex, so the result does not depend on where it starts; without no-click
 * b cancels and is left at 0.  The caller owns the struct; pass and model are borrowed.
 */
#ifndef UR_RIDGE_H
#define UR_RIDGE_H

#include "model.h"
#include "pass.h"

struct ur_ridge {
	const struct ur_pass *pass;     /* over the training steps */
	struct ur_batch spare;
	enum ur_no_click no_click;
	uint32_t onehot_size[UR_MAX_ONEHOTS];
	int page;                       /* page columns */
	size_t n;                       /* parameters: dense, one-hots, page, b */
	double *x;                      /* [n] */
	double *reward, *slope;         /* [item rows] without the page features, and its derivative */
	double *p;                      /* [largest set] */
	size_t p_cap;
	double lambda, objective, nll;  /* of the last fit */
	int iterations;                 /* of the last fit */
};

/* model: state none, no hidden layers; its values are the start. */
void ur_ridge_init(struct ur_ridge *ridge, const struct ur_pass *pass, const struct ur_model *model);
/*
 * Goes from the present x to the optimum under lambda > 0, to within 1e-10 of its value.
 * 0, or -1 with err when that is not reached.
 */
int ur_ridge_fit(struct ur_ridge *ridge, double lambda, char *err);
/* Puts x into the model's mlp.0.w and mlp.0.b. */
void ur_ridge_store(const struct ur_ridge *ridge, struct ur_model *model);
void ur_ridge_free(struct ur_ridge *ridge);

#endif
