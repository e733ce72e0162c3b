/* lazy.c - see lazy.h. */
#include <stdlib.h>
#include <string.h>

#include "lazy.h"
#include "mem.h"

static void
add_range(struct ur_lazy *lazy, size_t at, size_t n)
{
	if (n > 0)
		lazy->dense[lazy->ranges++] = (struct ur_range){ at, n };
}

void
ur_lazy_init(struct ur_lazy *lazy, const struct ur_model *model)
{
	*lazy = (struct ur_lazy){ .model = model };
	lazy->table = ur_calloc((size_t)model->tensors, sizeof *lazy->table);
	lazy->dense = ur_calloc(2 * (size_t)model->tensors, sizeof *lazy->dense);
	for (int i = 0; i < model->tensors; i++) {
		const struct ur_tensor *t = &model->tensor[i];
		struct ur_lazy_table *table = &lazy->table[lazy->tables];
		size_t first = t->table_at * t->shape[1], end = first + t->table_rows * t->shape[1];

		if (t->table_rows == 0) {
			add_range(lazy, t->at, t->n);
			continue;
		}
		add_range(lazy, t->at, first);
		add_range(lazy, t->at + end, t->n - end);
		table->tensor = t;
		table->policy = ur_tensor_of_policy(t);
		table->picks = strstr(t->name, "lstm") != NULL;
		table->last = ur_calloc(t->table_rows, sizeof *table->last);
		lazy->tables++;
	}
}

/* Finds the rows of the items that moved this network, each once. */
static void
meet(struct ur_lazy_table *table, const struct ur_arch *arch, const struct ur_work *work, const struct ur_items *items, uint32_t t)
{
	const uint32_t *item;
	size_t n = table->picks ? ur_work_picks(work, &item) : ur_work_items(work, &item);

	table->met = 0;
	UR_GROW(table->row, table->row_cap, n * (size_t)items->onehots);
	UR_GROW(table->skipped, table->skipped_cap, n * (size_t)items->onehots);
	for (size_t i = 0; i < n; i++) {
		const uint32_t *code = items->code + (size_t)item[i] * (size_t)items->onehots;
		uint32_t first = 0;

		for (int c = 0; c < items->onehots; first += arch->onehot_size[c++]) {
			uint32_t row = first + code[c], last = table->last[row];

			if (last == t)
				continue;
			table->row[table->met] = row;
			table->skipped[table->met++] = last == 0 ? 0 : t - 1 - last;
			table->last[row] = t;
		}
	}
}

void
ur_lazy_update(struct ur_lazy *lazy, const struct ur_work *work, const struct ur_items *items,
    const struct ur_adam *adam, bool policy, double l2, real *m, real *v, real *g)
{
	for (int i = 0; i < lazy->tables; i++) {
		struct ur_lazy_table *table = &lazy->table[i];
		size_t at = ur_lazy_row(table, 0).at;

		if (table->policy != policy)
			continue;
		meet(table, &lazy->model->arch, work, items, (uint32_t)adam->t);
		ur_adam_rows(adam, l2, lazy->model->param + at, m + at, v + at, g + at, table->tensor->shape[1],
		    table->row, table->skipped, table->met);
	}
}

bool
ur_lazy_changed(const struct ur_lazy_table *table, size_t r, uint64_t since, uint64_t policy_since)
{
	return table->last[r] > (table->policy ? policy_since : since);
}

struct ur_range
ur_lazy_row(const struct ur_lazy_table *table, size_t r)
{
	const struct ur_tensor *t = table->tensor;

	return (struct ur_range){ t->at + (t->table_at + r) * t->shape[1], t->shape[1] };
}

void
ur_lazy_free(struct ur_lazy *lazy)
{
	for (int i = 0; i < lazy->tables; i++) {
		free(lazy->table[i].last);
		free(lazy->table[i].row);
		free(lazy->table[i].skipped);
	}
	free(lazy->table);
	free(lazy->dense);
	*lazy = (struct ur_lazy){ 0 };
}
