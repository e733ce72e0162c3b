/*
 * mp.h - msgpack: packing (by msgpack-c, which only mp.c sees) and a cursor of our own
 * that reads values from a range of bytes without trusting any size they claim.
 *
 * A ur_pack owns its bytes until ur_pack_free.  Values read by the cursor point into
 * the bytes read, unaligned, and live as long as those.
 */
#ifndef UR_MP_H
#define UR_MP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- packing: each call appends one value, or the head of a map or array ---- */

struct ur_pack {
	uint8_t *data;
	size_t n, cap;
};

void ur_pack_nil(struct ur_pack *p);
void ur_pack_bool(struct ur_pack *p, bool b);
void ur_pack_uint(struct ur_pack *p, uint64_t u);
void ur_pack_int(struct ur_pack *p, int64_t i);
void ur_pack_real(struct ur_pack *p, double x);
void ur_pack_str(struct ur_pack *p, const char *s);
/* A column of n elements of `width` bytes as they lie in memory, which is little-endian. */
void ur_pack_bin(struct ur_pack *p, const void *data, size_t n, size_t width);
void ur_pack_array(struct ur_pack *p, size_t n);        /* n values follow */
void ur_pack_map(struct ur_pack *p, size_t n);          /* n pairs follow */
void ur_pack_free(struct ur_pack *p);

/* --- reading ---------------------------------------------------------------- */

enum ur_mp_type {
	UR_MP_NONE,             /* a field that was not there */
	UR_MP_NIL, UR_MP_BOOL,
	UR_MP_UINT, UR_MP_INT,  /* INT is negative */
	UR_MP_REAL, UR_MP_STR, UR_MP_BIN, UR_MP_ARRAY, UR_MP_MAP, UR_MP_EXT
};

struct ur_mp {
	enum ur_mp_type type;
	uint64_t u;             /* UINT, BOOL */
	int64_t i;              /* INT */
	double x;               /* REAL */
	const uint8_t *data;    /* STR, BIN: its n bytes; ARRAY, MAP: the first of n values or pairs */
	size_t n;
	const uint8_t *end;     /* past the whole value */
};

/* The bytes still to be read; ur_mp_inside(v) are those of an array's or a map's values. */
struct ur_cursor {
	const uint8_t *p, *end;
};

struct ur_cursor ur_mp_inside(const struct ur_mp *v);
/*
 * Reads one value and all that is nested in it, whose well-formedness is thereby known.
 * 0, or -1 when it is malformed or does not end before the range does.
 */
int ur_mp_next(struct ur_cursor *c, struct ur_mp *v);
/* The value that fills all of data [n]; 0 or -1. */
int ur_mp_whole(struct ur_mp *v, const uint8_t *data, size_t n);

/*
 * The fields of a map by name: v[i] is the value of the key name[i], type UR_MP_NONE if
 * there is none.  Other keys are ignored; a map that is none, or a name that is there twice,
 * is an error: 0, or -1 with err.
 */
int ur_mp_fields(const struct ur_mp *map, const char *const *name, struct ur_mp *v, size_t n, char *err);
bool ur_mp_is(const struct ur_mp *v, const char *s);    /* is it the string s? */
/* A string of its own, or NULL when v is no string or has a zero byte in it. */
char *ur_mp_strdup(const struct ur_mp *v);

#endif
