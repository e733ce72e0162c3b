/*
 * lazy.h - Adam for large tables of one-hots: only the rows that a batch meets are updated, and what they missed
 * meanwhile is caught up then.
 *
 * Between two visits a row's gradient is 0, so its moments shrink and its momentum carries it on: the moments are
 * shrunk exactly, the way travelled is summed as a geometric series under the present rate.  l2 acts at visits alone.
 * The caller owns the struct; the model is borrowed.
 */
#ifndef UR_LAZY_H
#define UR_LAZY_H

#include "model.h"
#include "optim.h"

struct ur_range {                /* of the block of parameters */
	size_t at, n;
};

struct ur_lazy_table {
	const struct ur_tensor *tensor;
	bool policy, picks;             /* whose; met by picks instead of shown items */
	uint32_t *last;                 /* [table_rows] Adam's step when it was last updated; 0 never */
	size_t met;                     /* rows in this step */
	uint32_t *row, *skipped;        /* [met] */
	size_t row_cap, skipped_cap;
};

struct ur_lazy {
	const struct ur_model *model;
	struct ur_lazy_table *table;
	int tables;
	struct ur_range *dense;         /* all other parameters */
	int ranges;
};

void ur_lazy_init(struct ur_lazy *lazy, const struct ur_model *model);
/*
 * The tables' part of a step that adam has counted already, for the network whose gradient was worked out in `work`;
 * g is set to 0.
 */
void ur_lazy_update(struct ur_lazy *lazy, const struct ur_work *work, const struct ur_items *items,
    const struct ur_adam *adam, bool policy, double l2, real *m, real *v, real *g);
/* Has row r of a table changed after the given steps of the reward's and of the policy's Adam? */
bool ur_lazy_changed(const struct ur_lazy_table *table, size_t r, uint64_t since, uint64_t policy_since);
/* Values of a row, in the block of parameters. */
struct ur_range ur_lazy_row(const struct ur_lazy_table *table, size_t r);
void ur_lazy_free(struct ur_lazy *lazy);

#endif
