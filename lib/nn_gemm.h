/* nn_gemm.h - ur_gemm and ur_row_dots for one instruction set: see nn_isa.h. */

/* MR rows by NV vectors of C, the last of them masked if `part`. */
INLINE void
NAME(block)(const int MR, const int NV, const bool part, MASK mask, real *C, size_t ldc, const real *init, size_t ldi,
    const real *A, size_t rs, size_t step, const real *B, size_t ldb, size_t K)
{
	VEC acc[8][2], b[2];
	const char *row[8];

	UNROLL for (int i = 0; i < MR; i++) {
		row[i] = (const char *)(A + i * rs);
		UNROLL for (int j = 0; j < NV; j++)
			if (init == NULL)
				acc[i][j] = (VEC){ 0 };
			else if (part && j == NV - 1)
				acc[i][j] = LOAD_FIRST(init + i * ldi + j * L, mask);
			else
				acc[i][j] = LOAD(init + i * ldi + j * L);
	}
	for (size_t k = 0, at = 0; k < K; k++, at += step, B += ldb) {
		UNROLL for (int j = 0; j < NV; j++)
			b[j] = part && j == NV - 1 ? LOAD_FIRST(B + j * L, mask) : LOAD(B + j * L);
		UNROLL for (int i = 0; i < MR; i++) {
			VEC a = ALL(*(const real *)(row[i] + at));

			UNROLL for (int j = 0; j < NV; j++)
				acc[i][j] = FMA(a, b[j], acc[i][j]);
		}
	}
	UNROLL for (int i = 0; i < MR; i++)
		UNROLL for (int j = 0; j < NV; j++)
			if (part && j == NV - 1)
				STORE_FIRST(C + i * ldc + j * L, mask, acc[i][j]);
			else
				STORE(C + i * ldc + j * L, acc[i][j]);
}

/* All rows of NV vectors of C, MR at a time. */
INLINE void
NAME(panel)(const int MR, const int NV, const bool part, MASK mask, real *C, size_t ldc, const real *init, size_t ldi,
    const real *A, size_t rs, size_t step, const real *B, size_t ldb, size_t M, size_t K)
{
	size_t m = 0;

#define ROWS(n) \
	NAME(block)(n, NV, part, mask, C + m * ldc, ldc, init ? init + m * ldi : NULL, ldi, A + m * rs, rs, step, B, ldb, K)
	for (; m + MR <= M; m += MR)
		ROWS(MR);
	if (MR > 4 && m + 4 <= M) {
		ROWS(4);
		m += 4;
	}
	if (m + 2 <= M) {
		ROWS(2);
		m += 2;
	}
	if (m < M)
		ROWS(1);
#undef ROWS
}

/* K rows of two vectors of B, side by side. */
INLINE const real *
NAME(pack)(real *packed, const real *B, size_t ldb, size_t K)
{
	for (size_t k = 0; k < K; k++, B += ldb)
		UNROLL for (int j = 0; j < 2; j++)
			STORE(packed + (2 * k + j) * L, LOAD(B + j * L));
	return packed;
}

/* K <= UR_DEPTH */
static TARGET void
NAME(gemm)(real *C, size_t ldc, const real *init, size_t ldi, const real *A, size_t rs, size_t step,
    const real *B, size_t ldb, size_t M, size_t N, size_t K)
{
	real packed[UR_DEPTH * 2 * L];
	bool pays = ldb >= UR_FAR && M >= UR_OFTEN && K >= UR_DEPTH / 2;
	size_t n = 0, left;

#define COLUMNS(MR, NV, part, mask, B, ldb) \
	NAME(panel)(MR, NV, part, mask, C + n, ldc, init ? init + n : NULL, ldi, A, rs, step, B, ldb, M, K)
	for (; (left = N - n) >= 2 * L; n += 2 * L)
		if (pays)
			COLUMNS(PAIR_ROWS, 2, false, MASK_OF(0), NAME(pack)(packed, B + n, ldb, K), 2 * L);
		else
			COLUMNS(PAIR_ROWS, 2, false, MASK_OF(0), B + n, ldb);
	if (left > L)
		COLUMNS(PAIR_ROWS, 2, true, MASK_OF(left - L), B + n, ldb);
	else if (left > 0)
		COLUMNS(8, 1, true, MASK_OF(left), B + n, ldb);
#undef COLUMNS
}

static TARGET void
NAME(row_dots)(real *u, const real *A, const real *w, real b, size_t N, size_t D)
{
	enum { V = 16 / L };

	for (size_t n = 0; n < N; n++, A += D) {
		VEC acc[V] = { 0 };
		real lane[16];
		size_t j = 0;

		for (; j + 16 <= D; j += 16)
			UNROLL for (int v = 0; v < V; v++)
				acc[v] = FMA(LOAD(A + j + v * L), LOAD(w + j + v * L), acc[v]);
		UNROLL for (int v = 0; v < V; v++)
			STORE(lane + v * L, acc[v]);
		for (int l = 0; j < D; j++, l++)
			lane[l] = ur_fma(A[j], w[j], lane[l]);
		for (int half = 8; half > 0; half /= 2)
			for (int l = 0; l < half; l++)
				lane[l] += lane[l + half];
		u[n] = lane[0] + b;
	}
}
