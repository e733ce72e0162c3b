/*
 * visit.h - the visitors of a made-up log, one by one; within the library, for visit.c and synth_log.c.
 */
#ifndef UR_VISIT_H
#define UR_VISIT_H

#include "dialect.h"
#include "rng.h"
#include "synth.h"

/* Things still to be done and chances left to do them. */
struct ur_quota {
	uint64_t left, chances;
};

/* A few items, in the order in which they were put in. */
struct ur_bag {
	uint32_t *item;
	size_t n, cap;
};

/* What ur_sort orders: by block, at random within. */
struct ur_click {
	uint64_t place;         /* block << 40 | 38 bits of chance << 2 | enum ur_event_kind */
	uint64_t time, who;     /* who: visitor << 32 | item */
};

struct ur_visits {
	const struct ur_shop *shop;
	const struct ur_truth *truth;
	struct ur_rng rng;
	struct ur_click *click;
	size_t clicks, click_cap;
	uint32_t *popular;      /* [items] by rank */
	uint32_t *fresh;        /* [items] the first cover.left are still to be viewed, so that all are */
	struct ur_quota cover, session, pick, orphan, repeat, transaction, twice;

	/* the visitor at hand */
	uint32_t visitor;
	int64_t time;
	struct ur_bag before;   /* viewed in earlier sessions */
	struct ur_bag shown, picked;    /* in steps */
	struct ur_bag open;     /* viewed in this session, not picked */
	struct ur_bag gone;     /* picked in this session */
	struct ur_bag set;      /* viewed since the last pick */
};

/* Draws the clicks of the next visitor, who views that many items. */
void ur_visit(struct ur_visits *log, uint32_t visitor, size_t views);

#endif
