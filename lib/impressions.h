/*
 * impressions.h - logs that record what was shown: a row for each item of each display set.
 *
 * The caller owns the struct; free accepts zeros.
 */
#ifndef UR_IMPRESSIONS_H
#define UR_IMPRESSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "rec.h"
#include "sessions.h"

enum ur_shown_column {
	UR_SHOWN_USER, UR_SHOWN_TIME, UR_SHOWN_ITEM, UR_SHOWN_CLICKED,
	UR_SHOWN_SET, UR_SHOWN_POSITION, UR_SHOWN_ROLE, UR_SHOWN_COLUMNS
};

/* Rows of all files read so far, 56 bytes each. */
struct ur_impressions {
	uint64_t *word;                 /* [n, words] */
	size_t n, cap;
	const char **file;              /* [files] names, for messages */
	size_t files, file_cap;
};

/*
 * Appends the rows of csv, opened with a dialect that has the columns above; without UR_SHOWN_SET rows of
 * equal time are a set, without UR_SHOWN_POSITION ranks follow ids.  name is borrowed.  0, or -1 with csv->err.
 */
int ur_impressions_read(struct ur_impressions *im, const struct ur_dialect *dialect, struct ur_csv *csv, const char *name);
/*
 * Writes all display sets, users in the order of their ids and the sets of each by (time, set).
 * 0, or -1 with err: two clicks in a set, rows of a set with different roles, a set of more than 65,535 items.
 */
int ur_impressions_write(struct ur_impressions *im, struct ur_counts *counts, struct ur_writer *out, char *err);
void ur_impressions_free(struct ur_impressions *im);

#endif
