#include <math.h>

#include "nn_int.h"

enum { CHUNK = 64 };    /* exponentials taken at once */

static real
largest(const real *u, size_t K)
{
	real top = -INFINITY;

	for (size_t k = 0; k < K; k++)
		top = u[k] > top ? u[k] : top;
	return top;
}

/* e[k] = exp(u[k] - top) for up to CHUNK of K; how many. */
static size_t
exponentials(real *e, const real *u, size_t K, real top)
{
	size_t n = K < CHUNK ? K : CHUNK;

	for (size_t k = 0; k < n; k++)
		e[k] = u[k] - top;
	ur_exp(e, e, n);
	return n;
}

/* sum_k exp(u[k] - top), and its terms in du where it is not NULL */
static double
sum_exp(const real *u, real *du, size_t K, real top)
{
	real e[CHUNK];
	double sum = 0;
	size_t n;

	for (size_t at = 0; at < K; at += n) {
		n = exponentials(e, u + at, K - at, top);
		for (size_t k = 0; k < n; k++)
			sum += e[k];
		if (du != NULL)
			memcpy(du + at, e, n * sizeof *e);
	}
	return sum;
}

static real
top_of(const real *u, size_t K, bool no_click)
{
	real top = largest(u, K);

	return no_click && !(top > 0) ? 0 : top;
}

real
ur_nll_begin(real *e, const real *u, size_t K, bool no_click)
{
	real top = top_of(u, K, no_click);

	for (size_t k = 0; k < K; k++)
		e[k] = u[k] - top;
	if (no_click)
		e[K] = -top;
	return top;
}

static double
nll_of(double sum, real top, const real *u, ptrdiff_t pick)
{
	return log(sum) + (double)top - (pick >= 0 ? (double)u[pick] : 0);
}

/* du [K] in: e, out: e / sum - onehot(pick) */
static void
nll_gradient(real *du, const real *e, double sum, size_t K, ptrdiff_t pick)
{
	double by = 1 / sum;

	for (size_t k = 0; k < K; k++)
		du[k] = (real)(e[k] * by);
	if (pick >= 0)
		du[pick] -= 1;
}

double
ur_nll_end(const real *e, real top, const real *u, real *du, size_t K, ptrdiff_t pick, bool no_click)
{
	double sum = 0;

	for (size_t k = 0; k < K + no_click; k++)
		sum += e[k];
	if (du != NULL)
		nll_gradient(du, e, sum, K, pick);
	return nll_of(sum, top, u, pick);
}

double
ur_nll(const real *u, real *du, size_t K, ptrdiff_t pick, bool no_click)
{
	real top = top_of(u, K, no_click), nothing = -top;
	double sum = sum_exp(u, du, K, top);

	ur_exp(&nothing, &nothing, 1);
	if (no_click)
		sum += nothing;
	if (du != NULL)
		nll_gradient(du, du, sum, K, pick);
	return nll_of(sum, top, u, pick);
}

/*
 * The t for which the parts of eta * (u - top) above it add up to 1.  The largest is always above: t < 0, even
 * where 1 vanishes beside the others.  NaN in u makes t NaN.
 */
static double
threshold(const real *u, size_t K, double top, double eta)
{
	double sum, t = -INFINITY;
	size_t n, before = 0;

	for (;; t = sum / (double)n, before = n) {
		sum = -1;
		n = 0;
		for (size_t k = 0; k < K; k++) {
			double z = eta * (u[k] - top);

			if (!(z <= t)) {
				sum += z;
				n++;
			}
		}
		if (n == before)
			return t;
	}
}

static double
above(double z, double t)
{
	return z <= t ? 0 : z - t;
}

void
ur_project(double *phi, const real *u, size_t K, double eta)
{
	double top = largest(u, K), t = threshold(u, K, top, eta);

	for (size_t k = 0; k < K; k++)
		phi[k] = above(eta * (u[k] - top), t);
}

double
ur_sparsemax(const real *u, real *du, size_t K, ptrdiff_t pick, double eta)
{
	double top = largest(u, K), t = threshold(u, K, top, eta), gain = 0, square = 0;

	for (size_t k = 0; k < K; k++) {
		double phi = above(eta * (u[k] - top), t);

		gain += phi * ((double)u[k] - u[pick]);
		square += phi * phi;
		if (du != NULL)
			du[k] = (real)(phi - (k == (size_t)pick));
	}
	return gain + (1 - square) / (2 * eta);
}

double
ur_policy_value(const real *u, const real *v, real *du, real *dv, size_t K, bool l2, double eta)
{
	real top = largest(v, K), e[CHUNK];
	double sum = sum_exp(v, NULL, K, top), log_sum = log(sum), value = 0, mean = 0;
	size_t n;

	for (size_t at = 0; at < K; at += n) {
		n = exponentials(e, v + at, K - at, top);
		for (size_t k = 0; k < n; k++) {
			double phi = e[k] / sum, log_phi = (double)v[at + k] - top - log_sum;
			double slope = u[at + k] - (l2 ? phi : log_phi) / eta;  /* dV/dphi but for a constant */

			value += phi * (u[at + k] - (l2 ? phi / 2 : log_phi) / eta);
			mean += phi * slope;
			if (du != NULL)
				du[at + k] = (real)phi;
			if (dv != NULL)
				dv[at + k] = (real)slope;
		}
	}
	for (size_t at = 0; at < K && dv != NULL; at += n) {
		n = exponentials(e, v + at, K - at, top);
		for (size_t k = 0; k < n; k++)
			dv[at + k] = (real)(e[k] / sum * (dv[at + k] - mean));
	}
	return value;
}
