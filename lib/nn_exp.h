/* nn_exp.h - the exponential and what is made of it, for one instruction set: see nn_isa.h. */

#ifdef UR_DOUBLE
#define EXP_LOW (-708)          /* below, exp is taken for 0 */
#define EXP_HIGH 709            /* above, it stays what it is there */
#define MAGIC 0x1.8p52
#define LOG2_HIGH 0x1.62e42fefa0000p-1
#define LOG2_LOW 0x1.cf79abc9e3b39p-40
#define MANTISSA 52
#define EXPONENT_OF_1 0x3ff0000000000000
#else
#define EXP_LOW (-87)
#define EXP_HIGH 88
#define MAGIC 0x1.8p23f
#define LOG2_HIGH 0x1.62e4p-1f
#define LOG2_LOW 0x1.7f7d1cp-20f
#define MANTISSA 23
#define EXPONENT_OF_1 0x3f800000
#endif

/*
 * exp x = scale + scale * (what is returned), for x from EXP_LOW to EXP_HIGH; NaN gives NaN.
 *
 * exp x = 2^n exp r, n = round(x / log 2), |r| <= log(2) / 2, log 2 in two parts so that r is nearly exact.
 * n is taken from the low bits of x / log 2 + 1.5 * 2^(mantissa bits), and scale = 2^n made of its bits.
 */
INLINE VEC
NAME(exp_parts)(VEC x, VEC *scale)
{
	VEC t = FMA(x, ALL(1.44269504088896340736), ALL(MAGIC)), n = t - ALL(MAGIC), r, q;

	r = FMA(n, ALL(-LOG2_HIGH), x);
	r = FMA(n, ALL(-LOG2_LOW), r);
	*scale = (VEC)(((BITS)t << MANTISSA) + EXPONENT_OF_1);
#ifdef UR_DOUBLE
	/* Taylor to r^13: below 5e-18 */
	q = ALL(1 / 6227020800.0);
	q = FMA(q, r, ALL(1 / 479001600.0));
	q = FMA(q, r, ALL(1 / 39916800.0));
	q = FMA(q, r, ALL(1 / 3628800.0));
	q = FMA(q, r, ALL(1 / 362880.0));
	q = FMA(q, r, ALL(1 / 40320.0));
	q = FMA(q, r, ALL(1 / 5040.0));
	q = FMA(q, r, ALL(1 / 720.0));
	q = FMA(q, r, ALL(1 / 120.0));
	q = FMA(q, r, ALL(1 / 24.0));
	q = FMA(q, r, ALL(1 / 6.0));
	q = FMA(q, r, ALL(.5));
#else
	/* (exp r - 1 - r) / r^2, minimax of degree 4: 3e-9 of exp r */
	q = ALL(0x1.6a2352p-10f);
	q = FMA(q, r, ALL(0x1.123a6cp-7f));
	q = FMA(q, r, ALL(0x1.5558f4p-5f));
	q = FMA(q, r, ALL(0x1.555490p-3f));
	q = FMA(q, r, ALL(0x1.fffffcp-2f));
#endif
	return FMA(q * r, r, r);
}

INLINE VEC
NAME(exp1)(VEC x)
{
	VEC scale, part = NAME(exp_parts)(MIN(ALL(EXP_HIGH), MAX(ALL(EXP_LOW), x)), &scale);

	/* 0 where x is below: all bits where it is not */
	return (VEC)((BITS)FMA(part, scale, scale) & ~(BITS)(x < ALL(EXP_LOW)));
}

/* z > 0 ? z : exp z - 1, accurate near 0 too */
INLINE VEC
NAME(elu1)(VEC z)
{
	VEC scale, part = NAME(exp_parts)(MAX(ALL(EXP_LOW), MIN(ALL(0), z)), &scale);

	return MAX(ALL(0), z) + FMA(part, scale, scale - ALL(1));
}

INLINE VEC
NAME(sigmoid1)(VEC x)
{
	VEC scale, part = NAME(exp_parts)(MIN(ALL(EXP_HIGH), MAX(ALL(EXP_LOW), -x)), &scale);

	return ALL(1) / FMA(part, scale, ALL(1) + scale);
}

INLINE VEC
NAME(tanh1)(VEC x)
{
	return ALL(2) * NAME(sigmoid1)(ALL(2) * x) - ALL(1);
}

/* y[i] = f(x[i]) */
#define EACH(f) \
	static TARGET void \
	NAME(f)(real *y, const real *x, size_t n) \
	{ \
		size_t i = 0; \
\
		for (; i + L <= n; i += L) \
			STORE(y + i, NAME(f##1)(LOAD(x + i))); \
		if (i < n) { \
			MASK mask = MASK_OF(n - i); \
\
			STORE_FIRST(y + i, mask, NAME(f##1)(LOAD_FIRST(x + i, mask))); \
		} \
	}
EACH(exp)
EACH(elu)
EACH(sigmoid)
EACH(tanh)
#undef EACH

#undef EXP_LOW
#undef EXP_HIGH
#undef MAGIC
#undef LOG2_HIGH
#undef LOG2_LOW
#undef MANTISSA
#undef EXPONENT_OF_1
