/*
 * kernels - each kernel against what the machine can do, one core: products against OpenBLAS' sgemm at the
 * same shapes and the peak of fused multiply-adds, element-wise work against a copy of memory of its size.
 *
 * usage: kernels [core|peak]
 *
 * Prints case<TAB>value<TAB>unit<TAB>rival<TAB>rival's value, medians of several runs; `core` prints the core type
 * of the BLAS alone, `peak` the multiply-adds' GFLOP/s.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "mem.h"
#include "nn.h"
#include "optim.h"

enum { RUNS = 15, CACHED = 256 * 64, LARGE = 1 << 24 };

struct job {            /* one kernel with its arguments, whatever it needs of them */
	void (*call)(const struct job *job);
	real *a, *b, *c, *d;
	size_t M, N, K;
};

/* Processor time: one thread that never waits, so nothing is lost but the noise of others. */
static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Seconds of one call: the median of runs of about 5 ms each. */
static double
measure(const struct job *job)
{
	double taken[RUNS], once;
	long calls = 0, runs;

	job->call(job);
	for (once = now(); now() - once < 5e-3; calls++)
		job->call(job);
	for (runs = 0; runs < RUNS; runs++) {
		double start = now();

		for (long i = 0; i < calls; i++)
			job->call(job);
		taken[runs] = (now() - start) / calls;
	}
	qsort(taken, RUNS, sizeof *taken, ascending);
	return taken[RUNS / 2];
}

static void
print(const char *name, double value, const char *unit, const char *rival, double other)
{
	printf("%s\t%.4g\t%s\t%s\t%.4g\n", name, value, unit, rival, other);
	fflush(stdout);
}

/* --- the peak -------------------------------------------------------------- */

enum { CHAINS = 12, LINKS = 4096 };     /* chains of dependent multiply-adds, enough to hide their latency */

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void
peak_avx2(const struct job *job)
{
	__m256 acc[CHAINS], x = _mm256_loadu_ps((float *)job->a), sum = _mm256_setzero_ps();

	for (int j = 0; j < CHAINS; j++)
		acc[j] = x;
	for (int i = 0; i < LINKS; i++)
#pragma GCC unroll 12
		for (int j = 0; j < CHAINS; j++)
			acc[j] = _mm256_fmadd_ps(acc[j], x, x);
	for (int j = 0; j < CHAINS; j++)
		sum = _mm256_add_ps(sum, acc[j]);
	_mm256_storeu_ps((float *)job->b, sum);
}

__attribute__((target("avx512f"))) static void
peak_avx512(const struct job *job)
{
	__m512 acc[CHAINS], x = _mm512_loadu_ps((float *)job->a), sum = _mm512_setzero_ps();

	for (int j = 0; j < CHAINS; j++)
		acc[j] = x;
	for (int i = 0; i < LINKS; i++)
#pragma GCC unroll 12
		for (int j = 0; j < CHAINS; j++)
			acc[j] = _mm512_fmadd_ps(acc[j], x, x);
	for (int j = 0; j < CHAINS; j++)
		sum = _mm512_add_ps(sum, acc[j]);
	_mm512_storeu_ps((float *)job->b, sum);
}
#endif

/* GFLOP/s of the instruction set in use, 0 where it is not known how to reach it. */
static double
measure_peak(struct job job, const char **set)
{
	int lanes = 0;

	*set = "not known here";

#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f"))
		*set = "AVX-512", lanes = 16, job.call = peak_avx512;
	else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		*set = "AVX2", lanes = 8, job.call = peak_avx2;
#endif
	return lanes > 0 ? 2e-9 * CHAINS * LINKS * lanes / measure(&job) : 0;
}

/* --- products -------------------------------------------------------------- */

static void
own(const struct job *j)
{
	ur_gemm(j->c, j->N, NULL, 0, j->a, j->K, 1, j->b, j->N, j->M, j->N, j->K);
}

static void
blas(const struct job *j)
{
	ur_gemm_blas(j->c, j->N, NULL, 0, j->a, j->K, 1, j->b, j->N, j->M, j->N, j->K);
}

/* A lies as [K,M]: the gradient of weights, K rows of a batch summed up. */
static void
own_transposed(const struct job *j)
{
	ur_gemm(j->c, j->N, NULL, 0, j->a, 1, j->M, j->b, j->N, j->M, j->N, j->K);
}

static void
blas_transposed(const struct job *j)
{
	ur_gemm_blas(j->c, j->N, NULL, 0, j->a, 1, j->M, j->b, j->N, j->M, j->N, j->K);
}

static void
products(struct job job, double peak)
{
	static const struct {
		const char *what;
		size_t M, N, K;
		int transposed;
	} shape[] = {
		{ "layer, forward", 1900, 64, 64, 0 },
		{ "layer, its weights' gradient", 64, 64, 1900, 1 },
		{ "layer, a tile", 256, 64, 64, 0 },
		{ "state's part of the first layer", 430, 64, 20, 0 },
		{ "LSTM, input", 300, 80, 64, 0 },
		{ "LSTM, a time step", 90, 80, 20, 0 },
		{ "LSTM, its weights' gradient", 20, 80, 300, 1 },
		{ "policy, forward", 450, 32, 256, 0 },
	};

	for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
		double flops, value;
		char name[96];

		job.M = shape[i].M, job.N = shape[i].N, job.K = shape[i].K;
		flops = 2e-9 * job.M * job.N * job.K;
		snprintf(name, sizeof name, "%s [%zu,%zu,%zu]", shape[i].what, job.M, job.N, job.K);
		job.call = shape[i].transposed ? own_transposed : own;
		value = flops / measure(&job);
		job.call = shape[i].transposed ? blas_transposed : blas;
		print(name, value, "GFLOP/s", "OpenBLAS", flops / measure(&job));
		print(name, value, "GFLOP/s", "peak", peak);
	}
}

/* --- element by element ---------------------------------------------------- */

static void
copy(const struct job *j)
{
	memcpy(j->c, j->a, j->N * sizeof *j->a);
}

static void
exponential(const struct job *j)
{
	ur_exp(j->c, j->a, j->N);
}

static void
sigmoid(const struct job *j)
{
	ur_sigmoid(j->c, j->a, j->N);
}

static void
hyperbolic_tangent(const struct job *j)
{
	ur_tanh(j->c, j->a, j->N);
}

static void
elu_forward(const struct job *j)
{
	ur_elu(j->c, j->c, j->N);
}

static void
elu_backward(const struct job *j)
{
	ur_elu_backward(j->c, j->a, j->N);
}

static void
adam(const struct job *j)
{
	static const struct ur_adam settings = { 1e-3, .9, .999, 1e-8, 10 };

	ur_adam_step(&settings, 0, j->a, j->b, j->c, j->d, j->N);
}

static void
elementwise(struct job job)
{
	static const struct {
		const char *what;
		void (*call)(const struct job *job);
		size_t N, touched;      /* reals read and written per element */
	} kernel[] = {
		{ "exp", exponential, CACHED, 2 },
		{ "sigmoid", sigmoid, CACHED, 2 },
		{ "tanh", hyperbolic_tangent, CACHED, 2 },
		{ "ELU forward", elu_forward, CACHED, 2 },
		{ "ELU backward", elu_backward, CACHED, 3 },
		{ "Adam, in cache", adam, CACHED, 8 },
		{ "Adam", adam, LARGE, 8 },
	};

	for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++) {
		double bytes = 1e-9 * sizeof(real) * kernel[i].N, value;

		job.N = kernel[i].N;
		job.call = kernel[i].call;
		value = kernel[i].touched * bytes / measure(&job);
		job.call = copy;
		print(kernel[i].what, value, "GB/s", "memory copy", 2 * bytes / measure(&job));
	}
}

static struct job
new_job(void)
{
	struct job job = {
		.a = ur_aligned(LARGE, sizeof(real)), .b = ur_aligned(LARGE, sizeof(real)),
		.c = ur_aligned(LARGE, sizeof(real)), .d = ur_aligned(LARGE, sizeof(real))
	};

	for (size_t i = 0; i < LARGE; i++) {
		job.a[i] = (real)(i % 17) / 17 - (real).5;
		job.b[i] = (real)(i % 13) / 13;
	}
	return job;
}

int
main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "", *set;
	struct job job = new_job();
	double peak;

	ur_flush_denormals();
	if (strcmp(only, "core") == 0) {
		puts(ur_blas_core());
	} else if (strcmp(only, "peak") == 0) {
		printf("%.4g\n", measure_peak(job, &set));
	} else {
		char name[64];

		peak = measure_peak(job, &set);
		snprintf(name, sizeof name, "peak of multiply-adds, %s", set);
		printf("%s\t%.4g\tGFLOP/s\n", name, peak);
		products(job, peak);
		elementwise(job);
	}
	free(job.a);
	free(job.b);
	free(job.c);
	free(job.d);
	return 0;
}
