/* items.c - the item table: versions of items become rows of codes and scaled numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cols.h"
#include "feature.h"
#include "mem.h"

enum { MAX_DENSE = 3, MAX_ONEHOTS = 3 };

/* The features of one version as they go into the table. */
struct encoded {
	uint32_t version;
	uint32_t code[MAX_ONEHOTS];
	real x[MAX_DENSE];
};

/* The codes of numbered ids, [n]: positions in the vocabulary from 1, 0 where it has none.  Both are ascending. */
static uint32_t *
codes_of(const struct ur_ids *ids, const struct ur_vocabulary *vocabulary)
{
	uint32_t *code = ur_calloc(ids->n, sizeof *code);
	size_t c = 0;

	for (size_t i = 0; i < ids->n; i++) {
		while (c < vocabulary->n && vocabulary->value[c] < ids->id[i])
			c++;
		if (c < vocabulary->n && vocabulary->value[c] == ids->id[i])
			code[i] = (uint32_t)c + 1;
	}
	return code;
}

struct encoder {
	const struct ur_spec *spec;
	const struct ur_catalogue *catalogue;
	uint32_t *code[UR_F_COUNT];     /* of item numbers (id) and category numbers (category, root) */
	double *price;                  /* [price.n] scaled */
};

static void
start_encoder(struct encoder *e, const struct ur_spec *spec, const struct ur_store *store,
    const struct ur_catalogue *catalogue)
{
	*e = (struct encoder){ .spec = spec, .catalogue = catalogue };
	e->code[UR_F_ID] = codes_of(&store->item, &spec->vocabulary[UR_F_ID]);
	e->code[UR_F_CATEGORY] = codes_of(&catalogue->category, &spec->vocabulary[UR_F_CATEGORY]);
	e->code[UR_F_ROOT] = codes_of(&catalogue->category, &spec->vocabulary[UR_F_ROOT]);
	e->price = ur_alloc(catalogue->price.n, sizeof *e->price);
	for (uint32_t i = 0; i < catalogue->price.n; i++)
		e->price[i] = ur_spec_scaled(spec, UR_F_PRICE, log1p(ur_catalogue_price(catalogue, i)));
}

static void
free_encoder(struct encoder *e)
{
	for (int f = 0; f < UR_F_COUNT; f++)
		free(e->code[f]);
	free(e->price);
}

static struct encoded
encode(const struct encoder *e, uint32_t v)
{
	const struct ur_version *version = &e->catalogue->version[v];
	uint32_t category = version->category, root = category == UR_NO_ID ? UR_NO_ID : e->catalogue->root[category];
	struct encoded out = { .version = v };
	int c = 0, d = 0;

	for (int i = 0; i < e->spec->features; i++)
		switch (e->spec->feature[i]) {
		case UR_F_ID:
			out.code[c++] = e->code[UR_F_ID][version->item];
			break;
		case UR_F_CATEGORY:
			out.code[c++] = category == UR_NO_ID ? 0 : e->code[UR_F_CATEGORY][category];
			break;
		case UR_F_ROOT:
			out.code[c++] = root == UR_NO_ID ? 0 : e->code[UR_F_ROOT][root];
			break;
		case UR_F_PRICE:
			out.x[d++] = version->price == UR_NO_ID ? 0 : (real)e->price[version->price];
			out.x[d++] = version->price == UR_NO_ID;
			break;
		case UR_F_AVAILABLE:
			out.x[d++] = (real)version->available;
			break;
		default:
			break;
		}
	return out;
}

static int
by_features(const void *a, const void *b)
{
	const struct encoded *p = a, *q = b;

	for (int c = 0; c < MAX_ONEHOTS; c++)
		if (p->code[c] != q->code[c])
			return p->code[c] < q->code[c] ? -1 : 1;
	for (int d = 0; d < MAX_DENSE; d++)
		if (p->x[d] != q->x[d])
			return p->x[d] < q->x[d] ? -1 : 1;
	return 0;
}

/* Counts of an item in training steps; none if it was not shown there. */
static void
find_counts(const struct ur_spec *spec, uint64_t id, uint32_t *shown, uint32_t *picked)
{
	size_t low = 0, high = spec->items;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spec->item[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	*shown = low < spec->items && spec->item[low] == id ? spec->shown[low] : 0;
	*picked = *shown != 0 ? spec->picked[low] : 0;
}

static void
add_row(struct ur_items *items, const struct ur_spec *spec, uint64_t id, const struct encoded *e)
{
	size_t row = items->rows++, dense = (size_t)items->dense, onehots = (size_t)items->onehots;

	ur_items_grow(items, items->rows);
	items->id[row] = id;
	memcpy(items->x + row * dense, e->x, dense * sizeof *e->x);
	memcpy(items->code + row * onehots, e->code, onehots * sizeof *e->code);
	find_counts(spec, id, &items->shown[row], &items->picked[row]);
}

/*
 * The versions of one item that some step met, same [n]: a row for each distinct
 * encoding of them; row_of tells the row of a version.
 */
static void
add_item(struct ur_items *items, const struct ur_spec *spec, uint64_t id, struct encoded *same, size_t n,
    uint32_t *row_of)
{
	qsort(same, n, sizeof *same, by_features);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || by_features(&same[i - 1], &same[i]) != 0)
			add_row(items, spec, id, &same[i]);
		row_of[same[i].version] = items->rows - 1;
	}
}

/* row_of [versions]: 1 where some step meets the version on entry, its row on return. */
static void
add_versions(struct ur_items *items, const struct encoder *e, const struct ur_store *store, uint32_t *row_of)
{
	const struct ur_catalogue *catalogue = e->catalogue;
	struct encoded *same = NULL;
	size_t cap = 0, n = 0;

	for (size_t v = 0; v < catalogue->versions; v++) {
		uint32_t item = catalogue->version[v].item;

		if (row_of[v]) {
			UR_GROW(same, cap, n + 1);
			same[n++] = encode(e, (uint32_t)v);
		}
		if (n != 0 && (v + 1 == catalogue->versions || catalogue->version[v + 1].item != item)) {
			add_item(items, e->spec, store->item.id[item], same, n, row_of);
			n = 0;
		}
	}
	free(same);
}

void
ur_features_items(struct ur_items *items, const struct ur_spec *spec, struct ur_store *store,
    const struct ur_catalogue *catalogue)
{
	uint32_t *row_of = ur_calloc(catalogue->versions, sizeof *row_of);
	struct ur_users *all = &store->all;
	struct encoder e;

	*items = (struct ur_items){ .dense = ur_spec_dense(spec), .onehots = ur_spec_onehots(spec) };
	for (size_t k = 0; k < all->items; k++)
		row_of[all->row[k]] = 1;
	start_encoder(&e, spec, store, catalogue);
	add_versions(items, &e, store, row_of);
	free_encoder(&e);
	for (size_t k = 0; k < all->items; k++)
		all->row[k] = row_of[all->row[k]];
	free(row_of);
}
