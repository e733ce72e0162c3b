/*
 * nn.h - the kernels: matrix products, exp and friends, layers, LSTM cell, position weights,
 * losses of one choice.
 *
 * No allocation, no I/O, no globals, no failure.  Matrices are row-major; pointers need only the
 * alignment of a real.  Outputs must not overlap inputs unless said.  Sizes may be 0.  In names:
 * N rows, H hidden, D columns, K items, d gradient.  Every function but ur_gemm_blas gives the same
 * bytes on every machine, and a row's result does not depend on how many rows are in the call: sums run
 * in one fixed order, fused multiply-adds are explicit, and nothing is left to the compiler's contraction.
 */
#ifndef UR_NN_H
#define UR_NN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "real.h"

/* --- nn_mat.c: products ------------------------------------------------- */

/*
 * C[m,n] = init[m,n] + sum_k A(m,k) B[k,n], with A(m,k) = A[m * rs + k * cs].
 *
 * C [M,N] row stride ldc; B [K,N] row stride ldb; init NULL is 0; ldi is the stride of init's rows: 0 adds
 * one row (a bias) to every row of C, and init = C, ldi = ldc adds to C.  A as it lies: rs = lda, cs = 1;
 * its transpose: rs = 1, cs = lda.
 *
 * Every output is one chain of fused multiply-adds in the order of k, so the bytes depend neither on M nor on
 * the vector width, and cutting k into calls that go on from C changes nothing.
 * Tests: test_nn: naive loop (equal bytes), OpenBLAS (tolerance), odd sizes, unaligned.
 */
void ur_gemm(real *C, size_t ldc, const real *init, size_t ldi, const real *A, size_t rs, size_t cs,
    const real *B, size_t ldb, size_t M, size_t N, size_t K);
/* The same product by OpenBLAS: its bytes depend on the core type and on the number of rows in the call. */
void ur_gemm_blas(real *C, size_t ldc, const real *init, size_t ldi, const real *A, size_t rs, size_t cs,
    const real *B, size_t ldb, size_t M, size_t N, size_t K);
/* out [cols,rows] = the transpose of in [rows,cols]. */
void ur_transpose(real *out, const real *in, size_t rows, size_t cols);
/* u[n] = b + sum_j A[n,j] w[j] for A [N,D]: 16 partial sums (lane j mod 16), added in halves. */
void ur_row_dots(real *u, const real *A, const real *w, real b, size_t N, size_t D);
const char *ur_blas_core(void);         /* "Haswell", "SkylakeX", ...: what decides a BLAS' bytes */

/* --- nn_math.c: element by element -------------------------------------- */

/*
 * y[i] = f(x[i]); y may be x.  Polynomials without branches: relative error below 3e-7 (exp) and absolute error
 * below 2e-7 (the others) in float, 1e-15 in double.  exp is 0 below -87 (double: -708) and stays finite
 * above 88 (709); NaN gives NaN.
 */
void ur_exp(real *y, const real *x, size_t n);
void ur_elu(real *y, const real *z, size_t n);          /* z > 0 ? z : exp(z) - 1 (Clevert et al., ICLR 2016) */
void ur_sigmoid(real *y, const real *x, size_t n);
void ur_tanh(real *y, const real *x, size_t n);
/* Sets denormals to 0 in this thread: idle Adam moments would slow it down otherwise. */
void ur_flush_denormals(void);

/* --- nn_mlp.c: layers --------------------------------------------------- */

/* a [n] in: ELU(z), out: dz = da * ELU'(z). */
void ur_elu_backward(real *a, const real *da, size_t n);
/* y[j] += sum_n A[n,j] of A [N,D] */
void ur_column_sums(real *y, const real *A, size_t N, size_t D);
/* out[n,j] = table[index[n], j] */
void ur_gather_rows(real *out, const real *table, const uint32_t *index, size_t N, size_t D);
/* out[s,j] = sum of A[n,j] over the rows n = list[k] (list NULL: k itself), off[s] <= k < off[s+1], in that order */
void ur_sum_rows(real *out, const real *A, const uint32_t *list, const uint32_t *off, size_t S, size_t D);
/* z[n,j] += part[s,j] for the rows first + n of segment s, off[s] <= first + n < off[s+1]; before off[0] nothing is added */
void ur_add_segments(real *z, const real *part, const uint32_t *off, size_t S, size_t first, size_t N, size_t D);
/*
 * One-hot inputs: out[n,j] = b[j] + sum_c table[code[n,c], j], out [N,D] with rows `stride` apart, code [N,C], b NULL is 0;
 * and dtable[code[n,c], j] += dout[n,j].
 */
void ur_onehot_rows(real *out, size_t stride, const real *b, const real *table, const uint32_t *code, size_t N, size_t C, size_t D);
void ur_onehot_rows_backward(real *dtable, const uint32_t *code, const real *dout, size_t stride, size_t N, size_t C, size_t D);
/* The output layer: dA[n,j] = du[n] w[j]; dw[j] += sum_n du[n] A[n,j]; returns sum_n du[n]. */
real ur_row_dots_backward(real *dA, real *dw, const real *du, const real *A, const real *w, size_t N, size_t D);

/*
 * Batch normalisation (Ioffe and Szegedy, ICML 2015) of x [N,D], row n standing for weight[n] equal rows.
 *
 * mean, var [D]  out  of the rows with their weights, variance divided by the sum of weights;
 * y = gamma (x - mean) / sqrt(var + 1e-3) + beta
 */
#define UR_BN_EPSILON 1e-3
void ur_bn_statistics(double *mean, double *var, const real *x, const real *weight, size_t N, size_t D);
void ur_bn_forward(real *y, const real *x, const double *mean, const double *var, const real *gamma, const real *beta,
    size_t N, size_t D);
/*
 * dgamma, dbeta [D] += their gradients, and dx [N,D] = that of x, the statistics included if weight is not NULL (taken as
 * constants otherwise).  dy [N,D] is the sum over the equal rows; dx may be dy.  sums [2D] scratch.
 */
void ur_bn_backward(real *dx, real *dgamma, real *dbeta, const real *dy, const real *x, const double *mean, const double *var,
    const real *gamma, const real *weight, double *sums, size_t N, size_t D);

/* --- nn_lstm.c: one time step of N users -------------------------------- */

/*
 * The cell of Hochreiter and Schmidhuber with forget gates, gates in order i f g o:
 * c' = f c + i g, h' = o tanh(c').
 *
 * gates [N,4H] in: what enters i, f, g, o; out: i, f, g, o
 * c, tc, h [N,H] out: the new cell, its tanh, the new state
 * c0 [N,H] in: the cell before; NULL is 0
 */
void ur_lstm_forward(real *gates, real *c, real *tc, real *h, const real *c0, size_t N, size_t H);
/*
 * gates [N,4H] in: i, f, g, o, out: the gradient of what enters them
 * dc [N,H] in: gradient of c' from later steps, out: of c;  dh [N,H] in: of h'
 */
void ur_lstm_backward(real *gates, real *dc, const real *dh, const real *tc, const real *c0, size_t N, size_t H);

/* --- nn_pw.c: position weights ------------------------------------------ */

/*
 * The first layer is linear, so items are projected first, q [rows,P,D], and a state's part of it is
 * s[d] = sum_p sum_{lag=1..min(m,band)} w[p,lag] q[last[-lag], p, d].
 *
 * last: one past the m rows of q picked so far, the newest at last[-1]
 * w [P,band]; s, ds [D]; dw [P,band] and dq [rows,P,D] are added to.
 */
void ur_pw_forward(real *s, const real *w, const real *q, const uint32_t *last, size_t m, size_t P, size_t band, size_t D);
void ur_pw_backward(real *dw, real *dq, const real *ds, const real *w, const real *q, const uint32_t *last, size_t m,
    size_t P, size_t band, size_t D);

/* --- nn_loss.c: one choice of K items ----------------------------------- */

/*
 * loss = log(sum_k exp u[k] + [1 if no_click]) - u[pick] (0 for u[pick] if pick is -1), du = its gradient in u;
 * du may be NULL.  Stable for every finite u: the largest (at least 0 with no_click) is taken out.
 * NaN in u gives NaN.  Source: Chen et al., ICML 2019, user model under Shannon entropy.
 */
double ur_nll(const real *u, real *du, size_t K, ptrdiff_t pick, bool no_click);
/*
 * The same in two halves, so that the exponentials of many choices can be taken together:
 * e [K] = u - top, and one more if no_click: -top; returns top.  Then with e through ur_exp: the loss, and du if not NULL.
 */
real ur_nll_begin(real *e, const real *u, size_t K, bool no_click);
double ur_nll_end(const real *e, real top, const real *u, real *du, size_t K, ptrdiff_t pick, bool no_click);
/*
 * phi [K] out: the Euclidean projection of eta * u on the simplex (sparsemax; Martins and Astudillo, ICML 2016), by
 * dropping what falls under the threshold until nothing does (Michelot 1986); u has K reals.
 */
void ur_project(double *phi, const real *u, size_t K, double eta);
/* loss = max over phi of [phi u - |phi|^2 / (2 eta)] - [u[pick] - 1 / (2 eta)], du = phi* - onehot; du may be NULL. */
double ur_sparsemax(const real *u, real *du, size_t K, ptrdiff_t pick, double eta);
/*
 * V = phi u - |phi|^2 / (2 eta) (l2) or phi u + H(phi) / eta, with phi = softmax(v);
 * du = dV/du = phi and dv = dV/dv; either may be NULL.
 */
double ur_policy_value(const real *u, const real *v, real *du, real *dv, size_t K, bool l2, double eta);

#endif
