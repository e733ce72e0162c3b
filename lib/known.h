/*
 * known.h - rows of properties on their way into a catalogue; within the library, for properties.c,
 * categories.c and catalogue.c.
 */
#ifndef UR_KNOWN_H
#define UR_KNOWN_H

#include "catalogue.h"

/* What ur_sort orders: an item's rows by time, then as they were read. */
struct ur_known {
	uint64_t item;          /* number in the store */
	uint64_t time;          /* ms, moved by 2^63 so that earlier is less */
	uint64_t value;         /* place of the row << 32 | number of the value << 2 | enum ur_property */
};

/* Opens a file of which the catalogue allows as many bad rows as it still has to give. */
int ur_catalogue_open(const struct ur_catalogue *catalogue, struct ur_csv *csv, const char *path,
    const struct ur_csv_column *column, size_t columns);
/* Closes it and counts what was left out.  status as it is, with err where it is -1. */
int ur_catalogue_close(struct ur_catalogue *catalogue, struct ur_csv *csv, int status, char *err);
/* The top of each category's tree, from parent; 0, or -1 with err. */
int ur_catalogue_roots(struct ur_catalogue *catalogue, char *err);

#endif
