/* shop.c - categories and items of a made-up shop, and its properties week by week. */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "rng.h"
#include "sort.h"
#include "synth.h"
#include "text.h"

enum { TREE_STREAM = 1, ID_STREAM, WEEKS_STREAM, ROWS_STREAM, ITEM_STREAM = 1 << 16 };    /* of the seed */
enum { MAX_CATEGORY = 1698, NAMES = 1104, PRICE = 790 };        /* ids of categories are 0 .. MAX_CATEGORY */
enum { ROUND = 1 << 15, EVEN = 64 };    /* rows shuffled at a time; items at the end that share what is left evenly */

static const int64_t first_week = 1431226800000, week = 604800000;      /* 10 May 2015 03:00, as in the real file */
/* Chances that a week brings a change, so that rows by property are as many as in the real file. */
static const double new_category = .057, new_available = .166, new_price = .21;
static const double late = .15;                 /* items that come after the first week */

/* --- the tree ----------------------------------------------------------------- */

/* Categories by depth, in the real tree. */
static const int depth_size[] = { UR_SHOP_ROOTS, 174, 702, 665, 90, 13 };
enum { DEPTHS = sizeof depth_size / sizeof *depth_size };

static void
shuffle(uint32_t *a, size_t n, struct ur_rng *rng)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = ur_rng_below(rng, i);
		uint32_t t = a[i - 1];

		a[i - 1] = a[j];
		a[j] = t;
	}
}

static void
draw_category_ids(struct ur_shop *shop, struct ur_rng *rng)
{
	uint32_t id[MAX_CATEGORY + 1];
	uint64_t root[UR_SHOP_ROOTS];

	for (uint32_t i = 0; i <= MAX_CATEGORY; i++)
		id[i] = i;
	shuffle(id, MAX_CATEGORY + 1, rng);
	for (int i = 0; i < UR_SHOP_ROOTS; i++)
		root[i] = id[i];
	ur_sort(root, UR_SHOP_ROOTS, 1);
	for (int i = 0; i < UR_SHOP_CATEGORIES; i++)
		shop->category[i] = i < UR_SHOP_ROOTS ? (uint32_t)root[i] : id[i];
}

/* Each depth hangs under the one above; the square makes some parents much larger than others, as in the real tree. */
static void
draw_tree(struct ur_shop *shop)
{
	struct ur_rng rng;
	int above = 0, at = UR_SHOP_ROOTS;

	ur_rng_seed(&rng, shop->seed, TREE_STREAM);
	draw_category_ids(shop, &rng);
	for (int i = 0; i < UR_SHOP_ROOTS; i++) {
		shop->parent[i] = -1;
		shop->root[i] = i;
	}
	for (int d = 1; d < DEPTHS; d++) {
		for (int i = at; i < at + depth_size[d]; i++) {
			double x = ur_rng_uniform(&rng);

			shop->parent[i] = above + (int)(x * x * depth_size[d - 1]);
			shop->root[i] = shop->root[shop->parent[i]];
		}
		above = at;
		at += depth_size[d];
	}
}

void
ur_shop_write_tree(const struct ur_shop *shop, FILE *f)
{
	uint32_t order[UR_SHOP_CATEGORIES];
	struct ur_rng rng;

	ur_rng_seed(&rng, shop->seed, ROWS_STREAM);
	for (uint32_t i = 0; i < UR_SHOP_CATEGORIES; i++)
		order[i] = i;
	shuffle(order, UR_SHOP_CATEGORIES, &rng);
	fprintf(f, "categoryid,parentid\n");
	for (int i = 0; i < UR_SHOP_CATEGORIES; i++) {
		uint32_t c = order[i];

		if (shop->parent[c] < 0)
			fprintf(f, "%u,\n", shop->category[c]);
		else
			fprintf(f, "%u,%u\n", shop->category[c], shop->category[shop->parent[c]]);
	}
}

/* --- items -------------------------------------------------------------------- */

/*
 * In the real dataset ids run almost without a gap, and an item without properties is one of the
 * log: so the items of the log and those with properties overlap as little as the ids allow.
 */
void
ur_shop_init(struct ur_shop *shop, const struct ur_synth_size *size, uint64_t seed)
{
	size_t known_of_log = size->items - (size_t)(.212 * size->items);
	struct ur_rng rng;

	*shop = (struct ur_shop){ .size = *size, .seed = seed };
	if (known_of_log > size->catalogue)
		known_of_log = size->catalogue;
	shop->ids = size->items + size->catalogue - known_of_log;
	shop->id = ur_alloc(shop->ids, sizeof *shop->id);
	for (size_t i = 0; i < shop->ids; i++)
		shop->id[i] = (uint32_t)i;
	ur_rng_seed(&rng, seed, ID_STREAM);
	shuffle(shop->id, shop->ids, &rng);
	draw_tree(shop);
}

void
ur_shop_free(struct ur_shop *shop)
{
	free(shop->id);
	shop->id = NULL;
}

/* What is known of an item, week by week from `first` on. */
struct weeks {
	int first;
	int category[UR_SHOP_WEEKS];
	uint32_t price[UR_SHOP_WEEKS];          /* units */
	bool available[UR_SHOP_WEEKS];
};

/* Of any depth but the top; the square makes some categories much larger than others. */
static int
draw_category(struct ur_rng *rng)
{
	double x = ur_rng_uniform(rng);

	return UR_SHOP_ROOTS + (int)(x * x * (UR_SHOP_CATEGORIES - UR_SHOP_ROOTS));
}

/* In units of 1.2, of which real prices are multiples. */
static uint32_t
to_units(double log_price)
{
	double x = exp(log_price) / 1.2;

	return x < 1 ? 1 : x > 1e8 ? 100000000 : (uint32_t)x;
}

static void
draw_weeks(const struct ur_shop *shop, uint32_t item, struct weeks *w)
{
	struct ur_rng rng;
	double about;

	ur_rng_seed(&rng, shop->seed, ITEM_STREAM + (uint64_t)item);
	w->first = ur_rng_uniform(&rng) < late ? 1 + (int)ur_rng_below(&rng, UR_SHOP_WEEKS - 1) : 0;
	about = UR_SHOP_PRICE_MEAN + UR_SHOP_PRICE_DEVIATION * ur_rng_normal(&rng);
	for (int i = w->first; i < UR_SHOP_WEEKS; i++) {
		bool first = i == w->first;

		if (first || ur_rng_uniform(&rng) < new_category)
			w->category[i] = draw_category(&rng);
		else
			w->category[i] = w->category[i - 1];
		if (first || ur_rng_uniform(&rng) < new_price)
			w->price[i] = to_units(about + (first ? 0 : .1 * ur_rng_normal(&rng)));
		else
			w->price[i] = w->price[i - 1];
		if (first)
			w->available[i] = ur_rng_below(&rng, 2);
		else
			w->available[i] = w->available[i - 1] ^ (ur_rng_uniform(&rng) < new_available);
	}
}

static bool
has_properties(const struct ur_shop *shop, uint32_t item)
{
	return item >= shop->ids - shop->size.catalogue;
}

struct ur_shop_item
ur_shop_at(const struct ur_shop *shop, uint32_t item, int64_t time)
{
	struct ur_shop_item now = { .category = -1 };
	struct weeks w;
	int64_t i = time < first_week ? -1 : (time - first_week) / week;

	if (!has_properties(shop, item))
		return now;
	draw_weeks(shop, item, &w);
	if (i >= UR_SHOP_WEEKS)
		i = UR_SHOP_WEEKS - 1;
	if (i < w.first)
		return now;
	now.category = w.category[i];
	now.price = (double)(w.price[i] * (uint64_t)1200) / 1000;
	now.available = w.available[i];
	return now;
}

/* --- the files of properties ----------------------------------------------------- */

struct rows {
	FILE *part[2];
	uint64_t left[2];               /* rows still to be written to each */
	struct ur_text text;
	size_t start[ROUND + 1];        /* of each row in text */
	size_t n;
	struct ur_rng rng;
};

static void
flush_rows(struct rows *r)
{
	uint32_t order[ROUND];

	for (uint32_t i = 0; i < r->n; i++)
		order[i] = i;
	shuffle(order, r->n, &r->rng);
	r->start[r->n] = r->text.n;
	for (size_t i = 0; i < r->n; i++) {
		int part = r->left[0] == 0;

		r->left[part]--;
		fwrite(r->text.p + r->start[order[i]], 1, r->start[order[i] + 1] - r->start[order[i]], r->part[part]);
	}
	r->n = r->text.n = 0;
}

static void
begin_row(struct rows *r, int in_week, uint32_t id)
{
	if (r->n == ROUND)
		flush_rows(r);
	r->start[r->n++] = r->text.n;
	ur_text_u64(&r->text, (uint64_t)(first_week + in_week * week));
	ur_text_put(&r->text, ",");
	ur_text_u64(&r->text, id);
	ur_text_put(&r->text, ",");
}

static void
put_thousandths(struct ur_text *t, uint64_t x)
{
	ur_text_put(t, "n");
	ur_text_u64(t, x / 1000);
	ur_text_put(t, x % 1000 < 10 ? ".00" : x % 1000 < 100 ? ".0" : ".");
	ur_text_u64(t, x % 1000);
}

/* The rows that matter, without what has not changed; returns their number. */
static uint64_t
put_known(struct rows *r, const struct ur_shop *shop, uint32_t id, const struct weeks *w)
{
	uint64_t n = 0;

	for (int i = w->first; i < UR_SHOP_WEEKS; i++) {
		bool first = i == w->first;

		if (first || w->category[i] != w->category[i - 1]) {
			begin_row(r, i, id);
			ur_text_put(&r->text, "categoryid,");
			ur_text_u64(&r->text, shop->category[w->category[i]]);
			ur_text_put(&r->text, "\n");
			n++;
		}
		if (first || w->price[i] != w->price[i - 1]) {
			begin_row(r, i, id);
			ur_text_put(&r->text, "790,");
			put_thousandths(&r->text, w->price[i] * (uint64_t)1200);
			ur_text_put(&r->text, "\n");
			n++;
		}
		if (first || w->available[i] != w->available[i - 1]) {
			begin_row(r, i, id);
			ur_text_put(&r->text, w->available[i] ? "available,1\n" : "available,0\n");
			n++;
		}
	}
	return n;
}

/* Hashed words, of which one in eight is a number. */
static void
put_tokens(struct rows *r)
{
	for (uint64_t left = 1 + ur_rng_below(&r->rng, 2) + ur_rng_below(&r->rng, 7) / 2; left > 0; left--) {
		uint64_t x = ur_rng_next(&r->rng);

		if (x % 8 == 0)
			put_thousandths(&r->text, (x >> 3) % 1000 * 1200);
		else
			ur_text_u64(&r->text, (x >> 3) % 1300000);
		ur_text_put(&r->text, left > 1 ? " " : "\n");
	}
}

/* n rows of properties that nobody understands: each in the first week of the item and, perhaps, in a few later ones. */
static void
put_others(struct rows *r, uint32_t id, int first, uint64_t n)
{
	uint64_t name = ur_rng_below(&r->rng, NAMES);

	for (int i = first; n > 0; n--) {
		if (name == PRICE)
			name++;
		begin_row(r, i, id);
		ur_text_u64(&r->text, name);
		ur_text_put(&r->text, ",");
		put_tokens(r);
		i += 1 + (int)ur_rng_below(&r->rng, 16);
		if (i >= UR_SHOP_WEEKS) {
			i = first;
			name = (name + 1 + ur_rng_below(&r->rng, 8)) % NAMES;
		}
	}
}

/* Other rows for an item, so that all of them come to size.properties exactly. */
static uint64_t
share(uint64_t left, uint64_t items, uint64_t known, struct ur_rng *rng)
{
	double mean = (double)left / (double)items;

	if (items == 1)
		return left > known ? left - known : 0;
	if (mean <= (double)known)
		return 0;
	return (uint64_t)((mean - (double)known) * (items < EVEN ? 1 : .5 + ur_rng_uniform(rng)));
}

void
ur_shop_write_properties(const struct ur_shop *shop, FILE *part1, FILE *part2)
{
	uint64_t left = shop->size.properties, first = (uint64_t)((double)left * 10999999 / 20275902);
	struct rows *r = ur_calloc(1, sizeof *r);
	uint32_t n = shop->size.catalogue, *order = ur_alloc(n, sizeof *order);

	*r = (struct rows){ .part = { part1, part2 }, .left = { first, left } };
	ur_rng_seed(&r->rng, shop->seed, WEEKS_STREAM);
	for (uint32_t i = 0; i < n; i++)
		order[i] = (uint32_t)shop->ids - n + i;
	shuffle(order, n, &r->rng);
	fprintf(part1, "timestamp,itemid,property,value\n");
	fprintf(part2, "timestamp,itemid,property,value\n");
	for (uint32_t i = 0; i < n; i++) {
		uint64_t known, others;
		struct weeks w;

		draw_weeks(shop, order[i], &w);
		known = put_known(r, shop, shop->id[order[i]], &w);
		others = share(left, n - i, known, &r->rng);
		put_others(r, shop->id[order[i]], w.first, others);
		left -= known + others < left ? known + others : left;
	}
	flush_rows(r);
	free(r->text.p);
	free(r);
	free(order);
}
