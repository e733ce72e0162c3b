/* msgpack: what is packed is read again, and no claimed size is believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "mem.h"
#include "mp.h"
#include "rng.h"

static void
read_one(const struct ur_pack *p, struct ur_mp *v)
{
	struct ur_mp unused;

	assert_int_equal(ur_mp_whole(v, p->data, p->n), 0);
	for (size_t n = 0; n < p->n; n++)
		assert_int_equal(ur_mp_whole(&unused, p->data, n), -1);
}

static void
test_whole_numbers(void **state)
{
	static const uint64_t u[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX, UINT32_MAX + 1ull, UINT64_MAX };
	static const int64_t i[] = { -1, -32, -33, -128, -129, -32768, -32769, INT32_MIN, INT32_MIN - 1ll, INT64_MIN };

	(void)state;
	for (size_t k = 0; k < sizeof u / sizeof *u; k++) {
		struct ur_pack p = { 0 };
		struct ur_mp v;

		ur_pack_uint(&p, u[k]);
		read_one(&p, &v);
		assert_true(v.type == UR_MP_UINT && v.u == u[k]);
		ur_pack_free(&p);
	}
	for (size_t k = 0; k < sizeof i / sizeof *i; k++) {
		struct ur_pack p = { 0 };
		struct ur_mp v;

		ur_pack_int(&p, i[k]);
		read_one(&p, &v);
		assert_true(v.type == UR_MP_INT && v.i == i[k]);
		ur_pack_free(&p);
	}
}

/* Other packers may write a positive number in a signed type. */
static void
test_signed_types_hold_positive_numbers(void **state)
{
	struct ur_mp v;

	(void)state;
	assert_int_equal(ur_mp_whole(&v, (uint8_t[]){ 0xd1, 0x01, 0x02 }, 3), 0);
	assert_true(v.type == UR_MP_UINT && v.u == 0x102);
}

static void
test_other_scalars(void **state)
{
	struct ur_pack p = { 0 };
	struct ur_cursor c;
	struct ur_mp v;

	(void)state;
	ur_pack_nil(&p);
	ur_pack_bool(&p, true);
	ur_pack_real(&p, -1.0 / 3);
	c = (struct ur_cursor){ p.data, p.data + p.n };
	assert_int_equal(ur_mp_next(&c, &v), 0);
	assert_true(v.type == UR_MP_NIL);
	assert_int_equal(ur_mp_next(&c, &v), 0);
	assert_true(v.type == UR_MP_BOOL && v.u == 1);
	assert_int_equal(ur_mp_next(&c, &v), 0);
	assert_true(v.type == UR_MP_REAL && v.x == -1.0 / 3);
	assert_int_equal(ur_mp_next(&c, &v), -1);
	assert_int_equal(ur_mp_whole(&v, (uint8_t[]){ 0xca, 0x3f, 0xc0, 0, 0 }, 5), 0);
	assert_true(v.type == UR_MP_REAL && v.x == 1.5);
	ur_pack_free(&p);
}

static void
test_text_and_bytes(void **state)
{
	static const size_t size[] = { 0, 1, 31, 32, 255, 256, 65535, 65536 };
	char *text = ur_calloc(65537, 1);

	(void)state;
	for (size_t k = 0; k < sizeof size / sizeof *size; k++) {
		struct ur_pack p = { 0 };
		struct ur_mp v;
		struct ur_cursor c;
		char *copy;

		memset(text, 'x', size[k]);
		text[size[k]] = 0;
		ur_pack_str(&p, text);
		ur_pack_bin(&p, text, size[k], 1);
		c = (struct ur_cursor){ p.data, p.data + p.n };
		assert_int_equal(ur_mp_next(&c, &v), 0);
		assert_true(v.type == UR_MP_STR && v.n == size[k] && ur_mp_is(&v, text));
		copy = ur_mp_strdup(&v);
		assert_string_equal(copy, text);
		free(copy);
		assert_int_equal(ur_mp_next(&c, &v), 0);
		assert_true(v.type == UR_MP_BIN && v.n == size[k] && !ur_mp_is(&v, text));
		assert_null(ur_mp_strdup(&v));
		ur_pack_free(&p);
	}
	free(text);
}

static void
test_text_with_a_zero_byte_is_no_c_string(void **state)
{
	struct ur_mp v;

	(void)state;
	assert_int_equal(ur_mp_whole(&v, (const uint8_t *)"\xa3" "a\0b", 4), 0);
	assert_null(ur_mp_strdup(&v));
}

/* {"a": [1, {"b": 2}], "c": ext, 5: 6, "d": 16 values} */
static void
pack_nested(struct ur_pack *p)
{
	ur_pack_map(p, 4);
	ur_pack_str(p, "a");
	ur_pack_array(p, 2);
	ur_pack_uint(p, 1);
	ur_pack_map(p, 1);
	ur_pack_str(p, "b");
	ur_pack_uint(p, 2);
	ur_pack_str(p, "c");
	p->data[p->n++] = 0xd4;
	p->data[p->n++] = 1;
	p->data[p->n++] = 2;
	ur_pack_uint(p, 5);
	ur_pack_uint(p, 6);
	ur_pack_str(p, "d");
	ur_pack_array(p, 16);
	for (int i = 0; i < 16; i++)
		ur_pack_nil(p);
}

static void
test_fields(void **state)
{
	static const char *const name[] = { "d", "a", "none" };
	struct ur_pack p = { .data = ur_alloc(256, 1), .cap = 256 };
	struct ur_mp map, v[3], inner[2];
	struct ur_cursor c;
	char err[UR_ERR];

	(void)state;
	pack_nested(&p);
	read_one(&p, &map);
	assert_int_equal(ur_mp_fields(&map, name, v, 3, err), 0);
	assert_true(v[0].type == UR_MP_ARRAY && v[0].n == 16 && v[2].type == UR_MP_NONE);
	assert_true(v[1].type == UR_MP_ARRAY && v[1].n == 2);
	c = ur_mp_inside(&v[1]);
	assert_int_equal(ur_mp_next(&c, &inner[0]), 0);
	assert_int_equal(ur_mp_next(&c, &inner[1]), 0);
	assert_int_equal(ur_mp_next(&c, &map), -1);
	assert_true(inner[0].u == 1 && inner[1].type == UR_MP_MAP && inner[1].end == c.end);
	ur_pack_free(&p);
}

static void
test_a_field_that_comes_twice(void **state)
{
	static const char *const name[] = { "a" };
	static const uint8_t bytes[] = { 0x82, 0xa1, 'a', 1, 0xa1, 'a', 1 };
	struct ur_mp map, v[1];
	char err[UR_ERR];

	(void)state;
	assert_int_equal(ur_mp_whole(&map, bytes, sizeof bytes), 0);
	assert_int_equal(ur_mp_fields(&map, name, v, 1, err), -1);
	assert_string_equal(err, "\"a\" is there twice");
	assert_int_equal(ur_mp_fields(&(struct ur_mp){ .type = UR_MP_UINT }, name, v, 1, err), -1);
	assert_string_equal(err, "not a map");
}

static void
test_claims_beyond_the_bytes(void **state)
{
	static const char *const claim[] = {
		"\xc6\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff", "\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff",
		"\xc9\xff\xff\xff\xff", "\xc6\x00\x00\x00\x01", "\xdd\x00\x00\x00\x01", "\xdf\x80\x00\x00\x01",
	};
	struct ur_mp v;

	(void)state;
	for (size_t i = 0; i < sizeof claim / sizeof *claim; i++)
		assert_int_equal(ur_mp_whole(&v, (const uint8_t *)claim[i], 5), -1);
	assert_int_equal(ur_mp_whole(&v, (const uint8_t *)"\xc1", 1), -1);
	assert_int_equal(ur_mp_whole(&v, (const uint8_t *)"\x01\x01", 2), -1);
}

/* A million arrays, each in the one before: no recursion, no quadratic time. */
static void
test_depth(void **state)
{
	size_t n = 1000000;
	uint8_t *p = ur_alloc(n, 1);
	struct ur_mp v;

	(void)state;
	memset(p, 0x91, n);
	assert_int_equal(ur_mp_whole(&v, p, n), -1);
	p[n - 1] = 0xc0;
	assert_int_equal(ur_mp_whole(&v, p, n), 0);
	free(p);
}

/* Random bytes in blocks of their own size: a sanitizer sees any read beyond. */
static void
test_random_bytes(void **state)
{
	struct ur_rng rng;
	struct ur_cursor c;
	struct ur_mp v;

	(void)state;
	ur_rng_seed(&rng, 1, 0);
	for (int round = 0; round < 20000; round++) {
		size_t n = 1 + ur_rng_below(&rng, 40);
		uint8_t *p = ur_alloc(n, 1);

		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)(ur_rng_next(&rng) >> 13);
		c = (struct ur_cursor){ p, p + n };
		while (ur_mp_next(&c, &v) == 0)
			assert_true(v.end == c.p && c.p <= c.end);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_numbers),
		cmocka_unit_test(test_signed_types_hold_positive_numbers),
		cmocka_unit_test(test_other_scalars),
		cmocka_unit_test(test_text_and_bytes),
		cmocka_unit_test(test_text_with_a_zero_byte_is_no_c_string),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_a_field_that_comes_twice),
		cmocka_unit_test(test_claims_beyond_the_bytes),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
