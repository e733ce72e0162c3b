/*
 * synth.h - a made-up shop and its click log, in RetailRocket's formats, drawn from a known user model.
 *
 * What is drawn follows from (size, seed) alone.  The caller owns the structs and the files.
 */
#ifndef UR_SYNTH_H
#define UR_SYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rec.h"

/* --- how much of everything --------------------------------------------- */

struct ur_synth_size {
	uint32_t visitors, items;       /* in the log */
	uint64_t views, carts, transactions;    /* rows of the log; views with those there twice */
	uint64_t doubles, sessions;
	uint32_t catalogue;             /* items with properties */
	uint64_t properties;            /* rows of the properties */
	int64_t begin, end;             /* ms */
};

/* "full", "sample" (the first 100,000 rows of the real log), or a fraction of full.  0, or -1 with err. */
int ur_synth_scale(struct ur_synth_size *size, const char *text, char *err);

/* --- the shop: categories, items and what is known of them by week ----------- */

enum { UR_SHOP_CATEGORIES = 1669, UR_SHOP_ROOTS = 25, UR_SHOP_WEEKS = 18 };

/* Prices are made so that their logarithm has about these. */
#define UR_SHOP_PRICE_MEAN 9.0
#define UR_SHOP_PRICE_DEVIATION 1.3

struct ur_shop {
	struct ur_synth_size size;
	uint64_t seed;
	uint32_t *id;                   /* ids of items; the first size.items are in the log, the last size.catalogue have properties */
	size_t ids;
	uint32_t category[UR_SHOP_CATEGORIES];  /* ids; those of roots come first, ascending */
	int parent[UR_SHOP_CATEGORIES]; /* position of the parent, -1 at the top */
	int root[UR_SHOP_CATEGORIES];   /* position of the top */
};

/* What is known of an item at some time. */
struct ur_shop_item {
	int category;                   /* position; -1: nothing is known */
	double price;
	bool available;
};

void ur_shop_init(struct ur_shop *shop, const struct ur_synth_size *size, uint64_t seed);
void ur_shop_free(struct ur_shop *shop);
/* item: position in shop->id; time in ms. */
struct ur_shop_item ur_shop_at(const struct ur_shop *shop, uint32_t item, int64_t time);
void ur_shop_write_tree(const struct ur_shop *shop, FILE *f);
/* Weekly snapshots without what has not changed, cut into two files where the real ones are. */
void ur_shop_write_properties(const struct ur_shop *shop, FILE *part1, FILE *part2);

/* --- the user model that picks -------------------------------------------- */

/* A logit over the features root, price, available, repeat: u = sum of weights. */
struct ur_truth {
	double root[UR_SHOP_ROOTS + 1]; /* by code, 0 for no root */
	double price, no_price;         /* of the scaled logarithm, of the flag */
	double available;
	double shown, picked;           /* to, by this user in an earlier step */
};

void ur_truth_draw(struct ur_truth *truth, uint64_t seed);
/* u of an item (position in shop->id) at a time (ms), for a visitor to whom it was shown, who picked it, before. */
double ur_truth_reward(const struct ur_truth *truth, const struct ur_shop *shop, uint32_t item, int64_t time,
    bool shown, bool picked);
/* Writes it as a model stream; header has the history and is filled.  0, or -1 with err. */
int ur_truth_write(const struct ur_truth *truth, const struct ur_shop *shop, struct ur_header *header, FILE *f, char *err);

/* --- the log ---------------------------------------------------------------- */

/* Writes events.csv: views, carts and transactions in the disorder of the real file. */
void ur_synth_log(const struct ur_shop *shop, const struct ur_truth *truth, FILE *f);

#endif
