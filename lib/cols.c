#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "cols.h"
#include "mem.h"

const char *const ur_role_name[] = { "train", "validation", "test", "context", "none" };

/* --- users, as they are gathered --------------------------------------------- */

void
ur_users_add_user(struct ur_users *u, uint64_t user)
{
	UR_GROW(u->user, u->user_cap, u->users + 1);
	UR_GROW(u->nsteps, u->nsteps_cap, u->users + 1);
	u->user[u->users] = user;
	u->nsteps[u->users] = 0;
	u->users++;
}

void
ur_users_add_step(struct ur_users *u, int64_t time, enum ur_role role, int32_t pick)
{
	assert(u->users > 0);
	UR_GROW(u->time, u->time_cap, u->steps + 1);
	UR_GROW(u->role, u->role_cap, u->steps + 1);
	UR_GROW(u->pick, u->pick_cap, u->steps + 1);
	UR_GROW(u->size, u->size_cap, u->steps + 1);
	u->time[u->steps] = time;
	u->role[u->steps] = (uint8_t)role;
	u->pick[u->steps] = pick;
	u->size[u->steps] = 0;
	u->steps++;
	u->nsteps[u->users - 1]++;
}

static void
add_item(struct ur_users *u, uint16_t rank)
{
	assert(u->steps > 0 && u->size[u->steps - 1] < UINT16_MAX);
	UR_GROW(u->rank, u->rank_cap, u->items + 1);
	u->rank[u->items] = rank;
	u->items++;
	u->size[u->steps - 1]++;
}

void
ur_users_add_id(struct ur_users *u, uint64_t id, uint16_t rank)
{
	UR_GROW(u->id, u->id_cap, u->items + 1);
	u->id[u->items] = id;
	add_item(u, rank);
}

void
ur_users_add_row(struct ur_users *u, uint32_t row, uint16_t rank)
{
	UR_GROW(u->row, u->row_cap, u->items + 1);
	u->row[u->items] = row;
	add_item(u, rank);
}

void
ur_users_clear(struct ur_users *u)
{
	u->users = u->steps = u->items = 0;
	u->more = false;
}

void
ur_users_free(struct ur_users *u)
{
	free(u->user);
	free(u->nsteps);
	free(u->time);
	free(u->role);
	free(u->pick);
	free(u->size);
	free(u->id);
	free(u->row);
	free(u->rank);
	memset(u, 0, sizeof *u);
}

/* --- writing --------------------------------------------------------------- */

static void
pack_column(struct ur_pack *p, const char *name, const void *data, size_t n, size_t width)
{
	ur_pack_str(p, name);
	ur_pack_bin(p, data, n, width);
}

void
ur_users_pack(struct ur_pack *p, const struct ur_users *u, enum ur_format format)
{
	ur_pack_map(p, 9);
	pack_column(p, "user", u->user, u->users, sizeof *u->user);
	pack_column(p, "steps", u->nsteps, u->users, sizeof *u->nsteps);
	pack_column(p, "time", u->time, u->steps, sizeof *u->time);
	pack_column(p, "role", u->role, u->steps, sizeof *u->role);
	pack_column(p, "pick", u->pick, u->steps, sizeof *u->pick);
	pack_column(p, "size", u->size, u->steps, sizeof *u->size);
	if (format == UR_SESSIONS)
		pack_column(p, "item", u->id, u->items, sizeof *u->id);
	else
		pack_column(p, "item", u->row, u->items, sizeof *u->row);
	pack_column(p, "rank", u->rank, u->items, sizeof *u->rank);
	ur_pack_str(p, "more");
	ur_pack_uint(p, u->more);
}

static void
pack_dense(struct ur_pack *p, const struct ur_items *items, uint32_t first, size_t n)
{
	size_t dense = (size_t)items->dense;
	float *f = ur_alloc(n * dense, sizeof *f);

	for (size_t i = 0; i < n * dense; i++)
		f[i] = (float)items->x[first * dense + i];
	pack_column(p, "dense", f, n * dense, sizeof *f);
	free(f);
}

void
ur_items_pack(struct ur_pack *p, const struct ur_items *items, uint32_t first, uint32_t n)
{
	size_t onehots = (size_t)items->onehots;

	ur_pack_map(p, 5);
	pack_column(p, "id", items->id + first, n, sizeof *items->id);
	pack_dense(p, items, first, n);
	pack_column(p, "code", onehots == 0 ? NULL : items->code + first * onehots, n * onehots, sizeof *items->code);
	pack_column(p, "shown", items->shown + first, n, sizeof *items->shown);
	pack_column(p, "picked", items->picked + first, n, sizeof *items->picked);
}

/* --- reading --------------------------------------------------------------- */

static int
column(const char *name, const struct ur_mp *v, size_t width, const uint8_t **data, size_t *n, char *err)
{
	if (v->type != UR_MP_BIN || v->n % width != 0)
		return ur_fail(err, "\"%s\" is not a column of %zu-byte values", name, width);
	*data = v->data;
	*n = v->n / width;
	return 0;
}

/* A column that must have n values. */
static int
column_of(const char *name, const struct ur_mp *v, size_t width, const uint8_t **data, size_t n, char *err)
{
	size_t has = 0;

	if (column(name, v, width, data, &has, err) < 0)
		return -1;
	if (has != n)
		return ur_fail(err, "\"%s\" has %zu values, expected %zu", name, has, n);
	return 0;
}

static int
check_users(const struct ur_columns *c, char *err)
{
	uint64_t steps = 0;

	if (c->users == 0)
		return ur_fail(err, "no users");
	for (size_t u = 0; u < c->users; u++) {
		if (ur_u32(c->nsteps, u) == 0)
			return ur_fail(err, "user %ju has no steps", (uintmax_t)ur_u64(c->user, u));
		steps += ur_u32(c->nsteps, u);
	}
	if (steps != c->steps)
		return ur_fail(err, "\"steps\" adds up to %ju, the frame has %zu", (uintmax_t)steps, c->steps);
	return 0;
}

static int
check_steps(const struct ur_columns *c, enum ur_role last_role, char *err)
{
	uint64_t items = 0;

	for (size_t s = 0; s < c->steps; s++) {
		uint32_t size = ur_u16(c->size, s);
		int32_t pick = (int32_t)ur_u32(c->pick, s);

		if (size == 0)
			return ur_fail(err, "step %zu shows no items", s);
		if (pick < -1 || pick >= (int32_t)size)
			return ur_fail(err, "step %zu picks item %jd of %ju", s, (intmax_t)pick, (uintmax_t)size);
		if (c->role[s] > last_role)
			return ur_fail(err, "step %zu has role %d, expected at most %d", s, c->role[s], (int)last_role);
		items += size;
	}
	if (items != c->items)
		return ur_fail(err, "\"size\" adds up to %ju, the frame has %zu items", (uintmax_t)items, c->items);
	return 0;
}

static int
check_rows(const struct ur_columns *c, uint32_t rows, char *err)
{
	for (size_t i = 0; i < c->items; i++)
		if (ur_u32(c->item, i) >= rows)
			return ur_fail(err, "row %ju of an item table of %ju",
			    (uintmax_t)ur_u32(c->item, i), (uintmax_t)rows);
	return 0;
}

int
ur_columns_read(struct ur_columns *c, enum ur_format format, uint32_t rows,
    const uint8_t *payload, size_t n, char *err)
{
	enum { USER, STEPS, TIME, ROLE, PICK, SIZE, ITEM, RANK, MORE, FIELDS };
	static const char *const name[FIELDS] = {
		"user", "steps", "time", "role", "pick", "size", "item", "rank", "more"
	};
	struct ur_mp map, v[FIELDS];

	if (ur_mp_whole(&map, payload, n) < 0)
		return ur_fail(err, "malformed msgpack");
	if (ur_mp_fields(&map, name, v, FIELDS, err) < 0 ||
	    column("user", &v[USER], 8, &c->user, &c->users, err) < 0 ||
	    column_of("steps", &v[STEPS], 4, &c->nsteps, c->users, err) < 0 ||
	    column("time", &v[TIME], 8, &c->time, &c->steps, err) < 0 ||
	    column_of("role", &v[ROLE], 1, &c->role, c->steps, err) < 0 ||
	    column_of("pick", &v[PICK], 4, &c->pick, c->steps, err) < 0 ||
	    column_of("size", &v[SIZE], 2, &c->size, c->steps, err) < 0 ||
	    column("item", &v[ITEM], format == UR_SESSIONS ? 8 : 4, &c->item, &c->items, err) < 0 ||
	    column_of("rank", &v[RANK], 2, &c->rank, c->items, err) < 0)
		return -1;
	if (v[MORE].type != UR_MP_NONE && (v[MORE].type != UR_MP_UINT || v[MORE].u > 1))
		return ur_fail(err, "\"more\" is neither 0 nor 1");
	c->more = v[MORE].u;
	if (check_users(c, err) < 0 || check_steps(c, format == UR_SESSIONS ? UR_NO_ROLE : UR_CONTEXT, err) < 0)
		return -1;
	return format == UR_SESSIONS ? 0 : check_rows(c, rows, err);
}

void
ur_items_grow(struct ur_items *items, size_t rows)
{
	size_t cap = rows > 2 * items->row_cap ? rows : 2 * items->row_cap;

	if (rows <= items->row_cap)
		return;
	items->id = ur_realloc(items->id, cap, sizeof *items->id);
	items->x = ur_realloc(items->x, cap * (size_t)items->dense, sizeof *items->x);
	items->code = ur_realloc(items->code, cap * (size_t)items->onehots, sizeof *items->code);
	items->shown = ur_realloc(items->shown, cap, sizeof *items->shown);
	items->picked = ur_realloc(items->picked, cap, sizeof *items->picked);
	items->row_cap = cap;
}

static int
copy_dense(struct ur_items *items, const uint8_t *dense, size_t n, char *err)
{
	size_t D = (size_t)items->dense;
	real *x = items->x + items->rows * D;
	float f;

	for (size_t i = 0; i < n * D; i++) {
		memcpy(&f, dense + i * sizeof f, sizeof f);
		if (!isfinite(f))
			return ur_fail(err, "a feature of row %zu is not finite", items->rows + i / D);
		x[i] = f;
	}
	return 0;
}

static int
copy_codes(struct ur_items *items, const struct ur_spec *spec, const uint8_t *code, size_t n, char *err)
{
	size_t C = (size_t)items->onehots;

	for (size_t c = 0; c < C; c++) {
		uint32_t size = ur_spec_onehot_size(spec, (int)c);

		for (size_t i = c; i < n * C; i += C)
			if (ur_u32(code, i) >= size)
				return ur_fail(err, "row %zu has code %ju, expected less than %ju",
				    items->rows + i / C, (uintmax_t)ur_u32(code, i), (uintmax_t)size);
	}
	memcpy(items->code + items->rows * C, code, n * C * sizeof *items->code);
	return 0;
}

int
ur_items_read(struct ur_items *items, const struct ur_spec *spec, const uint8_t *payload, size_t n, char *err)
{
	enum { ID, DENSE, CODE, SHOWN, PICKED, FIELDS };
	static const char *const name[FIELDS] = { "id", "dense", "code", "shown", "picked" };
	const uint8_t *id = payload, *dense = payload, *code = payload, *shown = payload, *picked = payload;
	struct ur_mp map, v[FIELDS];
	size_t rows = 0;

	items->dense = ur_spec_dense(spec);
	items->onehots = ur_spec_onehots(spec);
	if (ur_mp_whole(&map, payload, n) < 0)
		return ur_fail(err, "malformed msgpack");
	if (ur_mp_fields(&map, name, v, FIELDS, err) < 0 ||
	    column("id", &v[ID], 8, &id, &rows, err) < 0 ||
	    column_of("dense", &v[DENSE], 4, &dense, rows * (size_t)items->dense, err) < 0 ||
	    column_of("code", &v[CODE], 4, &code, rows * (size_t)items->onehots, err) < 0 ||
	    column_of("shown", &v[SHOWN], 4, &shown, rows, err) < 0 ||
	    column_of("picked", &v[PICKED], 4, &picked, rows, err) < 0)
		return -1;
	if (rows > UINT32_MAX - items->rows)
		return ur_fail(err, "more than %ju rows in the item table", (uintmax_t)UINT32_MAX);
	if (rows == 0)          /* there may be no table yet to copy them to */
		return 0;
	ur_items_grow(items, items->rows + rows);
	if (copy_dense(items, dense, rows, err) < 0 || copy_codes(items, spec, code, rows, err) < 0)
		return -1;
	memcpy(items->id + items->rows, id, rows * sizeof *items->id);
	memcpy(items->shown + items->rows, shown, rows * sizeof *items->shown);
	memcpy(items->picked + items->rows, picked, rows * sizeof *items->picked);
	items->rows += (uint32_t)rows;
	return 0;
}

void
ur_items_free(struct ur_items *items)
{
	free(items->id);
	free(items->x);
	free(items->code);
	free(items->shown);
	free(items->picked);
	memset(items, 0, sizeof *items);
}
