#include "nn_int.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static UR_ALWAYS void
exp_all(real *y, const real *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = ur_exp1(x[i]);
}
UR_CLONES(void, , ur_exp, exp_all, (real *y, const real *x, size_t n),
    (y, x, n))

static UR_ALWAYS void
sigmoid_all(real *y, const real *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = ur_sigmoid1(x[i]);
}
UR_CLONES(void, , ur_sigmoid, sigmoid_all, (real *y, const real *x, size_t n),
    (y, x, n))

static UR_ALWAYS void
tanh_all(real *y, const real *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = ur_tanh1(x[i]);
}
UR_CLONES(void, , ur_tanh, tanh_all, (real *y, const real *x, size_t n),
    (y, x, n))

void
ur_flush_denormals(void)
{
#if defined(__x86_64__)
	_mm_setcsr(_mm_getcsr() | 0x8040);      /* FTZ, DAZ */
#endif
}
