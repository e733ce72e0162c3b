/*
 * synth_log.c - the clicks of a made-up log.
 *
 * Totals are met exactly by sampling without replacement: of n chances, of which m are
 * still to be taken, the next is taken with probability m / n.
 */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "rng.h"
#include "sort.h"
#include "synth.h"
#include "text.h"

enum { LOG_STREAM = 6 };        /* of the seed */
enum { MAX_VIEWS = 8000, MAX_VIEWS_A_DAY = 100, MAX_SET = 10 };
enum { VIEW, CART, TRANSACTION };

static const int64_t minute = 60000, hour = 3600000, day = 86400000;
static const int64_t first_block = 1433138400000;       /* 1 June 2015 06:00, where the real file begins */
static const int64_t gap = 1800000;                     /* rr-sessionize's */

/* Of the real log's first days: events by hour UTC, in thousandths; views by day from Monday, in thousands. */
static const double by_hour[24] = {
	48, 51, 52, 52, 52, 40, 26, 15, 8, 5, 5, 6, 11, 19, 31, 50, 60, 69, 70, 67, 67, 71, 68, 55
};
static const double by_day[7] = { 17.9, 21.8, 21.1, 20.6, 19.6, 18.0, 15.2 };
/* Chance that the next event after a view is a pick, by items viewed since the last one. */
static const double hazard[MAX_SET + 1] = {
	0, .0146, .0249, .0269, .0282, .0298, .0294, .0283, .0298, .0306, .0187
};
static const double mean_hazard = .0179;
static const double view_again = .39, return_to = .5;   /* to an item of this session; of an earlier one, as it begins */
static const double repeats = .0505, orphans = .262;    /* of carts; of the others */

/* Things still to be done and chances left to do them. */
struct quota {
	uint64_t left, chances;
};

/* The next chance: is it taken?  `weight` is its weight, 1 on average. */
static bool
take(struct quota *q, double weight, struct ur_rng *rng)
{
	bool taken = q->left >= q->chances ||
	    (q->left != 0 && ur_rng_uniform(rng) * (double)q->chances < weight * (double)q->left);

	q->left -= taken && q->left > 0;
	q->chances--;
	return taken;
}

/* A few items, in the order in which they were put in. */
struct bag {
	uint32_t *item;
	size_t n, cap;
};

static bool
holds(const struct bag *b, uint32_t item)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i] == item)
			return true;
	return false;
}

static void
drop(struct bag *b, uint32_t item)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->item[i] != item)
			b->item[n++] = b->item[i];
	b->n = n;
}

/* Puts it last, wherever it was. */
static void
put(struct bag *b, uint32_t item)
{
	drop(b, item);
	UR_GROW(b->item, b->cap, b->n + 1);
	b->item[b->n++] = item;
}

/* What ur_sort orders: by block, at random within. */
struct event {
	uint64_t place;         /* block << 40 | 38 bits of chance << 2 | kind */
	uint64_t time, who;     /* who: visitor << 32 | item */
};

struct log {
	const struct ur_shop *shop;
	const struct ur_truth *truth;
	struct ur_rng rng;
	struct event *event;
	size_t events, event_cap;
	uint32_t *popular;      /* [items] by rank */
	uint32_t *fresh;        /* [items] the first cover.left are still to be viewed, so that all are */
	struct quota cover, session, pick, orphan, repeat, transaction, twice;

	/* the visitor at hand */
	uint32_t visitor;
	int64_t time;
	struct bag before;      /* viewed in earlier sessions */
	struct bag shown, picked;       /* in steps */
	struct bag open;        /* viewed in this session, not picked */
	struct bag gone;        /* picked in this session */
	struct bag set;         /* viewed since the last pick */
};

static void
add_event(struct log *log, int kind, uint32_t item)
{
	uint64_t chance = ur_rng_next(&log->rng) >> 26;

	UR_GROW(log->event, log->event_cap, log->events + 1);
	log->event[log->events++] = (struct event){
		chance << 2 | (uint64_t)kind, (uint64_t)log->time, (uint64_t)log->visitor << 32 | item
	};
}

/* Moves on by a time whose logarithm is normal, less than a session's gap. */
static void
wait_some(struct log *log, double median, double deviation)
{
	double ms;

	do
		ms = 1000 * median * exp(deviation * ur_rng_normal(&log->rng));
	while (ms >= (double)gap);
	log->time += ms < 1 ? 1 : (int64_t)ms;
}

/* --- which item -------------------------------------------------------------- */

/* By Zipf and Mandelbrot's law: rank r has weight (r + 30)^-0.8, by the inverse of its integral. */
static uint32_t
draw_popular(struct log *log)
{
	const double q = 30, s = .2;
	double n = log->shop->size.items, low = pow(q, s), high = pow(n + q, s);
	double rank = pow(low + (high - low) * ur_rng_uniform(&log->rng), 1 / s) - q;

	return log->popular[rank < 0 ? 0 : rank >= n ? (uint32_t)n - 1 : (uint32_t)rank];
}

static uint32_t
draw_from(struct log *log, const struct bag *b)
{
	return b->item[ur_rng_below(&log->rng, b->n)];
}

/*
 * An item to view: again, or again after a while, or another one.  All items of the shop's log
 * must be viewed: some of the other ones are taken from those that were not.
 */
static uint32_t
draw_view(struct log *log, bool first)
{
	struct quota *cover = &log->cover;
	bool must = cover->left >= cover->chances;
	double again = first ? 0 : view_again, back = first ? return_to : 0;
	uint32_t item;

	if (!must && log->open.n != 0 && ur_rng_uniform(&log->rng) < again) {
		cover->chances--;
		return draw_from(log, &log->open);
	}
	if (!must && log->before.n != 0 && ur_rng_uniform(&log->rng) < back) {
		cover->chances--;
		return draw_from(log, &log->before);
	}
	if (take(cover, 1.3, &log->rng)) {
		item = log->fresh[cover->left];
		if (!holds(&log->gone, item))
			return item;
	}
	do
		item = draw_popular(log);
	while (holds(&log->gone, item));
	return item;
}

/* --- picks --------------------------------------------------------------------- */

static double
utility(const struct log *log, uint32_t item)
{
	return ur_truth_utility(log->truth, log->shop, item, log->time, holds(&log->shown, item),
	    holds(&log->picked, item));
}

/* Draws from the set as the truth has it, and remembers the step if rr-sessionize will write it. */
static uint32_t
choose(struct log *log)
{
	size_t n = log->set.n < MAX_SET ? log->set.n : MAX_SET, k = 0;
	const uint32_t *set = log->set.item + log->set.n - n;
	double p[MAX_SET], sum = 0, x;

	if (n == 1)
		return set[0];
	for (size_t i = 0; i < n; i++)
		sum += p[i] = exp(utility(log, set[i]));
	for (x = sum * ur_rng_uniform(&log->rng); k + 1 < n && x >= p[k]; k++)
		x -= p[k];
	for (size_t i = 0; i < n; i++)
		put(&log->shown, set[i]);
	put(&log->picked, set[k]);
	return set[k];
}

/* A cart, perhaps a second one of the same item, perhaps its purchase. */
static void
cart(struct log *log, uint32_t item)
{
	add_event(log, CART, item);
	put(&log->gone, item);
	drop(&log->open, item);
	if (take(&log->repeat, 1, &log->rng)) {
		wait_some(log, 36, 1.5);
		add_event(log, CART, item);
	}
	if (take(&log->transaction, 1, &log->rng)) {
		wait_some(log, 135, 1.3);
		add_event(log, TRANSACTION, item);
	}
}

static void
pick_or_not(struct log *log)
{
	size_t n = log->set.n < MAX_SET ? log->set.n : MAX_SET;
	uint32_t item;

	if (take(&log->pick, hazard[n] / mean_hazard, &log->rng)) {
		wait_some(log, 36, 1.5);
		item = choose(log);
		log->set.n = 0;
		cart(log, item);
	}
	if (take(&log->orphan, 1, &log->rng)) {
		wait_some(log, 36, 1.5);
		do
			item = draw_popular(log);
		while (holds(&log->set, item) || holds(&log->gone, item));
		cart(log, item);
	}
}

/* --- sessions and visitors ------------------------------------------------------- */

static void
view(struct log *log, bool first)
{
	uint32_t item = draw_view(log, first);

	add_event(log, VIEW, item);
	if (take(&log->twice, 1, &log->rng))
		add_event(log, VIEW, item);
	put(&log->open, item);
	put(&log->set, item);
	pick_or_not(log);
}

/* A time in the log's period, as busy as the hour and the day are. */
static int64_t
draw_time(struct log *log)
{
	const struct ur_synth_size *size = &log->shop->size;
	int64_t t;

	do
		t = size->begin + (int64_t)ur_rng_below(&log->rng, (uint64_t)(size->end - size->begin));
	while (ur_rng_uniform(&log->rng) * 71 * 21.8 >= by_hour[t / hour % 24] * by_day[(t / day + 3) % 7]);
	return t;
}

static void
session(struct log *log, size_t views)
{
	log->open.n = log->gone.n = log->set.n = 0;
	for (size_t i = 0; i < views; i++) {
		if (i > 0)
			wait_some(log, 62, 1.53);
		view(log, i == 0);
	}
	for (size_t i = 0; i < log->open.n; i++)
		put(&log->before, log->open.item[i]);
}

/* Time that sessions and views take, with something to spare. */
static int64_t
time_needed(size_t sessions, size_t views)
{
	return (int64_t)sessions * 45 * minute + (int64_t)views * 4 * minute;
}

static int64_t
draw_start(struct log *log, int64_t needed)
{
	const struct ur_synth_size *size = &log->shop->size;
	int64_t t;

	if (needed > (size->end - size->begin) / 2)
		return size->begin;
	do
		t = draw_time(log);
	while (t > size->end - needed);
	return t;
}

/* From the end of a session to the next one: some days, or what the log's period has left. */
static void
pause(struct log *log, double mean, int64_t needed)
{
	int64_t wait = (int64_t)(-mean * log1p(-ur_rng_uniform(&log->rng)));
	int64_t slack = log->shop->size.end - log->time - needed;

	if (wait > slack)
		wait = slack > 0 ? (int64_t)ur_rng_below(&log->rng, (uint64_t)slack) : 0;
	log->time += gap + minute + wait;
}

static void
visitor(struct log *log, size_t views)
{
	size_t sessions = 1, *length = ur_calloc(views, sizeof *length);
	double period = (double)(log->shop->size.end - log->shop->size.begin), mean;
	double restless = -log1p(-ur_rng_uniform(&log->rng));    /* some come back often, some stay long */

	length[0] = 1;
	for (size_t i = 1; i < views; i++) {
		sessions += take(&log->session, restless, &log->rng);
		length[sessions - 1]++;
	}
	mean = fmin((double)(3 * day), period / (2 * (double)sessions));
	log->before.n = log->shown.n = log->picked.n = 0;
	log->time = draw_start(log, time_needed(sessions, views));
	for (size_t i = 0; i < sessions; i++) {
		if (i > 0)
			pause(log, mean, time_needed(sessions - i, views));
		session(log, length[i]);
		views -= length[i];
	}
	free(length);
}

/* --- the whole ---------------------------------------------------------------------- */

/* Sum over n of P(at least n views) = sum of n^-a, up to `most`. */
static double
mean_views(double a, int most)
{
	double sum = 0;

	for (int n = most; n > 0; n--)
		sum += pow(n, -a);
	return sum;
}

/* Views of each visitor: P(at least n) = n^-a, which fits the real log well; a by the mean, the rest by chance. */
static uint32_t *
draw_views(const struct ur_synth_size *size, struct ur_rng *rng)
{
	uint64_t total = size->views - size->doubles, sum = 0, n = size->visitors;
	double days = (double)(size->end - size->begin) / (double)day, low = 1.01, high = 20;
	uint32_t most = days * MAX_VIEWS_A_DAY < MAX_VIEWS ? (uint32_t)(days * MAX_VIEWS_A_DAY) : MAX_VIEWS;
	uint32_t *views = ur_alloc(n, sizeof *views);

	while (high - low > 1e-9) {
		double a = (low + high) / 2;

		*(mean_views(a, (int)most) * (double)n > (double)total ? &low : &high) = a;
	}
	for (uint64_t i = 0; i < n; i++) {
		double x = pow(1 - ur_rng_uniform(rng), -1 / low);

		sum += views[i] = x < most ? (uint32_t)x : most;
	}
	while (sum != total) {
		uint64_t i = ur_rng_below(rng, n);

		if (sum < total && views[i] < most) {
			views[i]++;
			sum++;
		} else if (sum > total && views[i] > 1) {
			views[i]--;
			sum--;
		}
	}
	return views;
}

static uint32_t *
permutation(uint32_t n, struct ur_rng *rng)
{
	uint32_t *a = ur_alloc(n, sizeof *a);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = (uint32_t)ur_rng_below(rng, i + 1ull);

		a[i] = a[j];
		a[j] = i;
	}
	return a;
}

static void
set_quotas(struct log *log)
{
	const struct ur_synth_size *size = &log->shop->size;
	uint64_t views = size->views - size->doubles, again = (uint64_t)((double)size->carts * repeats);
	uint64_t others = size->carts - again, lost = (uint64_t)((double)others * orphans);

	log->cover = (struct quota){ size->items, views };
	log->session = (struct quota){ size->sessions - size->visitors, views - size->visitors };
	log->pick = (struct quota){ others - lost, views };
	log->orphan = (struct quota){ lost, views };
	log->repeat = (struct quota){ again, others };
	log->transaction = (struct quota){ size->transactions, others };
	log->twice = (struct quota){ size->doubles, views };
}

/* Days from 06:00 to 06:00, from the block the real file begins with, those before it at the end. */
static void
place_events(struct log *log)
{
	for (size_t i = 0; i < log->events; i++) {
		int64_t block = ((int64_t)log->event[i].time - first_block + 10000 * day) / day - 10000;

		log->event[i].place |= (uint64_t)(block < 0 ? block + 10000 : block) << 40;
	}
	ur_sort(&log->event->place, log->events, sizeof *log->event / sizeof log->event->place);
}

static void
write_events(const struct log *log, FILE *f)
{
	static const char *const name[] = { ",view,", ",addtocart,", ",transaction," };
	struct ur_text t = { 0 };
	uint64_t transactions = 0;

	fprintf(f, "timestamp,visitorid,event,itemid,transactionid\n");
	for (const struct event *e = log->event; e < log->event + log->events; e++) {
		int kind = (int)(e->place & 3);

		t.n = 0;
		ur_text_u64(&t, e->time);
		ur_text_put(&t, ",");
		ur_text_u64(&t, e->who >> 32);
		ur_text_put(&t, name[kind]);
		ur_text_u64(&t, log->shop->id[e->who & UINT32_MAX]);
		ur_text_put(&t, ",");
		if (kind == TRANSACTION)
			ur_text_u64(&t, transactions++);
		ur_text_put(&t, "\n");
		fwrite(t.p, 1, t.n, f);
	}
	free(t.p);
}

static void
free_log(struct log *log)
{
	struct bag *bags[] = { &log->before, &log->shown, &log->picked, &log->open, &log->gone, &log->set };

	for (size_t i = 0; i < sizeof bags / sizeof *bags; i++)
		free(bags[i]->item);
	free(log->event);
	free(log->popular);
	free(log->fresh);
}

void
ur_synth_log(const struct ur_shop *shop, const struct ur_truth *truth, FILE *f)
{
	struct log log = { .shop = shop, .truth = truth };
	uint32_t *views, *id;

	ur_rng_seed(&log.rng, shop->seed, LOG_STREAM);
	log.popular = permutation(shop->size.items, &log.rng);
	log.fresh = permutation(shop->size.items, &log.rng);
	views = draw_views(&shop->size, &log.rng);
	id = permutation(shop->size.visitors, &log.rng);
	set_quotas(&log);
	for (uint32_t i = 0; i < shop->size.visitors; i++) {
		log.visitor = id[i];
		visitor(&log, views[i]);
	}
	free(views);
	free(id);
	place_events(&log);
	write_events(&log, f);
	free_log(&log);
}
