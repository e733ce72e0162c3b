/*
 * catalogue.h - what is known of the items shown, as of any time.
 *
 * An item has versions: what was known of it from some time on.  The first holds from the beginning, so that each
 * step finds one.  The caller owns the struct; what it points to lives until ur_catalogue_free.
 */
#ifndef UR_CATALOGUE_H
#define UR_CATALOGUE_H

#include <stdbool.h>

#include "ids.h"
#include "store.h"

struct ur_version {
	int64_t from;           /* ms */
	uint32_t item;          /* number in the store */
	uint32_t category;      /* number in catalogue.category, or UR_NO_ID */
	uint32_t price;         /* number in catalogue.price, or UR_NO_ID */
	uint32_t available;     /* 0 or 1 */
};

struct ur_catalogue {
	struct ur_version *version;     /* by (item, from) */
	size_t versions;
	struct ur_ids category;         /* ascending */
	uint32_t *root;                 /* [category.n] number of the top of its tree, or UR_NO_ID */
	struct ur_ids price;            /* the bits of a double >= 0 each, ascending like the numbers */
};

/* Makes the versions of the items in store. */
void ur_catalogue_build(struct ur_catalogue *catalogue, const struct ur_store *store);
/* Replaces the item of each shown item in store->all.row by its version as of the step's time. */
void ur_catalogue_join(const struct ur_catalogue *catalogue, struct ur_store *store);
/* The price that has number i. */
double ur_catalogue_price(const struct ur_catalogue *catalogue, uint32_t i);
void ur_catalogue_free(struct ur_catalogue *catalogue);

#endif
