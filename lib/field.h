/*
 * field.h - the values in the fields of a table: whole numbers, times, hashed text.
 *
 * A field is borrowed bytes, not ended by 0.  The parsers take all of it or nothing:
 * no space, sign or other decoration is let pass.
 */
#ifndef UR_FIELD_H
#define UR_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ur_field {
	const char *p;
	size_t n;
};

enum ur_time_unit { UR_MS, UR_SECONDS, UR_ISO };

struct ur_field ur_field_of(const char *word);
bool ur_field_equal(struct ur_field a, struct ur_field b);
bool ur_field_is(struct ur_field f, const char *word);
/* Decimal digits alone, at most 2^64 - 1. */
bool ur_field_u64(struct ur_field f, uint64_t *value);
/* A whole word as a finite decimal number: strtod without its space in front, plus, hexadecimal, inf and nan. */
bool ur_word_real(const char *word, double *value);
/*
 * A time as milliseconds since 1970 UTC, 0 or later: whole milliseconds, seconds (a fraction
 * is cut after the millisecond), or "2015-06-01 06:00:00.000Z", where T may stand for the
 * space, anything after the day may be missing, and the zone (Z, UTC, +02:00, +0200) too:
 * it is UTC then.
 */
bool ur_field_time(struct ur_field f, enum ur_time_unit unit, int64_t *ms);
/* XXH3_64 of the text; false for an empty field. */
bool ur_field_hash(struct ur_field f, uint64_t *value);

/* Copies f into text [UR_FIELD_TEXT] for a message: one line, printable, cut where too long. */
#define UR_FIELD_TEXT 48
const char *ur_field_text(struct ur_field f, char *text);

#endif
