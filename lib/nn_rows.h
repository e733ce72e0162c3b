/* nn_rows.h - ur_gather_rows for one instruction set: see nn_isa.h.  (A plain loop becomes a call of memcpy for each row.) */

static TARGET void
NAME(gather_rows)(real *out, const real *table, const uint32_t *index, size_t N, size_t D)
{
	size_t left = D % L;
	MASK mask = MASK_OF(left);

	for (size_t n = 0; n < N; n++, out += D) {
		const real *row = table + index[n] * D;
		size_t j = 0;

		for (; j + L <= D; j += L)
			STORE(out + j, LOAD(row + j));
		if (left > 0)
			STORE_FIRST(out + j, mask, LOAD_FIRST(row + j, mask));
	}
}
