#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "tables.h"

static void
add_range(struct ur_tables *tables, size_t at, size_t n)
{
	if (n > 0)
		tables->dense[tables->ranges++] = (struct ur_range){ at, n };
}

static void
add_table(struct ur_tables *tables, const struct ur_tensor *t)
{
	struct ur_table *table = &tables->table[tables->tables++];

	table->tensor = t;
	table->policy = ur_tensor_of_policy(t);
	table->picks = strstr(t->name, "lstm") != NULL;
	table->last = ur_calloc(t->table_rows, sizeof *table->last);
}

void
ur_tables_init(struct ur_tables *tables, const struct ur_model *model, bool lazy)
{
	*tables = (struct ur_tables){ .model = model, .lazy = lazy };
	tables->table = ur_calloc((size_t)model->tensors, sizeof *tables->table);
	tables->dense = ur_calloc(2 * (size_t)model->tensors, sizeof *tables->dense);
	for (int i = 0; i < model->tensors; i++) {
		const struct ur_tensor *t = &model->tensor[i];
		size_t first = t->table_at * t->shape[1], end = first + t->table_rows * t->shape[1];

		if (t->table_rows == 0) {
			add_range(tables, t->at, t->n);
			continue;
		}
		add_range(tables, t->at, first);
		add_range(tables, t->at + end, t->n - end);
		add_table(tables, t);
	}
}

struct ur_range
ur_table_row(const struct ur_table *table, size_t r)
{
	const struct ur_tensor *t = table->tensor;

	return (struct ur_range){ t->at + (t->table_at + r) * t->shape[1], t->shape[1] };
}

/* --- which rows ---------------------------------------------------------------- */

enum { AHEAD = 8 };     /* codes: the notes of their rows are far apart, and asked for before they are needed */

static void
add_row(struct ur_table *table, uint32_t row, uint32_t skipped)
{
	UR_GROW(table->row, table->row_cap, table->n + 1);
	UR_GROW(table->skipped, table->skipped_cap, table->n + 1);
	table->row[table->n] = row;
	table->skipped[table->n++] = skipped;
}

/* Notes when rows were met; with lazy Adam those of this step become the list. */
static void
meet(struct ur_table *table, bool lazy, uint32_t dense, const struct ur_work *work, uint32_t t)
{
	const uint32_t *code;
	size_t n = ur_work_codes(work, table->picks, &code);

	if (lazy)
		table->n = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t row = code[i] - dense, last = table->last[row];

		if (i + AHEAD < n)
			__builtin_prefetch(&table->last[code[i + AHEAD] - dense], 1);
		if (last == t)
			continue;
		if (lazy)
			add_row(table, row, last == 0 ? 0 : t - 1 - last);
		table->grown |= last == 0;
		table->last[row] = t;
	}
}

/* The list of all rows met so far, in their order in memory. */
static void
list_met(struct ur_table *table)
{
	table->n = 0;
	for (uint32_t r = 0; r < table->tensor->table_rows; r++)
		if (table->last[r] > 0)
			add_row(table, r, 0);
	table->grown = false;
}

static bool
has_moments(const struct ur_moments *at, struct ur_range row)
{
	for (size_t i = row.at; i < row.at + row.n; i++)
		if (at->m[i] != 0 || at->v[i] != 0)
			return true;
	return false;
}

void
ur_tables_recall(struct ur_tables *tables, const struct ur_moments *at)
{
	for (int i = 0; i < tables->tables; i++) {
		struct ur_table *table = &tables->table[i];

		for (size_t r = 0; r < table->tensor->table_rows; r++)
			table->last[r] = has_moments(at, ur_table_row(table, r));
		table->grown = true;
	}
}

/* --- a step ---------------------------------------------------------------------- */

enum { ROWS = 256 };            /* that a thread takes at a time */

struct update {
	const struct ur_adam *adam;
	double l2;
	const struct ur_table *table;
	real *w, *m, *v, *g;    /* row 0 */
};

static void
update_rows(void *arg, int i, int thread)
{
	const struct update *u = arg;
	size_t first = (size_t)i * ROWS, left = u->table->n - first;

	(void)thread;
	ur_adam_rows(u->adam, u->l2, u->w, u->m, u->v, u->g, u->table->tensor->shape[1],
	    u->table->row + first, u->table->skipped + first, left < ROWS ? left : ROWS);
}

void
ur_tables_update(struct ur_tables *tables, struct ur_pool *pool, const struct ur_work *work,
    const struct ur_adam *adam, bool policy, double l2, const struct ur_moments *at)
{
	for (int i = 0; i < tables->tables; i++) {
		struct ur_table *table = &tables->table[i];
		size_t first = ur_table_row(table, 0).at;

		if (table->policy != policy)
			continue;
		meet(table, tables->lazy, (uint32_t)tables->model->arch.dense, work, (uint32_t)adam->t);
		if (!tables->lazy && table->grown)
			list_met(table);
		ur_pool_run(pool, update_rows, &(struct update){ adam, l2, table, tables->model->param + first, at->m + first,
		    at->v + first, at->g + first }, (int)((table->n + ROWS - 1) / ROWS));
	}
}

void
ur_tables_free(struct ur_tables *tables)
{
	for (int i = 0; i < tables->tables; i++) {
		free(tables->table[i].last);
		free(tables->table[i].row);
		free(tables->table[i].skipped);
	}
	free(tables->table);
	free(tables->dense);
	*tables = (struct ur_tables){ 0 };
}
