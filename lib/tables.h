/*
 * tables.h - Adam over the tables of one-hots, of which a training may meet few rows.
 *
 * Without l2 a row that was never met has gradient and moments 0, and Adam leaves it as it is: it is skipped.
 *
 * With --lazy-adam only the rows that the batch meets are updated, and what they missed meanwhile is caught up then:
 * their moments shrink exactly, the way their momentum would have carried them is summed as a geometric series
 * under the present rate; l2 acts at visits alone.
 *
 * The caller owns the struct; the model is borrowed.
 */
#ifndef UR_TABLES_H
#define UR_TABLES_H

#include "model.h"
#include "optim.h"
#include "pool.h"

struct ur_range {                /* of the block of parameters */
	size_t at, n;
};

struct ur_table {
	const struct ur_tensor *tensor;
	bool policy, picks;             /* whose; met by picks instead of shown items */
	uint32_t *last;                 /* [table_rows] Adam's step when it was last met; 0 never */
	size_t n;                       /* rows to update in this step */
	uint32_t *row, *skipped;        /* [n]; steps that a row missed */
	size_t row_cap, skipped_cap;
	bool grown;                     /* rows were met for the first time */
};

struct ur_tables {
	const struct ur_model *model;
	bool lazy;
	struct ur_table *table;
	int tables;
	struct ur_range *dense;         /* all other parameters */
	int ranges;
};

/* What a step of Adam works on, blocks of [params]. */
struct ur_moments {
	real *m, *v, *g;
};

void ur_tables_init(struct ur_tables *tables, const struct ur_model *model, bool lazy);
/* The rows met so far are those with moments, where a training goes on without lazy Adam. */
void ur_tables_recall(struct ur_tables *tables, const struct ur_moments *at);
/*
 * The tables' part of a step that adam has counted already, for the network whose gradient was worked out in `work`;
 * g is set to 0.
 */
void ur_tables_update(struct ur_tables *tables, struct ur_pool *pool, const struct ur_work *work,
    const struct ur_adam *adam, bool policy, double l2, const struct ur_moments *at);
/* Values of row r, in the block of parameters. */
struct ur_range ur_table_row(const struct ur_table *table, size_t r);
void ur_tables_free(struct ur_tables *tables);

#endif
