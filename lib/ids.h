/*
 * ids.h - distinct 64-bit ids, numbered in the order in which they are met.
 *
 * A zeroed struct is an empty set; the caller owns it and releases it with ur_ids_free.
 */
#ifndef UR_IDS_H
#define UR_IDS_H

#include <stddef.h>
#include <stdint.h>

#define UR_NO_ID UINT32_MAX     /* no such id */

struct ur_ids {
	uint64_t *id;           /* [n] id number i */
	size_t n, cap;
	uint32_t *slot;         /* [slots] open addressing: number + 1, 0 where free */
	size_t slots;           /* a power of two, at most half full */
};

/* The number of id, a new one if it was not met before; UR_NO_ID when 2^32 - 1 numbers are used up. */
uint32_t ur_ids_add(struct ur_ids *ids, uint64_t id);
/* The number of id, or UR_NO_ID. */
uint32_t ur_ids_find(const struct ur_ids *ids, uint64_t id);
/* Numbers the ids anew in ascending order; number[old] = new, [n], for the caller to free. */
uint32_t *ur_ids_sort(struct ur_ids *ids);
void ur_ids_free(struct ur_ids *ids);

#endif
