/* Sessions against a plain statement of the rules, which looks at whole sessions again and again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "mem.h"
#include "rng.h"
#include "sessions.h"

enum { MOST = 400, TEXT = 1 << 18 };

/* --- the plain statement ----------------------------------------------------- */

struct plain {
	const struct ur_session_rules *rules;
	struct ur_counts counts;
	char text[TEXT];                /* "user time role pick item/rank ...\n" of each step */
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void
say(struct plain *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	p->n += (size_t)vsnprintf(p->text + p->n, sizeof p->text - p->n, fmt, ap);
	va_end(ap);
	assert_true(p->n < sizeof p->text);
}

/* Different items viewed in e[from..to-1], last viewed first; how many. */
static size_t
recent(const struct ur_event *e, size_t from, size_t to, uint64_t *item)
{
	size_t n = 0;

	for (size_t i = to; i-- > from;) {
		bool had = e[i].kind != UR_VIEW;

		for (size_t k = 0; k < n; k++)
			had |= item[k] == e[i].item;
		if (!had)
			item[n++] = e[i].item;
	}
	return n;
}

static void
say_step(struct plain *p, const struct ur_event *at, const uint64_t *item, size_t n, const uint64_t *pick)
{
	int position = -1;

	for (size_t k = 0; k < n; k++)
		if (pick != NULL && item[k] <= *pick)
			position++;
	say(p, "%ju %jd none %d", (uintmax_t)at->visitor, (intmax_t)at->time, position);
	for (uint64_t id = 0; id < 64; id++)
		for (size_t k = 0; k < n; k++)
			if (item[k] == id)
				say(p, " %ju/%zu", (uintmax_t)id, k);
	say(p, "\n");
}

static void
say_context(struct plain *p, const struct ur_event *e, size_t from, size_t to)
{
	for (size_t i = from; p->rules->context && i < to; i++)
		if (e[i].kind == UR_VIEW)
			say(p, "%ju %jd context 0 %ju/0\n", (uintmax_t)e[i].visitor, (intmax_t)e[i].time, (uintmax_t)e[i].item);
}

/* Puts the pick, which is item[at] or at == n, where it belongs in a set of at most max items. */
static size_t
limit(uint64_t *item, size_t n, size_t at, uint64_t pick, size_t max)
{
	if (at == n)
		item[n++] = pick;
	if (n <= max)
		return n;
	if (at >= max)
		item[max - 1] = pick;
	return max;
}

/* --- views as picks, with the whole log looked through for each */

static int
by_time(const void *a, const void *b)
{
	const struct ur_event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->visitor != y->visitor)
		return x->visitor < y->visitor ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

/* Items other than e's that visitors other than e's viewed before e, last viewed first, at most room; e's own
 * place among them is *rank. */
static size_t
others_before(const struct ur_event *log, const struct ur_event *e, size_t room, uint64_t *item, size_t *rank)
{
	size_t n = 0;

	*rank = SIZE_MAX;
	for (const struct ur_event *o = e; o-- > log && n < room;) {
		bool had = o->kind != UR_VIEW || o->visitor == e->visitor;

		for (size_t k = 0; k < n; k++)
			had |= item[k] == o->item;
		if (had)
			continue;
		if (o->item != e->item)
			item[n++] = o->item;
		else if (*rank == SIZE_MAX)
			*rank = n;
	}
	if (*rank == SIZE_MAX)
		*rank = n;
	return n;
}

/* The views of visitor e[0..n-1]; log holds all events by time. */
static void
plain_views(struct plain *p, const struct ur_event *log, size_t all, const struct ur_event *e, size_t n)
{
	const struct ur_event *before = NULL;
	uint64_t item[MOST + 1];
	size_t size, rank;

	for (size_t i = 0; i < n; before = e[i].kind == UR_VIEW ? &e[i] : before, i++) {
		const struct ur_event *at = log;

		if (e[i].kind != UR_VIEW)
			continue;
		if (before == NULL || before->item == e[i].item) {
			say_context(p, e, i, i + 1);
			continue;
		}
		while (by_time(at, &e[i]) != 0 || at->kind != UR_VIEW)
			assert_true(++at < log + all);
		size = others_before(log, at, p->rules->max_set - 1, item, &rank);
		memmove(item + rank + 1, item + rank, (size - rank) * sizeof *item);
		item[rank] = e[i].item;
		p->counts.picks++;
		ur_counts_size(&p->counts, ++size);
		if (size == 1 && !p->rules->keep_singletons)
			continue;
		say_step(p, &e[i], item, size, &e[i].item);
		p->counts.choices++;
	}
}

/* --- sessions */

/* The session e[0..n-1]. */
static void
plain_session(struct plain *p, const struct ur_event *e, size_t n)
{
	const struct ur_session_rules *rules = p->rules;
	uint64_t item[MOST + 1];
	size_t set = 0, size;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;
		bool repeat = false;

		if (e[i].kind != rules->pick)
			continue;
		for (size_t k = 0; k < i; k++)
			repeat |= e[k].kind == rules->pick && e[k].item == e[i].item;
		p->counts.repeat_picks += repeat;
		p->counts.picks += !repeat;
		size = recent(e, set, i, item);
		while (at < size && item[at] != e[i].item)
			at++;
		if (!repeat && at == size)
			p->counts.orphans++;
		if (repeat || (at == size && !rules->add_orphans))
			continue;
		size = limit(item, size, at, e[i].item, rules->max_set);
		ur_counts_size(&p->counts, size);
		if (size > 1 || rules->keep_singletons) {
			say_step(p, &e[i], item, size, &e[i].item);
			p->counts.choices++;
		}
		say_context(p, e, set, i);
		set = i;
	}
	size = recent(e, set, n, item);
	if (size > rules->max_set)
		size = rules->max_set;
	if (rules->no_pick && (size > 1 || (size == 1 && rules->keep_singletons))) {
		say_step(p, &e[n - 1], item, size, NULL);
		p->counts.no_pick_events++;
	}
	say_context(p, e, set, n);
}

static bool
equal(const struct ur_event *a, const struct ur_event *b)
{
	return a->visitor == b->visitor && a->time == b->time && a->kind == b->kind && a->item == b->item;
}

/* Sorted events e[0..n-1], some of them more than once. */
static void
plain_log(struct plain *p, const struct ur_event *e, size_t n)
{
	struct ur_event *once = ur_alloc(n, sizeof *once), *log = ur_alloc(n, sizeof *log);
	size_t m = 0;

	p->counts.rows = n;
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !equal(&e[i], &e[i - 1]))
			once[m++] = e[i];
	p->counts.duplicates = n - m;
	for (size_t i = 0, next; i < m; i = next) {
		for (next = i + 1; next < m && once[next].visitor == once[i].visitor &&
		    (uint64_t)(once[next].time - once[next - 1].time) <= p->rules->gap;)
			next++;
		p->counts.visitors += i == 0 || once[i].visitor != once[i - 1].visitor;
		p->counts.sessions++;
		if (p->rules->pick != UR_VIEW)
			plain_session(p, once + i, next - i);
	}
	memcpy(log, once, m * sizeof *log);
	qsort(log, m, sizeof *log, by_time);
	for (size_t i = 0, next; p->rules->pick == UR_VIEW && i < m; i = next) {
		for (next = i + 1; next < m && once[next].visitor == once[i].visitor;)
			next++;
		plain_views(p, log, m, once + i, next - i);
	}
	free(once);
	free(log);
}

/* --- what the library says --------------------------------------------------- */

/* A stream being written to memory, to be read back. */
struct memory {
	FILE *f;
	char path[32];
	struct ur_writer *out;
};

static struct memory
memory_open(void)
{
	struct ur_header header = { .format = UR_SESSIONS };
	int fd = memfd_create("sessions", 0);
	struct memory m = { .f = fdopen(fd, "wb") };

	assert_non_null(m.f);
	snprintf(m.path, sizeof m.path, "/proc/self/fd/%d", fd);
	m.out = ur_writer_open(m.f, &header);
	return m;
}

static void
say_users(struct plain *p, const struct ur_users *users)
{
	size_t s = 0, k = 0;

	for (size_t u = 0; u < users->users; u++)
		for (size_t end = s + users->nsteps[u]; s < end; s++) {
			say(p, "%ju %jd %s %d", (uintmax_t)users->user[u], (intmax_t)users->time[s],
			    ur_role_name[users->role[s]], users->pick[s]);
			for (size_t stop = k + users->size[s]; k < stop; k++)
				say(p, " %ju/%u", (uintmax_t)users->id[k], users->rank[k]);
			say(p, "\n");
		}
}

/* Closes m and adds its steps to p. */
static void
memory_close(struct memory *m, struct plain *p)
{
	char err[UR_ERR];
	struct ur_reader reader;

	assert_int_equal(ur_writer_close(m->out, err), 0);
	fflush(m->f);
	assert_int_equal(ur_reader_open(&reader, m->path, UR_SESSIONS), 0);
	while (ur_reader_users(&reader) > 0)
		say_users(p, &reader.users);
	assert_string_equal(reader.err, "");
	ur_reader_close(&reader);
	fclose(m->f);
}

static void
run(struct plain *p, struct ur_events *events)
{
	struct memory m = memory_open();
	struct ur_sessions sessions;
	struct ur_event e;
	char err[UR_ERR];

	ur_sessions_init(&sessions, p->rules, &p->counts, m.out);
	ur_events_sort(events);
	if (p->rules->pick == UR_VIEW)
		sessions.others = ur_others_new(events, p->rules->max_set - 1, events->n % 100, err);
	for (size_t i = 0; i < events->n; i++) {
		ur_events_get(events, i, &e);
		ur_sessions_event(&sessions, &e);
	}
	ur_sessions_end(&sessions);
	if (p->rules->pick == UR_VIEW)
		ur_others_free(sessions.others);
	memory_close(&m, p);
}

/* Like assert_string_equal, but says which line differs first. */
static void
assert_same_lines(const char *got, const char *want)
{
	size_t line = 1, i = 0, start = 0;

	for (; got[i] == want[i] && got[i] != '\0'; i++)
		if (got[i] == '\n') {
			line++;
			start = i + 1;
		}
	if (got[i] != want[i])
		fail_msg("line %zu: %.*s, expected %.*s", line, (int)strcspn(got + start, "\n"), got + start,
		    (int)strcspn(want + start, "\n"), want + start);
}

static void
compare(const struct ur_session_rules *rules, struct ur_events *events)
{
	struct plain *want = ur_calloc(1, sizeof *want), *got = ur_calloc(1, sizeof *got);
	struct ur_event *e = ur_alloc(events->n, sizeof *e);
	char a[4096] = "", b[4096] = "";
	FILE *fa = fmemopen(a, sizeof a, "w"), *fb = fmemopen(b, sizeof b, "w");

	want->rules = got->rules = rules;
	run(got, events);
	for (size_t i = 0; i < events->n; i++)
		ur_events_get(events, i, &e[i]);
	plain_log(want, e, events->n);
	assert_same_lines(got->text, want->text);
	ur_counts_print(&got->counts, fa);
	ur_counts_print(&want->counts, fb);
	fclose(fa);
	fclose(fb);
	assert_string_equal(a, b);
	ur_counts_free(&got->counts);
	ur_counts_free(&want->counts);
	free(want);
	free(got);
	free(e);
}

/* Small worlds, so that repeats, orphans, equal times and duplicates abound. */
static void
follows_the_rules(void **state)
{
	struct ur_rng rng;

	(void)state;
	ur_rng_seed(&rng, 1, 0);
	for (int trial = 0; trial < 3000; trial++) {
		size_t n = ur_rng_below(&rng, MOST);
		uint64_t visitors = 1 + ur_rng_below(&rng, 4), items = 1 + ur_rng_below(&rng, 12);
		uint64_t range = 1 + ur_rng_below(&rng, 4000), carts = 1 + ur_rng_below(&rng, 10);
		struct ur_session_rules rules = {
			.gap = ur_rng_below(&rng, 60), .pick = ur_rng_below(&rng, 3), .max_set = 1 + ur_rng_below(&rng, 8),
			.add_orphans = ur_rng_below(&rng, 2), .keep_singletons = ur_rng_below(&rng, 2),
			.no_pick = ur_rng_below(&rng, 2), .context = ur_rng_below(&rng, 2)
		};
		struct ur_events events = { 0 };

		for (size_t i = 0; i < n; i++) {
			struct ur_event e = { ur_rng_below(&rng, visitors), (int64_t)ur_rng_below(&rng, range),
				UR_VIEW, ur_rng_below(&rng, items) };

			if (ur_rng_below(&rng, carts) == 0)
				e.kind = 1 + ur_rng_below(&rng, 2);
			ur_events_add(&events, &e);
		}
		compare(&rules, &events);
		ur_events_free(&events);
	}
}

/* Views as picks where walking back over the log for each would take hours: one visitor, and two that take turns. */
static void
views_without_end(void **state)
{
	static const struct ur_session_rules rules = { .gap = 1800000, .pick = UR_VIEW, .max_set = 10 };
	enum { N = 300000 };

	(void)state;
	for (unsigned visitors = 1; visitors <= 2; visitors++) {
		struct memory m = memory_open();
		struct ur_counts counts = { 0 };
		struct ur_sessions sessions;
		struct ur_events events = { 0 };
		struct ur_event e;
		char err[UR_ERR];

		for (unsigned i = 0; i < N; i++)
			ur_events_add(&events, &(struct ur_event){ i % visitors, i, UR_VIEW,
			    visitors == 1 ? i : i % 4 + (i == 0) * 100 });
		ur_sessions_init(&sessions, &rules, &counts, m.out);
		ur_events_sort(&events);
		sessions.others = ur_others_new(&events, rules.max_set - 1, 1 << 25, err);
		for (size_t i = 0; i < events.n; i++) {
			ur_events_get(&events, i, &e);
			ur_sessions_event(&sessions, &e);
		}
		ur_sessions_end(&sessions);
		ur_others_free(sessions.others);
		assert_int_equal(counts.picks, N - visitors);
		assert_int_equal(counts.singletons, visitors == 1 ? N - 1 : 0);
		assert_int_equal(ur_writer_close(m.out, err), 0);
		fclose(m.f);
		ur_counts_free(&counts);
		ur_events_free(&events);
	}
}

/* Times a whole int64 apart are two sessions; the ends of the ranges survive. */
static void
ends_of_the_ranges(void **state)
{
	static const struct ur_session_rules rules = { .gap = 1800000, .pick = UR_ADDTOCART, .max_set = 10, .no_pick = true };
	struct plain *p = ur_calloc(1, sizeof *p);
	struct ur_events events = { 0 };

	(void)state;
	ur_events_add(&events, &(struct ur_event){ UINT64_MAX, 0, UR_VIEW, UINT64_MAX });
	ur_events_add(&events, &(struct ur_event){ UINT64_MAX, INT64_MAX, UR_VIEW, 0 });
	ur_events_add(&events, &(struct ur_event){ UINT64_MAX, INT64_MAX, UR_VIEW, UINT64_MAX });
	ur_events_add(&events, &(struct ur_event){ UINT64_MAX, INT64_MAX, UR_ADDTOCART, UINT64_MAX });
	p->rules = &rules;
	run(p, &events);
	assert_string_equal(p->text, "18446744073709551615 9223372036854775807 none 1 0/1 18446744073709551615/0\n");
	assert_int_equal(p->counts.sessions, 2);
	ur_counts_free(&p->counts);
	ur_events_free(&events);
	free(p);
}

/*
 * A million events of one visitor in one session, where a table of items that is searched from one
 * end would take hours: orphans and repeats at the end of a long set.
 */
static void
one_visitor_of_a_million_events(void **state)
{
	static const struct ur_session_rules rules = {
		.gap = 1800000, .pick = UR_ADDTOCART, .max_set = 10, .context = true, .no_pick = true
	};
	enum { N = 250000 };
	struct memory m = memory_open();
	struct ur_counts counts = { 0 };
	struct ur_sessions sessions;
	struct ur_reader reader;
	char err[UR_ERR];
	size_t steps = 0;

	(void)state;
	ur_sessions_init(&sessions, &rules, &counts, m.out);
	for (int i = 0; i < 2 * N; i++)
		ur_sessions_event(&sessions, &(struct ur_event){ 1, i, i % 2 ? UR_ADDTOCART : UR_VIEW, (uint64_t)i / 2 });
	for (int i = 2 * N; i < 3 * N; i++)
		ur_sessions_event(&sessions, &(struct ur_event){ 1, i, UR_VIEW, (uint64_t)i });
	for (int i = 3 * N; i < 4 * N; i++)
		ur_sessions_event(&sessions, &(struct ur_event){ 1, i, UR_ADDTOCART, (uint64_t)(i % 2 ? i : i - 3 * N) });
	ur_sessions_end(&sessions);
	assert_int_equal(counts.sessions, 1);
	assert_int_equal(counts.singletons, N);
	assert_int_equal(counts.repeat_picks, N / 2);
	assert_int_equal(counts.orphans, N / 2);
	assert_int_equal(ur_writer_close(m.out, err), 0);
	fflush(m.f);
	assert_int_equal(ur_reader_open(&reader, m.path, UR_SESSIONS), 0);
	while (ur_reader_users(&reader) > 0) {
		assert_int_equal(reader.users.users, 1);
		steps += reader.users.steps;
	}
	assert_int_equal(steps, 2 * N + 1);
	ur_reader_close(&reader);
	ur_counts_free(&counts);
	fclose(m.f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_the_rules),
		cmocka_unit_test(views_without_end),
		cmocka_unit_test(ends_of_the_ranges),
		cmocka_unit_test(one_visitor_of_a_million_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
