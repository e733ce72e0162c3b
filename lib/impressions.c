#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "impressions.h"
#include "mem.h"
#include "sort.h"

/*
 * A row's words.  Sorted, the rows of a set are together, those of an item too, and of an
 * item shown twice the clicked row comes first.  WHERE is role, file and line; it decides nothing.
 */
enum { USER, SET, ITEM, UNCLICKED, POSITION, TIME, WHERE, WORDS };
enum { ROLE_SHIFT = 61, FILE_SHIFT = 44, FLUSH_ITEMS = 1 << 16 };

/* --- reading --------------------------------------------------------------- */

static bool
find_role(struct ur_field f, uint64_t *role)
{
	for (*role = UR_TRAIN; *role <= UR_NO_ROLE; ++*role)
		if (ur_field_is(f, ur_role_name[*role]) || (*role < UR_CONTEXT && f.n == 1 && f.p[0] == (char)('0' + *role)))
			return true;
	return false;
}

/* What a row may leave out: set, position and role.  1, or what ur_csv_bad says. */
static int
parse_optional(const struct ur_dialect *dialect, struct ur_csv *csv, uint64_t *word, uint64_t *role)
{
	int r;

	word[SET] = word[TIME];
	word[POSITION] = 0;
	*role = UR_NO_ROLE;
	if (ur_csv_has(csv, UR_SHOWN_SET) && (r = ur_dialect_id(dialect, csv, UR_SHOWN_SET, &word[SET])) <= 0)
		return r;
	if (ur_csv_has(csv, UR_SHOWN_POSITION) && !ur_field_u64(ur_csv_field(csv, UR_SHOWN_POSITION), &word[POSITION]))
		return ur_csv_bad(csv, UR_SHOWN_POSITION, "a whole number");
	if (ur_csv_has(csv, UR_SHOWN_ROLE) && !find_role(ur_csv_field(csv, UR_SHOWN_ROLE), role))
		return ur_csv_bad(csv, UR_SHOWN_ROLE, "train, validation, test (or 0, 1, 2), context or none");
	return 1;
}

/* The row at hand: 1; 0 if it is not wanted; -1. */
static int
parse_row(const struct ur_dialect *dialect, struct ur_csv *csv, uint64_t *word)
{
	struct ur_field clicked = ur_csv_field(csv, UR_SHOWN_CLICKED);
	uint64_t role;
	int64_t time;
	int r;

	if ((r = ur_dialect_id(dialect, csv, UR_SHOWN_USER, &word[USER])) <= 0 ||
	    (r = ur_dialect_time(dialect, csv, UR_SHOWN_TIME, &time)) <= 0 ||
	    (r = ur_dialect_id(dialect, csv, UR_SHOWN_ITEM, &word[ITEM])) <= 0)
		return r;
	if (!ur_field_is(clicked, "0") && !ur_field_is(clicked, "1"))
		return ur_csv_bad(csv, UR_SHOWN_CLICKED, "0 or 1");
	word[TIME] = (uint64_t)time;
	if ((r = parse_optional(dialect, csv, word, &role)) <= 0)
		return r;
	word[UNCLICKED] = clicked.p[0] == '0';
	word[WHERE] = role << ROLE_SHIFT | csv->line;
	return ur_dialect_keeps(dialect, word[USER]);
}

int
ur_impressions_read(struct ur_impressions *im, const struct ur_dialect *dialect, struct ur_csv *csv, const char *name)
{
	uint64_t word[WORDS];
	int r;

	UR_GROW(im->file, im->file_cap, im->files + 1);
	im->file[im->files] = name;
	while ((r = ur_csv_row(csv)) > 0) {
		if ((r = parse_row(dialect, csv, word)) < 0)
			break;
		if (r == 0)
			continue;
		word[WHERE] |= (uint64_t)im->files << FILE_SHIFT;
		UR_GROW(im->word, im->cap, (im->n + 1) * WORDS);
		memcpy(im->word + im->n++ * WORDS, word, sizeof word);
	}
	im->files++;
	return r;
}

/* --- writing --------------------------------------------------------------- */

/* What is at work in ur_impressions_write. */
struct writing {
	const struct ur_impressions *im;
	struct ur_counts *counts;
	struct ur_writer *out;
	struct ur_users users;
	uint64_t *set;          /* [sets, 4] of a user: time, set, first row, rows */
	size_t sets, set_cap;
	uint64_t *order;        /* [size, 2] of a set: position, index */
	size_t order_cap;
	uint16_t *rank;         /* [size] */
	size_t rank_cap;
	char *err;
};

static const uint64_t *
row_at(const struct writing *w, size_t i)
{
	return w->im->word + i * WORDS;
}

static enum ur_role
role_of(const uint64_t *row)
{
	return (enum ur_role)(row[WHERE] >> ROLE_SHIFT);
}

__attribute__((format(printf, 3, 4))) static int
fail_at(struct writing *w, const uint64_t *row, const char *fmt, ...)
{
	uint64_t line = row[WHERE] & ((UINT64_C(1) << FILE_SHIFT) - 1);
	uint64_t file = row[WHERE] << (64 - ROLE_SHIFT) >> (64 - ROLE_SHIFT) >> FILE_SHIFT;
	char what[UR_ERR / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return ur_fail(w->err, "%s: line %" PRIu64 ": %s", w->im->file[file], line, what);
}

/* First row from i on, below end, that differs from row i in its first `words` words. */
static size_t
run_end(const struct writing *w, size_t i, size_t end, size_t words)
{
	size_t j = i + 1;

	while (j < end && memcmp(row_at(w, i), row_at(w, j), words * sizeof(uint64_t)) == 0)
		j++;
	return j;
}

/*
 * Keeps the first row of each item of rows first .. end-1, moved to the front; returns how many
 * there are, or -1.
 */
static ptrdiff_t
distinct_items(struct writing *w, size_t first, size_t end)
{
	const uint64_t *clicked = NULL;
	size_t n = 0;

	for (size_t i = first; i < end; i = run_end(w, i, end, ITEM + 1)) {
		const uint64_t *row = row_at(w, i);

		if (row[UNCLICKED] == 0 && clicked != NULL)
			return fail_at(w, row[WHERE] > clicked[WHERE] ? row : clicked,
			    "user %" PRIu64 ": a second click in the display set, expected one at most", row[USER]);
		if (row[UNCLICKED] == 0)
			clicked = row;
	}
	for (size_t i = first, next; i < end; i = next) {
		next = run_end(w, i, end, ITEM + 1);
		memmove(w->im->word + (first + n++) * WORDS, row_at(w, i), WORDS * sizeof(uint64_t));
	}
	if (n > UINT16_MAX)
		return fail_at(w, row_at(w, first), "%zu items in a display set, expected at most %d", n, UINT16_MAX);
	w->counts->duplicates += end - first - n;
	return (ptrdiff_t)n;
}

/* Adds the set of rows first .. end-1 to those of the user; 0 or -1. */
static int
add_set(struct writing *w, size_t first, size_t end)
{
	const uint64_t *row = row_at(w, first);
	uint64_t time = row[TIME], set = row[SET];
	ptrdiff_t n;

	for (size_t i = first; i < end; i++) {
		const uint64_t *other = row_at(w, i);

		if (role_of(other) != role_of(row))
			return fail_at(w, other, "role %s in a display set of role %s", ur_role_name[role_of(other)],
			    ur_role_name[role_of(row)]);
		if (other[TIME] < time)
			time = other[TIME];
	}
	if ((n = distinct_items(w, first, end)) < 0)
		return -1;
	UR_GROW(w->set, w->set_cap, 4 * (w->sets + 1));
	memcpy(w->set + 4 * w->sets++, (uint64_t[]){ time, set, first, (uint64_t)n }, 4 * sizeof(uint64_t));
	return 0;
}

/* rank [n]: places of the items on the page, by position. */
static void
rank_items(struct writing *w, size_t first, size_t n)
{
	UR_GROW(w->order, w->order_cap, 2 * n);
	UR_GROW(w->rank, w->rank_cap, n);
	for (size_t i = 0; i < n; i++) {
		w->order[2 * i] = row_at(w, first + i)[POSITION];
		w->order[2 * i + 1] = i;
	}
	ur_sort(w->order, n, 2);
	for (size_t i = 0; i < n; i++)
		w->rank[w->order[2 * i + 1]] = (uint16_t)i;
}

static void
write_set(struct writing *w, int64_t time, size_t first, size_t n)
{
	int32_t pick = -1;

	for (size_t i = 0; i < n; i++)
		if (row_at(w, first + i)[UNCLICKED] == 0)
			pick = (int32_t)i;
	rank_items(w, first, n);
	ur_users_add_step(&w->users, time, role_of(row_at(w, first)), pick);
	for (size_t i = 0; i < n; i++)
		ur_users_add_id(&w->users, row_at(w, first + i)[ITEM], w->rank[i]);
	if (pick < 0)
		w->counts->no_pick_events++;
	else {
		w->counts->picks++;
		w->counts->choices++;
		ur_counts_size(w->counts, n);
	}
}

/* Writes the user of rows first .. end-1; 0 or -1. */
static int
write_user(struct writing *w, size_t first, size_t end)
{
	uint64_t user = row_at(w, first)[USER];

	w->sets = 0;
	for (size_t i = first, next; i < end; i = next) {
		next = run_end(w, i, end, SET + 1);
		if (add_set(w, i, next) < 0)
			return -1;
	}
	ur_sort(w->set, w->sets, 4);
	w->counts->visitors++;
	ur_users_add_user(&w->users, user);
	for (size_t i = 0; i < w->sets; i++) {
		const uint64_t *set = w->set + 4 * i;

		write_set(w, (int64_t)set[0], set[2], set[3]);
		if (w->users.items >= FLUSH_ITEMS && i + 1 < w->sets) {
			w->users.more = true;
			ur_writer_users(w->out, &w->users);
			ur_users_add_user(&w->users, user);
		}
	}
	if (w->users.items >= FLUSH_ITEMS)
		ur_writer_users(w->out, &w->users);
	return 0;
}

static size_t
count_items(struct ur_impressions *im)
{
	size_t n = im->n;

	for (size_t i = 0; i < n; i++)
		im->word[i] = im->word[i * WORDS + ITEM];
	im->n = 0;
	return ur_count_distinct(im->word, n);
}

int
ur_impressions_write(struct ur_impressions *im, struct ur_counts *counts, struct ur_writer *out, char *err)
{
	struct writing w = { .im = im, .counts = counts, .out = out, .err = err };
	int r = 0;

	ur_sort(im->word, im->n, WORDS);
	counts->rows += im->n;
	for (size_t i = 0, next; i < im->n && r == 0; i = next) {
		next = run_end(&w, i, im->n, USER + 1);
		r = write_user(&w, i, next);
	}
	ur_writer_users(out, &w.users);
	counts->items = count_items(im);
	ur_users_free(&w.users);
	free(w.set);
	free(w.order);
	free(w.rank);
	return r;
}

void
ur_impressions_free(struct ur_impressions *im)
{
	free(im->word);
	free(im->file);
	memset(im, 0, sizeof *im);
}
