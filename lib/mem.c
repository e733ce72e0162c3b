#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mem.h"

enum { HUGE_FROM = 4 << 20 };   /* bytes */

static _Noreturn void
no_memory(size_t n, size_t size)
{
	fprintf(stderr, "%s: out of memory: %zu elements of %zu bytes\n",
	    program_invocation_short_name, n, size);
	exit(1);
}

void *
ur_realloc(void *p, size_t n, size_t size)
{
	void *q;

	if (size != 0 && n > PTRDIFF_MAX / size)
		no_memory(n, size);
	q = realloc(p, n * size + (n * size == 0));
	if (q == NULL)
		no_memory(n, size);
	return q;
}

void *
ur_alloc(size_t n, size_t size)
{
	return ur_realloc(NULL, n, size);
}

void *
ur_calloc(size_t n, size_t size)
{
	void *p = calloc(n + (n == 0), size);

	if (p == NULL)
		no_memory(n, size);
	return p;
}

void *
ur_room(size_t n, size_t size)
{
	void *p;

	if (size != 0 && n > (PTRDIFF_MAX - 64) / size)
		no_memory(n, size);
	p = aligned_alloc(64, (n * size + 64) / 64 * 64);
	if (p == NULL)
		no_memory(n, size);
	return p;
}

/* Rows of a large table lie far apart: on small pages each costs a walk through the page tables. */
static void
want_huge_pages(void *p, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = ((uintptr_t)p + page - 1) / page * page;

	madvise((void *)first, (uintptr_t)p + bytes - first, MADV_HUGEPAGE);    /* a wish: it may be refused */
}

void *
ur_aligned(size_t n, size_t size)
{
	void *p = ur_room(n, size);

	if (n * size >= HUGE_FROM)
		want_huge_pages(p, n * size);
	return memset(p, 0, n * size);
}

char *
ur_strdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(ur_alloc(n, 1), s, n);
}

void *
ur_grow(void *p, size_t *cap, size_t need, size_t size)
{
	if (need > *cap) {
		*cap = need > 2 * *cap ? need : 2 * *cap;
		p = ur_realloc(p, *cap, size);
	}
	return p;
}
