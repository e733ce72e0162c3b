/* categories.c - the category tree of a catalogue. */
#include <stdlib.h>

#include "known.h"
#include "mem.h"

#define NOT_LISTED UR_NO_ID             /* a parent that has no row of its own (yet) */
#define TOP (UR_NO_ID - 1)              /* a category without a parent */

static uint32_t
add_category(struct ur_catalogue *catalogue, uint64_t id)
{
	uint32_t c = ur_ids_add(&catalogue->category, id);

	while (catalogue->tree < catalogue->category.n) {
		UR_GROW(catalogue->parent, catalogue->tree_cap, catalogue->tree + 1);
		catalogue->parent[catalogue->tree++] = NOT_LISTED;
	}
	return c;
}

static int
add_row(struct ur_catalogue *catalogue, struct ur_csv *csv)
{
	uint64_t id, parent_id;
	uint32_t c, parent = TOP;

	if (!ur_field_u64(ur_csv_field(csv, 0), &id))
		return ur_csv_bad(csv, 0, "a whole number below 2^64");
	if (ur_csv_field(csv, 1).n != 0 && !ur_field_u64(ur_csv_field(csv, 1), &parent_id))
		return ur_csv_bad(csv, 1, "a whole number below 2^64, or nothing at the top");
	c = add_category(catalogue, id);
	if (ur_csv_field(csv, 1).n != 0)
		parent = add_category(catalogue, parent_id);
	if (catalogue->parent[c] != NOT_LISTED && catalogue->parent[c] != parent)
		return ur_csv_bad(csv, 0, "one parent for each category");
	catalogue->parent[c] = parent;
	return 0;
}

int
ur_catalogue_categories(struct ur_catalogue *catalogue, const char *path, char *err)
{
	static const struct ur_csv_column column[] = { { .name = "categoryid" }, { .name = "parentid" } };
	struct ur_csv csv;
	int r = ur_catalogue_open(catalogue, &csv, path, column, 2);

	while (r >= 0 && (r = ur_csv_row(&csv)) > 0)
		r = add_row(catalogue, &csv);
	return ur_catalogue_close(catalogue, &csv, r, err);
}

/*
 * Goes up from c to the first category whose root is known, or to the top; each category is
 * passed once.  mark [tree]: the walk that passed it.
 */
static int
find_root(struct ur_catalogue *catalogue, uint32_t c, uint32_t *mark, char *err)
{
	uint32_t *parent = catalogue->parent, *root = catalogue->root, top = c, next;

	while (root[top] == UR_NO_ID && parent[top] != TOP && parent[top] != NOT_LISTED) {
		if (mark[top] == c + 1)
			return ur_fail(err, "category %ju is above itself", (uintmax_t)catalogue->category.id[top]);
		mark[top] = c + 1;
		top = parent[top];
	}
	if (root[top] != UR_NO_ID)
		top = root[top];
	for (; root[c] == UR_NO_ID; c = next) {
		next = parent[c];
		root[c] = top;
		if (c == top)
			break;
	}
	return 0;
}

int
ur_catalogue_roots(struct ur_catalogue *catalogue, char *err)
{
	uint32_t *mark = ur_calloc(catalogue->tree, sizeof *mark);
	int status = 0;

	catalogue->root = ur_alloc(catalogue->category.n, sizeof *catalogue->root);
	for (size_t c = 0; c < catalogue->category.n; c++)
		catalogue->root[c] = UR_NO_ID;
	for (uint32_t c = 0; c < catalogue->tree && status == 0; c++)
		status = find_root(catalogue, c, mark, err);
	free(mark);
	return status;
}
