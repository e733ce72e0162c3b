#include <string.h>

#include <msgpack.h>

#include "err.h"
#include "mem.h"
#include "mp.h"

/* --- packing ------------------------------------------------------------- */

static int
append(void *data, const char *bytes, size_t n)
{
	struct ur_pack *p = data;

	UR_GROW(p->data, p->cap, p->n + n);
	if (n > 0)
		memcpy(p->data + p->n, bytes, n);
	p->n += n;
	return 0;
}

static msgpack_packer *
packer(msgpack_packer *pk, struct ur_pack *p)
{
	msgpack_packer_init(pk, p, append);
	return pk;
}

void
ur_pack_nil(struct ur_pack *p)
{
	msgpack_packer pk;

	msgpack_pack_nil(packer(&pk, p));
}

void
ur_pack_bool(struct ur_pack *p, bool b)
{
	msgpack_packer pk;

	packer(&pk, p);
	if (b)
		msgpack_pack_true(&pk);
	else
		msgpack_pack_false(&pk);
}

void
ur_pack_uint(struct ur_pack *p, uint64_t u)
{
	msgpack_packer pk;

	msgpack_pack_uint64(packer(&pk, p), u);
}

void
ur_pack_int(struct ur_pack *p, int64_t i)
{
	msgpack_packer pk;

	msgpack_pack_int64(packer(&pk, p), i);
}

void
ur_pack_real(struct ur_pack *p, double x)
{
	msgpack_packer pk;

	msgpack_pack_double(packer(&pk, p), x);
}

void
ur_pack_str(struct ur_pack *p, const char *s)
{
	msgpack_packer pk;
	size_t n = strlen(s);

	msgpack_pack_str(packer(&pk, p), n);
	msgpack_pack_str_body(&pk, s, n);
}

void
ur_pack_bin(struct ur_pack *p, const void *data, size_t n, size_t width)
{
	msgpack_packer pk;

	msgpack_pack_bin(packer(&pk, p), n * width);
	msgpack_pack_bin_body(&pk, data, n * width);
}

void
ur_pack_array(struct ur_pack *p, size_t n)
{
	msgpack_packer pk;

	msgpack_pack_array(packer(&pk, p), n);
}

void
ur_pack_map(struct ur_pack *p, size_t n)
{
	msgpack_packer pk;

	msgpack_pack_map(packer(&pk, p), n);
}

void
ur_pack_free(struct ur_pack *p)
{
	free(p->data);
	memset(p, 0, sizeof *p);
}

/* --- reading ------------------------------------------------------------- */

/* A big-endian number of `width` bytes. */
static int
number(struct ur_cursor *c, size_t width, uint64_t *u)
{
	if ((size_t)(c->end - c->p) < width)
		return -1;
	for (*u = 0; width > 0; width--)
		*u = *u << 8 | *c->p++;
	return 0;
}

/* n bytes of a string, bin or ext. */
static int
bytes(struct ur_cursor *c, enum ur_mp_type type, uint64_t n, struct ur_mp *v)
{
	if ((uint64_t)(c->end - c->p) < n)
		return -1;
	v->type = type;
	v->data = c->p;
	v->n = n;
	c->p += n;
	return 0;
}

/* An array or map of n: each value takes a byte at least, so a claim beyond the range is false. */
static int
container(struct ur_cursor *c, enum ur_mp_type type, uint64_t n, struct ur_mp *v)
{
	if ((uint64_t)(c->end - c->p) < (type == UR_MP_MAP ? 2 * n : n))
		return -1;
	v->type = type;
	v->data = c->p;
	v->n = n;
	return 0;
}

static int
unsigned_int(struct ur_cursor *c, size_t width, struct ur_mp *v)
{
	v->type = UR_MP_UINT;
	return number(c, width, &v->u);
}

static int
signed_int(struct ur_cursor *c, size_t width, struct ur_mp *v)
{
	uint64_t u, sign = (uint64_t)1 << (8 * width - 1);

	if (number(c, width, &u) < 0)
		return -1;
	v->type = u & sign ? UR_MP_INT : UR_MP_UINT;
	v->u = u;
	v->i = (int64_t)((u ^ sign) - sign);
	return 0;
}

static int
floating(struct ur_cursor *c, size_t width, struct ur_mp *v)
{
	uint64_t u;
	uint32_t u32;
	float f;

	if (number(c, width, &u) < 0)
		return -1;
	v->type = UR_MP_REAL;
	if (width == 8) {
		memcpy(&v->x, &u, 8);
	} else {
		u32 = (uint32_t)u;
		memcpy(&f, &u32, 4);
		v->x = f;
	}
	return 0;
}

static int
sized(struct ur_cursor *c, size_t width, enum ur_mp_type type, struct ur_mp *v)
{
	uint64_t n;

	if (number(c, width, &n) < 0)
		return -1;
	if (type == UR_MP_ARRAY || type == UR_MP_MAP)
		return container(c, type, n, v);
	return bytes(c, type, type == UR_MP_EXT ? n + 1 : n, v);
}

/* First byte 0xc0 to 0xdf. */
static int
tagged(struct ur_cursor *c, unsigned tag, struct ur_mp *v)
{
	switch (tag) {
	case 0xc0:
		v->type = UR_MP_NIL;
		return 0;
	case 0xc2: case 0xc3:
		v->type = UR_MP_BOOL;
		v->u = tag & 1;
		return 0;
	case 0xc4: case 0xc5: case 0xc6:
		return sized(c, (size_t)1 << (tag - 0xc4), UR_MP_BIN, v);
	case 0xc7: case 0xc8: case 0xc9:
		return sized(c, (size_t)1 << (tag - 0xc7), UR_MP_EXT, v);
	case 0xca: case 0xcb:
		return floating(c, tag == 0xca ? 4 : 8, v);
	case 0xcc: case 0xcd: case 0xce: case 0xcf:
		return unsigned_int(c, (size_t)1 << (tag - 0xcc), v);
	case 0xd0: case 0xd1: case 0xd2: case 0xd3:
		return signed_int(c, (size_t)1 << (tag - 0xd0), v);
	case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8:
		return bytes(c, UR_MP_EXT, ((uint64_t)1 << (tag - 0xd4)) + 1, v);
	case 0xd9: case 0xda: case 0xdb:
		return sized(c, (size_t)1 << (tag - 0xd9), UR_MP_STR, v);
	case 0xdc: case 0xdd:
		return sized(c, tag == 0xdc ? 2 : 4, UR_MP_ARRAY, v);
	case 0xde: case 0xdf:
		return sized(c, tag == 0xde ? 2 : 4, UR_MP_MAP, v);
	}
	return -1;              /* 0xc1 */
}

/* A value without what is nested in it. */
static int
head(struct ur_cursor *c, struct ur_mp *v)
{
	unsigned tag;

	memset(v, 0, sizeof *v);
	if (c->p == c->end)
		return -1;
	tag = *c->p++;
	if (tag < 0x80) {
		v->type = UR_MP_UINT;
		v->u = tag;
		return 0;
	}
	if (tag < 0x90)
		return container(c, UR_MP_MAP, tag & 15, v);
	if (tag < 0xa0)
		return container(c, UR_MP_ARRAY, tag & 15, v);
	if (tag < 0xc0)
		return bytes(c, UR_MP_STR, tag & 31, v);
	if (tag < 0xe0)
		return tagged(c, tag, v);
	v->type = UR_MP_INT;
	v->i = (int)tag - 256;
	return 0;
}

static uint64_t
nested(const struct ur_mp *v)
{
	return v->type == UR_MP_ARRAY ? v->n : v->type == UR_MP_MAP ? 2 * (uint64_t)v->n : 0;
}

struct ur_cursor
ur_mp_inside(const struct ur_mp *v)
{
	return (struct ur_cursor){ v->data, v->end };
}

/* Counts what is still due rather than recursing: depth is the input's to choose. */
int
ur_mp_next(struct ur_cursor *c, struct ur_mp *v)
{
	struct ur_mp inner;
	uint64_t due;

	if (head(c, v) < 0)
		return -1;
	for (due = nested(v); due > 0; due += nested(&inner) - 1)
		if ((uint64_t)(c->end - c->p) < due || head(c, &inner) < 0)
			return -1;
	v->end = c->p;
	return 0;
}

int
ur_mp_whole(struct ur_mp *v, const uint8_t *data, size_t n)
{
	struct ur_cursor c = { data, data + n };

	return ur_mp_next(&c, v) < 0 || c.p != c.end ? -1 : 0;
}

bool
ur_mp_is(const struct ur_mp *v, const char *s)
{
	return v->type == UR_MP_STR && v->n == strlen(s) && memcmp(v->data, s, v->n) == 0;
}

static size_t
find(const struct ur_mp *key, const char *const *name, size_t n)
{
	size_t i = 0;

	while (i < n && !ur_mp_is(key, name[i]))
		i++;
	return i;
}

int
ur_mp_fields(const struct ur_mp *map, const char *const *name, struct ur_mp *v, size_t n, char *err)
{
	struct ur_cursor c = ur_mp_inside(map);
	struct ur_mp key, value;
	size_t i;

	memset(v, 0, n * sizeof *v);
	if (map->type != UR_MP_MAP)
		return ur_fail(err, "not a map");
	for (size_t pair = 0; pair < map->n; pair++) {
		if (ur_mp_next(&c, &key) < 0 || ur_mp_next(&c, &value) < 0)
			return ur_fail(err, "malformed msgpack");
		if ((i = find(&key, name, n)) == n)
			continue;
		if (v[i].type != UR_MP_NONE)
			return ur_fail(err, "\"%s\" is there twice", name[i]);
		v[i] = value;
	}
	return 0;
}

char *
ur_mp_strdup(const struct ur_mp *v)
{
	char *s;

	if (v->type != UR_MP_STR || memchr(v->data, 0, v->n) != NULL)
		return NULL;
	s = ur_alloc(v->n + 1, 1);
	memcpy(s, v->data, v->n);
	s[v->n] = 0;
	return s;
}
