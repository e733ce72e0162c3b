/*
 * pass.h - a pass over all users who have steps of given roles, in chunks of the same users each time.
 *
 * The caller owns the struct; the data is borrowed and outlives it.  What fits in a fixed budget is
 * gathered once and kept, the rest again in every pass, so that memory does not grow with the data.
 */
#ifndef UR_PASS_H
#define UR_PASS_H

#include "data.h"

struct ur_pass {
	const struct ur_data *data;
	uint32_t *user;         /* [users] positions in the stream */
	size_t users, chunks;
	struct ur_batch *kept;  /* the first kept_chunks chunks */
	size_t kept_chunks;
};

/* roles: 1 << UR_TRAIN | ... */
void ur_pass_init(struct ur_pass *pass, const struct ur_data *data, unsigned roles);
/* Chunk i < chunks, one that is kept or gathered into spare. */
const struct ur_batch *ur_pass_chunk(const struct ur_pass *pass, size_t i, struct ur_batch *spare);
void ur_pass_free(struct ur_pass *pass);

#endif
