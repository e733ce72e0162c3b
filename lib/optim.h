/*
 * optim.h - Adam (Kingma and Ba, ICLR 2015) over one block of parameters.
 *
 * No allocation, no I/O, no globals; the caller owns all arrays.
 */
#ifndef UR_OPTIM_H
#define UR_OPTIM_H

#include <stddef.h>
#include <stdint.h>

#include "real.h"

struct ur_adam {
	double lr, beta1, beta2, epsilon;       /* 1e-3, .9, .999, 1e-8 */
	uint64_t t;                             /* steps taken */
};

/*
 * One step on w [n] with moments m, v [n] and gradient g [n] (+ l2 * w):
 * m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w -= lr m^ / (sqrt(v^) + epsilon),
 * m^, v^ corrected for their start at 0.  adam->t counts the step being taken, from 1.
 * g is set to 0.  Element by element: the order and the cut of the array into calls do not matter.
 */
void ur_adam_step(const struct ur_adam *adam, double l2, real *w, real *m, real *v, real *g, size_t n);

/*
 * The same for n rows of a table whose width is given, row[i] having missed skipped[i] steps with gradient 0 since its
 * last: before its own step its moments shrink by beta^skipped, and it goes the way they carried it meanwhile,
 * the geometric series of (beta1 / sqrt(beta2))^j under the rate of this step.  Pointers are to row 0.
 */
void ur_adam_rows(const struct ur_adam *adam, double l2, real *w, real *m, real *v, real *g, size_t width,
    const uint32_t *row, const uint32_t *skipped, size_t n);

#endif
