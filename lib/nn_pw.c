#include "nn_int.h"

enum { DOTS = 8 };      /* histories taken at once */

static UR_ALWAYS size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static UR_ALWAYS void
pw_forward(real *restrict s, const real *restrict w, const real *restrict q, const uint32_t *last, size_t m, size_t P, size_t band, size_t D)
{
	for (size_t d = 0; d < D; d++)
		s[d] = 0;
	for (size_t lag = 1; lag <= least(m, band); lag++)
		for (size_t p = 0; p < P; p++) {
			const real *row = q + (*(last - lag) * P + p) * D;
			real a = w[p * band + lag - 1];

			for (size_t d = 0; d < D; d++)
				s[d] = ur_fma(a, row[d], s[d]);
		}
}
UR_CLONES(void, , ur_pw_forward, pw_forward, (real *s, const real *w, const real *q, const uint32_t *last, size_t m, size_t P, size_t band, size_t D),
    (s, w, q, last, m, P, band, D))

static UR_ALWAYS void
pw_backward(real *restrict dw, real *restrict dq, const real *restrict ds, const real *restrict w, const real *restrict q,
    const uint32_t *last, size_t m, size_t P, size_t band, size_t D)
{
	real dot[DOTS];

	for (size_t lag = 1; lag <= least(m, band); lag++)
		for (size_t p = 0, n; p < P; p += n) {
			size_t at = (*(last - lag) * P + p) * D;

			n = least(P - p, DOTS);
			ur_row_dots(dot, q + at, ds, 0, n, D);
			for (size_t i = 0; i < n; i++, at += D) {
				real a = w[(p + i) * band + lag - 1];

				dw[(p + i) * band + lag - 1] += dot[i];
				for (size_t d = 0; d < D; d++)
					dq[at + d] = ur_fma(a, ds[d], dq[at + d]);
			}
		}
}
UR_CLONES(void, , ur_pw_backward, pw_backward, (real *dw, real *dq, const real *ds, const real *w, const real *q, const uint32_t *last, size_t m, size_t P, size_t band, size_t D),
    (dw, dq, ds, w, q, last, m, P, band, D))
