/* text.h - numbers and words into a buffer, where stdio would be most of the time spent. */
#ifndef UR_TEXT_H
#define UR_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mem.h"

struct ur_text {
	char *p;
	size_t n, cap;
};

/* Room for n more bytes. */
static inline char *
ur_text_room(struct ur_text *t, size_t n)
{
	UR_GROW(t->p, t->cap, t->n + n);
	return t->p + t->n;
}

static inline void
ur_text_put(struct ur_text *t, const char *s)
{
	size_t n = strlen(s);

	memcpy(ur_text_room(t, n), s, n);
	t->n += n;
}

static inline void
ur_text_u64(struct ur_text *t, uint64_t x)
{
	char digit[20], *p = digit + sizeof digit;
	size_t n;

	do
		*--p = (char)('0' + x % 10);
	while ((x /= 10) != 0);
	n = (size_t)(digit + sizeof digit - p);
	memcpy(ur_text_room(t, n), p, n);
	t->n += n;
}

#endif
