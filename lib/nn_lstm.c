#include "nn_int.h"

/* One pass of sigma over all gates, with tanh x = 2 sigma(2x) - 1 for g: rows of H = 20 leave no remainders. */
static UR_ALWAYS void
lstm_forward(real *restrict gates, real *restrict c, real *restrict tc, real *restrict h, const real *restrict c0, size_t N, size_t H)
{
	for (size_t n = 0; n < N; n++)
		for (size_t j = 2 * H; j < 3 * H; j++)
			gates[n * 4 * H + j] *= 2;
	for (size_t i = 0; i < N * 4 * H; i++)
		gates[i] = ur_sigmoid1(gates[i]);
	for (size_t n = 0; n < N; n++) {
		real *a = gates + n * 4 * H;

		for (size_t j = 0; j < H; j++) {
			real g = 2 * a[2 * H + j] - 1, c1 = a[j] * g;

			a[2 * H + j] = g;
			c[n * H + j] = c0 ? ur_fma(a[H + j], c0[n * H + j], c1) : c1;
		}
	}
	for (size_t i = 0; i < N * H; i++)
		tc[i] = ur_tanh1(c[i]);
	for (size_t n = 0; n < N; n++)
		for (size_t j = 0; j < H; j++)
			h[n * H + j] = gates[n * 4 * H + 3 * H + j] * tc[n * H + j];
}
UR_CLONES(void, , ur_lstm_forward, lstm_forward, (real *gates, real *c, real *tc, real *h, const real *c0, size_t N, size_t H),
    (gates, c, tc, h, c0, N, H))

static UR_ALWAYS void
lstm_backward(real *restrict gates, real *restrict dc, const real *restrict dh, const real *restrict tc, const real *restrict c0,
    size_t N, size_t H)
{
	for (size_t n = 0; n < N; n++, gates += 4 * H, dc += H, dh += H, tc += H, c0 = c0 ? c0 + H : NULL)
		for (size_t j = 0; j < H; j++) {
			real i = gates[j], f = gates[H + j], g = gates[2 * H + j], o = gates[3 * H + j];
			real d = dc[j] + dh[j] * o * (1 - tc[j] * tc[j]);

			gates[j] = d * g * i * (1 - i);
			gates[H + j] = c0 ? d * c0[j] * f * (1 - f) : 0;
			gates[2 * H + j] = d * i * (1 - g * g);
			gates[3 * H + j] = dh[j] * tc[j] * o * (1 - o);
			dc[j] = d * f;
		}
}
UR_CLONES(void, , ur_lstm_backward, lstm_backward, (real *gates, real *dc, const real *dh, const real *tc, const real *c0, size_t N, size_t H),
    (gates, dc, dh, tc, c0, N, H))
