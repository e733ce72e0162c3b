/*
 * feature.h - from sessions and a catalogue to a spec (what is learned from training steps) and the item table.
 *
 * The caller owns the structs; see rec.h for their free.
 */
#ifndef UR_FEATURE_H
#define UR_FEATURE_H

#include "catalogue.h"
#include "rec.h"
#include "store.h"

/* "id,repeat" -> spec->feature.  0, or -1 with err. */
int ur_features_parse(struct ur_spec *spec, const char *list, char *err);
/* spec->feature as such a list, which lives until the next call. */
const char *ur_features_list(const struct ur_spec *spec);

/*
 * Fills all of spec but features and min_count, from the training steps alone: counts of items, vocabularies (id: items
 * in at least min_count training steps; category, root: all that occur), mean and deviation of log1p of the price and
 * of popularity, where each shown item of a training step counts once.  A deviation of 0 is given as 1.
 * store->all.row holds versions, by ur_catalogue_join.  0, or -1 with err when there are no training steps.
 */
int ur_features_learn(struct ur_spec *spec, const struct ur_store *store, const struct ur_catalogue *catalogue, char *err);

/*
 * Makes the item table: a row for each item shown and each distinct set of its features among the steps, by (id,
 * features).  store->all.row changes from versions to rows of the table.
 */
void ur_features_items(struct ur_items *items, const struct ur_spec *spec, struct ur_store *store,
    const struct ur_catalogue *catalogue);

#endif
