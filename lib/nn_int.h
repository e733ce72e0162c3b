/* nn_int.h - what the kernels share among themselves: clones by instruction set, and the exponential. */
#ifndef UR_NN_INT_H
#define UR_NN_INT_H

#include <stdint.h>
#include <string.h>

#include "nn.h"

#define UR_ALWAYS inline __attribute__((always_inline))

/*
 * UR_CLONES(type, return, name, body, (parameters), (arguments)) defines name as body compiled for each instruction
 * set, chosen at the call; `return` is empty where type is void.  (target_clones would do the same by resolvers,
 * which do not survive a sanitizer's start-up, take haswell for Intel's alone, and need other callers in clang.)
 */
#if defined(__x86_64__)
#define UR_HAS_AVX512 __builtin_cpu_supports("avx512f")
#define UR_HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define UR_CLONES(type, ret, name, body, parameters, arguments) \
	static __attribute__((target("avx512f,avx2,fma"))) type name##_avx512 parameters { ret body arguments; } \
	static __attribute__((target("avx2,fma"))) type name##_avx2 parameters { ret body arguments; } \
	static type name##_any parameters { ret body arguments; } \
	type name parameters \
	{ \
		if (UR_HAS_AVX512) \
			ret name##_avx512 arguments; \
		else if (UR_HAS_AVX2) \
			ret name##_avx2 arguments; \
		else \
			ret name##_any arguments; \
	}
#else
#define UR_CLONES(type, ret, name, body, parameters, arguments) \
	type name parameters { ret body arguments; }
#endif

#ifdef UR_DOUBLE
#define ur_fma __builtin_fma
#define ur_sqrt __builtin_sqrt
#else
#define ur_fma __builtin_fmaf
#define ur_sqrt __builtin_sqrtf
#endif

/*
 * exp x = 2^n exp r, n = round(x / log 2), |r| <= log(2) / 2, log 2 in two parts so that r is nearly exact.
 * n is taken from the low bits of x / log 2 + 1.5 * 2^(mantissa bits), and 2^n made of its bits.
 */
#ifdef UR_DOUBLE
#define UR_EXP_LOW (-708)       /* below, exp is taken for 0 */
#define UR_EXP_HIGH 709         /* above, it stays what it is there */
#else
#define UR_EXP_LOW (-87)
#define UR_EXP_HIGH 88
#endif

struct ur_power {
	real scale, part;       /* exp x = scale + scale * part */
};

/* x from UR_EXP_LOW to UR_EXP_HIGH, or NaN */
static UR_ALWAYS struct ur_power
ur_exp_parts(real x)
{
#ifdef UR_DOUBLE
	const real magic = 0x1.8p52, log2_high = 0x1.62e42fefa0000p-1, log2_low = 0x1.cf79abc9e3b39p-40;
	int64_t bits;
#else
	const real magic = 0x1.8p23f, log2_high = 0x1.62e4p-1f, log2_low = 0x1.7f7d1cp-20f;
	int32_t bits;
#endif
	struct ur_power power;
	real t, n, r, q;

	t = ur_fma(x, (real)1.44269504088896340736, magic);
	n = t - magic;
	r = ur_fma(n, -log2_high, x);
	r = ur_fma(n, -log2_low, r);
	memcpy(&bits, &t, sizeof bits);
#ifdef UR_DOUBLE
	/* Taylor to r^13: below 5e-18 */
	q = 1 / 6227020800.0;
	q = ur_fma(q, r, 1 / 479001600.0);
	q = ur_fma(q, r, 1 / 39916800.0);
	q = ur_fma(q, r, 1 / 3628800.0);
	q = ur_fma(q, r, 1 / 362880.0);
	q = ur_fma(q, r, 1 / 40320.0);
	q = ur_fma(q, r, 1 / 5040.0);
	q = ur_fma(q, r, 1 / 720.0);
	q = ur_fma(q, r, 1 / 120.0);
	q = ur_fma(q, r, 1 / 24.0);
	q = ur_fma(q, r, 1 / 6.0);
	q = ur_fma(q, r, 0.5);
	bits = (int64_t)(((uint64_t)bits << 52) + 0x3ff0000000000000);
#else
	/* (exp r - 1 - r) / r^2, minimax of degree 4: 3e-9 of exp r */
	q = 0x1.6a2352p-10f;
	q = ur_fma(q, r, 0x1.123a6cp-7f);
	q = ur_fma(q, r, 0x1.5558f4p-5f);
	q = ur_fma(q, r, 0x1.555490p-3f);
	q = ur_fma(q, r, 0x1.fffffcp-2f);
	bits = (int32_t)(((uint32_t)bits << 23) + 0x3f800000);
#endif
	power.part = ur_fma(q * r, r, r);
	memcpy(&power.scale, &bits, sizeof bits);
	return power;
}

/* The smaller or larger one; NaN if x is. */
static UR_ALWAYS real
ur_at_most(real x, real high)
{
	return high < x ? high : x;
}

static UR_ALWAYS real
ur_at_least(real x, real low)
{
	return low > x ? low : x;
}

static UR_ALWAYS real
ur_exp1(real x)
{
	struct ur_power e = ur_exp_parts(ur_at_most(ur_at_least(x, UR_EXP_LOW), UR_EXP_HIGH));

	return x < UR_EXP_LOW ? 0 : ur_fma(e.part, e.scale, e.scale);
}

/* z > 0 ? z : exp(z) - 1, accurate near 0 too */
static UR_ALWAYS real
ur_elu1(real z)
{
	struct ur_power e = ur_exp_parts(ur_at_least(ur_at_most(z, 0), UR_EXP_LOW));

	return ur_at_least(z, 0) + ur_fma(e.part, e.scale, e.scale - 1);
}

static UR_ALWAYS real
ur_sigmoid1(real x)
{
	struct ur_power e = ur_exp_parts(ur_at_most(ur_at_least(-x, UR_EXP_LOW), UR_EXP_HIGH));

	return 1 / ur_fma(e.part, e.scale, 1 + e.scale);
}

static UR_ALWAYS real
ur_tanh1(real x)
{
	return 2 * ur_sigmoid1(2 * x) - 1;
}

#endif
