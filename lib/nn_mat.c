#include <cblas.h>

#define UR_BODY "nn_gemm.h"
#include "nn_isa.h"

void
ur_gemm(real *C, size_t ldc, const real *init, size_t ldi, const real *A, size_t rs, size_t cs,
    const real *B, size_t ldb, size_t M, size_t N, size_t K)
{
	/* in bytes, or gcc makes a second version of each loop for cs = 1 and runs out of registers */
	size_t step = cs * sizeof(real);

	do {
		size_t k = K < UR_DEPTH ? K : UR_DEPTH;

		UR_DISPATCH(gemm, (C, ldc, init, ldi, A, rs, step, B, ldb, M, N, k));
		A += k * cs;
		B += k * ldb;
		init = C;
		ldi = ldc;
		K -= k;
	} while (K > 0);
}

void
ur_row_dots(real *u, const real *A, const real *w, real b, size_t N, size_t D)
{
	UR_DISPATCH(row_dots, (u, A, w, b, N, D));
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
