#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "mem.h"
#include "sort.h"

bool
ur_event_equal(const struct ur_event *a, const struct ur_event *b)
{
	return a->visitor == b->visitor && a->time == b->time && a->kind == b->kind && a->item == b->item;
}

/* --- reading --------------------------------------------------------------- */

int
ur_log_open(struct ur_log *log, const char *path, const struct ur_dialect *dialect)
{
	log->dialect = dialect;
	return ur_dialect_open(dialect, &log->csv, path);
}

/* The row at hand as an event: 1; 0 if it is not wanted; -1. */
static int
parse_row(struct ur_log *log, struct ur_event *event)
{
	const struct ur_dialect *dialect = log->dialect;
	int r;

	if ((r = ur_dialect_time(dialect, &log->csv, UR_EVENT_TIME, &event->time)) <= 0 ||
	    (r = ur_dialect_id(dialect, &log->csv, UR_EVENT_VISITOR, &event->visitor)) <= 0 ||
	    (r = ur_dialect_event(dialect, &log->csv, UR_EVENT_KIND, &event->kind)) <= 0 ||
	    (r = ur_dialect_id(dialect, &log->csv, UR_EVENT_ITEM, &event->item)) <= 0)
		return r;
	return ur_dialect_keeps(dialect, event->visitor);
}

int
ur_log_event(struct ur_log *log, struct ur_event *event)
{
	int r;

	do
		if ((r = ur_csv_row(&log->csv)) <= 0)
			return r;
	while ((r = parse_row(log, event)) == 0);
	return r;
}

void
ur_log_close(struct ur_log *log)
{
	ur_csv_close(&log->csv);
}

/* --- keeping --------------------------------------------------------------- */

/*
 * Both layouts sort as numbers, word by word.
 * Compact: visitor 40 bits, time 46, kind 2, item 40.  Wide: a word each.
 */
enum { COMPACT = 2, WIDE = 4, ID_BITS = 40, TIME_BITS = 46, KIND_BITS = 2 };
enum { TIME_HIGH = 64 - ID_BITS, TIME_LOW = TIME_BITS - TIME_HIGH };    /* bits of time in the first and second word */

static bool
fits(const struct ur_event *e)
{
	return ((e->visitor | e->item) >> ID_BITS | (uint64_t)e->time >> TIME_BITS) == 0;
}

static void
pack(uint64_t *word, size_t words, const struct ur_event *e)
{
	uint64_t time = (uint64_t)e->time;

	if (words == COMPACT) {
		word[0] = e->visitor << TIME_HIGH | time >> TIME_LOW;
		word[1] = time << (64 - TIME_LOW) | (uint64_t)e->kind << ID_BITS | e->item;
	} else {
		word[0] = e->visitor;
		word[1] = time;
		word[2] = e->kind;
		word[3] = e->item;
	}
}

void
ur_events_get(const struct ur_events *events, size_t i, struct ur_event *e)
{
	const uint64_t *word = events->word + i * events->words;

	if (events->words == COMPACT) {
		e->visitor = word[0] >> TIME_HIGH;
		e->time = (int64_t)((word[0] << TIME_LOW | word[1] >> (64 - TIME_LOW)) & ((UINT64_C(1) << TIME_BITS) - 1));
		e->kind = word[1] >> ID_BITS & ((1 << KIND_BITS) - 1);
		e->item = word[1] & ((UINT64_C(1) << ID_BITS) - 1);
	} else
		*e = (struct ur_event){ word[0], (int64_t)word[1], (enum ur_event_kind)word[2], word[3] };
}

/* Goes over to the wide layout, from the last event to the first so that none is overwritten. */
static void
widen(struct ur_events *events)
{
	struct ur_event e;

	UR_GROW(events->word, events->cap, events->n * WIDE);
	for (size_t i = events->n; i-- > 0;) {
		ur_events_get(events, i, &e);
		pack(events->word + i * WIDE, WIDE, &e);
	}
	events->words = WIDE;
}

void
ur_events_add(struct ur_events *events, const struct ur_event *event)
{
	if (events->words == 0)
		events->words = COMPACT;
	if (events->words == COMPACT && !fits(event))
		widen(events);
	UR_GROW(events->word, events->cap, (events->n + 1) * events->words);
	pack(events->word + events->n * events->words, events->words, event);
	events->n++;
}

void
ur_events_sort(struct ur_events *events)
{
	ur_sort(events->word, events->n, events->words);
}

size_t
ur_events_count_items(struct ur_events *events)
{
	size_t n = events->n;
	struct ur_event e;

	for (size_t i = 0; i < n; i++) {
		ur_events_get(events, i, &e);
		events->word[i] = e.item;
	}
	events->n = 0;
	return ur_count_distinct(events->word, n);
}

void
ur_events_free(struct ur_events *events)
{
	free(events->word);
	memset(events, 0, sizeof *events);
}
