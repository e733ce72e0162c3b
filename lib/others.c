/*
 * The log is gone through in time order while the sets are wanted by visitor, so they are
 * worked out ahead, as many as fit in memory, and the log is gone through again for the next.
 *
 * Recent views are a list from the newest to the oldest.  To stay short however visitors
 * behave, it holds only what can be in a set:
 *
 *   - of an item its last view and the last one by another visitor: nobody sees a third;
 *   - of a visitor the last room + 1 items: older ones come after room others for everyone else.
 *
 * So a walk passes at most two entries for each item it gathers, and room + 1 of the visitor's own.
 */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "others.h"
#include "sort.h"

#define NONE UINT32_MAX

/* Entries 2x and 2x + 1 are those of item x. */
struct entry {
	uint32_t visitor;               /* NONE: not in use */
	uint32_t newer, older;          /* in the list of all */
	uint32_t own_newer, own_older;  /* in that of the visitor */
};

struct own {
	uint32_t newest, oldest, n;     /* of the visitor's entries */
	uint32_t last;                  /* item of the last view, NONE before the first */
	size_t pick;                    /* number of the next pick, over all visitors */
};

struct set {
	uint32_t n, rank;
};

struct ur_others {
	size_t room;
	uint64_t *view;                 /* [views, 2] in time order: time, visitor << 32 | item */
	size_t views;
	uint64_t *id;                   /* [items] ascending; items are numbered by it */
	size_t items;
	size_t *first;                  /* [visitors + 1] number of a visitor's first pick */
	size_t visitors;
	struct set *set;                /* [ahead] those of picks start .. */
	uint32_t *item;                 /* [ahead, room] */
	uint64_t *ids;                  /* [room] the set handed out */
	size_t start, ahead, next;      /* next: the pick that ur_others_next is asked for */
	/* while the log is gone through */
	struct entry *entry;            /* [2 items] */
	uint8_t *newest;                /* [items] which of the two entries is newer */
	size_t *stamp;                  /* [items] 1 + the last pick that saw it */
	struct own *own;                /* [visitors] */
	uint32_t head;                  /* newest entry of all */
};

/* --- numbering ------------------------------------------------------------- */

/*
 * Collects the views without duplicates, visitors numbered in their order; pair [views, 2] gets
 * the item of each, to be numbered next.
 */
static void
collect_views(struct ur_others *o, const struct ur_events *events, uint64_t *pair)
{
	struct ur_event e, before = { 0 };

	for (size_t i = 0; i < events->n; i++, before = e) {
		ur_events_get(events, i, &e);
		o->visitors += i == 0 || e.visitor != before.visitor;
		if (e.kind != UR_VIEW || (i > 0 && ur_event_equal(&e, &before)))
			continue;
		o->view[2 * o->views] = (uint64_t)e.time;
		o->view[2 * o->views + 1] = (uint64_t)(o->visitors - 1) << 32;
		pair[2 * o->views] = e.item;
		pair[2 * o->views + 1] = o->views;
		o->views++;
	}
}

static void
number_items(struct ur_others *o, uint64_t *pair)
{
	size_t cap = 0;

	ur_sort(pair, o->views, 2);
	for (size_t i = 0; i < o->views; i++) {
		if (i == 0 || pair[2 * i] != pair[2 * (i - 1)]) {
			UR_GROW(o->id, cap, o->items + 1);
			o->id[o->items++] = pair[2 * i];
		}
		o->view[2 * pair[2 * i + 1] + 1] |= o->items - 1;
	}
}

static uint32_t
visitor_at(const struct ur_others *o, size_t i)
{
	return (uint32_t)(o->view[2 * i + 1] >> 32);
}

static uint32_t
item_at(const struct ur_others *o, size_t i)
{
	return (uint32_t)o->view[2 * i + 1];
}

/* While the views are still in the order of visitors. */
static void
number_picks(struct ur_others *o)
{
	o->first = ur_calloc(o->visitors + 1, sizeof *o->first);
	for (size_t i = 1; i < o->views; i++)
		if (visitor_at(o, i) == visitor_at(o, i - 1) && item_at(o, i) != item_at(o, i - 1))
			o->first[visitor_at(o, i) + 1]++;
	for (size_t v = 0; v < o->visitors; v++)
		o->first[v + 1] += o->first[v];
}

/* --- the list of recent views ---------------------------------------------------- */

static void
clear(struct ur_others *o)
{
	o->head = NONE;
	for (size_t i = 0; i < 2 * o->items; i++)
		o->entry[i].visitor = NONE;
	memset(o->stamp, 0, o->items * sizeof *o->stamp);
	for (size_t v = 0; v < o->visitors; v++)
		o->own[v] = (struct own){ NONE, NONE, 0, NONE, o->first[v] };
}

static void
unlink_entry(struct ur_others *o, uint32_t i)
{
	struct entry *e = &o->entry[i];
	struct own *own = &o->own[e->visitor];

	*(e->newer == NONE ? &o->head : &o->entry[e->newer].older) = e->older;
	if (e->older != NONE)
		o->entry[e->older].newer = e->newer;
	*(e->own_newer == NONE ? &own->newest : &o->entry[e->own_newer].own_older) = e->own_older;
	*(e->own_older == NONE ? &own->oldest : &o->entry[e->own_older].own_newer) = e->own_newer;
	own->n--;
	e->visitor = NONE;
}

static void
link_newest(struct ur_others *o, uint32_t i, uint32_t visitor)
{
	struct own *own = &o->own[visitor];

	o->entry[i] = (struct entry){ visitor, NONE, o->head, NONE, own->newest };
	if (o->head != NONE)
		o->entry[o->head].newer = i;
	o->head = i;
	*(own->newest == NONE ? &own->oldest : &o->entry[own->newest].own_newer) = i;
	own->newest = i;
	own->n++;
}

/* The entry of an item that a view takes over: the visitor's own, or one not in use, or the older. */
static uint32_t
entry_for(const struct ur_others *o, uint32_t visitor, uint32_t item)
{
	uint32_t newer = 2 * item + o->newest[item], older = newer ^ 1;

	if (o->entry[older].visitor == visitor)
		return older;
	if (o->entry[newer].visitor == visitor || o->entry[newer].visitor == NONE)
		return newer;
	return older;
}

static void
add_view(struct ur_others *o, uint32_t visitor, uint32_t item)
{
	uint32_t i = entry_for(o, visitor, item);

	if (o->entry[i].visitor != NONE)
		unlink_entry(o, i);
	link_newest(o, i, visitor);
	o->newest[item] = i & 1;
	if (o->own[visitor].n > o->room + 1)
		unlink_entry(o, o->own[visitor].oldest);
}

/* The set of a pick, last viewed first, into item [room]. */
static struct set
gather(struct ur_others *o, uint32_t visitor, uint32_t pick, size_t number, uint32_t *item)
{
	struct set set = { 0, NONE };

	for (uint32_t i = o->head; i != NONE && set.n < o->room; i = o->entry[i].older) {
		uint32_t x = i / 2;

		if (o->entry[i].visitor == visitor || o->stamp[x] == number + 1)
			continue;
		o->stamp[x] = number + 1;
		if (x == pick)
			set.rank = set.n;
		else
			item[set.n++] = x;
	}
	if (set.rank == NONE)
		set.rank = set.n;
	return set;
}

/* Works out the sets of the `ahead` picks from `start` on. */
static void
go_through(struct ur_others *o)
{
	clear(o);
	for (size_t i = 0; i < o->views; i++) {
		uint32_t visitor = visitor_at(o, i), item = item_at(o, i);
		struct own *own = &o->own[visitor];

		if (own->last != NONE && own->last != item) {
			size_t number = own->pick++, at = number - o->start;

			if (number >= o->start && at < o->ahead)
				o->set[at] = gather(o, visitor, item, number, o->item + at * o->room);
		}
		own->last = item;
		add_view(o, visitor, item);
	}
}

/* --- the interface ----------------------------------------------------------- */

struct ur_others *
ur_others_new(const struct ur_events *events, size_t room, size_t ahead, char *err)
{
	struct ur_others *o;
	uint64_t *pair;

	if (events->n >= INT32_MAX) {
		ur_fail(err, "%zu events, expected fewer than %d", events->n, INT32_MAX);
		return NULL;
	}
	o = ur_calloc(1, sizeof *o);
	o->view = ur_alloc(events->n, 2 * sizeof *o->view);
	pair = ur_alloc(events->n, 2 * sizeof *pair);
	collect_views(o, events, pair);
	number_items(o, pair);
	free(pair);
	number_picks(o);
	o->room = room < o->items ? room : o->items;
	ur_sort(o->view, o->views, 2);
	o->ahead = ahead / (o->room + 1) + 1;
	if (o->ahead > o->first[o->visitors])
		o->ahead = o->first[o->visitors];
	o->set = ur_alloc(o->ahead, sizeof *o->set);
	o->item = ur_alloc(o->ahead, o->room * sizeof *o->item);
	o->ids = ur_alloc(o->room, sizeof *o->ids);
	o->entry = ur_alloc(o->items, 2 * sizeof *o->entry);
	o->newest = ur_calloc(o->items, 1);
	o->stamp = ur_alloc(o->items, sizeof *o->stamp);
	o->own = ur_alloc(o->visitors, sizeof *o->own);
	return o;
}

size_t
ur_others_next(struct ur_others *o, const uint64_t **item, size_t *rank)
{
	size_t at;

	if (o->next % o->ahead == 0) {
		o->start = o->next;
		go_through(o);
	}
	at = o->next++ - o->start;
	for (size_t i = 0; i < o->set[at].n; i++)
		o->ids[i] = o->id[o->item[at * o->room + i]];
	*item = o->ids;
	*rank = o->set[at].rank;
	return o->set[at].n;
}

void
ur_others_free(struct ur_others *o)
{
	free(o->view);
	free(o->id);
	free(o->first);
	free(o->set);
	free(o->item);
	free(o->ids);
	free(o->entry);
	free(o->newest);
	free(o->stamp);
	free(o->own);
	free(o);
}
