#include "nn_int.h"

/* g [N,4H] in its third quarter times 2 */
static UR_ALWAYS void
double_third(real *restrict g, size_t N, size_t H)
{
	for (size_t n = 0; n < N; n++)
		for (size_t j = 2 * H; j < 3 * H; j++)
			g[n * 4 * H + j] *= 2;
}
static void double_third_quarter(real *, size_t, size_t);
UR_CLONES(void, , double_third_quarter, double_third, (real *g, size_t N, size_t H), (g, N, H))

static UR_ALWAYS void
cell(real *restrict gates, real *restrict c, const real *restrict c0, size_t N, size_t H)
{
	for (size_t n = 0; n < N; n++, gates += 4 * H, c += H, c0 = c0 ? c0 + H : NULL)
		for (size_t j = 0; j < H; j++) {
			real g = 2 * gates[2 * H + j] - 1, c1 = gates[j] * g;

			gates[2 * H + j] = g;
			c[j] = c0 ? ur_fma(gates[H + j], c0[j], c1) : c1;
		}
}
static void new_cell(real *, real *, const real *, size_t, size_t);
UR_CLONES(void, , new_cell, cell, (real *gates, real *c, const real *c0, size_t N, size_t H), (gates, c, c0, N, H))

static UR_ALWAYS void
out(real *restrict h, const real *restrict gates, const real *restrict tc, size_t N, size_t H)
{
	for (size_t n = 0; n < N; n++)
		for (size_t j = 0; j < H; j++)
			h[n * H + j] = gates[n * 4 * H + 3 * H + j] * tc[n * H + j];
}
static void new_state(real *, const real *, const real *, size_t, size_t);
UR_CLONES(void, , new_state, out, (real *h, const real *gates, const real *tc, size_t N, size_t H), (h, gates, tc, N, H))

/* One pass of sigma over all gates, with tanh x = 2 sigma(2x) - 1 for g: rows of H = 20 leave no remainders. */
void
ur_lstm_forward(real *gates, real *c, real *tc, real *h, const real *c0, size_t N, size_t H)
{
	double_third_quarter(gates, N, H);
	ur_sigmoid(gates, gates, N * 4 * H);
	new_cell(gates, c, c0, N, H);
	ur_tanh(tc, c, N * H);
	new_state(h, gates, tc, N, H);
}

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
