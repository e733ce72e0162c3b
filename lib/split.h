/*
 * split.h - which steps train, validate and test.
 *
 * Context steps stay context.  Steps that have a role keep it unless `again`.
 */
#ifndef UR_SPLIT_H
#define UR_SPLIT_H

#include "store.h"

struct ur_split {
	uint32_t part[3];       /* shares of UR_TRAIN, UR_VALIDATION, UR_TEST; their sum is at least 1 */
	bool again;
};

/* "8:1:1" -> part.  0, or -1 with err. */
int ur_split_parse(struct ur_split *split, const char *text, char *err);
/* All steps of a user alike, by a hash of (seed, user). */
void ur_split_by_user(const struct ur_split *split, struct ur_store *store, uint64_t seed);
/* Steps by (time, user, position), cut at floor(n * share). */
void ur_split_by_time(const struct ur_split *split, struct ur_store *store);

#endif
