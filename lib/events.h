/*
 * events.h - the events of a click log: read from its rows, kept compactly, sorted.
 *
 * The caller owns the structs; every open has a close, and free accepts zeros.
 */
#ifndef UR_EVENTS_H
#define UR_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialect.h"

enum ur_event_column { UR_EVENT_TIME, UR_EVENT_VISITOR, UR_EVENT_KIND, UR_EVENT_ITEM, UR_EVENT_COLUMNS };

struct ur_event {
	uint64_t visitor;
	int64_t time;                   /* ms since 1970, 0 or later */
	enum ur_event_kind kind;
	uint64_t item;
};

bool ur_event_equal(const struct ur_event *a, const struct ur_event *b);

/* Reads the events of a log, whose dialect has the columns above; others are ignored. */
struct ur_log {
	const struct ur_dialect *dialect;
	struct ur_csv csv;              /* csv.err after an error; csv.skip and csv.skipped are the caller's */
};

int ur_log_open(struct ur_log *log, const char *path, const struct ur_dialect *dialect);        /* 0, or -1 */
int ur_log_event(struct ur_log *log, struct ur_event *event);           /* 1, 0 at the end, -1 */
void ur_log_close(struct ur_log *log);

/*
 * Many events in memory: 16 bytes each while visitors and items are below 2^40 and times
 * before the year 4199, else 32 bytes.  Sorted, they come by (visitor, time, kind, item).
 */
struct ur_events {
	uint64_t *word;                 /* [n, words] */
	size_t n, words, cap;
};

void ur_events_add(struct ur_events *events, const struct ur_event *event);
void ur_events_sort(struct ur_events *events);
void ur_events_get(const struct ur_events *events, size_t i, struct ur_event *event);
/* How many different items there are; takes the place of the events, which are gone. */
size_t ur_events_count_items(struct ur_events *events);
void ur_events_free(struct ur_events *events);

#endif
