/*
 * data.h - a batches stream as the trainers and ur-eval use it: checked once, then any
 * users gathered from it into a batch.
 *
 * A plain file is mapped and used in place, anything else is read into memory; both give the
 * same bytes.  The caller owns the structs; ur_data's strings and items live until ur_data_free.
 */
#ifndef UR_DATA_H
#define UR_DATA_H

#include "real.h"
#include "rec.h"

/* Some users of a ur_data, packed: what a model is run on. */
struct ur_batch {
	int U, N, K, P;         /* users, steps, shown items, page columns */
	uint64_t *user;         /* [U] */
	int *user_off;          /* [U+1] steps of user i: user_off[i] .. user_off[i+1]-1 */
	int *item_off;          /* [N+1] shown items of step n */
	int64_t *time;          /* [N] ms */
	uint8_t *role;          /* [N] enum ur_role */
	int32_t *pick;          /* [N] index into the step's own set, -1 none */
	uint32_t *item;         /* [K] row of the item table */
	uint16_t *rank;         /* [K] */
	real *page;             /* [K, P] page features, scaled, in spec order */
	size_t user_cap, step_cap, item_cap, page_cap;
};

void ur_batch_free(struct ur_batch *batch);

struct ur_data {
	const char *name;       /* for messages: the path, or "<stdin>" */
	uint64_t hash;          /* of the whole stream */
	struct ur_header header;
	struct ur_items items;
	size_t users, steps, shown;
	size_t role_steps[UR_NO_ROLE];          /* steps by role */
	size_t role_picks[UR_NO_ROLE];          /* of those, with a pick */
	struct ur_data_index *index;            /* where each user's columns are */
};

/* Loads and checks path (NULL or "-": standard input); 0, or -1 with err. */
int ur_data_load(struct ur_data *data, const char *path, char *err);
void ur_data_free(struct ur_data *data);
/* The id of user u, a position in the stream. */
uint64_t ur_data_user(const struct ur_data *data, size_t u);
/* Steps of user u with a role in the set `roles` (1 << UR_TRAIN | ...). */
uint32_t ur_data_steps(const struct ur_data *data, size_t u, unsigned roles);
/* Packs users[0..n-1] (positions in the stream) into batch, in that order. */
void ur_data_gather(const struct ur_data *data, const uint32_t *users, size_t n, struct ur_batch *batch);

#endif
