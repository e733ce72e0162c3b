/*
 * plan.h - how a network runs over a batch: each thing that has to be worked out once, and where it is used.
 *
 * Shown items of the selected steps become rows, equal ones (same item, no pick before, same page features) once.
 * A state before which picks were made is a slot; rows without one come first, then the rows of each slot.  Picks
 * before the last selected step of a user are moves, packed by time: users with most moves first, so that a time
 * step of the LSTM is one block.  Item table rows met are listed once, for shown items and for picks.
 */
#ifndef UR_PLAN_H
#define UR_PLAN_H

#include "data.h"

struct ur_list32 {
	uint32_t *p;
	size_t cap;
};

struct ur_plan {
	size_t rows, zero_rows;         /* all; without a slot */
	size_t items, picks;            /* distinct item table rows, shown and picked */
	size_t slots, moves, times;
	struct ur_list32 row_of;        /* [K] row of a shown item; UR_NO_ROW: not selected */
	struct ur_list32 row_item;      /* [rows] index into item */
	struct ur_list32 row_first;     /* [rows] one of its shown items */
	struct ur_list32 item;          /* [items] item table row */
	struct ur_list32 item_off, item_rows;   /* [items+1], [rows]: the rows of each item, ascending */
	struct ur_list32 slot_off;      /* [slots+1] rows of a slot; slot_off[0] = zero_rows */
	struct ur_list32 slot_move;     /* [slots] the packed move that made its state */
	struct ur_list32 slot_end, slot_picks;  /* [slots] end of its picks in history, and their number */
	struct ur_list32 pick;          /* [picks] item table row */
	struct ur_list32 history;       /* [moves] index into pick, by user and time */
	struct ur_list32 move_pick;     /* [moves] index into pick, packed */
	struct ur_list32 pick_off, pick_moves;  /* [picks+1], [moves]: the moves of each pick, ascending */
	struct ur_list32 time_off;      /* [times+1] packed moves of a time step */

	struct ur_list32 user_moves, user_last, user_rank, next;     /* scratch */
	uint64_t *seen_item, *seen_pick;        /* by item table row: batch it was last met in, index */
	uint32_t *zero_head;                    /* [items] first row without a slot */
	size_t seen_cap, head_cap;
	uint32_t batch;
};

#define UR_NO_ROW UINT32_MAX

/* For the steps of batch whose role is in `roles` (1 << UR_TRAIN | ...); item_rows: of the item table. */
void ur_plan_build(struct ur_plan *plan, const struct ur_batch *batch, uint32_t item_rows, unsigned roles);
void ur_plan_free(struct ur_plan *plan);

#endif
