#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "mem.h"

enum { TOO_LITTLE = -1, BAD_QUOTE = -2 };       /* of split */
enum { CHUNK = 1 << 17, BEYOND = 16 };  /* bytes read at once, which stay in the cache; room behind the buffer */

/* Writes "file: line N: ..." into err [UR_ERR]. */
static void
say(const struct ur_csv *csv, char *err, const char *fmt, va_list ap)
{
	int n = snprintf(err, UR_ERR, "%s: line %" PRIu64 ": ", csv->in.name, csv->line);

	if (n < UR_ERR)
		vsnprintf(err + n, (size_t)(UR_ERR - n), fmt, ap);
}

__attribute__((format(printf, 2, 3))) static int
fail(struct ur_csv *csv, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(csv, csv->err, fmt, ap);
	va_end(ap);
	return -1;
}

/* The row at hand is bad: 0 when it may be left out, else -1. */
__attribute__((format(printf, 2, 3))) static int
bad_row(struct ur_csv *csv, const char *fmt, ...)
{
	bool may = csv->skipped < csv->skip;
	va_list ap;

	va_start(ap, fmt);
	if (!may)
		say(csv, csv->err, fmt, ap);
	else if (csv->skipped++ == 0)
		say(csv, csv->skipped_err, fmt, ap);
	va_end(ap);
	return may ? 0 : -1;
}

int
ur_csv_bad(struct ur_csv *csv, size_t k, const char *expected)
{
	char text[UR_FIELD_TEXT];

	return bad_row(csv, "%s \"%s\": expected %s", csv->column[k].name,
	    ur_field_text(ur_csv_field(csv, k), text), expected);
}

/* Moves what is left to the front of the buffer and reads on; 0, or -1. */
static int
refill(struct ur_csv *csv)
{
	size_t left = (size_t)(csv->end - csv->next);
	ptrdiff_t n;

	if (left == UR_CSV_ROW)
		return fail(csv, "row of more than %d bytes (a quote not closed?)", UR_CSV_ROW);
	memmove(csv->buffer, csv->next, left);
	n = ur_input_read(&csv->in, csv->buffer + left, left < UR_CSV_ROW - CHUNK ? CHUNK : UR_CSV_ROW - left);
	if (n < 0) {
		memcpy(csv->err, csv->in.err, UR_ERR);
		return -1;
	}
	csv->eof = n == 0;
	csv->next = csv->buffer;
	csv->end = csv->buffer + left + n;
	if (csv->eof && left != 0 && csv->end[-1] != '\n')
		*csv->end++ = '\n';     /* the last line may lack its end */
	memset(csv->end, '\n', BEYOND - 1);     /* stops every search */
	return 0;
}

/* The closing quote of the field whose text starts at p, or NULL. */
static char *
closing_quote(const struct ur_csv *csv, char *p)
{
	while ((p = memchr(p, '"', (size_t)(csv->end - p))) != NULL && p[1] == '"')
		p += 2;
	return p;
}

static uint64_t
count_lines(const char *p, const char *end)
{
	uint64_t n = 0;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p++;
		n++;
	}
	return n;
}

/* Leaves out the rest of the line at p. */
static int
bad_quote(struct ur_csv *csv, char *p)
{
	while (*p != '\n')
		p++;
	if (p == csv->end)
		return TOO_LITTLE;
	csv->next_line += count_lines(csv->next, p) + 1;
	csv->next = p + 1;
	return BAD_QUOTE;
}

/* After the closing quote at p: the place of the separator or line end, or NULL. */
static char *
after_quote(const struct ur_csv *csv, char *p)
{
	p++;
	if (p[0] == '\r' && p[1] == '\n')
		p++;
	return *p == csv->separator || *p == '\n' ? p : NULL;
}

/* Bit 7 of the first byte of x that is 0; higher bytes may be marked without cause. */
static inline uint64_t
zero_byte(uint64_t x)
{
	return (x - UINT64_C(0x0101010101010101)) & ~x & UINT64_C(0x8080808080808080);
}

/* The separator or line end that ends the field at p: eight bytes at once, as fields are short. */
static inline char *
field_end(char *p, uint64_t separators)
{
	for (;; p += 8) {
		uint64_t bytes, found;

		memcpy(&bytes, p, sizeof bytes);
		bytes = le64toh(bytes);
		found = zero_byte(bytes ^ separators) | zero_byte(bytes ^ UINT64_C(0x0a0a0a0a0a0a0a0a));
		if (found != 0)
			return p + __builtin_ctzll(found) / 8;
	}
}

/*
 * Cuts the row at csv->next into cells and goes behind it.  Returns the number of fields,
 * TOO_LITTLE (a row not wholly in the buffer stays where it is) or BAD_QUOTE.
 */
static ptrdiff_t
split(struct ur_csv *csv)
{
	const uint64_t separators = UINT64_C(0x0101010101010101) * (unsigned char)csv->separator;
	size_t n = 0;
	uint64_t lines = 1;
	char *p = csv->next;

	csv->quoted = false;
	for (;; p++) {
		char *start = p, *stop;

		if (*p == '"') {
			start++;
			stop = closing_quote(csv, start);
			if (stop == NULL || stop + 2 >= csv->end + csv->eof)
				return TOO_LITTLE;
			p = after_quote(csv, stop);
			if (p == NULL)
				return bad_quote(csv, stop);
			lines += count_lines(start, stop);
			csv->quoted = true;
		} else {
			p = field_end(p, separators);
			stop = p - (*p == '\n' && p > start && p[-1] == '\r');
		}
		UR_GROW(csv->cell, csv->cell_cap, n + 1);
		csv->cell[n++] = (struct ur_field){ start, (size_t)(stop - start) };
		if (*p == '\n')
			break;
	}
	if (p == csv->end)
		return TOO_LITTLE;
	csv->next = p + 1;
	csv->next_line += lines;
	return (ptrdiff_t)n;
}

/* split, reading on as needed; 0 is the end of the table. */
static ptrdiff_t
next_row(struct ur_csv *csv)
{
	ptrdiff_t n;

	csv->line = csv->next_line;
	while ((n = csv->next == csv->end ? TOO_LITTLE : split(csv)) == TOO_LITTLE) {
		if (csv->eof && csv->next == csv->end)
			return 0;
		if (csv->eof)
			return fail(csv, "quote not closed");
		if (refill(csv) < 0)
			return -1;
	}
	return n;
}

/* Quoted cells lose their doubled quotes, in place. */
static void
unquote(struct ur_csv *csv)
{
	for (size_t i = 0; i < csv->width; i++) {
		struct ur_field *f = &csv->cell[i];
		char *to = csv->buffer + (f->p - csv->buffer);

		if (f->p == csv->buffer || f->p[-1] != '"' || memchr(f->p, '"', f->n) == NULL)
			continue;
		for (const char *from = f->p, *end = f->p + f->n; from < end; from++) {
			*to++ = *from;
			from += *from == '"';
		}
		f->n = (size_t)(to - f->p);
	}
}

int
ur_csv_row(struct ur_csv *csv)
{
	ptrdiff_t n;
	int r = 0;

	while (r == 0) {
		n = next_row(csv);
		if (n == (ptrdiff_t)csv->width)
			break;
		if (n == 0 || n == -1)
			return (int)n;
		if (n == BAD_QUOTE)
			r = bad_row(csv, "text after a closing quote, expected %s", csv->separator == '\t' ? "a tab" : "a comma");
		else
			r = bad_row(csv, "%td field%s, expected %zu as in the header", n, &"s"[n == 1], csv->width);
	}
	if (r < 0)
		return -1;
	if (csv->quoted)
		unquote(csv);
	csv->cell[csv->width] = (struct ur_field){ "", 0 };
	return 1;
}

static int
find_column(struct ur_csv *csv, size_t k)
{
	const struct ur_csv_column *column = &csv->column[k];

	csv->at[k] = csv->width;
	for (size_t i = 0; i < csv->width && column->name != NULL; i++) {
		if (!ur_field_is(csv->cell[i], column->name))
			continue;
		if (csv->at[k] != csv->width)
			return fail(csv, "column \"%s\" is there twice", column->name);
		csv->at[k] = i;
	}
	if (csv->at[k] == csv->width && column->name != NULL && !column->optional)
		return fail(csv, "no column \"%s\"", column->name);
	return 0;
}

static int
read_header(struct ur_csv *csv, char separator)
{
	ptrdiff_t n;

	do
		if (refill(csv) < 0)
			return -1;
	while (!csv->eof && memchr(csv->buffer, '\n', (size_t)(csv->end - csv->buffer)) == NULL);
	if (csv->end - csv->buffer >= 3 && memcmp(csv->buffer, "\xef\xbb\xbf", 3) == 0)
		csv->next += 3;
	csv->separator = separator;
	if (separator == 0)
		csv->separator = memchr(csv->next, '\t', strcspn(csv->next, "\n")) ? '\t' : ',';
	n = next_row(csv);
	if (n == 0)
		return fail(csv, "empty, expected a header that names the columns");
	if (n == BAD_QUOTE)
		return fail(csv, "text after a closing quote");
	if (n < 0)
		return -1;
	csv->width = (size_t)n;
	UR_GROW(csv->cell, csv->cell_cap, csv->width + 1);
	unquote(csv);
	return 0;
}

int
ur_csv_open(struct ur_csv *csv, const char *path, char separator, const struct ur_csv_column *column, size_t n)
{
	memset(csv, 0, sizeof *csv);
	if (ur_input_open(&csv->in, path) < 0) {
		memcpy(csv->err, csv->in.err, UR_ERR);
		return -1;
	}
	csv->column = column;
	csv->at = ur_calloc(n, sizeof *csv->at);
	csv->buffer = ur_alloc(UR_CSV_ROW + BEYOND, 1);
	csv->next = csv->end = csv->buffer;
	csv->next_line = csv->line = 1;
	if (read_header(csv, separator) < 0)
		return -1;
	for (size_t k = 0; k < n; k++)
		if (find_column(csv, k) < 0)
			return -1;
	return 0;
}

void
ur_csv_close(struct ur_csv *csv)
{
	ur_input_close(&csv->in);
	free(csv->at);
	free(csv->cell);
	free(csv->buffer);
	memset(csv, 0, sizeof *csv);
}
