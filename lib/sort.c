#include <string.h>

#include "sort.h"

enum { DIGIT = 8, BUCKETS = 1 << DIGIT, FEW = 24 };     /* FEW: where insertion is faster */

/* The digit that tells records apart: `DIGIT` bits of one word. */
struct digit {
	size_t word;
	int shift;
};

static inline size_t
digit_of(const uint64_t *record, struct digit d)
{
	return record[d.word] >> d.shift & (BUCKETS - 1);
}

static inline int
before(const uint64_t *a, const uint64_t *b, size_t words)
{
	for (size_t i = 0; i < words; i++)
		if (a[i] != b[i])
			return a[i] < b[i];
	return 0;
}

static inline void
copy(uint64_t *to, const uint64_t *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] = from[i];
}

static inline void
insertion(uint64_t *record, size_t n, size_t words)
{
	uint64_t x[UR_SORT_WORDS], *p;

	for (size_t i = 1; i < n; i++) {
		copy(x, record + i * words, words);
		for (p = record + i * words; p > record && before(x, p - words, words); p -= words)
			copy(p, p - words, words);
		copy(p, x, words);
	}
}

/* Finds the highest bits that differ; 0 if all records are equal. */
static inline int
find_digit(const uint64_t *record, size_t n, size_t words, struct digit *d)
{
	uint64_t differ[UR_SORT_WORDS] = { 0 };
	int top;

	for (size_t i = 1; i < n; i++)
		for (size_t w = 0; w < words; w++)
			differ[w] |= record[i * words + w] ^ record[w];
	for (size_t w = 0; w < words; w++)
		if (differ[w] != 0) {
			top = 64 - __builtin_clzll(differ[w]);
			*d = (struct digit){ w, top > DIGIT ? top - DIGIT : 0 };
			return 1;
		}
	return 0;
}

/* Puts each record into its bucket: end[b] is where bucket b ends. */
static inline void
distribute(uint64_t *record, size_t n, size_t words, struct digit d, size_t *end)
{
	size_t head[BUCKETS], sum = 0;
	uint64_t x[UR_SORT_WORDS], y[UR_SORT_WORDS];

	memset(end, 0, BUCKETS * sizeof *end);
	for (size_t i = 0; i < n; i++)
		end[digit_of(record + i * words, d)]++;
	for (size_t b = 0; b < BUCKETS; b++) {
		head[b] = sum;
		end[b] = sum += end[b];
	}
	for (size_t b = 0; b < BUCKETS; b++)
		while (head[b] < end[b]) {
			size_t to;

			copy(x, record + head[b] * words, words);
			while ((to = digit_of(x, d)) != b) {
				uint64_t *p = record + head[to]++ * words;

				copy(y, p, words);
				copy(p, x, words);
				copy(x, y, words);
			}
			copy(record + head[b]++ * words, x, words);
		}
}

static inline int
sort_level(uint64_t *record, size_t n, size_t words, size_t *end)
{
	struct digit d;

	if (n <= FEW) {
		insertion(record, n, words);
		return 0;
	}
	if (!find_digit(record, n, words, &d))
		return 0;
	distribute(record, n, words, d, end);
	return 1;
}

void
ur_sort(uint64_t *record, size_t n, size_t words)
{
	size_t end[BUCKETS], start = 0;
	int more;

	switch (words) {                /* constants let the compiler unroll the inner loops */
	case 1:	more = sort_level(record, n, 1, end); break;
	case 2:	more = sort_level(record, n, 2, end); break;
	default:	more = sort_level(record, n, words, end); break;
	}
	for (size_t b = 0; more && b < BUCKETS; start = end[b++])
		if (end[b] - start > 1)
			ur_sort(record + start * words, end[b] - start, words);
}

size_t
ur_count_distinct(uint64_t *x, size_t n)
{
	size_t distinct = n > 0;

	ur_sort(x, n, 1);
	for (size_t i = 1; i < n; i++)
		distinct += x[i] != x[i - 1];
	return distinct;
}
