#include <stdlib.h>
#include <string.h>

#include "ids.h"
#include "mem.h"
#include "rng.h"
#include "sort.h"

/* The slot that holds id, or the free one where it would go. */
static size_t
find_slot(const struct ur_ids *ids, uint64_t id)
{
	size_t mask = ids->slots - 1, s = ur_hash64(id) & mask;

	while (ids->slot[s] != 0 && ids->id[ids->slot[s] - 1] != id)
		s = (s + 1) & mask;
	return s;
}

static void
rehash(struct ur_ids *ids, size_t slots)
{
	free(ids->slot);
	ids->slot = ur_calloc(slots, sizeof *ids->slot);
	ids->slots = slots;
	for (size_t i = 0; i < ids->n; i++)
		ids->slot[find_slot(ids, ids->id[i])] = (uint32_t)i + 1;
}

uint32_t
ur_ids_add(struct ur_ids *ids, uint64_t id)
{
	size_t s;

	if (2 * ids->n >= ids->slots)
		rehash(ids, ids->slots ? 2 * ids->slots : 64);
	s = find_slot(ids, id);
	if (ids->slot[s] == 0) {
		if (ids->n == UR_NO_ID)
			return UR_NO_ID;
		UR_GROW(ids->id, ids->cap, ids->n + 1);
		ids->id[ids->n++] = id;
		ids->slot[s] = (uint32_t)ids->n;
	}
	return ids->slot[s] - 1;
}

uint32_t
ur_ids_find(const struct ur_ids *ids, uint64_t id)
{
	/* a free slot holds 0, and 0 - 1 is UR_NO_ID */
	return ids->slots == 0 ? UR_NO_ID : ids->slot[find_slot(ids, id)] - 1;
}

uint32_t *
ur_ids_sort(struct ur_ids *ids)
{
	uint32_t *number = ur_alloc(ids->n, sizeof *number);
	uint64_t *sorted = ur_alloc(ids->n, sizeof *sorted);

	if (ids->n != 0)
		memcpy(sorted, ids->id, ids->n * sizeof *sorted);
	ur_sort(sorted, ids->n, 1);
	for (size_t i = 0; i < ids->n; i++)
		number[ur_ids_find(ids, sorted[i])] = (uint32_t)i;
	free(ids->id);
	ids->id = sorted;
	ids->cap = ids->n;
	if (ids->slots != 0)
		rehash(ids, ids->slots);
	return number;
}

void
ur_ids_free(struct ur_ids *ids)
{
	free(ids->id);
	free(ids->slot);
	*ids = (struct ur_ids){ 0 };
}
