/* numbers.h - made-up numbers and gradient checks for the tests of kernels and networks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "real.h"
#include "rng.h"

static struct ur_rng rng;

static inline void
fill(real *x, size_t n, double scale)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (real)(scale * (2 * ur_rng_uniform(&rng) - 1));
}

/* max |x|.  (A loop over fmax is more than gcc 12 can compile for ARM.) */
static inline double
largest(const real *x, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		if (fabs((double)x[i]) > most)
			most = fabs((double)x[i]);
	return most;
}

#define close(a, b, tolerance) close_at(a, b, tolerance, __FILE__, __LINE__)
static inline void
close_at(double a, double b, double tolerance, const char *file, int line)
{
	if (!(fabs(a - b) <= tolerance * fmax(1, fabs(b)))) {
		print_error("%.17g is not %.17g within %g\n", a, b, tolerance);
		_fail(file, line);
	}
}

/*
 * Is grad [n] the derivative of f(context) in x [n]?  Central differences; only a double build can tell, and in a
 * float build this passes.
 */
static inline void
gradient(double (*f)(void *), void *context, real *x, const real *grad, size_t n, const char *what)
{
#ifdef UR_DOUBLE
	for (size_t i = 0; i < n; i++) {
		double h = 1e-6, old = x[i], up, down;

		x[i] = old + h;
		up = f(context);
		x[i] = old - h;
		down = f(context);
		x[i] = old;
		if (fabs((up - down) / (2 * h) - grad[i]) > 1e-6 * fmax(1, fabs(grad[i])))
			fail_msg("%s[%zu]: gradient %.12g, differences say %.12g", what, i, grad[i], (up - down) / (2 * h));
	}
#else
	(void)f, (void)context, (void)x, (void)grad, (void)n, (void)what;
#endif
}
