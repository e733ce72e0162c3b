/*
 * synth - batches of made-up users, for measurements.
 *
 * usage: synth users items dense >batches
 *
 * Items have `dense` columns of normal numbers, or are one-hots when dense is 0.  A user has
 * 3.4 steps on average (geometric), a step shows 2 to 10 items, 4.4 on average (binomial); the pick
 * follows a softmax of a planted utility, so that there is something to learn.  Of ten users
 * eight are for training, one for validation, one for test.  Few items are shown often and many
 * seldom: item = items * x^2 for uniform x.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rec.h"
#include "rng.h"

enum { MORE_SHOWN = 8 };                /* items beyond the first two: binomial(8, .3) */
static const double shown_share = .3, last_step = 1 / 3.4;

struct world {
	struct ur_items items;
	double *utility;        /* [rows] */
	struct ur_users users;
	struct ur_rng rng;
};

static void
make_items(struct world *w, uint32_t rows, int dense)
{
	struct ur_items *items = &w->items;

	items->rows = rows;
	items->dense = dense;
	items->onehots = dense == 0;
	items->id = ur_alloc(rows, sizeof *items->id);
	items->x = ur_alloc((size_t)rows * dense + 1, sizeof *items->x);
	items->code = ur_alloc(rows, sizeof *items->code);
	items->shown = ur_calloc(rows, sizeof *items->shown);
	items->picked = ur_calloc(rows, sizeof *items->picked);
	w->utility = ur_alloc(rows, sizeof *w->utility);
	for (uint32_t r = 0; r < rows; r++) {
		items->id[r] = r;
		items->code[r] = r + 1;
		for (int j = 0; j < dense; j++)
			items->x[(size_t)r * dense + j] = (real)ur_rng_normal(&w->rng);
		w->utility[r] = dense > 0 ? 2 * items->x[(size_t)r * dense] : ur_rng_normal(&w->rng);
	}
}

static int
draw_size(struct ur_rng *rng)
{
	int n = 2;

	for (int i = 0; i < MORE_SHOWN; i++)
		n += ur_rng_uniform(rng) < shown_share;
	return n;
}

/* n different rows, ascending. */
static void
draw_set(struct world *w, uint32_t *row, int n)
{
	for (int i = 0; i < n;) {
		double x = ur_rng_uniform(&w->rng);
		uint32_t r = (uint32_t)(w->items.rows * x * x);
		int at = i;

		while (at > 0 && row[at - 1] > r)
			at--;
		if (at > 0 && row[at - 1] == r)
			continue;
		memmove(row + at + 1, row + at, (size_t)(i - at) * sizeof *row);
		row[at] = r;
		i++;
	}
}

static int
draw_pick(struct world *w, const uint32_t *row, int n)
{
	double p[2 + MORE_SHOWN], total = 0;
	int k = 0;

	for (int i = 0; i < n; i++)
		total += p[i] = exp(w->utility[row[i]]);
	for (double left = total * ur_rng_uniform(&w->rng); k < n - 1 && (left -= p[k]) > 0;)
		k++;
	return k;
}

static void
make_step(struct world *w, int64_t time, enum ur_role role)
{
	uint32_t row[2 + MORE_SHOWN];
	int n = draw_size(&w->rng), pick;

	draw_set(w, row, n);
	pick = draw_pick(w, row, n);
	ur_users_add_step(&w->users, time, role, pick);
	for (int i = 0; i < n; i++) {
		ur_users_add_row(&w->users, row[i], (uint16_t)i);
		w->items.shown[row[i]] += role == UR_TRAIN;
	}
	w->items.picked[row[pick]] += role == UR_TRAIN;
}

static void
make_users(struct world *w, uint64_t users)
{
	for (uint64_t u = 0; u < users; u++) {
		enum ur_role role = u % 10 < 8 ? UR_TRAIN : u % 10 == 8 ? UR_VALIDATION : UR_TEST;
		int64_t time = 0;

		ur_users_add_user(&w->users, u);
		do
			make_step(w, time++, role);
		while (ur_rng_uniform(&w->rng) >= last_step);
	}
}

static uint64_t
count_training(const struct ur_users *users)
{
	uint64_t n = 0;

	for (size_t s = 0; s < users->steps; s++)
		n += users->role[s] == UR_TRAIN;
	return n;
}

/* As if every item had been seen in training, so that each has a code of its own. */
static void
make_spec(struct ur_spec *spec, const struct world *w)
{
	const struct ur_items *items = &w->items;

	spec->vector = items->dense;
	if (items->onehots) {
		spec->feature[spec->features++] = UR_F_ID;
		spec->vocabulary[UR_F_ID] = (struct ur_vocabulary){ items->id, items->rows };
	}
	spec->item = items->id;
	spec->shown = items->shown;
	spec->picked = items->picked;
	spec->items = items->rows;
	spec->training_steps = count_training(&w->users);
}

int
main(int argc, char **argv)
{
	struct world w = { 0 };
	struct ur_header header = { .format = UR_BATCHES, .has_spec = true };
	struct ur_writer *out;
	char error[UR_ERR];

	if (argc != 4) {
		fprintf(stderr, "usage: synth users items dense > batches\n");
		return 2;
	}
	ur_rng_seed(&w.rng, 1, 0);
	make_items(&w, (uint32_t)strtoul(argv[2], NULL, 10), atoi(argv[3]));
	make_users(&w, strtoull(argv[1], NULL, 10));
	make_spec(&header.spec, &w);
	ur_header_add_stage(&header, "synth", UR_VERSION);
	out = ur_writer_open(stdout, &header);
	ur_writer_items(out, &w.items);
	ur_writer_users(out, &w.users);
	if (ur_writer_close(out, error) < 0 || fflush(stdout) != 0) {
		fprintf(stderr, "synth: cannot write\n");
		return 1;
	}
	return 0;
}
