/*
 * choices.h - made-up choices for the tests of training: users who prefer some items, as a batches
 * file with dense columns, id, repeat and popularity as features.  Included after cmocka.h.
 */
#include <stdio.h>
#include <unistd.h>

#include "data.h"
#include "mem.h"
#include "rng.h"

enum { CHOICE_ITEMS = 12, CHOICE_COLUMNS = 19 };

static void
choices_spec(struct ur_spec *spec)
{
	*spec = (struct ur_spec){
		.feature = { UR_F_ID, UR_F_REPEAT, UR_F_POPULARITY }, .features = 3, .min_count = 1, .vector = CHOICE_COLUMNS,
		.items = CHOICE_ITEMS, .training_steps = 100,
	};
	spec->mean[UR_F_POPULARITY] = 2;
	spec->deviation[UR_F_POPULARITY] = 1;
	spec->item = ur_alloc(CHOICE_ITEMS, sizeof *spec->item);
	spec->shown = ur_alloc(CHOICE_ITEMS, sizeof *spec->shown);
	spec->picked = ur_alloc(CHOICE_ITEMS, sizeof *spec->picked);
	spec->vocabulary[UR_F_ID].value = ur_alloc(CHOICE_ITEMS, sizeof(uint64_t));
	spec->vocabulary[UR_F_ID].n = CHOICE_ITEMS;
	for (uint32_t i = 0; i < CHOICE_ITEMS; i++) {
		spec->item[i] = spec->vocabulary[UR_F_ID].value[i] = 100 + i;
		spec->shown[i] = 5 + i;
		spec->picked[i] = i;
	}
}

static void
choices_items(struct ur_writer *w, const struct ur_spec *spec)
{
	uint32_t code[CHOICE_ITEMS];
	real x[CHOICE_ITEMS][CHOICE_COLUMNS];
	struct ur_items items = {
		.rows = CHOICE_ITEMS, .dense = CHOICE_COLUMNS, .onehots = 1, .id = spec->item, .x = x[0], .code = code,
		.shown = spec->shown, .picked = spec->picked,
	};

	for (uint32_t i = 0; i < CHOICE_ITEMS; i++) {
		code[i] = i + 1;
		for (uint32_t d = 0; d < CHOICE_COLUMNS; d++)
			x[i][d] = (real)((i * (d + 2) % 7) / 4. - .75);
	}
	ur_writer_items(w, &items);
}

/* A set of 2 to 5 items; items of high number are picked more often; `none` in 8 steps have no pick. */
static void
choices_step(struct ur_users *users, enum ur_role role, int64_t time, unsigned none, struct ur_rng *rng)
{
	uint32_t row[CHOICE_ITEMS], size = 2 + (uint32_t)ur_rng_below(rng, 4);
	int32_t pick = 0;

	for (uint32_t i = 0; i < CHOICE_ITEMS; i++)
		row[i] = i;
	for (uint32_t i = 0; i < size; i++) {
		uint32_t j = i + (uint32_t)ur_rng_below(rng, CHOICE_ITEMS - i), t = row[i];

		row[i] = row[j];
		row[j] = t;
		if (row[i] > row[pick] && ur_rng_below(rng, 4) > 0)
			pick = (int32_t)i;
	}
	ur_users_add_step(users, time, role, ur_rng_below(rng, 8) < none ? -1 : pick);
	for (uint32_t i = 0; i < size; i++)
		ur_users_add_row(users, row[i], (uint16_t)i);
}

/*
 * n users of one to four steps; every fifth user is for validation, if `validation`.  The file has no name
 * left when this returns, so nothing has to be removed.
 */
static void
make_choices(struct ur_data *data, int n, bool validation, unsigned none)
{
	char path[] = "/tmp/choices.XXXXXX", err[UR_ERR];
	struct ur_header header = { .format = UR_BATCHES, .has_spec = true };
	struct ur_users users = { 0 };
	struct ur_writer *w;
	struct ur_rng rng;
	FILE *f = fdopen(mkstemp(path), "wb");

	choices_spec(&header.spec);
	ur_rng_seed(&rng, 5, 0);
	w = ur_writer_open(f, &header);
	choices_items(w, &header.spec);
	for (int u = 0; u < n; u++) {
		ur_users_add_user(&users, (uint64_t)u + 1);
		for (int64_t s = 0, steps = 1 + (int64_t)ur_rng_below(&rng, 4); s < steps; s++)
			choices_step(&users, validation && u % 5 == 4 ? UR_VALIDATION : UR_TRAIN, s, none, &rng);
	}
	ur_writer_users(w, &users);
	assert_int_equal(ur_writer_close(w, err), 0);
	assert_int_equal(fclose(f), 0);
	if (ur_data_load(data, path, err) < 0)
		fail_msg("%s", err);
	unlink(path);
	ur_users_free(&users);
	ur_header_free(&header);
}
