/*
 * catalogue.h - what is known of the items shown, as of any time: RetailRocket's item properties and category tree.
 *
 * An item has versions: what was known of it from some time on.  The first holds from the beginning, so that each
 * step finds one.  Zeroed and told what is wanted, a catalogue takes first the tree, then properties, then is built.
 * The caller owns the struct; what it points to lives until ur_catalogue_free.
 */
#ifndef UR_CATALOGUE_H
#define UR_CATALOGUE_H

#include <stdbool.h>

#include "csv.h"
#include "ids.h"
#include "store.h"

enum ur_property { UR_CATEGORY, UR_PRICE, UR_AVAILABLE, UR_PROPERTIES };

struct ur_version {
	int64_t from;           /* ms */
	uint32_t item;          /* number in the store */
	uint32_t category;      /* number in catalogue.category, or UR_NO_ID */
	uint32_t price;         /* number in catalogue.price, or UR_NO_ID */
	uint32_t available;     /* 0 or 1 */
};

struct ur_catalogue {
	bool want[UR_PROPERTIES];       /* set by the caller: rows of others are passed over */
	bool hash_ids;                  /* set by the caller: items are hashed text, here too */
	uint64_t skip;                  /* set by the caller: bad rows that may be left out, of all files together */
	uint64_t skipped;               /* left out so far */
	char skipped_err[UR_ERR];       /* what was wrong with the first of them */

	struct ur_version *version;     /* by (item, from) */
	size_t versions;
	size_t *first;                  /* [items + 1] versions of item i: first[i] .. first[i + 1] - 1 */
	struct ur_ids category;         /* ascending once built */
	uint32_t *root;                 /* [category.n] number of the top of its tree; UR_NO_ID for one not in the tree */
	size_t unknown;                 /* categories that items have and the tree does not */
	struct ur_ids price;            /* the bits of a double >= 0 each, so that bits ascend like numbers */

	/* until it is built */
	uint32_t *parent;               /* [tree] of category i */
	size_t tree, tree_cap;
	int64_t *last;                  /* [items] time of the last step that shows it: later rows tell nothing */
	struct ur_known *known;         /* the rows that matter */
	size_t knowns, known_cap;
};

/* Reads category_tree.csv: categoryid, parentid (empty at the top).  0, or -1 with err. */
int ur_catalogue_categories(struct ur_catalogue *catalogue, const char *path, char *err);
/*
 * Reads item_properties.csv: timestamp (ms), itemid, property, value, in any order; of several values of an item's
 * property at one time the last read holds.  Rows of items not in store, of properties not wanted and of times
 * after the item's last step are passed over; so values in them are not looked at.  0, or -1 with err.
 */
int ur_catalogue_properties(struct ur_catalogue *catalogue, const struct ur_store *store, const char *path, char *err);
/* Makes the versions of the items in store.  0, or -1 with err when the tree has a cycle. */
int ur_catalogue_build(struct ur_catalogue *catalogue, const struct ur_store *store, char *err);
/* Replaces the item of each shown item in store->all.row by its version as of the step's time. */
void ur_catalogue_join(const struct ur_catalogue *catalogue, struct ur_store *store);
/* The price that has number i. */
double ur_catalogue_price(const struct ur_catalogue *catalogue, uint32_t i);
void ur_catalogue_free(struct ur_catalogue *catalogue);

#endif
