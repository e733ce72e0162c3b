#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "plan.h"

enum { MAX_PROBES = 4 };        /* equal rows are looked for among the last few of an item: page features may all differ */

static uint32_t *
room(struct ur_list32 *list, size_t n)
{
	UR_GROW(list->p, list->cap, n + 1);     /* never NULL */
	return list->p;
}

static bool
selected(const struct ur_batch *b, int n, unsigned roles)
{
	return roles >> b->role[n] & 1;
}

/* Forgets what earlier batches met, without touching the tables unless the batch counter wraps. */
static void
begin(struct ur_plan *p, const struct ur_batch *b, uint32_t item_rows)
{
	if (item_rows > p->seen_cap || ++p->batch == 0) {
		free(p->seen_item);
		free(p->seen_pick);
		p->seen_item = ur_calloc(item_rows, sizeof *p->seen_item);
		p->seen_pick = ur_calloc(item_rows, sizeof *p->seen_pick);
		p->seen_cap = item_rows;
		p->batch = 1;
	}
	p->rows = p->zero_rows = p->items = p->picks = p->slots = 0;
	room(&p->user_moves, (size_t)b->U);
	room(&p->user_last, (size_t)b->U);
	room(&p->user_rank, (size_t)b->U);
	memset(room(&p->row_of, (size_t)b->K), 0xff, (size_t)b->K * sizeof *p->row_of.p);
	room(&p->row_item, (size_t)b->K);
	room(&p->row_first, (size_t)b->K);
	room(&p->next, (size_t)b->K);
	room(&p->item, (size_t)b->K);
	UR_GROW(p->zero_head, p->head_cap, (size_t)b->K);
	room(&p->slot_off, (size_t)b->N + 1);
	room(&p->slot_move, (size_t)b->N);
	room(&p->slot_end, (size_t)b->N);
	room(&p->slot_picks, (size_t)b->N);
}

/* Index of a table row in a list of distinct ones, to which it is added when it is new. */
static uint32_t
meet(uint64_t *seen, uint32_t batch, uint32_t row, uint32_t *list, size_t *n)
{
	if (seen[row] >> 32 != batch) {
		seen[row] = (uint64_t)batch << 32 | *n;
		list[(*n)++] = row;
	}
	return (uint32_t)seen[row];
}

/* Moves of each user: picks before the last selected step, which ends what has to be looked at. */
static void
count_moves(struct ur_plan *p, const struct ur_batch *b, unsigned roles)
{
	uint32_t longest = 0;

	p->moves = 0;
	for (int i = 0; i < b->U; i++) {
		uint32_t picks = 0, moves = 0;
		int last = b->user_off[i];

		for (int n = b->user_off[i]; n < b->user_off[i + 1]; n++) {
			if (selected(b, n, roles)) {
				last = n + 1;
				moves = picks;
			}
			picks += b->pick[n] >= 0;
		}
		p->user_last.p[i] = (uint32_t)last;
		p->user_moves.p[i] = moves;
		p->moves += moves;
		longest = moves > longest ? moves : longest;
	}
	p->times = longest;
}

/* time_off and the rank of each user among those with most moves first, in the order of the batch where equal. */
static void
pack_users(struct ur_plan *p, const struct ur_batch *b)
{
	uint32_t *off = room(&p->time_off, p->times + 2), *rank = p->user_rank.p;
	size_t users = 0;

	memset(off, 0, (p->times + 2) * sizeof *off);
	for (int i = 0; i < b->U; i++)
		off[p->user_moves.p[i]]++;
	/* off[m]: users with m moves -> users with more than m moves, which is the rank of the first with m */
	for (size_t m = p->times + 1; m-- > 0;) {
		uint32_t n = off[m];

		off[m] = (uint32_t)users;
		users += n;
	}
	for (int i = 0; i < b->U; i++)
		rank[i] = off[p->user_moves.p[i]]++;
	/* off[m] is now the number of users with m moves or more */
	for (size_t t = 0, at = 0; t <= p->times; t++) {
		size_t n = off[t + 1];

		off[t] = (uint32_t)at;
		at += n;
	}
}

static bool
same_page(const struct ur_batch *b, uint32_t k, uint32_t l)
{
	for (int p = 0; p < b->P; p++)
		if (b->page[(size_t)k * (size_t)b->P + (size_t)p] != b->page[(size_t)l * (size_t)b->P + (size_t)p])
			return false;
	return true;
}

static uint32_t
add_row(struct ur_plan *p, uint32_t item, uint32_t k)
{
	p->row_item.p[p->rows] = item;
	p->row_first.p[p->rows] = k;
	return (uint32_t)p->rows++;
}

/* The row of shown item k of a step without a pick before it: an equal one, or a new one. */
static uint32_t
zero_row(struct ur_plan *p, const struct ur_batch *b, uint32_t k)
{
	size_t before = p->items;
	uint32_t item = meet(p->seen_item, p->batch, b->item[k], p->item.p, &p->items), row;

	if (p->items > before)
		p->zero_head[item] = UR_NO_ROW;
	row = p->zero_head[item];
	for (int probe = 0; row != UR_NO_ROW && probe < MAX_PROBES; probe++, row = p->next.p[row])
		if (same_page(b, p->row_first.p[row], k))
			return row;
	row = add_row(p, item, k);
	p->next.p[row] = p->zero_head[item];
	return p->zero_head[item] = row;
}

/* Rows of the steps before each user's first pick. */
static void
zero_steps(struct ur_plan *p, const struct ur_batch *b, unsigned roles)
{
	for (int i = 0; i < b->U; i++)
		for (int n = b->user_off[i]; n < (int)p->user_last.p[i]; n++) {
			if (selected(b, n, roles))
				for (int k = b->item_off[n]; k < b->item_off[n + 1]; k++)
					p->row_of.p[k] = zero_row(p, b, (uint32_t)k);
			if (b->pick[n] >= 0)
				break;
		}
	p->zero_rows = p->rows;
}

/* The slot of the state after m moves of user i, whose first move is `at` in the history. */
static void
add_slot(struct ur_plan *p, uint32_t i, uint32_t m, uint32_t at)
{
	size_t s = p->slots++;

	p->slot_off.p[s] = (uint32_t)p->rows;
	p->slot_move.p[s] = p->time_off.p[m - 1] + p->user_rank.p[i];
	p->slot_end.p[s] = at + m;
	p->slot_picks.p[s] = m;
}

/* Moves of user i, and the rows of its selected steps after the first pick. */
static void
slot_steps(struct ur_plan *p, const struct ur_batch *b, int i, uint32_t at, unsigned roles)
{
	uint32_t m = 0, made = 0;

	for (int n = b->user_off[i]; n < (int)p->user_last.p[i]; n++) {
		if (m > 0 && selected(b, n, roles)) {
			if (made != m)
				add_slot(p, (uint32_t)i, m, at);
			made = m;
			for (int k = b->item_off[n]; k < b->item_off[n + 1]; k++)
				p->row_of.p[k] = add_row(p, meet(p->seen_item, p->batch, b->item[k], p->item.p, &p->items), (uint32_t)k);
		}
		if (b->pick[n] >= 0 && m < p->user_moves.p[i]) {
			uint32_t pick = meet(p->seen_pick, p->batch, b->item[b->item_off[n] + b->pick[n]], p->pick.p, &p->picks);

			p->history.p[at + m] = pick;
			p->move_pick.p[p->time_off.p[m] + p->user_rank.p[i]] = pick;
			m++;
		}
	}
}

/* off, members: the places of each value in index [n], ascending. */
static void
invert(struct ur_list32 *off, struct ur_list32 *members, const uint32_t *index, size_t n, size_t values)
{
	uint32_t *o = room(off, values + 2), *list = room(members, n);

	memset(o, 0, (values + 2) * sizeof *o);
	for (size_t k = 0; k < n; k++)
		o[index[k] + 2]++;
	for (size_t v = 2; v < values + 2; v++)
		o[v] += o[v - 1];
	for (size_t k = 0; k < n; k++)
		list[o[index[k] + 1]++] = (uint32_t)k;
}

void
ur_plan_build(struct ur_plan *p, const struct ur_batch *b, uint32_t item_rows, unsigned roles)
{
	uint32_t at = 0;

	begin(p, b, item_rows);
	count_moves(p, b, roles);
	pack_users(p, b);
	room(&p->pick, p->moves);
	room(&p->history, p->moves);
	room(&p->move_pick, p->moves);
	zero_steps(p, b, roles);
	for (int i = 0; i < b->U; at += p->user_moves.p[i], i++)
		if (p->user_moves.p[i] > 0)
			slot_steps(p, b, i, at, roles);
	p->slot_off.p[p->slots] = (uint32_t)p->rows;
	invert(&p->item_off, &p->item_rows, p->row_item.p, p->rows, p->items);
	invert(&p->pick_off, &p->pick_moves, p->move_pick.p, p->moves, p->picks);
}

void
ur_plan_free(struct ur_plan *p)
{
	struct ur_list32 *list[] = {
		&p->row_of, &p->row_item, &p->row_first, &p->item, &p->item_off, &p->item_rows, &p->slot_off, &p->slot_move,
		&p->slot_end, &p->slot_picks, &p->pick, &p->history, &p->move_pick, &p->pick_off, &p->pick_moves, &p->time_off,
		&p->user_moves, &p->user_last, &p->user_rank, &p->next
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		free(list[i]->p);
	free(p->seen_item);
	free(p->seen_pick);
	free(p->zero_head);
}
