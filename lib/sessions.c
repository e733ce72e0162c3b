#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rng.h"
#include "sessions.h"
#include "sort.h"

enum { FLUSH_USERS = 256, FLUSH_ITEMS = 1 << 16, FIRST_SEEN = 64 };

struct ur_viewed {
	uint64_t item;
	int64_t time;
	uint64_t at;            /* number of the event */
};

/*
 * When an item was last viewed and when it was picked, as numbers of events.  Those before the
 * session began do not count: a slot that holds nothing newer is free, so that a new
 * session clears the table by beginning.
 */
struct ur_seen {
	uint64_t item, view, pick;
};

/* --- items of the session --------------------------------------------------- */

static struct ur_seen *
seen_slot(const struct ur_sessions *s, uint64_t item)
{
	size_t mask = s->seen_cap - 1, i = ur_hash64(item) & mask;

	while (s->seen[i].item != item && (s->seen[i].view >= s->session || s->seen[i].pick >= s->session))
		i = (i + 1) & mask;
	return &s->seen[i];
}

static void
seen_grow(struct ur_sessions *s)
{
	struct ur_seen *old = s->seen;
	size_t n = s->seen_cap;

	s->seen_cap = n == 0 ? FIRST_SEEN : 2 * n;
	s->seen = ur_calloc(s->seen_cap, sizeof *s->seen);
	for (size_t i = 0; i < n; i++)
		if (old[i].view >= s->session || old[i].pick >= s->session)
			*seen_slot(s, old[i].item) = old[i];
	free(old);
}

/* The entry of an item, which the caller then marks as viewed or picked now. */
static struct ur_seen *
see(struct ur_sessions *s, uint64_t item)
{
	struct ur_seen *entry;

	if (2 * (s->seen_items + 1) > s->seen_cap)
		seen_grow(s);
	entry = seen_slot(s, item);
	if (entry->view < s->session && entry->pick < s->session) {
		*entry = (struct ur_seen){ .item = item };
		s->seen_items++;
	}
	return entry;
}

/* --- steps ----------------------------------------------------------------- */

static void
begin_step(struct ur_sessions *s, int64_t time, enum ur_role role, int32_t pick)
{
	bool more = s->written;

	if (s->users.items >= FLUSH_ITEMS) {
		s->users.more = more;
		ur_writer_users(s->out, &s->users);
		s->written = false;
	}
	if (!s->written)
		ur_users_add_user(&s->users, s->last.visitor);
	s->written = true;
	ur_users_add_step(&s->users, time, role, pick);
}

/* Item number n of the set. */
static void
put_item(struct ur_sessions *s, size_t n, uint64_t item, size_t rank)
{
	UR_GROW(s->item, s->item_cap, 2 * (n + 1));
	s->item[2 * n] = item;
	s->item[2 * n + 1] = rank;
}

/*
 * Gathers the set in item, in the order of ids: the items viewed last, `room` of them, and
 * the pick, if there is one, which comes last in rank when it is not among them.  Returns its size.
 */
static size_t
gather_set(struct ur_sessions *s, size_t room, const uint64_t *pick)
{
	bool has_pick = pick == NULL;
	size_t n = 0, others = 0;

	for (size_t i = s->views; i-- > 0 && others < room;) {
		const struct ur_viewed *view = &s->view[i];

		if (seen_slot(s, view->item)->view != view->at)
			continue;       /* viewed again later */
		if (pick != NULL && view->item == *pick)
			has_pick = true;
		else
			others++;
		put_item(s, n, view->item, n);
		n++;
	}
	if (!has_pick) {
		put_item(s, n, *pick, n);
		n++;
	}
	ur_sort(s->item, n, 2);
	return n;
}

static void
write_set(struct ur_sessions *s, size_t n, int64_t time, const uint64_t *pick)
{
	int32_t at = -1;

	for (size_t i = 0; pick != NULL && i < n; i++)
		if (s->item[2 * i] == *pick)
			at = (int32_t)i;
	begin_step(s, time, UR_NO_ROLE, at);
	for (size_t i = 0; i < n; i++)
		ur_users_add_id(&s->users, s->item[2 * i], (uint16_t)s->item[2 * i + 1]);
}

/* The pick e out of the set of n items; of one item there is nothing to choose. */
static void
write_choice(struct ur_sessions *s, size_t n, const struct ur_event *e)
{
	ur_counts_size(s->counts, n);
	if (n == 1 && !s->rules.keep_singletons)
		return;
	write_set(s, n, e->time, &e->item);
	s->counts->choices++;
}

static void
write_context(struct ur_sessions *s, int64_t time, uint64_t item)
{
	begin_step(s, time, UR_CONTEXT, 0);
	ur_users_add_id(&s->users, item, 0);
}

/* The views of the set follow it as context, and the next set begins empty. */
static void
empty_set(struct ur_sessions *s)
{
	for (size_t i = 0; s->rules.context && i < s->views; i++)
		write_context(s, s->view[i].time, s->view[i].item);
	s->views = 0;
	s->set = s->now + 1;
}

/* --- events ---------------------------------------------------------------- */

static void
view(struct ur_sessions *s, const struct ur_event *e)
{
	UR_GROW(s->view, s->view_cap, s->views + 1);
	s->view[s->views++] = (struct ur_viewed){ e->item, e->time, s->now };
	see(s, e->item)->view = s->now;
}

static void
pick(struct ur_sessions *s, const struct ur_event *e)
{
	struct ur_seen *entry = see(s, e->item);
	bool viewed = entry->view >= s->set;
	size_t n;

	if (entry->pick >= s->session) {
		s->counts->repeat_picks++;
		return;
	}
	entry->pick = s->now;
	s->counts->picks++;
	s->counts->orphans += !viewed;
	if (!viewed && !s->rules.add_orphans)
		return;
	n = gather_set(s, s->rules.max_set - 1, &e->item);
	write_choice(s, n, e);
	empty_set(s);
}

/* With views as picks: the set is what others viewed, and the pick ranks as they viewed it. */
static void
view_as_pick(struct ur_sessions *s, const struct ur_event *e)
{
	const uint64_t *other;
	size_t n, rank;

	if (!s->viewed || s->last_view == e->item) {
		if (s->rules.context)
			write_context(s, e->time, e->item);
	} else {
		n = ur_others_next(s->others, &other, &rank);
		for (size_t i = 0; i < n; i++)
			put_item(s, i, other[i], i + (i >= rank));
		put_item(s, n, e->item, rank);
		ur_sort(s->item, n + 1, 2);
		s->counts->picks++;
		write_choice(s, n + 1, e);
	}
	s->viewed = true;
	s->last_view = e->item;
}

static void
end_session(struct ur_sessions *s)
{
	size_t n = s->rules.no_pick ? gather_set(s, s->rules.max_set, NULL) : 0;

	if (n > 1 || (n == 1 && s->rules.keep_singletons)) {
		write_set(s, n, s->last.time, NULL);
		s->counts->no_pick_events++;
	}
	empty_set(s);
	s->session = s->now + 1;
	s->seen_items = 0;
}

static void
begin_visitor(struct ur_sessions *s)
{
	s->written = s->viewed = false;
	s->counts->visitors++;
	if (s->users.users >= FLUSH_USERS)
		ur_writer_users(s->out, &s->users);
}

void
ur_sessions_event(struct ur_sessions *s, const struct ur_event *e)
{
	bool first = s->now == 0, same = !first && e->visitor == s->last.visitor;

	s->counts->rows++;
	if (same && ur_event_equal(e, &s->last)) {
		s->counts->duplicates++;
		return;
	}
	if (!same || (uint64_t)e->time - (uint64_t)s->last.time > s->rules.gap) {
		if (!first)
			end_session(s);
		s->counts->sessions++;
	}
	if (!same)
		begin_visitor(s);
	s->last = *e;
	s->now++;
	if (e->kind == UR_VIEW && s->rules.pick == UR_VIEW)
		view_as_pick(s, e);
	else if (e->kind == UR_VIEW)
		view(s, e);
	else if (e->kind == s->rules.pick)
		pick(s, e);
}

void
ur_sessions_init(struct ur_sessions *s, const struct ur_session_rules *rules,
    struct ur_counts *counts, struct ur_writer *out)
{
	*s = (struct ur_sessions){ .rules = *rules, .counts = counts, .out = out, .session = 1, .set = 1 };
	seen_grow(s);
}

void
ur_sessions_end(struct ur_sessions *s)
{
	if (s->now != 0)
		end_session(s);
	ur_writer_users(s->out, &s->users);
	ur_users_free(&s->users);
	free(s->view);
	free(s->seen);
	free(s->item);
}

/* --- counters -------------------------------------------------------------- */

void
ur_counts_size(struct ur_counts *counts, size_t size)
{
	size_t old = counts->size_cap;

	UR_GROW(counts->size, counts->size_cap, size + 1);
	memset(counts->size + old, 0, (counts->size_cap - old) * sizeof *counts->size);
	if (size > counts->max)
		counts->max = size;
	counts->size[size]++;
	counts->singletons += size == 1;
}

void
ur_counts_print(const struct ur_counts *c, FILE *f)
{
	const char *comma = "";

	fprintf(f, "{\"rows\": %" PRIu64 ", \"bad_rows\": %" PRIu64 ", \"duplicates\": %" PRIu64
	    ", \"visitors\": %" PRIu64, c->rows, c->bad_rows, c->duplicates, c->visitors);
	if (!c->no_items)
		fprintf(f, ", \"items\": %" PRIu64, c->items);
	fprintf(f, ", \"sessions\": %" PRIu64 ", \"picks\": %" PRIu64 ", \"orphans\": %" PRIu64
	    ", \"repeat_picks\": %" PRIu64 ", \"singletons\": %" PRIu64 ", \"choices\": %" PRIu64
	    ", \"no_pick_events\": %" PRIu64 ", \"sizes\": {", c->sessions, c->picks, c->orphans,
	    c->repeat_picks, c->singletons, c->choices, c->no_pick_events);
	for (size_t n = 0; n <= c->max && c->size != NULL; n++)
		if (c->size[n] != 0) {
			fprintf(f, "%s\"%zu\": %" PRIu64, comma, n, c->size[n]);
			comma = ", ";
		}
	fputs("}}\n", f);
}

void
ur_counts_free(struct ur_counts *counts)
{
	free(counts->size);
	memset(counts, 0, sizeof *counts);
}
