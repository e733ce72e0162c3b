#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cols.h"
#include "data.h"
#include "ids.h"
#include "mem.h"
#include "stream.h"

enum { SHOWN_BEFORE = 1, PICKED_BEFORE = 2 };   /* the two flags of `repeat` */

/* A BATCH frame: its columns, and the first of its shown items among all. */
struct place {
	struct ur_columns c;
	size_t item_base, user_base;
};

/* A user's first step, in a frame; a user that goes on does so at the start of the next. */
struct start {
	uint32_t frame, step, item;     /* within the frame */
	uint32_t steps;                 /* in all */
};

struct ur_data_index {
	struct ur_reader reader;        /* keeps the bytes */
	struct place *frame;
	size_t frames, frame_cap;
	struct start *user;
	size_t user_cap;
	uint8_t *repeat;                /* [shown], if there is such a feature */
	size_t repeat_cap;
	real (*popularity)[2];          /* [rows]: of other steps, seen from a step in no loss and from a training step */
};

/* --- loading ----------------------------------------------------------------- */

static int
index_frame(struct ur_data *data, const struct ur_columns *c, bool goes_on)
{
	struct ur_data_index *index = data->index;
	size_t step = 0, item = 0;

	UR_GROW(index->frame, index->frame_cap, index->frames + 1);
	index->frame[index->frames] = (struct place){ *c, data->shown, data->users - goes_on };
	UR_GROW(index->user, index->user_cap, data->users + c->users);
	for (size_t u = 0; u < c->users; u++) {
		uint32_t steps = ur_u32(c->nsteps, u);

		if (u == 0 && goes_on) {
			if (steps > UINT32_MAX - index->user[data->users - 1].steps)
				return ur_reader_fail(&index->reader, "too many steps of one user");
			index->user[data->users - 1].steps += steps;
		} else {
			index->user[data->users++] = (struct start){
				(uint32_t)index->frames, (uint32_t)step, (uint32_t)item, steps
			};
		}
		for (size_t end = step + steps; step < end; step++)
			item += ur_u16(c->size, step);
	}
	index->frames++;
	data->steps += c->steps;
	data->shown += c->items;
	return 0;
}

static void
count_roles(struct ur_data *data, const struct ur_columns *c)
{
	for (size_t s = 0; s < c->steps; s++) {
		data->role_steps[c->role[s]]++;
		data->role_picks[c->role[s]] += (int32_t)ur_u32(c->pick, s) >= 0;
	}
}

/* --- page features ----------------------------------------------------------- */

/* Which users have last been shown, and have last picked, each item; rows of one id are one item. */
struct seen {
	uint32_t *item;                 /* [rows] number of a row's item */
	uint32_t *shown, *picked;       /* [items] user, 0 none */
	uint32_t user;                  /* the one at hand, counted from 1 */
};

static void
seen_init(struct seen *seen, const struct ur_items *items)
{
	struct ur_ids ids = { 0 };

	seen->item = ur_alloc(items->rows, sizeof *seen->item);
	for (uint32_t row = 0; row < items->rows; row++)
		seen->item[row] = ur_ids_add(&ids, items->id[row]);
	seen->shown = ur_calloc(ids.n, sizeof *seen->shown);
	seen->picked = ur_calloc(ids.n, sizeof *seen->picked);
	ur_ids_free(&ids);
}

static void
seen_free(struct seen *seen)
{
	free(seen->item);
	free(seen->shown);
	free(seen->picked);
}

/* The flags of a step's items are those of earlier steps: they are noted after all are looked up. */
static void
flag_step(struct seen *seen, const uint8_t *item, size_t size, int32_t pick, uint8_t *repeat)
{
	for (size_t k = 0; k < size; k++) {
		uint32_t i = seen->item[ur_u32(item, k)];

		repeat[k] = (uint8_t)((seen->shown[i] == seen->user ? SHOWN_BEFORE : 0) |
		    (seen->picked[i] == seen->user ? PICKED_BEFORE : 0));
	}
	for (size_t k = 0; k < size; k++)
		seen->shown[seen->item[ur_u32(item, k)]] = seen->user;
	if (pick >= 0)
		seen->picked[seen->item[ur_u32(item, (size_t)pick)]] = seen->user;
}

static void
flag_frame(struct seen *seen, const struct ur_columns *c, bool goes_on, uint8_t *repeat)
{
	size_t step = 0, item = 0;

	for (size_t u = 0; u < c->users; u++) {
		if (u > 0 || !goes_on)
			seen->user++;
		for (size_t end = step + ur_u32(c->nsteps, u); step < end; step++) {
			size_t size = ur_u16(c->size, step);

			flag_step(seen, c->item + item * sizeof(uint32_t), size, (int32_t)ur_u32(c->pick, step), repeat + item);
			item += size;
		}
	}
}

/* log1p of the number of other training steps that show the item, scaled. */
static real
popularity(const struct ur_spec *spec, uint32_t others)
{
	return (real)ur_spec_scaled(spec, UR_F_POPULARITY, log1p(others));
}

static void
tabulate_popularity(struct ur_data *data)
{
	const struct ur_items *items = &data->items;
	real (*table)[2] = ur_alloc(items->rows, sizeof *table);

	for (uint32_t row = 0; row < items->rows; row++) {
		uint32_t shown = items->shown[row];

		table[row][0] = popularity(&data->header.spec, shown);
		table[row][1] = popularity(&data->header.spec, shown - (shown > 0));
	}
	data->index->popularity = table;
}

/* --- the interface ----------------------------------------------------------- */

static int
load_frames(struct ur_data *data, struct seen *seen, bool repeat)
{
	struct ur_data_index *index = data->index;
	struct ur_columns c;
	bool goes_on = false;
	int more;

	while ((more = ur_reader_columns(&index->reader, &c)) > 0) {
		size_t at = data->shown;

		if (index->frames == 0 && repeat)
			seen_init(seen, &index->reader.items);
		if (index_frame(data, &c, goes_on) < 0)
			return -1;
		count_roles(data, &c);
		if (repeat) {
			UR_GROW(index->repeat, index->repeat_cap, data->shown);
			flag_frame(seen, &c, goes_on, index->repeat + at);
		}
		goes_on = c.more;
	}
	return more;
}

int
ur_data_load(struct ur_data *data, const char *path, char *err)
{
	struct ur_reader *r;
	struct seen seen = { 0 };
	int status;

	memset(data, 0, sizeof *data);
	data->index = ur_calloc(1, sizeof *data->index);
	r = &data->index->reader;
	if (ur_reader_open_whole(r, path, UR_BATCHES) < 0)
		return ur_fail(err, "%s", r->err);
	status = load_frames(data, &seen, ur_spec_has(&r->header.spec, UR_F_REPEAT));
	seen_free(&seen);
	if (status < 0)
		return ur_fail(err, "%s", r->err);
	data->name = r->in.name;
	data->hash = ur_frames_hash(&r->stream->frames);
	data->header = r->header;
	data->items = r->items;
	memset(&r->header, 0, sizeof r->header);
	memset(&r->items, 0, sizeof r->items);
	if (ur_spec_has(&data->header.spec, UR_F_POPULARITY))
		tabulate_popularity(data);
	return 0;
}

void
ur_data_free(struct ur_data *data)
{
	struct ur_data_index *index = data->index;

	if (index != NULL) {
		ur_reader_close(&index->reader);
		free(index->frame);
		free(index->user);
		free(index->repeat);
		free(index->popularity);
		free(index);
	}
	ur_header_free(&data->header);
	ur_items_free(&data->items);
	memset(data, 0, sizeof *data);
}

uint64_t
ur_data_user(const struct ur_data *data, size_t u)
{
	const struct place *frame = &data->index->frame[data->index->user[u].frame];

	return ur_u64(frame->c.user, u - frame->user_base);
}

/* The part of a user's steps that lies in one frame. */
struct part {
	const struct place *frame;
	size_t step, steps, item, items;        /* within the frame */
};

static void
size_part(struct part *part, size_t left)
{
	const struct ur_columns *c = &part->frame->c;

	part->steps = c->steps - part->step < left ? c->steps - part->step : left;
	part->items = 0;
	for (size_t s = 0; s < part->steps; s++)
		part->items += ur_u16(c->size, part->step + s);
}

static void
first_part(const struct ur_data *data, size_t u, struct part *part)
{
	const struct start *start = &data->index->user[u];

	*part = (struct part){ &data->index->frame[start->frame], start->step, 0, start->item, 0 };
	size_part(part, start->steps);
}

static void
next_part(struct part *part, size_t left)
{
	*part = (struct part){ part->frame + 1, 0, 0, 0, 0 };
	size_part(part, left);
}

uint32_t
ur_data_steps(const struct ur_data *data, size_t u, unsigned roles)
{
	uint32_t left = data->index->user[u].steps, n = 0;
	struct part part;

	for (first_part(data, u, &part);; next_part(&part, left)) {
		for (size_t s = 0; s < part.steps; s++)
			n += roles >> part.frame->c.role[part.step + s] & 1;
		if ((left -= (uint32_t)part.steps) == 0)
			return n;
	}
}

/* --- gathering --------------------------------------------------------------- */

void
ur_batch_free(struct ur_batch *b)
{
	free(b->user);
	free(b->user_off);
	free(b->item_off);
	free(b->time);
	free(b->role);
	free(b->pick);
	free(b->item);
	free(b->rank);
	free(b->page);
	memset(b, 0, sizeof *b);
}

/* Room for `need` in arrays that share a capacity. */
static bool
grown(size_t *cap, size_t need)
{
	if (need <= *cap)
		return false;
	*cap = need > 2 * *cap ? need : 2 * *cap;
	return true;
}

static void
grow_batch(struct ur_batch *b, size_t steps, size_t items)
{
	if (grown(&b->step_cap, steps)) {
		b->item_off = ur_realloc(b->item_off, b->step_cap + 1, sizeof *b->item_off);
		b->time = ur_realloc(b->time, b->step_cap, sizeof *b->time);
		b->role = ur_realloc(b->role, b->step_cap, sizeof *b->role);
		b->pick = ur_realloc(b->pick, b->step_cap, sizeof *b->pick);
	}
	if (grown(&b->item_cap, items)) {
		b->item = ur_realloc(b->item, b->item_cap, sizeof *b->item);
		b->rank = ur_realloc(b->rank, b->item_cap, sizeof *b->rank);
	}
	UR_GROW(b->page, b->page_cap, items * (size_t)b->P);
}

/* Page columns of n items of a step, whose flags and rows are given. */
static void
fill_page(const struct ur_data *data, const uint8_t *repeat, const uint32_t *row, size_t n, bool training, real *page)
{
	const struct ur_spec *spec = &data->header.spec;

	for (size_t k = 0; k < n; k++)
		for (int i = 0; i < spec->features; i++) {
			if (spec->feature[i] == UR_F_REPEAT) {
				assert(repeat != NULL);
				*page++ = (repeat[k] & SHOWN_BEFORE) != 0;
				*page++ = (repeat[k] & PICKED_BEFORE) != 0;
			} else if (spec->feature[i] == UR_F_POPULARITY) {
				*page++ = data->index->popularity[row[k]][training];
			}
		}
}

static void
gather_part(const struct ur_data *data, const struct part *part, struct ur_batch *b)
{
	const struct ur_columns *c = &part->frame->c;
	const uint8_t *repeat = data->index->repeat;
	size_t N = (size_t)b->N, K = (size_t)b->K, item = part->item;

	assert(K + part->items <= INT32_MAX && N + part->steps <= INT32_MAX);
	grow_batch(b, N + part->steps, K + part->items);
	memcpy(b->time + N, c->time + part->step * 8, part->steps * 8);
	memcpy(b->role + N, c->role + part->step, part->steps);
	memcpy(b->pick + N, c->pick + part->step * 4, part->steps * 4);
	memcpy(b->item + K, c->item + part->item * 4, part->items * 4);
	memcpy(b->rank + K, c->rank + part->item * 2, part->items * 2);
	for (size_t s = 0; s < part->steps; s++) {
		size_t size = ur_u16(c->size, part->step + s);

		b->item_off[N + s] = (int)K;
		if (b->P > 0)
			fill_page(data, repeat == NULL ? NULL : repeat + part->frame->item_base + item, b->item + K, size,
			    b->role[N + s] == UR_TRAIN, b->page + K * (size_t)b->P);
		K += size;
		item += size;
	}
	b->N += (int)part->steps;
	b->K = (int)K;
}

void
ur_data_gather(const struct ur_data *data, const uint32_t *users, size_t n, struct ur_batch *b)
{
	struct part part;

	b->N = b->K = 0;
	b->U = (int)n;
	b->P = ur_spec_page(&data->header.spec);
	if (grown(&b->user_cap, n + 1)) {
		b->user = ur_realloc(b->user, b->user_cap, sizeof *b->user);
		b->user_off = ur_realloc(b->user_off, b->user_cap, sizeof *b->user_off);
	}
	grow_batch(b, 1, 0);
	for (size_t i = 0; i < n; i++) {
		size_t left = data->index->user[users[i]].steps;

		b->user[i] = ur_data_user(data, users[i]);
		b->user_off[i] = b->N;
		for (first_part(data, users[i], &part);; next_part(&part, left)) {
			gather_part(data, &part, b);
			if ((left -= part.steps) == 0)
				break;
		}
	}
	b->user_off[n] = b->N;
	b->item_off[b->N] = b->K;
}
