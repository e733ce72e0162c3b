/*
 * cols.h - the columns of SESSIONS, BATCH and ITEMS frames; within the library.
 *
 * A ur_columns borrows the payload it was read from: its columns lie there unaligned and
 * are read by ur_u16 and its like, or copied out.
 */
#ifndef UR_COLS_H
#define UR_COLS_H

#include <string.h>

#include "mp.h"
#include "rec.h"

/* A payload whose columns have been checked against each other, as in ur_users. */
struct ur_columns {
	size_t users, steps, items;
	const uint8_t *user, *nsteps;                   /* u64, u32 [users] */
	const uint8_t *time, *role, *pick, *size;       /* i64, u8, i32, u16 [steps] */
	const uint8_t *item, *rank;                     /* u64 (sessions) or u32, u16 [items] */
	bool more;
};

static inline uint16_t
ur_u16(const uint8_t *column, size_t i)
{
	uint16_t x;

	memcpy(&x, column + i * sizeof x, sizeof x);
	return x;
}

static inline uint32_t
ur_u32(const uint8_t *column, size_t i)
{
	uint32_t x;

	memcpy(&x, column + i * sizeof x, sizeof x);
	return x;
}

static inline uint64_t
ur_u64(const uint8_t *column, size_t i)
{
	uint64_t x;

	memcpy(&x, column + i * sizeof x, sizeof x);
	return x;
}

/* The payload of a SESSIONS or BATCH frame, by format. */
void ur_users_pack(struct ur_pack *p, const struct ur_users *users, enum ur_format format);
/*
 * Checks a payload and finds its columns: sizes agree, sizes, roles and picks are in range, items are
 * rows below `rows` (batches).  0, or -1 with err, which says what is wrong and not where.
 */
int ur_columns_read(struct ur_columns *c, enum ur_format format, uint32_t rows,
    const uint8_t *payload, size_t n, char *err);

/* Rows first .. first + n - 1 as the payload of an ITEMS frame. */
void ur_items_pack(struct ur_pack *p, const struct ur_items *items, uint32_t first, uint32_t n);
/* Room for `rows` rows; items->dense and items->onehots are set. */
void ur_items_grow(struct ur_items *items, size_t rows);
/* Appends the rows of a payload, checked against the features of spec.  0, or -1 with err, as above. */
int ur_items_read(struct ur_items *items, const struct ur_spec *spec, const uint8_t *payload, size_t n, char *err);

#endif
