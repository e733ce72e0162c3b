#include <math.h>

#include "nn_int.h"

static UR_ALWAYS double
nll(const real *u, real *du, size_t K, ptrdiff_t pick, bool no_click)
{
	real top = no_click ? 0 : -INFINITY;
	double sum;

	for (size_t k = 0; k < K; k++)
		top = u[k] > top ? u[k] : top;
	sum = no_click ? (double)ur_exp1(-top) : 0;
	for (size_t k = 0; k < K; k++) {
		real e = ur_exp1(u[k] - top);

		sum += e;
		if (du != NULL)
			du[k] = e;
	}
	for (size_t k = 0; k < K && du != NULL; k++)
		du[k] = (real)(du[k] / sum);
	if (du != NULL && pick >= 0)
		du[pick] -= 1;
	return log(sum) + (double)top - (pick >= 0 ? (double)u[pick] : 0);
}
UR_CLONES(double, return, ur_nll, nll, (const real *u, real *du, size_t K, ptrdiff_t pick, bool no_click),
    (u, du, K, pick, no_click))

static UR_ALWAYS real
largest(const real *u, size_t K)
{
	real top = -INFINITY;

	for (size_t k = 0; k < K; k++)
		top = u[k] > top ? u[k] : top;
	return top;
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

static UR_ALWAYS double
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

static UR_ALWAYS double
policy_value(const real *u, const real *v, real *du, real *dv, size_t K, bool l2, double eta)
{
	real top = largest(v, K);
	double sum = 0, log_sum, value = 0, mean = 0;

	for (size_t k = 0; k < K; k++)
		sum += ur_exp1(v[k] - top);
	log_sum = log(sum);
	for (size_t k = 0; k < K; k++) {
		double phi = ur_exp1(v[k] - top) / sum, log_phi = (double)v[k] - top - log_sum;
		double slope = u[k] - (l2 ? phi : log_phi) / eta;      /* dV/dphi; the 1 / eta of the entropy's falls out below */

		value += phi * (u[k] - (l2 ? phi / 2 : log_phi) / eta);
		mean += phi * slope;
		if (du != NULL)
			du[k] = (real)phi;
		if (dv != NULL)
			dv[k] = (real)slope;
	}
	for (size_t k = 0; k < K && dv != NULL; k++)
		dv[k] = (real)(ur_exp1(v[k] - top) / sum * (dv[k] - mean));
	return value;
}
UR_CLONES(double, return, ur_policy_value, policy_value, (const real *u, const real *v, real *du, real *dv, size_t K, bool l2, double eta),
    (u, v, du, dv, K, l2, eta))
