#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "dialect.h"
#include "mem.h"

/* --- from the command line ---------------------------------------------------- */

static int
set_pair(char *pair, const char *const *key, size_t n, const char **value, bool *given, char *err)
{
	char *equals = strchr(pair, '=');

	if (equals == NULL || equals[1] == '\0')
		return ur_fail(err, "'%s' is not KEY=NAME", pair);
	*equals = '\0';
	for (size_t k = 0; k < n; k++)
		if (strcmp(pair, key[k]) == 0) {
			if (given[k])
				return ur_fail(err, "'%s' is there twice", pair);
			given[k] = true;
			value[k] = equals + 1;
			return 0;
		}
	return ur_fail(err, "'%s' is unknown", pair);
}

char *
ur_pairs(const char *text, const char *const *key, size_t n, const char **value, char *err)
{
	char *copy = ur_strdup(text), *rest = copy, *pair;
	bool *given = ur_calloc(n, sizeof *given);
	int r = 0;

	while (r == 0 && (pair = strsep(&rest, ",")) != NULL)
		r = set_pair(pair, key, n, value, given, err);
	free(given);
	if (r == 0)
		return copy;
	free(copy);
	return NULL;
}

int
ur_dialect_shard(struct ur_dialect *dialect, const char *text)
{
	const char *slash = strchr(text, '/');
	uint64_t i, n;

	if (slash == NULL || !ur_field_u64((struct ur_field){ text, (size_t)(slash - text) }, &i) ||
	    !ur_field_u64((struct ur_field){ slash + 1, strlen(slash + 1) }, &n) || i >= n || n > UINT32_MAX)
		return -1;
	dialect->shard = (uint32_t)i;
	dialect->shards = (uint32_t)n;
	return 0;
}

/* --- rows ------------------------------------------------------------------ */

int
ur_dialect_open(const struct ur_dialect *dialect, struct ur_csv *csv, const char *path)
{
	return ur_csv_open(csv, path, dialect->separator, dialect->column, dialect->columns);
}

int
ur_dialect_id(const struct ur_dialect *dialect, struct ur_csv *csv, size_t k, uint64_t *id)
{
	if (dialect->hash_ids)
		return ur_field_hash(ur_csv_field(csv, k), id) ? 1 : ur_csv_bad(csv, k, "an id");
	return ur_field_u64(ur_csv_field(csv, k), id) ? 1 : ur_csv_bad(csv, k, "a whole number below 2^64");
}

int
ur_dialect_time(const struct ur_dialect *dialect, struct ur_csv *csv, size_t k, int64_t *time)
{
	static const char *const expected[] = {
		[UR_MS] = "milliseconds", [UR_SECONDS] = "seconds", [UR_ISO] = "a time such as 2015-06-01 06:00:00.000Z"
	};

	if (ur_field_time(ur_csv_field(csv, k), dialect->unit, time))
		return 1;
	return ur_csv_bad(csv, k, expected[dialect->unit]);
}

int
ur_dialect_event(const struct ur_dialect *dialect, struct ur_csv *csv, size_t k, enum ur_event_kind *kind)
{
	struct ur_field f = ur_csv_field(csv, k);
	char expected[200];

	for (*kind = UR_VIEW; *kind < UR_EVENT_KINDS; ++*kind)
		if (ur_field_equal(f, dialect->event[*kind]))
			return 1;
	snprintf(expected, sizeof expected, "%s, %s or %s", dialect->event[UR_VIEW].p, dialect->event[UR_ADDTOCART].p,
	    dialect->event[UR_TRANSACTION].p);
	return ur_csv_bad(csv, k, expected);
}

bool
ur_dialect_keeps(const struct ur_dialect *dialect, uint64_t visitor)
{
	uint64_t bytes = htole64(visitor);

	return dialect->shards == 0 || XXH3_64bits(&bytes, sizeof bytes) % dialect->shards == dialect->shard;
}
