/*
 * visit.c - what visitors of a made-up shop look at, and what they pick.
 *
 * Totals are met exactly by sampling without replacement: of n chances, of which m are
 * still to be taken, the next is taken with probability m / n.
 */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "visit.h"

enum { MAX_SET = 10 };          /* rr-sessionize's, as the gap is */

static const int64_t minute = 60000, hour = 3600000, day = 86400000, gap = 1800000;

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

/* The next chance: is it taken?  `weight` is its weight, 1 on average. */
static bool
take(struct ur_quota *q, double weight, struct ur_rng *rng)
{
	bool taken = q->left >= q->chances ||
	    (q->left != 0 && ur_rng_uniform(rng) * (double)q->chances < weight * (double)q->left);

	q->left -= taken && q->left > 0;
	q->chances--;
	return taken;
}

static bool
holds(const struct ur_bag *b, uint32_t item)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->item[i] == item)
			return true;
	return false;
}

static void
drop(struct ur_bag *b, uint32_t item)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->item[i] != item)
			b->item[n++] = b->item[i];
	b->n = n;
}

/* Puts it last, wherever it was. */
static void
put(struct ur_bag *b, uint32_t item)
{
	drop(b, item);
	UR_GROW(b->item, b->cap, b->n + 1);
	b->item[b->n++] = item;
}

static void
add_event(struct ur_visits *log, enum ur_event_kind kind, uint32_t item)
{
	uint64_t chance = ur_rng_next(&log->rng) >> 26;

	UR_GROW(log->click, log->click_cap, log->clicks + 1);
	log->click[log->clicks++] = (struct ur_click){
		chance << 2 | (uint64_t)kind, (uint64_t)log->time, (uint64_t)log->visitor << 32 | item
	};
}

/* Moves on by a time whose logarithm is normal, less than a session's gap. */
static void
wait_some(struct ur_visits *log, double median, double deviation)
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
draw_popular(struct ur_visits *log)
{
	const double q = 30, s = .2;
	double n = log->shop->size.items, low = pow(q, s), high = pow(n + q, s);
	double rank = pow(low + (high - low) * ur_rng_uniform(&log->rng), 1 / s) - q;

	return log->popular[rank < 0 ? 0 : rank >= n ? (uint32_t)n - 1 : (uint32_t)rank];
}

static uint32_t
draw_from(struct ur_visits *log, const struct ur_bag *b)
{
	return b->item[ur_rng_below(&log->rng, b->n)];
}

/*
 * An item to view: again, or again after a while, or another one.  All items of the shop's log
 * must be viewed: some of the other ones are taken from those that were not.
 */
static uint32_t
draw_view(struct ur_visits *log, bool first)
{
	struct ur_quota *cover = &log->cover;
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
reward(const struct ur_visits *log, uint32_t item)
{
	return ur_truth_reward(log->truth, log->shop, item, log->time, holds(&log->shown, item),
	    holds(&log->picked, item));
}

/* Draws from the set as the truth has it, and remembers the step if rr-sessionize will write it. */
static uint32_t
choose(struct ur_visits *log)
{
	size_t n = log->set.n < MAX_SET ? log->set.n : MAX_SET, k = 0;
	const uint32_t *set = log->set.item + log->set.n - n;
	double p[MAX_SET], sum = 0, x;

	if (n == 1)
		return set[0];
	for (size_t i = 0; i < n; i++)
		sum += p[i] = exp(reward(log, set[i]));
	for (x = sum * ur_rng_uniform(&log->rng); k + 1 < n && x >= p[k]; k++)
		x -= p[k];
	for (size_t i = 0; i < n; i++)
		put(&log->shown, set[i]);
	put(&log->picked, set[k]);
	return set[k];
}

/* A cart, perhaps a second one of the same item, perhaps its purchase. */
static void
cart(struct ur_visits *log, uint32_t item)
{
	add_event(log, UR_ADDTOCART, item);
	put(&log->gone, item);
	drop(&log->open, item);
	if (take(&log->repeat, 1, &log->rng)) {
		wait_some(log, 36, 1.5);
		add_event(log, UR_ADDTOCART, item);
	}
	if (take(&log->transaction, 1, &log->rng)) {
		wait_some(log, 135, 1.3);
		add_event(log, UR_TRANSACTION, item);
	}
}

static void
pick_or_not(struct ur_visits *log)
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
view(struct ur_visits *log, bool first)
{
	uint32_t item = draw_view(log, first);

	add_event(log, UR_VIEW, item);
	if (take(&log->twice, 1, &log->rng))
		add_event(log, UR_VIEW, item);
	put(&log->open, item);
	put(&log->set, item);
	pick_or_not(log);
}

/* A time in the log's period, as busy as the hour and the day are. */
static int64_t
draw_time(struct ur_visits *log)
{
	const struct ur_synth_size *size = &log->shop->size;
	int64_t t;

	do
		t = size->begin + (int64_t)ur_rng_below(&log->rng, (uint64_t)(size->end - size->begin));
	while (ur_rng_uniform(&log->rng) * 71 * 21.8 >= by_hour[t / hour % 24] * by_day[(t / day + 3) % 7]);
	return t;
}

static void
session(struct ur_visits *log, size_t views)
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
draw_start(struct ur_visits *log, int64_t needed)
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
pause(struct ur_visits *log, double mean, int64_t needed)
{
	int64_t wait = (int64_t)(-mean * log1p(-ur_rng_uniform(&log->rng)));
	int64_t slack = log->shop->size.end - log->time - needed;

	if (wait > slack)
		wait = slack > 0 ? (int64_t)ur_rng_below(&log->rng, (uint64_t)slack) : 0;
	log->time += gap + minute + wait;
}

void
ur_visit(struct ur_visits *log, uint32_t visitor, size_t views)
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
	log->visitor = visitor;
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

