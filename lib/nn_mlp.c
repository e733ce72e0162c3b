#include <math.h>

#define UR_BODY "nn_rows.h"
#include "nn_isa.h"

static UR_ALWAYS void
elu_backward(real *restrict a, const real *restrict da, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a[i] = da[i] * (a[i] > 0 ? 1 : a[i] + 1);
}
UR_CLONES(void, , ur_elu_backward, elu_backward, (real *a, const real *da, size_t n),
    (a, da, n))

static UR_ALWAYS void
column_sums(real *restrict y, const real *restrict A, size_t N, size_t D)
{
	for (size_t n = 0; n < N; n++, A += D)
		for (size_t j = 0; j < D; j++)
			y[j] += A[j];
}
UR_CLONES(void, , ur_column_sums, column_sums, (real *y, const real *A, size_t N, size_t D),
    (y, A, N, D))

void
ur_gather_rows(real *out, const real *table, const uint32_t *index, size_t N, size_t D)
{
	UR_DISPATCH(gather_rows, (out, table, index, N, D));
}

/* The rows of item n, if there is one. */
static UR_ALWAYS void
fetch_item(const real *table, const uint32_t *code, size_t n, size_t N, size_t C, size_t D)
{
	for (size_t c = 0; c < C && n < N; c++)
		ur_fetch(table + code[n * C + c] * D, D);
}

static UR_ALWAYS void
onehot_rows(real *restrict out, size_t stride, const real *restrict b, const real *restrict table, const uint32_t *code, size_t N, size_t C,
    size_t D)
{
	for (size_t n = 0; n < N; n++) {
		real *y = out + n * stride;

		fetch_item(table, code, n + UR_AHEAD, N, C, D);
		for (size_t j = 0; j < D; j++)
			y[j] = b ? b[j] : 0;
		for (size_t c = 0; c < C; c++) {
			const real *row = table + code[n * C + c] * D;

			for (size_t j = 0; j < D; j++)
				y[j] += row[j];
		}
	}
}
UR_CLONES(void, , ur_onehot_rows, onehot_rows,
    (real *out, size_t stride, const real *b, const real *table, const uint32_t *code, size_t N, size_t C, size_t D),
    (out, stride, b, table, code, N, C, D))

static UR_ALWAYS void
onehot_rows_backward(real *restrict dtable, const uint32_t *code, const real *restrict dout, size_t stride, size_t N, size_t C, size_t D)
{
	for (size_t n = 0; n < N; n++) {
		fetch_item(dtable, code, n + UR_AHEAD, N, C, D);
		for (size_t c = 0; c < C; c++) {
			real *row = dtable + code[n * C + c] * D;

			for (size_t j = 0; j < D; j++)
				row[j] += dout[n * stride + j];
		}
	}
}
UR_CLONES(void, , ur_onehot_rows_backward, onehot_rows_backward,
    (real *dtable, const uint32_t *code, const real *dout, size_t stride, size_t N, size_t C, size_t D),
    (dtable, code, dout, stride, N, C, D))

static UR_ALWAYS void
sum_rows(real *restrict out, const real *restrict A, const uint32_t *list, const uint32_t *off, size_t S, size_t D)
{
	for (size_t s = 0; s < S; s++, out += D) {
		for (size_t j = 0; j < D; j++)
			out[j] = 0;
		for (size_t k = off[s]; k < off[s + 1]; k++) {
			const real *row = A + (list ? list[k] : k) * D;

			for (size_t j = 0; j < D; j++)
				out[j] += row[j];
		}
	}
}
UR_CLONES(void, , ur_sum_rows, sum_rows, (real *out, const real *A, const uint32_t *list, const uint32_t *off, size_t S, size_t D),
    (out, A, list, off, S, D))

/* The segment of a row: the last s with off[s] <= row. */
static size_t
segment_of(const uint32_t *off, size_t S, size_t row)
{
	size_t low = 0, high = S;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (off[middle] <= row)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static UR_ALWAYS void
add_segments(real *restrict z, const real *restrict part, const uint32_t *off, size_t S, size_t first, size_t N, size_t D)
{
	size_t row = first > off[0] ? first : off[0];

	if (row >= first + N)
		return;
	for (size_t s = segment_of(off, S, row); row < first + N; row++) {
		while (off[s + 1] <= row)
			s++;
		for (size_t j = 0; j < D; j++)
			z[(row - first) * D + j] += part[s * D + j];
	}
}
UR_CLONES(void, , ur_add_segments, add_segments, (real *z, const real *part, const uint32_t *off, size_t S, size_t first, size_t N, size_t D),
    (z, part, off, S, first, N, D))

static UR_ALWAYS real
row_dots_backward(real *restrict dA, real *restrict dw, const real *du, const real *restrict A, const real *restrict w,
    size_t N, size_t D)
{
	real sum = 0;

	for (size_t n = 0; n < N; n++, A += D, dA += D) {
		real d = du[n];

		sum += d;
		for (size_t j = 0; j < D; j++) {
			dA[j] = d * w[j];
			dw[j] = ur_fma(d, A[j], dw[j]);
		}
	}
	return sum;
}
UR_CLONES(real, return, ur_row_dots_backward, row_dots_backward, (real *dA, real *dw, const real *du, const real *A, const real *w, size_t N, size_t D),
    (dA, dw, du, A, w, N, D))

static UR_ALWAYS void
bn_statistics(double *restrict mean, double *restrict var, const real *restrict x, const real *restrict weight, size_t N, size_t D)
{
	double total = 0;

	for (size_t j = 0; j < D; j++)
		mean[j] = var[j] = 0;
	for (size_t n = 0; n < N; n++) {
		total += weight[n];
		for (size_t j = 0; j < D; j++)
			mean[j] += (double)weight[n] * x[n * D + j];
	}
	for (size_t j = 0; j < D; j++)
		mean[j] = total > 0 ? mean[j] / total : 0;
	for (size_t n = 0; n < N; n++)
		for (size_t j = 0; j < D; j++) {
			double d = x[n * D + j] - mean[j];

			var[j] += weight[n] * d * d;
		}
	for (size_t j = 0; j < D; j++)
		var[j] = total > 0 ? var[j] / total : 0;
}
UR_CLONES(void, , ur_bn_statistics, bn_statistics, (double *mean, double *var, const real *x, const real *weight, size_t N, size_t D),
    (mean, var, x, weight, N, D))

static UR_ALWAYS void
bn_affine(real *scale, real *shift, double mean, double var, real gamma, real beta)
{
	double s = gamma / sqrt(var + UR_BN_EPSILON);

	*scale = (real)s;
	*shift = (real)(beta - mean * s);
}

static UR_ALWAYS void
bn_forward(real *restrict y, const real *restrict x, const double *mean, const double *var, const real *gamma, const real *beta,
    size_t N, size_t D)
{
	enum { BLOCK = 64 };
	real scale[BLOCK], shift[BLOCK];

	for (size_t at = 0; at < D; at += BLOCK) {
		size_t d = D - at < BLOCK ? D - at : BLOCK;

		for (size_t j = 0; j < d; j++)
			bn_affine(scale + j, shift + j, mean[at + j], var[at + j], gamma[at + j], beta[at + j]);
		for (size_t n = 0; n < N; n++)
			for (size_t j = 0; j < d; j++)
				y[n * D + at + j] = ur_fma(x[n * D + at + j], scale[j], shift[j]);
	}
}
UR_CLONES(void, , ur_bn_forward, bn_forward, (real *y, const real *x, const double *mean, const double *var, const real *gamma, const real *beta, size_t N, size_t D),
    (y, x, mean, var, gamma, beta, N, D))

/* sums[j] = sum_n dy, sums[D+j] = sum_n dy * (x - mean) / deviation */
static void
bn_sums(double *restrict sums, const real *restrict dy, const real *restrict x, const double *restrict mean,
    const double *restrict var, size_t N, size_t D)
{
	for (size_t j = 0; j < 2 * D; j++)
		sums[j] = 0;
	for (size_t n = 0; n < N; n++)
		for (size_t j = 0; j < D; j++) {
			sums[j] += dy[n * D + j];
			sums[D + j] += dy[n * D + j] * (x[n * D + j] - mean[j]);
		}
	for (size_t j = 0; j < D; j++)
		sums[D + j] /= sqrt(var[j] + UR_BN_EPSILON);
}

void
ur_bn_backward(real *dx, real *dgamma, real *dbeta, const real *dy, const real *x, const double *mean, const double *var,
    const real *gamma, const real *weight, double *sums, size_t N, size_t D)
{
	double total = 0;

	bn_sums(sums, dy, x, mean, var, N, D);
	for (size_t n = 0; n < N && weight != NULL; n++)
		total += weight[n];
	for (size_t j = 0; j < D; j++) {
		double r = 1 / sqrt(var[j] + UR_BN_EPSILON), scale = gamma[j] * r;
		double by_mean = total > 0 ? sums[j] / total : 0, by_var = total > 0 ? sums[D + j] * r / total : 0;

		dbeta[j] += (real)sums[j];
		dgamma[j] += (real)sums[D + j];
		for (size_t n = 0; n < N; n++) {
			double w = weight ? weight[n] : 0;

			dx[n * D + j] = (real)(scale * (dy[n * D + j] - w * (by_mean + (x[n * D + j] - mean[j]) * by_var)));
		}
	}
}
