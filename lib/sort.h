/* sort.h - sorts records of whole numbers in place, and counts different ones. */
#ifndef UR_SORT_H
#define UR_SORT_H

#include <stddef.h>
#include <stdint.h>

#define UR_SORT_WORDS 8

/*
 * Sorts record [n, words] ascending by its words, the first one first; words <= UR_SORT_WORDS.
 * Time is linear in n, whatever the values; no memory but the stack.  In-place radix sort
 * (McIlroy, Bostic and McIlroy, "Engineering radix sort", 1993) on the highest bits that differ.
 */
void ur_sort(uint64_t *record, size_t n, size_t words);
/* How many different values x [n] holds; sorts it. */
size_t ur_count_distinct(uint64_t *x, size_t n);

#endif
