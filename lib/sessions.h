/*
 * sessions.h - from the ordered events of visitors to steps: sessions, picks and the
 * display sets they were made from.  rr-sessionize(1) states the rules.
 *
 * The caller owns the struct; init has a free.
 */
#ifndef UR_SESSIONS_H
#define UR_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "events.h"
#include "others.h"
#include "rec.h"

struct ur_session_rules {
	uint64_t gap;                   /* ms without an event that a session survives */
	enum ur_event_kind pick;
	size_t max_set;                 /* items of a set, with the pick */
	bool add_orphans;               /* a pick not viewed before joins the set, else it is left out */
	bool keep_singletons;           /* write sets of one item, too */
	bool no_pick;                   /* write the views after a session's last pick as a step without one */
	bool context;                   /* write each view as a context step */
};

/* See rr-sessionize(1), --stats. */
struct ur_counts {
	uint64_t rows, bad_rows, duplicates, visitors, items, sessions;
	uint64_t picks, orphans, repeat_picks, singletons, choices, no_pick_events;
	uint64_t *size;                 /* [max + 1] sets of picks by their size */
	size_t max, size_cap;
	bool no_items;                  /* items is not known */
};

void ur_counts_size(struct ur_counts *counts, size_t size);     /* counts a set */
void ur_counts_print(const struct ur_counts *counts, FILE *f);  /* as one JSON object */
void ur_counts_free(struct ur_counts *counts);

struct ur_sessions {
	struct ur_session_rules rules;
	struct ur_counts *counts;
	struct ur_writer *out;
	struct ur_others *others;       /* with UR_VIEW for picks: the caller's */
	struct ur_users users;          /* steps on their way out */
	struct ur_event last;
	uint64_t now;                   /* number of the event at hand, the first is 1 */
	uint64_t session, set;          /* numbers at which the session and the set begin */
	bool written;                   /* the visitor has a step */
	bool viewed;                    /* the visitor has viewed an item: last_view */
	uint64_t last_view;
	struct ur_viewed *view;         /* [views] of the set, in order */
	size_t views, view_cap;
	struct ur_seen *seen;           /* [seen_cap] items of the session: a hash table */
	size_t seen_cap, seen_items;
	uint64_t *item;                 /* [, 2] the set at hand: item, rank */
	size_t item_cap;
};

/* counts and out are borrowed until ur_sessions_end. */
void ur_sessions_init(struct ur_sessions *s, const struct ur_session_rules *rules,
    struct ur_counts *counts, struct ur_writer *out);
/* Events come by (visitor, time, kind, item); one equal to the one before is a duplicate. */
void ur_sessions_event(struct ur_sessions *s, const struct ur_event *event);
/* Ends the last session and frees what s holds. */
void ur_sessions_end(struct ur_sessions *s);

#endif
