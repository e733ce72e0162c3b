#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "mem.h"
#include "sort.h"
#include "store.h"

/* A user of the frame at hand; `on`: the rest of the last one. */
static void
add_user(struct ur_users *all, uint64_t user, uint32_t steps, bool on)
{
	if (on) {
		all->nsteps[all->users - 1] += steps;
		return;
	}
	UR_GROW(all->user, all->user_cap, all->users + 1);
	UR_GROW(all->nsteps, all->nsteps_cap, all->users + 1);
	all->user[all->users] = user;
	all->nsteps[all->users++] = steps;
}

static void
add_steps(struct ur_users *all, const struct ur_users *in)
{
	size_t n = all->steps + in->steps;

	UR_GROW(all->time, all->time_cap, n);
	UR_GROW(all->role, all->role_cap, n);
	UR_GROW(all->pick, all->pick_cap, n);
	UR_GROW(all->size, all->size_cap, n);
	if (in->steps != 0) {
		memcpy(all->time + all->steps, in->time, in->steps * sizeof *in->time);
		memcpy(all->role + all->steps, in->role, in->steps * sizeof *in->role);
		memcpy(all->pick + all->steps, in->pick, in->steps * sizeof *in->pick);
		memcpy(all->size + all->steps, in->size, in->steps * sizeof *in->size);
	}
	all->steps = n;
}

static int
add_items(struct ur_store *store, const struct ur_users *in)
{
	struct ur_users *all = &store->all;
	size_t n = all->items + in->items;

	UR_GROW(all->row, all->row_cap, n);
	UR_GROW(all->rank, all->rank_cap, n);
	for (size_t k = 0; k < in->items; k++) {
		uint32_t item = ur_ids_add(&store->item, in->id[k]);

		if (item == UR_NO_ID)
			return -1;
		all->row[all->items] = item;
		all->rank[all->items++] = in->rank[k];
	}
	return 0;
}

static int
add_frame(struct ur_store *store, const struct ur_users *in, bool on)
{
	for (size_t u = 0; u < in->users; u++)
		add_user(&store->all, in->user[u], in->nsteps[u], on && u == 0);
	add_steps(&store->all, in);
	return add_items(store, in);
}

/* The first stream's header is kept; 0, or -1 with r->err when a later one has another history. */
static int
keep_header(struct ur_store *store, struct ur_reader *r)
{
	struct ur_pack history = { 0 };
	int status = 0;

	ur_history_pack(&history, &r->header);
	if (store->streams++ == 0) {
		store->history = history;
		store->header = r->header;
		r->header = (struct ur_header){ .format = UR_SESSIONS };
		return 0;
	}
	if (history.n != store->history.n || memcmp(history.data, store->history.data, history.n) != 0)
		status = ur_fail(r->err, "%s: sessions made otherwise than those before, expected equal histories",
		    r->in.name);
	ur_pack_free(&history);
	return status;
}

static int
add_frames(struct ur_store *store, struct ur_reader *r)
{
	bool on = false;
	int got;

	while ((got = ur_reader_users(r)) > 0) {
		if (add_frame(store, &r->users, on) < 0)
			return ur_fail(r->err, "%s: more than %ju items", r->in.name, (uintmax_t)UR_NO_ID);
		on = r->users.more;
	}
	return got;
}

int
ur_store_read(struct ur_store *store, const char *path, char *err)
{
	struct ur_reader r;
	int status = ur_reader_open(&r, path, UR_SESSIONS);

	if (status == 0 && (status = keep_header(store, &r)) == 0)
		status = add_frames(store, &r);
	if (status < 0)
		ur_fail(err, "%s", r.err);
	ur_reader_close(&r);
	return status;
}

/* Where each user's steps and items are. */
static void
place_users(struct ur_store *store)
{
	const struct ur_users *all = &store->all;
	size_t step = 0, item = 0;

	store->step_off = ur_alloc(all->users, sizeof *store->step_off);
	store->item_off = ur_alloc(all->users, sizeof *store->item_off);
	for (size_t u = 0; u < all->users; u++) {
		store->step_off[u] = step;
		store->item_off[u] = item;
		for (size_t end = step + all->nsteps[u]; step < end; step++)
			item += all->size[step];
	}
}

static void
order_users(struct ur_store *store)
{
	size_t n = store->all.users;
	uint64_t (*record)[2] = ur_alloc(n, sizeof *record);

	for (size_t u = 0; u < n; u++) {
		record[u][0] = store->all.user[u];
		record[u][1] = u;
	}
	ur_sort(*record, n, 2);
	store->order = ur_alloc(n, sizeof *store->order);
	for (size_t i = 0; i < n; i++)
		store->order[i] = (uint32_t)record[i][1];
	free(record);
}

int
ur_store_sort(struct ur_store *store, char *err)
{
	struct ur_users *all = &store->all;
	uint32_t *number = ur_ids_sort(&store->item);

	for (size_t k = 0; k < all->items; k++)
		all->row[k] = number[all->row[k]];
	free(number);
	place_users(store);
	order_users(store);
	for (size_t i = 1; i < all->users; i++)
		if (all->user[store->order[i - 1]] == all->user[store->order[i]])
			return ur_fail(err, "user %ju is there twice, expected all steps of a user together",
			    (uintmax_t)all->user[store->order[i]]);
	return 0;
}

void
ur_store_free(struct ur_store *store)
{
	ur_header_free(&store->header);
	ur_pack_free(&store->history);
	ur_users_free(&store->all);
	ur_ids_free(&store->item);
	free(store->order);
	free(store->step_off);
	free(store->item_off);
	*store = (struct ur_store){ 0 };
}
