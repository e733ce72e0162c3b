/*
 * dialect.h - how a log names its columns and events and writes its ids and times, and whose
 * rows are wanted.
 *
 * The caller owns the struct and the strings in it; ur_pairs allocates what it returns.
 */
#ifndef UR_DIALECT_H
#define UR_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv.h"

enum ur_event_kind { UR_VIEW, UR_ADDTOCART, UR_TRANSACTION, UR_EVENT_KINDS };

struct ur_dialect {
	struct ur_csv_column *column;   /* [columns] in the order their reader wants them */
	size_t columns;
	char separator;                 /* 0: as the header has it */
	struct ur_field event[UR_EVENT_KINDS];
	enum ur_time_unit unit;
	bool hash_ids;                  /* ids are any text, taken as its XXH3_64 */
	uint32_t shard, shards;         /* keep visitors with hash mod shards == shard; shards 0: all */
};

/*
 * Takes "key=value,key=value" apart; value [n] is set for the keys given and stays otherwise.
 * Returns memory that the values point into, for free(), or NULL with err: a key that is not
 * among key [n] or is there twice, no value.
 */
char *ur_pairs(const char *text, const char *const *key, size_t n, const char **value, char *err);
/* "I/N", I from 0; 0, or -1 if it is not that. */
int ur_dialect_shard(struct ur_dialect *dialect, const char *text);

int ur_dialect_open(const struct ur_dialect *dialect, struct ur_csv *csv, const char *path);    /* as ur_csv_open */
/* Column k of the row at hand: 1, or what ur_csv_bad says. */
int ur_dialect_id(const struct ur_dialect *dialect, struct ur_csv *csv, size_t k, uint64_t *id);
int ur_dialect_time(const struct ur_dialect *dialect, struct ur_csv *csv, size_t k, int64_t *time);
int ur_dialect_event(const struct ur_dialect *dialect, struct ur_csv *csv, size_t k, enum ur_event_kind *kind);
/* Is this visitor in the shard?  XXH3_64 of the id as 8 bytes, little-endian, mod shards. */
bool ur_dialect_keeps(const struct ur_dialect *dialect, uint64_t visitor);

#endif
