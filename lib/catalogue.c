#include <stdlib.h>
#include <string.h>

#include "known.h"
#include "mem.h"
#include "sort.h"

int
ur_catalogue_open(const struct ur_catalogue *catalogue, struct ur_csv *csv, const char *path,
    const struct ur_csv_column *column, size_t columns)
{
	int status = ur_csv_open(csv, path, ',', column, columns);

	csv->skip = catalogue->skip - catalogue->skipped;
	return status;
}

int
ur_catalogue_close(struct ur_catalogue *catalogue, struct ur_csv *csv, int status, char *err)
{
	if (status < 0)
		ur_fail(err, "%s", csv->err);
	if (catalogue->skipped == 0)
		memcpy(catalogue->skipped_err, csv->skipped_err, sizeof catalogue->skipped_err);
	catalogue->skipped += csv->skipped;
	ur_csv_close(csv);
	return status;
}

static void
learn(struct ur_version *now, uint64_t value)
{
	uint32_t number = (uint32_t)value >> 2;

	switch (value & 3) {
	case UR_CATEGORY:	now->category = number; break;
	case UR_PRICE:		now->price = number; break;
	default:		now->available = number; break;
	}
}

static void
add_version(struct ur_catalogue *catalogue, size_t *cap, const struct ur_version *now)
{
	UR_GROW(catalogue->version, *cap, catalogue->versions + 1);
	catalogue->version[catalogue->versions++] = *now;
}

static bool
differs(const struct ur_version *a, const struct ur_version *b)
{
	return a->category != b->category || a->price != b->price || a->available != b->available;
}

/* The versions of item i from its sorted rows, those from `row` on; returns the first row of the next item. */
static const struct ur_known *
add_item(struct ur_catalogue *catalogue, size_t *cap, uint32_t i, const struct ur_known *row, const struct ur_known *end)
{
	struct ur_version now = { INT64_MIN, i, UR_NO_ID, UR_NO_ID, 0 }, before;

	add_version(catalogue, cap, &now);
	while (row < end && row->item == i) {
		before = now;
		now.from = (int64_t)(row->time ^ 1ull << 63);
		for (uint64_t time = row->time; row < end && row->item == i && row->time == time; row++)
			learn(&now, row->value);
		if (differs(&now, &before))
			add_version(catalogue, cap, &now);
	}
	return row;
}

static void
add_versions(struct ur_catalogue *catalogue, const struct ur_store *store)
{
	const struct ur_known *row = catalogue->known, *end = row == NULL ? NULL : row + catalogue->knowns;
	size_t cap = 0;

	ur_sort(catalogue->knowns == 0 ? NULL : &catalogue->known->item, catalogue->knowns, 3);
	catalogue->first = ur_alloc(store->item.n + 1, sizeof *catalogue->first);
	for (size_t i = 0; i < store->item.n; i++) {
		catalogue->first[i] = catalogue->versions;
		row = add_item(catalogue, &cap, (uint32_t)i, row, end);
	}
	catalogue->first[store->item.n] = catalogue->versions;
	free(catalogue->known);
	catalogue->known = NULL;
}

/* Numbers categories and prices in ascending order, so that the order of rows in the files does not show. */
static void
renumber(struct ur_catalogue *catalogue)
{
	uint32_t *category = ur_ids_sort(&catalogue->category), *price = ur_ids_sort(&catalogue->price);
	uint32_t *root = ur_alloc(catalogue->category.n, sizeof *root);

	for (size_t c = 0; c < catalogue->category.n; c++)
		root[category[c]] = catalogue->root[c] == UR_NO_ID ? UR_NO_ID : category[catalogue->root[c]];
	free(catalogue->root);
	catalogue->root = root;
	for (struct ur_version *v = catalogue->version; v < catalogue->version + catalogue->versions; v++) {
		if (v->category != UR_NO_ID)
			v->category = category[v->category];
		if (v->price != UR_NO_ID)
			v->price = price[v->price];
	}
	free(category);
	free(price);
}

int
ur_catalogue_build(struct ur_catalogue *catalogue, const struct ur_store *store, char *err)
{
	catalogue->unknown = catalogue->category.n - catalogue->tree;
	if (ur_catalogue_roots(catalogue, err) < 0)
		return -1;
	add_versions(catalogue, store);
	renumber(catalogue);
	return 0;
}

/* The last version of the item that holds from `time` or earlier. */
static uint32_t
find_version(const struct ur_catalogue *catalogue, uint32_t item, int64_t time)
{
	size_t low = catalogue->first[item], high = catalogue->first[item + 1];

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (catalogue->version[middle].from <= time)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

void
ur_catalogue_join(const struct ur_catalogue *catalogue, struct ur_store *store)
{
	struct ur_users *all = &store->all;
	uint32_t *set = all->row;

	for (size_t s = 0; s < all->steps; set += all->size[s++])
		for (int k = 0; k < all->size[s]; k++)
			set[k] = find_version(catalogue, set[k], all->time[s]);
}

double
ur_catalogue_price(const struct ur_catalogue *catalogue, uint32_t i)
{
	double x;

	memcpy(&x, &catalogue->price.id[i], sizeof x);
	return x;
}

void
ur_catalogue_free(struct ur_catalogue *catalogue)
{
	free(catalogue->version);
	free(catalogue->first);
	ur_ids_free(&catalogue->category);
	free(catalogue->root);
	ur_ids_free(&catalogue->price);
	free(catalogue->parent);
	free(catalogue->last);
	free(catalogue->known);
	*catalogue = (struct ur_catalogue){ 0 };
}
