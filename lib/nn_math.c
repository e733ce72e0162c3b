#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#define UR_BODY "nn_exp.h"
#include "nn_isa.h"

void
ur_exp(real *y, const real *x, size_t n)
{
	UR_DISPATCH(exp, (y, x, n));
}

void
ur_elu(real *y, const real *z, size_t n)
{
	UR_DISPATCH(elu, (y, z, n));
}

void
ur_sigmoid(real *y, const real *x, size_t n)
{
	UR_DISPATCH(sigmoid, (y, x, n));
}

void
ur_tanh(real *y, const real *x, size_t n)
{
	UR_DISPATCH(tanh, (y, x, n));
}

void
ur_flush_denormals(void)
{
#if defined(__x86_64__)
	_mm_setcsr(_mm_getcsr() | 0x8040);      /* FTZ, DAZ */
#endif
}
