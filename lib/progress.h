/*
 * progress.h - a line on the terminal that says how far long work has come.
 *
 * Borrows its strings; owns nothing.
 */
#ifndef UR_PROGRESS_H
#define UR_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct ur_progress {
	const char *unit;       /* "iterations", "it" */
	uint64_t first, total;  /* where the work began, and where it ends */
	double start, last;     /* seconds on the monotonic clock: of the beginning, of the last line */
	bool on, shown;
};

/* Shows nothing with -q, or where standard error is no terminal. */
void ur_progress_start(struct ur_progress *progress, const char *unit, uint64_t first, uint64_t total);
/* Draws bar, rate, time left and `text`, at most ten times a second. */
void ur_progress_show(struct ur_progress *progress, uint64_t done, const char *text);
/* Wipes the line, so that something else can be printed. */
void ur_progress_clear(struct ur_progress *progress);

#endif
