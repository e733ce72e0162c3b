/* nn_int.h - what the kernels share among themselves: clones by instruction set. */
#ifndef UR_NN_INT_H
#define UR_NN_INT_H

#include <stdint.h>
#include <string.h>

#include "nn.h"

#define UR_ALWAYS inline __attribute__((always_inline))

/*
 * UR_CLONES(type, return, name, body, (parameters), (arguments)) defines name as body compiled for each instruction
 * set, chosen at the call; `return` is empty where type is void.  (target_clones would do the same by resolvers,
 * which do not survive a sanitizer's start-up, take haswell for Intel's alone, and need other callers in clang.)
 */
#if defined(__x86_64__)
#define UR_HAS_AVX512 __builtin_cpu_supports("avx512f")
#define UR_HAS_AVX2 (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define UR_CLONES(type, ret, name, body, parameters, arguments) \
	static __attribute__((target("avx512f,avx2,fma"))) type name##_avx512 parameters { ret body arguments; } \
	static __attribute__((target("avx2,fma"))) type name##_avx2 parameters { ret body arguments; } \
	static type name##_any parameters { ret body arguments; } \
	type name parameters \
	{ \
		if (UR_HAS_AVX512) \
			ret name##_avx512 arguments; \
		else if (UR_HAS_AVX2) \
			ret name##_avx2 arguments; \
		else \
			ret name##_any arguments; \
	}
#else
#define UR_CLONES(type, ret, name, body, parameters, arguments) \
	type name parameters { ret body arguments; }
#endif

/* Rows of a large table are far apart and seldom in the cache: they are asked for so many rows before they are needed. */
enum { UR_AHEAD = 6 };

static UR_ALWAYS void
ur_fetch(const real *row, size_t D)
{
	for (size_t j = 0; j < D; j += 64 / sizeof *row)
		__builtin_prefetch(row + j);
}

/*
 * Products go UR_DEPTH terms at a time, so that a block of rows of A or columns of B stays in the cache.  Rows of B so
 * far apart crowd into few of its sets: they are copied side by side first, where so many rows of A meet them.
 */
enum { UR_DEPTH = 128, UR_FAR = 192, UR_OFTEN = 48 };

#ifdef UR_DOUBLE
#define ur_fma __builtin_fma
#define ur_sqrt __builtin_sqrt
#else
#define ur_fma __builtin_fmaf
#define ur_sqrt __builtin_sqrtf
#endif

#endif
