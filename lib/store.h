/*
 * store.h - session streams read whole, items numbered, users in order of their ids.
 *
 * The caller owns the struct, zeroed before the first read; everything in it lives until ur_store_free.
 */
#ifndef UR_STORE_H
#define UR_STORE_H

#include "ids.h"
#include "mp.h"
#include "rec.h"

struct ur_store {
	struct ur_header header;        /* of the first stream */
	struct ur_pack history;         /* its history, as bytes */
	size_t streams;
	struct ur_users all;            /* in order of arrival; row = number of the item */
	struct ur_ids item;             /* items shown; ascending after ur_store_sort */
	uint32_t *order;                /* [users] positions in all, by user id */
	size_t *step_off, *item_off;    /* [users] first step and first shown item of a user, by position */
};

/* Adds the stream at path (NULL or "-": standard input); its history must be that of the first.  0, or -1 with err. */
int ur_store_read(struct ur_store *store, const char *path, char *err);
/* To be called once, after the last read.  0, or -1 with err when a user was met twice. */
int ur_store_sort(struct ur_store *store, char *err);
void ur_store_free(struct ur_store *store);

#endif
