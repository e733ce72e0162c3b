/*
 * nn_isa.h - compiles the header UR_BODY once for each instruction set, with
 *
 * NAME(x)              x with the set's suffix
 * INLINE, TARGET       what functions of the body begin with: those within it, those called from outside
 * L, VEC, BITS         reals in a vector; the vector; whole numbers of the same size
 * ALL(c)               a vector of c
 * LOAD(p), STORE(p, v) at any address
 * MASK, MASK_OF(n)     the first n lanes, n < L
 * LOAD_FIRST(p, m), STORE_FIRST(p, m, v)       the lanes of a mask; the others are 0, or left alone
 * FMA(a, b, c)         a * b + c, rounded once
 * MAX(a, b), MIN(a, b) b where one is NaN
 * PAIR_ROWS            rows of a product taken at once by two vectors, so that all fits the registers
 *
 * UR_DISPATCH(name, (arguments)) calls name for the machine at hand.
 */
#ifndef UR_NN_ISA_H
#define UR_NN_ISA_H

#include "nn_int.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#define VEC NAME(vec)
#define BITS NAME(bits)
#define ALL(c) ((real)(c) - (VEC){ 0 })         /* x - 0 is x and costs nothing; 0 + x is another addition */
#define LOAD(p) (*(const VEC *)(p))
#define STORE(p, v) (*(VEC *)(p) = (v))
#define INLINE static inline __attribute__((always_inline)) TARGET

#ifdef UR_DOUBLE
#define UR_BITS int64_t
#else
#define UR_BITS int32_t
#endif

#define UR_VECTORS \
	typedef real VEC __attribute__((vector_size(L * sizeof(real)), aligned(sizeof(real)), may_alias)); \
	typedef UR_BITS BITS __attribute__((vector_size(L * sizeof(real))));

#if defined(__x86_64__)
#define UR_DISPATCH(name, arguments) \
	do { \
		if (UR_HAS_AVX512) \
			name##_avx512 arguments; \
		else if (UR_HAS_AVX2) \
			name##_avx2 arguments; \
		else \
			name##_any arguments; \
	} while (0)

#ifdef UR_DOUBLE
#define PS(x) x##_pd
#define M256 __m256d
#define M512 __m512d
#define MASK512 __mmask8
#else
#define PS(x) x##_ps
#define M256 __m256
#define M512 __m512
#define MASK512 __mmask16
#endif

/* ones + lanes - n begins a mask of the first n lanes */
static const UR_BITS ur_ones[64 / sizeof(real)] = {
#ifdef UR_DOUBLE
	-1, -1, -1, -1
#else
	-1, -1, -1, -1, -1, -1, -1, -1
#endif
};
#else
#define UR_DISPATCH(name, arguments) do name##_any arguments; while (0)
#endif

#endif

/* Any machine: 16-byte vectors, the multiply-add by libm, which rounds as the instructions do. */
#define NAME(x) x##_any
#define TARGET
#define L (16 / (int)sizeof(real))
#define MASK size_t
#define MASK_OF(n) ((size_t)(n))
#define LOAD_FIRST(p, m) load_first_any(p, m)
#define STORE_FIRST(p, m, v) store_first_any(p, m, v)
#define FMA(a, b, c) fma_any(a, b, c)
#define MAX(a, b) pick_any(a, b, true)
#define MIN(a, b) pick_any(a, b, false)
#define PAIR_ROWS 4
UR_VECTORS

INLINE VEC
fma_any(VEC a, VEC b, VEC c)
{
	for (int i = 0; i < L; i++)
		c[i] = ur_fma(a[i], b[i], c[i]);
	return c;
}

INLINE VEC
pick_any(VEC a, VEC b, bool larger)
{
	for (int i = 0; i < L; i++)
		b[i] = (larger ? a[i] > b[i] : a[i] < b[i]) ? a[i] : b[i];
	return b;
}

INLINE VEC
load_first_any(const real *p, size_t n)
{
	VEC v = { 0 };

	for (size_t i = 0; i < n; i++)
		v[i] = p[i];
	return v;
}

INLINE void
store_first_any(real *p, size_t n, VEC v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = v[i];
}

#include UR_BODY
#include "nn_isa_end.h"

#if defined(__x86_64__)
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define L (32 / (int)sizeof(real))
#define MASK __m256i
#define MASK_OF(n) _mm256_loadu_si256((const __m256i *)(ur_ones + L - (n)))
#define LOAD_FIRST(p, m) (VEC)PS(_mm256_maskload)(p, m)
#define STORE_FIRST(p, m, v) PS(_mm256_maskstore)(p, m, (M256)(v))
#define FMA(a, b, c) (VEC)PS(_mm256_fmadd)((M256)(a), (M256)(b), (M256)(c))
#define MAX(a, b) (VEC)PS(_mm256_max)((M256)(a), (M256)(b))
#define MIN(a, b) (VEC)PS(_mm256_min)((M256)(a), (M256)(b))
#define PAIR_ROWS 6
UR_VECTORS
#include UR_BODY
#include "nn_isa_end.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define L (64 / (int)sizeof(real))
#define MASK MASK512
#define MASK_OF(n) (MASK512)((1u << (n)) - 1)
#define LOAD_FIRST(p, m) (VEC)PS(_mm512_maskz_loadu)(m, p)
#define STORE_FIRST(p, m, v) PS(_mm512_mask_storeu)(p, m, (M512)(v))
#define FMA(a, b, c) (VEC)PS(_mm512_fmadd)((M512)(a), (M512)(b), (M512)(c))
#define MAX(a, b) (VEC)PS(_mm512_max)((M512)(a), (M512)(b))
#define MIN(a, b) (VEC)PS(_mm512_min)((M512)(a), (M512)(b))
#define PAIR_ROWS 8
UR_VECTORS
#include UR_BODY
#include "nn_isa_end.h"
#endif

#undef UR_BODY
