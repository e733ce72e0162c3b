/*
 * mem.h - allocation that cannot fail, and growable arrays.
 *
 * When memory runs out, or a size overflows, these print one line and exit with
 * status 1; exit handlers still run, so unfinished output files are removed.
 * What they return belongs to the caller and is released with free().
 */
#ifndef UR_MEM_H
#define UR_MEM_H

#include <stddef.h>

#define UR_NEVER_NULL __attribute__((returns_nonnull))

UR_NEVER_NULL void *ur_alloc(size_t n, size_t size);    /* n * size bytes, not cleared */
UR_NEVER_NULL void *ur_calloc(size_t n, size_t size);   /* cleared */
UR_NEVER_NULL void *ur_realloc(void *p, size_t n, size_t size);
UR_NEVER_NULL char *ur_strdup(const char *s);

/* 64-byte aligned, for arrays of reals; release with free().  ur_aligned: cleared, ur_room: not. */
UR_NEVER_NULL void *ur_aligned(size_t n, size_t size);
UR_NEVER_NULL void *ur_room(size_t n, size_t size);

/*
 * Makes room for `need` elements in the array p of capacity cap (a size_t
 * lvalue), at least doubling it when it grows; p may move.
 */
#define UR_GROW(p, cap, need) \
	((need) > (cap) ? (void)((p) = ur_grow((p), &(cap), (need), sizeof *(p))) : (void)0)
UR_NEVER_NULL void *ur_grow(void *p, size_t *cap, size_t need, size_t size);

#endif
