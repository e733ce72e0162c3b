/*
 * csv.h - the rows of a comma- or tab-separated table, with line numbers.
 *
 * The first row names the columns; the caller says which it wants, in any order.  Fields
 * may be quoted (RFC 4180: a doubled quote stands for one, line ends may be inside); lines
 * end in LF or CRLF; a byte order mark is skipped.  A row of another width than the header is bad.
 * Files, standard input, gzip and zstd as in input.h.
 *
 * The caller owns the struct.  Fields point into its buffer and live until the next row.
 */
#ifndef UR_CSV_H
#define UR_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "field.h"
#include "input.h"

#define UR_CSV_ROW (1 << 20)            /* bytes of the longest row */

struct ur_csv_column {
	const char *name;               /* NULL: not in this table */
	bool optional;                  /* when the header has no such column its fields are empty */
};

struct ur_csv {
	struct ur_input in;
	char separator;
	uint64_t line;                  /* of the row at hand; the header is line 1 */
	uint64_t skip;                  /* bad rows that may be left out, set by the caller */
	uint64_t skipped;               /* left out so far */
	char skipped_err[UR_ERR];       /* what was wrong with the first of them */
	char err[UR_ERR];

	const struct ur_csv_column *column;
	size_t *at;                     /* place of each in the row */
	struct ur_field *cell;          /* [width + 1] the row; the last is always empty */
	size_t width, cell_cap;
	char *buffer, *next, *end;      /* bytes not yet used: next .. end; *end is '\n' */
	uint64_t next_line;
	bool eof;
	bool quoted;                    /* a cell of the row at hand was */
};

/*
 * Opens path (NULL or "-": standard input) and finds the columns [n] in its header; they are
 * borrowed until ur_csv_close.  separator 0: tab if the header has one, else comma.
 * 0, or -1 with csv->err: no header, a column missing or doubled.
 */
int ur_csv_open(struct ur_csv *csv, const char *path, char separator, const struct ur_csv_column *column, size_t n);
/* The next row: 1, 0 at the end, -1 with csv->err.  Malformed rows are left out while csv->skip allows. */
int ur_csv_row(struct ur_csv *csv);
void ur_csv_close(struct ur_csv *csv);

/* Does the header have column k? */
static inline bool
ur_csv_has(const struct ur_csv *csv, size_t k)
{
	return csv->at[k] < csv->width;
}

/* Column k of the row at hand. */
static inline struct ur_field
ur_csv_field(const struct ur_csv *csv, size_t k)
{
	return csv->cell[csv->at[k]];
}

/*
 * The caller finds column k of the row at hand bad: 0 if the row may be left out (it is
 * counted), else -1 with csv->err, 'file: line N: name "text": expected ...'.
 */
int ur_csv_bad(struct ur_csv *csv, size_t k, const char *expected);

#endif
