#include <cblas.h>

#include "nn_int.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

/* Any machine: 16-byte vectors, the multiply-add by libm, which every compiler rounds alike. */
static inline void
put_first(real *p, size_t n, const real *v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = v[i];
}

#define NAME(x) x##_any
#define TARGET
#define L (16 / (int)sizeof(real))
#define MASK size_t
#define MASK_OF(n) (n)
#define LOAD_FIRST(p, m) load_first_any(p, m)
#define STORE_FIRST(p, m, v) put_first(p, m, (const real *)&(v))
#define FMA(a, b, c) fma_any(a, b, c)
#define PAIR_ROWS 4
typedef real wide_any __attribute__((vector_size(16), aligned(sizeof(real)), may_alias));
static inline wide_any
fma_any(wide_any a, wide_any b, wide_any c)
{
	for (int i = 0; i < L; i++)
		c[i] = ur_fma(a[i], b[i], c[i]);
	return c;
}

static inline wide_any
load_first_any(const real *p, size_t n)
{
	wide_any v = { 0 };

	for (size_t i = 0; i < n; i++)
		v[i] = p[i];
	return v;
}
#include "nn_gemm.h"

#if defined(__x86_64__)
#ifdef UR_DOUBLE
#define PS(x) x##_pd
#define INT long long
#define M256 __m256d
#define M512 __m512d
#define MASK512 __mmask8
#else
#define PS(x) x##_ps
#define INT int
#define M256 __m256
#define M512 __m512
#define MASK512 __mmask16
#endif

/* ones[lanes - n] begins a mask of the first n lanes */
static const INT ones[64 / sizeof(real)] = {
#ifdef UR_DOUBLE
	-1, -1, -1, -1
#else
	-1, -1, -1, -1, -1, -1, -1, -1
#endif
};

#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define L (32 / (int)sizeof(real))
#define MASK __m256i
#define MASK_OF(n) _mm256_loadu_si256((const __m256i *)(ones + L - (n)))
#define LOAD_FIRST(p, m) PS(_mm256_maskload)(p, m)
#define STORE_FIRST(p, m, v) PS(_mm256_maskstore)(p, m, (M256)(v))
#define FMA(a, b, c) PS(_mm256_fmadd)((M256)(a), (M256)(b), (M256)(c))
#define PAIR_ROWS 6
#include "nn_gemm.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx2,fma")))
#define L (64 / (int)sizeof(real))
#define MASK MASK512
#define MASK_OF(n) (MASK512)((1u << (n)) - 1)
#define LOAD_FIRST(p, m) PS(_mm512_maskz_loadu)(m, p)
#define STORE_FIRST(p, m, v) PS(_mm512_mask_storeu)(p, m, (M512)(v))
#define FMA(a, b, c) PS(_mm512_fmadd)((M512)(a), (M512)(b), (M512)(c))
#define PAIR_ROWS 8
#include "nn_gemm.h"
#endif

void
ur_gemm(real *C, size_t ldc, const real *init, size_t ldi, const real *A, size_t rs, size_t cs,
    const real *B, size_t ldb, size_t M, size_t N, size_t K)
{
	/* in bytes, or gcc makes a second version of each loop for cs = 1 and runs out of registers */
	size_t step = cs * sizeof(real);

#if defined(__x86_64__)
	if (UR_HAS_AVX512)
		gemm_avx512(C, ldc, init, ldi, A, rs, step, B, ldb, M, N, K);
	else if (UR_HAS_AVX2)
		gemm_avx2(C, ldc, init, ldi, A, rs, step, B, ldb, M, N, K);
	else
#endif
		gemm_any(C, ldc, init, ldi, A, rs, step, B, ldb, M, N, K);
}

void
ur_row_dots(real *u, const real *A, const real *w, real b, size_t N, size_t D)
{
#if defined(__x86_64__)
	if (UR_HAS_AVX512)
		row_dots_avx512(u, A, w, b, N, D);
	else if (UR_HAS_AVX2)
		row_dots_avx2(u, A, w, b, N, D);
	else
#endif
		row_dots_any(u, A, w, b, N, D);
}

void
ur_gemm_blas(real *C, size_t ldc, const real *init, size_t ldi, const real *A, size_t rs, size_t cs,
    const real *B, size_t ldb, size_t M, size_t N, size_t K)
{
	int flip = cs != 1;

	for (size_t m = 0; m < M && init != C; m++)
		for (size_t n = 0; n < N; n++)
			C[m * ldc + n] = init ? init[m * ldi + n] : 0;
	if (M == 0 || N == 0 || K == 0)
		return;
#ifdef UR_DOUBLE
	cblas_dgemm
#else
	cblas_sgemm
#endif
	    (CblasRowMajor, flip ? CblasTrans : CblasNoTrans, CblasNoTrans, (int)M, (int)N, (int)K, 1, A,
	    (int)(flip ? cs : rs), B, (int)ldb, 1, C, (int)ldc);
}

void
ur_transpose(real *out, const real *in, size_t rows, size_t cols)
{
	for (size_t j = 0; j < cols; j++)
		for (size_t i = 0; i < rows; i++)
			out[j * rows + i] = in[i * cols + j];
}

const char *
ur_blas_core(void)
{
	return openblas_get_corename();
}
