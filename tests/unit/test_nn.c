/* Kernels: naive loops, OpenBLAS, finite differences (in the double build), odd sizes, extreme values. */
#include "numbers.h"

#include "nn.h"

#ifdef UR_DOUBLE
#define EPSILON 1e-13
#define fmr fma
#else
#define EPSILON 2e-5
#define fmr fmaf
#endif

enum { MOST = 16384 };

static void
same_bytes(const real *a, const real *b, size_t n)
{
	assert_memory_equal(a, b, n * sizeof *a);
}

/* --- products ------------------------------------------------------------- */

static void
naive_gemm(real *C, size_t ldc, const real *init, size_t ldi, const real *A, size_t rs, size_t cs, const real *B, size_t ldb,
    size_t M, size_t N, size_t K)
{
	for (size_t m = 0; m < M; m++)
		for (size_t n = 0; n < N; n++) {
			real sum = init != NULL ? init[m * ldi + n] : 0;

			for (size_t k = 0; k < K; k++)
				sum = fmr(A[m * rs + k * cs], B[k * ldb + n], sum);
			C[m * ldc + n] = sum;
		}
}

static const size_t shapes[][3] = {
	{ 0, 5, 3 }, { 3, 0, 5 }, { 3, 5, 0 }, { 1, 1, 1 }, { 1, 16, 9 }, { 2, 7, 3 }, { 5, 9, 4 }, { 7, 17, 2 }, { 13, 31, 11 },
	{ 3, 80, 20 }, { 33, 20, 80 }, { 29, 64, 64 }, { 64, 33, 29 }, { 6, 48, 1 }, { 9, 8, 130 }, { 50, 231, 140 }
};

static void
test_gemm(void **state)
{
	static real space[4 * MOST + 1], out[2 * MOST], want[2 * MOST];
	real *A = space + 1, *B = A + MOST, *init = B + MOST + 1;      /* at odd addresses */

	(void)state;
	fill(space, 4 * MOST + 1, 1);
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		size_t M = shapes[i][0], N = shapes[i][1], K = shapes[i][2], ldc = N + 3;

		for (int turned = 0; turned < 2; turned++)
			for (int with = 0; with < 3; with++) {
				size_t rs = turned ? 1 : K + 1, cs = turned ? M + 1 : 1, ldi = with == 1 ? 0 : ldc;

				fill(out, 2 * MOST, 1);
				memcpy(want, out, sizeof out);
				ur_gemm(out + 1, ldc, with ? init : NULL, ldi, A, rs, cs, B, N + 2, M, N, K);
				naive_gemm(want + 1, ldc, with ? init : NULL, ldi, A, rs, cs, B, N + 2, M, N, K);
				same_bytes(out, want, 2 * MOST);
				ur_gemm_blas(want + 1, ldc, with ? init : NULL, ldi, A, rs, cs, B, N + 2, M, N, K);
				for (size_t k = 0; k < 2 * MOST; k++)
					close(out[k], want[k], EPSILON);
			}
	}
}

/* A row's bytes do not depend on the others in the call, and a sum may be cut anywhere. */
static void
test_gemm_cut(void **state)
{
	enum { M = 23, N = 37, K = 41 };
	static real A[M * K], B[K * N], whole[M * N], cut[M * N];

	(void)state;
	fill(A, M * K, 1);
	fill(B, K * N, 1);
	ur_gemm(whole, N, NULL, 0, A, K, 1, B, N, M, N, K);
	for (size_t m = 0; m < M; m++)
		ur_gemm(cut + m * N, N, NULL, 0, A + m * K, K, 1, B, N, 1, N, K);
	same_bytes(whole, cut, M * N);
	ur_gemm(cut, N, NULL, 0, A, K, 1, B, N, M, N, 17);
	ur_gemm(cut, N, cut, N, A + 17, K, 1, B + 17 * N, N, M, N, K - 17);
	same_bytes(whole, cut, M * N);
}

static void
test_row_dots(void **state)
{
	static const size_t widths[] = { 0, 1, 2, 15, 16, 17, 20, 32, 47, 64, 100 };
	static real space[3 * 100 + 1], w[100], u[3], one;
	real *A = space + 1;

	(void)state;
	fill(A, 300, 1);
	fill(w, 100, 1);
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		size_t D = widths[i];

		ur_row_dots(u, A, w, (real).5, 3, D);
		for (size_t n = 0; n < 3; n++) {
			double sum = .5;

			for (size_t j = 0; j < D; j++)
				sum += (double)A[n * D + j] * w[j];
			close(u[n], sum, EPSILON);
			ur_row_dots(&one, A + n * D, w, (real).5, 1, D);
			same_bytes(&one, u + n, 1);
		}
		ur_row_dots(NULL, A, w, 0, 0, D);
	}
}

static void
test_transpose(void **state)
{
	real in[6] = { 1, 2, 3, 4, 5, 6 }, out[6], want[6] = { 1, 4, 2, 5, 3, 6 };

	(void)state;
	ur_transpose(out, in, 2, 3);
	same_bytes(out, want, 6);
}

/* --- element by element ---------------------------------------------------- */

static void
test_math(void **state)
{
#ifdef UR_DOUBLE
	const double relative = 1e-15, absolute = 1e-15;
#else
	const double relative = 3e-7, absolute = 2e-7;
#endif
	enum { N = 20011 };
	static real x[N], y[N];

	(void)state;
	for (int i = 0; i < N; i++)
		x[i] = (real)((i - N / 2) * 87. / (N / 2));
	ur_exp(y, x, N);
	for (int i = 0; i < N; i++)
		assert_true(fabs(y[i] - exp((double)x[i])) <= relative * exp((double)x[i]));
	ur_sigmoid(y, x, N);
	for (int i = 0; i < N; i++)
		assert_true(fabs(y[i] - 1 / (1 + exp(-(double)x[i]))) <= absolute);
	memcpy(y, x, sizeof y);
	ur_tanh(y, y, N);
	for (int i = 0; i < N; i++)
		assert_true(fabs(y[i] - tanh((double)x[i])) <= absolute);
}

static void
test_math_ends(void **state)
{
	real x[5] = { -1e30f, 1e30f, NAN, -INFINITY, INFINITY }, y[5];

	(void)state;
	ur_exp(y, x, 5);
	assert_true(y[0] == 0 && y[3] == 0);
	assert_true(isfinite(y[1]) && y[1] > 1e38 && isfinite(y[4]));
	assert_true(isnan(y[2]));
	ur_sigmoid(y, x, 5);
	assert_true(y[0] < 1e-30 && y[1] == 1 && isnan(y[2]) && y[4] == 1);
	ur_tanh(y, x, 5);
	assert_true(y[0] == -1 && y[1] == 1 && isnan(y[2]));
	ur_exp(y, x, 0);
}

/* The same element gives the same bytes wherever it stands: vectors and what is left over round alike. */
static void
test_math_place(void **state)
{
	enum { N = 37 };
	real x[N], y[N], one;

	(void)state;
	fill(x, N, 9);
	ur_sigmoid(y, x, N);
	for (int i = 0; i < N; i++) {
		ur_sigmoid(&one, x + i, 1);
		same_bytes(&one, y + i, 1);
	}
}

/* --- layers ----------------------------------------------------------------- */

static void
test_elu(void **state)
{
	enum { N = 19 };
	real z[N], a[N], d[N], back[N];

	(void)state;
	fill(z, N, 3);
	fill(d, N, 1);
	ur_elu(a, z, N);
	for (int i = 0; i < N; i++)
		close(a[i], z[i] > 0 ? z[i] : expm1((double)z[i]), EPSILON);
	memcpy(back, a, sizeof back);
	ur_elu_backward(back, d, N);
	for (int i = 0; i < N; i++)
		close(back[i], d[i] * (z[i] > 0 ? 1 : exp((double)z[i])), EPSILON);
	z[0] = NAN;
	ur_elu(z, z, 1);
	assert_true(isnan(z[0]));
}

static void
test_rows(void **state)
{
	enum { D = 5, S = 3 };
	real A[6 * D], part[S * D], sums[S * D], z[6 * D], y[D] = { 0 };
	uint32_t list[4] = { 5, 0, 2, 2 }, off[S + 1] = { 0, 1, 1, 4 }, rows[S + 1] = { 1, 3, 4, 6 };

	(void)state;
	fill(A, 6 * D, 1);
	fill(part, S * D, 1);
	ur_sum_rows(sums, A, list, off, S, D);
	for (int j = 0; j < D; j++) {
		assert_true(sums[j] == A[5 * D + j]);
		assert_true(sums[D + j] == 0);
		close(sums[2 * D + j], A[j] + 2 * A[2 * D + j], EPSILON);
	}
	ur_column_sums(y, A, 6, D);
	for (int j = 0; j < D; j++)
		close(y[j], A[j] + A[D + j] + A[2 * D + j] + A[3 * D + j] + A[4 * D + j] + A[5 * D + j], EPSILON);
	ur_gather_rows(z, A, list, 4, D);
	same_bytes(z, A + 5 * D, D);
	same_bytes(z + 3 * D, A + 2 * D, D);
	for (size_t first = 0; first < 6; first++) {            /* rows first .. 5 */
		memset(z, 0, sizeof z);
		ur_add_segments(z, part, rows, S, first, 6 - first, D);
		for (size_t n = first; n < 6; n++)
			for (size_t j = 0; j < D; j++)
				assert_true(z[(n - first) * D + j] == (n < 1 ? 0 : part[(n < 3 ? 0 : n < 4 ? 1 : 2) * D + j]));
	}
	ur_add_segments(z, part, rows, 0, 0, 1, D);
}

struct output {
	real A[3 * 21], w[21], du[3];
};

static double
output_value(void *context)
{
	struct output *o = context;
	real u[3];
	double sum = 0;

	ur_row_dots(u, o->A, o->w, 0, 3, 21);
	for (int n = 0; n < 3; n++)
		sum += o->du[n] * u[n];
	return sum;
}

static void
test_output_layer(void **state)
{
	struct output o;
	real dA[3 * 21], dw[21] = { 0 };

	(void)state;
	fill(o.A, 3 * 21, 1);
	fill(o.w, 21, 1);
	fill(o.du, 3, 1);
	close(ur_row_dots_backward(dA, dw, o.du, o.A, o.w, 3, 21), o.du[0] + o.du[1] + o.du[2], EPSILON);
	gradient(output_value, &o, o.A, dA, 3 * 21, "A");
	gradient(output_value, &o, o.w, dw, 21, "w");
}

/* --- batch normalisation ---------------------------------------------------- */

enum { BN = 7, BD = 70 };       /* columns beyond one block */

struct bn {
	real x[BN * BD], dy[BN * BD], weight[BN], gamma[BD], beta[BD];
	double mean[BD], var[BD];
	bool training;
};

static double
bn_value(void *context)
{
	struct bn *b = context;
	static real y[BN * BD];
	double sum = 0;

	if (b->training)
		ur_bn_statistics(b->mean, b->var, b->x, b->weight, BN, BD);
	ur_bn_forward(y, b->x, b->mean, b->var, b->gamma, b->beta, BN, BD);
	for (int i = 0; i < BN * BD; i++)
		sum += b->dy[i] * y[i];
	return sum;
}

/* Row n stands for weight[n] rows; dy is the sum over them, so the loss is sum dy y. */
static void
check_batchnorm(struct bn *b)
{
	static real dx[BN * BD];
	real dgamma[BD] = { 0 }, dbeta[BD] = { 0 };
	double sums[2 * BD];

	bn_value(b);
	ur_bn_backward(dx, dgamma, dbeta, b->dy, b->x, b->mean, b->var, b->gamma, b->training ? b->weight : NULL, sums, BN, BD);
	gradient(bn_value, b, b->x, dx, BN * BD, "x");
	gradient(bn_value, b, b->gamma, dgamma, BD, "gamma");
	gradient(bn_value, b, b->beta, dbeta, BD, "beta");
}

static void
test_batchnorm(void **state)
{
	struct bn b = { .training = true };

	(void)state;
	fill(b.x, BN * BD, 2);
	fill(b.dy, BN * BD, 1);
	fill(b.gamma, BD, 2);
	fill(b.beta, BD, 1);
	for (int n = 0; n < BN; n++)
		b.weight[n] = (real)(1 + n % 3);
	check_batchnorm(&b);
	b.training = false;
	check_batchnorm(&b);
}

/* A row of weight 3 counts as three rows; no rows leave nothing to divide by. */
static void
test_batchnorm_weight(void **state)
{
	real once[2] = { 1, 5 }, weight[2] = { 3, 1 }, often[4] = { 1, 1, 1, 5 }, ones[4] = { 1, 1, 1, 1 };
	double mean[2], var[2];

	(void)state;
	ur_bn_statistics(mean, var, once, weight, 2, 1);
	ur_bn_statistics(mean + 1, var + 1, often, ones, 4, 1);
	close(mean[0], 2, 1e-12);
	close(var[0], 3, 1e-12);
	close(mean[1], 2, 1e-12);
	close(var[1], 3, 1e-12);
	ur_bn_statistics(mean, var, once, weight, 0, 1);
	assert_true(mean[0] == 0 && var[0] == 0);
}

/* --- LSTM -------------------------------------------------------------------- */

enum { LN = 3, LH = 21 };

struct lstm {
	real gates[LN * 4 * LH], c0[LN * LH], dc[LN * LH], dh[LN * LH];
	bool first;
};

static double
lstm_value(void *context)
{
	struct lstm *l = context;
	real gates[LN * 4 * LH], c[LN * LH], tc[LN * LH], h[LN * LH];
	double sum = 0;

	memcpy(gates, l->gates, sizeof gates);
	ur_lstm_forward(gates, c, tc, h, l->first ? NULL : l->c0, LN, LH);
	for (int i = 0; i < LN * LH; i++)
		sum += l->dc[i] * c[i] + l->dh[i] * h[i];
	return sum;
}

static void
test_lstm(void **state)
{
	struct lstm l;
	real gates[LN * 4 * LH], c[LN * LH], tc[LN * LH], h[LN * LH], dc[LN * LH];

	(void)state;
	fill(l.gates, LN * 4 * LH, 2);
	fill(l.c0, LN * LH, 1);
	fill(l.dc, LN * LH, 1);
	fill(l.dh, LN * LH, 1);
	for (int first = 0; first < 2; first++) {
		l.first = first;
		memcpy(gates, l.gates, sizeof gates);
		memcpy(dc, l.dc, sizeof dc);
		ur_lstm_forward(gates, c, tc, h, first ? NULL : l.c0, LN, LH);
		ur_lstm_backward(gates, dc, l.dh, tc, first ? NULL : l.c0, LN, LH);
		gradient(lstm_value, &l, l.gates, gates, LN * 4 * LH, "gates");
		if (!first)
			gradient(lstm_value, &l, l.c0, dc, LN * LH, "c0");
	}
}

/* c' = f c + i g, h' = o tanh c' with libm. */
static void
test_lstm_naive(void **state)
{
	real gates[4 * 3], a[4 * 3], c0[3], c[3], tc[3], h[3];

	(void)state;
	fill(a, 12, 2);
	fill(c0, 3, 1);
	memcpy(gates, a, sizeof a);
	ur_lstm_forward(gates, c, tc, h, c0, 1, 3);
	for (int j = 0; j < 3; j++) {
		double i = 1 / (1 + exp(-(double)a[j])), f = 1 / (1 + exp(-(double)a[3 + j])), o = 1 / (1 + exp(-(double)a[9 + j]));
		double cell = f * c0[j] + i * tanh((double)a[6 + j]);

		close(c[j], cell, EPSILON);
		close(h[j], o * tanh(cell), EPSILON);
	}
}

/* --- position weights ---------------------------------------------------------- */

enum { PP = 3, PBAND = 4, PD = 5, PROWS = 6 };

struct pw {
	real w[PP * PBAND], q[PROWS * PP * PD], ds[PD];
	uint32_t history[7];
	size_t m;
};

static double
pw_value(void *context)
{
	struct pw *p = context;
	real s[PD];
	double sum = 0;

	ur_pw_forward(s, p->w, p->q, p->history + p->m, p->m, PP, PBAND, PD);
	for (int d = 0; d < PD; d++)
		sum += p->ds[d] * s[d];
	return sum;
}

static void
test_pw(void **state)
{
	struct pw p = { .history = { 3, 0, 3, 5, 1, 1, 4 } };

	(void)state;
	fill(p.w, PP * PBAND, 1);
	fill(p.q, PROWS * PP * PD, 1);
	fill(p.ds, PD, 1);
	for (p.m = 1; p.m <= 7; p.m += 3) {             /* fewer picks than the band, as many, more */
		real dw[PP * PBAND] = { 0 }, dq[PROWS * PP * PD] = { 0 };

		ur_pw_backward(dw, dq, p.ds, p.w, p.q, p.history + p.m, p.m, PP, PBAND, PD);
		gradient(pw_value, &p, p.w, dw, PP * PBAND, "w");
		gradient(pw_value, &p, p.q, dq, PROWS * PP * PD, "q");
	}
	/* the last weight of the band is used, lag 1 is the newest */
	p.m = 4;
	memset(p.w, 0, sizeof p.w);
	p.w[PBAND - 1] = 1;
	memset(p.ds, 0, sizeof p.ds);
	p.ds[2] = 1;
	close(pw_value(&p), p.q[3 * PP * PD + 2], EPSILON);
	p.w[PBAND - 1] = 0;
	p.w[0] = 1;
	close(pw_value(&p), p.q[5 * PP * PD + 2], EPSILON);
}

/* --- losses --------------------------------------------------------------------- */

struct choice {
	real u[9], v[9];
	size_t K;
	ptrdiff_t pick;
	bool no_click, l2;
	double eta;
};

static double
nll_value(void *context)
{
	struct choice *c = context;

	return ur_nll(c->u, NULL, c->K, c->pick, c->no_click);
}

static double
sparsemax_value(void *context)
{
	struct choice *c = context;

	return ur_sparsemax(c->u, NULL, c->K, c->pick, c->eta);
}

static double
policy_value(void *context)
{
	struct choice *c = context;

	return ur_policy_value(c->u, c->v, NULL, NULL, c->K, c->l2, c->eta);
}

static void
test_nll(void **state)
{
	real du[9], e[10], halves[9], top;

	(void)state;
	for (size_t K = 1; K <= 9; K++)
		for (int no_click = 0; no_click < 2; no_click++) {
			struct choice c = { .K = K, .pick = no_click ? -1 : (ptrdiff_t)K - 1, .no_click = no_click };
			double sum = no_click;

			fill(c.u, 9, 3);
			for (size_t k = 0; k < K; k++)
				sum += exp((double)c.u[k]);
			close(nll_value(&c), log(sum) - (c.pick < 0 ? 0 : c.u[c.pick]), EPSILON);
			close(ur_nll(c.u, du, K, c.pick, no_click), nll_value(&c), 1e-15);
			top = ur_nll_begin(e, c.u, K, no_click);
			ur_exp(e, e, K + (size_t)no_click);
			assert_true(ur_nll_end(e, top, c.u, halves, K, c.pick, no_click) == nll_value(&c));
			same_bytes(halves, du, K);
			gradient(nll_value, &c, c.u, du, K, "u");
		}
}

static void
test_nll_extreme(void **state)
{
	real u[3] = { 1e4f, -1e4f, 0 }, du[3];

	(void)state;
	close(ur_nll(u, du, 3, 0, true), 0, 1e-30);
	close(ur_nll(u, du, 3, 1, true), 2e4, 1e-12);
	assert_true(du[0] == 1 && du[1] == -1 && du[2] == 0);
	close(ur_nll(u + 1, du, 1, 0, true), 1e4, 1e-12);       /* almost surely nothing is picked */
	close(ur_nll(u + 1, du, 1, -1, true), 0, 1e-30);
	close(ur_nll(u, du, 1, 0, false), 0, 1e-30);
	u[1] = NAN;
	assert_true(isnan(ur_nll(u, NULL, 3, 0, false)));
	u[0] = NAN;
	assert_true(isnan(ur_nll(u, NULL, 2, 0, true)));
}

static void
test_project(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		real u[9];
		double phi[9], sum = 0, eta = .1 + (double)(round % 7), out = -INFINITY, in = INFINITY;
		size_t K = 1 + (size_t)round % 9;

		fill(u, 9, round % 3 ? 2 : 1e4);
		ur_project(phi, u, K, eta);
		/* a projection: adds up to 1, and eta u - phi is the same where phi > 0 and less elsewhere */
		for (size_t k = 0; k < K; k++) {
			assert_true(phi[k] >= 0);
			sum += phi[k];
			if (phi[k] > 0)
				in = fmin(in, eta * u[k] - phi[k]);
			else
				out = fmax(out, eta * u[k]);
		}
		close(sum, 1, 1e-10);
		assert_true(out <= in + 1e-9 * fabs(in));
	}
}

static void
test_sparsemax(void **state)
{
	real du[9], high[2] = { 1e4f, -1e4f };

	(void)state;
	for (size_t K = 1; K <= 9; K++)
		for (double eta = .3; eta < 4; eta *= 3) {
			struct choice c = { .K = K, .pick = (ptrdiff_t)K / 2, .eta = eta };

			fill(c.u, 9, 1);
			assert_true(ur_sparsemax(c.u, du, K, c.pick, eta) >= -1e-12);
			gradient(sparsemax_value, &c, c.u, du, K, "u");
		}
	close(ur_sparsemax(high, du, 2, 0, 1), 0, 1e-12);
	close(ur_sparsemax(high, du, 2, 1, 1), 2e4, 1e-12);
	assert_true(du[0] == 1 && du[1] == -1);
	high[0] = NAN;
	assert_true(isnan(ur_sparsemax(high, du, 2, 1, 1)));
}

static void
test_policy(void **state)
{
	real du[9], dv[9];

	(void)state;
	for (size_t K = 1; K <= 9; K++)
		for (int l2 = 0; l2 < 2; l2++) {
			struct choice c = { .K = K, .l2 = l2, .eta = .7 };

			fill(c.u, 9, 2);
			fill(c.v, 9, 2);
			close(ur_policy_value(c.u, c.v, du, dv, K, l2, .7), policy_value(&c), 1e-15);
			gradient(policy_value, &c, c.u, du, K, "u");
			gradient(policy_value, &c, c.v, dv, K, "v");
			/* nothing does better than the projection under l2 */
			if (l2)
				assert_true(policy_value(&c) <= ur_sparsemax(c.u, NULL, K, 0, .7) + c.u[0] - 1 / (2 * .7) + EPSILON);
		}
}

static void
test_policy_extreme(void **state)
{
	real u[2] = { 1e4f, 0 }, v[2] = { 1e4f, -1e4f };

	(void)state;
	close(ur_policy_value(u, v, NULL, NULL, 2, true, 1), 1e4 - .5, 1e-6);
	close(ur_policy_value(u, v, NULL, NULL, 2, false, 1), 1e4, 1e-6);
	v[1] = NAN;
	assert_true(isnan(ur_policy_value(u, v, NULL, NULL, 2, true, 1)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gemm), cmocka_unit_test(test_gemm_cut), cmocka_unit_test(test_row_dots),
		cmocka_unit_test(test_transpose), cmocka_unit_test(test_math), cmocka_unit_test(test_math_ends),
		cmocka_unit_test(test_math_place), cmocka_unit_test(test_elu), cmocka_unit_test(test_rows),
		cmocka_unit_test(test_output_layer), cmocka_unit_test(test_batchnorm), cmocka_unit_test(test_batchnorm_weight),
		cmocka_unit_test(test_lstm), cmocka_unit_test(test_lstm_naive), cmocka_unit_test(test_pw), cmocka_unit_test(test_nll),
		cmocka_unit_test(test_nll_extreme), cmocka_unit_test(test_project), cmocka_unit_test(test_sparsemax),
		cmocka_unit_test(test_policy), cmocka_unit_test(test_policy_extreme)
	};

	ur_rng_seed(&rng, 1, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
