/* Streams whose sums are right and whose contents are not. */
#include "streams.h"

#include <math.h>

/* A stream of these payloads: a header, others of the given kinds, END. */
struct part {
	enum ur_kind kind;
	struct ur_pack payload;
};

static struct bytes
assemble(struct part *part, size_t n, uint64_t records)
{
	struct ur_frame_writer w;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	ur_frames_begin(&w, f);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ur_frames_put(&w, part[i].kind, part[i].payload.data, part[i].payload.n, err), 0);
		ur_pack_free(&part[i].payload);
	}
	ur_frames_end(&w, records);
	fclose(f);
	return b;
}

static struct ur_pack
header_payload(enum ur_format format)
{
	struct ur_header header;
	struct ur_pack p = { 0 };
	char err[UR_ERR];

	make_header(&header, format);
	assert_int_equal(ur_header_pack(&p, &header, err), 0);
	ur_header_free(&header);
	return p;
}

static void
assert_says(struct bytes b, enum ur_format format, const char *what)
{
	char err[UR_ERR] = "";
	int r = read_all(file_of_bytes(b), format, err);

	if (what == NULL && r < 0)
		fail_msg("refused: %s", err);
	if (what != NULL && (r >= 0 || strstr(err, what) == NULL || strchr(err, '\n') != NULL))
		fail_msg("%d '%s' should hold '%s'", r, err, what);
	free(b.p);
}

/* --- users and steps ----------------------------------------------------------------- */

static void no_change(struct ur_users *u) { (void)u; }
static void no_steps(struct ur_users *u) { u->nsteps[1] = 0; u->nsteps[0] = 4; }
static void too_many_steps(struct ur_users *u) { u->nsteps[0]++; }
static void overflowing_steps(struct ur_users *u) { u->nsteps[0] = UINT32_MAX; u->nsteps[1] = 5; }
static void empty_set(struct ur_users *u) { u->size[1] = 0; u->size[0] = 3; }
static void larger_sets(struct ur_users *u) { u->size[0]++; }
static void smaller_sets(struct ur_users *u) { u->size[2]--; }
static void pick_of_size(struct ur_users *u) { u->pick[0] = 2; }
static void pick_below(struct ur_users *u) { u->pick[0] = -2; }
static void pick_far(struct ur_users *u) { u->pick[0] = INT32_MIN; }
static void role_5(struct ur_users *u) { u->role[3] = 5; }
static void role_4(struct ur_users *u) { u->role[3] = 4; }
static void row_4(struct ur_users *u) { u->row[7] = 4; }
static void row_far(struct ur_users *u) { u->row[0] = UINT32_MAX; }
static void goes_on(struct ur_users *u) { u->more = true; }
static void same_user(struct ur_users *u) { u->user[1] = u->user[0]; }
static void swapped_users(struct ur_users *u) { u->user[0] = 9; u->user[1] = 7; }
static void nobody(struct ur_users *u) { u->users = u->steps = u->items = 0; }

static struct bytes
changed_users(enum ur_format format, void (*change)(struct ur_users *))
{
	struct part part[3] = { { UR_K_HEADER, header_payload(format) }, { UR_K_ITEMS, { 0 } } };
	struct ur_users users = { 0 };
	size_t n = 1;

	if (format == UR_BATCHES)
		ur_items_pack(&part[n++].payload, &item_table, 0, 4);
	make_users(&users, format == UR_BATCHES);
	change(&users);
	part[n].kind = format == UR_BATCHES ? UR_K_BATCH : UR_K_SESSIONS;
	part[n].payload = (struct ur_pack){ 0 };
	ur_users_pack(&part[n++].payload, &users, format);
	ur_users_free(&users);
	return assemble(part, n, 4);
}

static void
test_columns(void **state)
{
	static const struct {
		void (*change)(struct ur_users *);
		const char *sessions, *batches;
	} test[] = {
		{ no_change, NULL, NULL },
		{ no_steps, "frame 2: user 9 has no steps", "frame 3: user 9 has no steps" },
		{ too_many_steps, "\"steps\" adds up to 5, the frame has 4", "\"steps\" adds up to 5, the frame has 4" },
		{ overflowing_steps, "\"steps\" adds up to 4294967300", "\"steps\" adds up to 4294967300" },
		{ empty_set, "step 1 shows no items", "step 1 shows no items" },
		{ larger_sets, "\"size\" adds up to 9, the frame has 8", "\"size\" adds up to 9, the frame has 8" },
		{ smaller_sets, "\"size\" adds up to 7", "\"size\" adds up to 7" },
		{ pick_of_size, "step 0 picks item 2 of 2", "step 0 picks item 2 of 2" },
		{ pick_below, "step 0 picks item -2 of 2", "step 0 picks item -2 of 2" },
		{ pick_far, "step 0 picks item -2147483648 of 2", "step 0 picks item -2147483648 of 2" },
		{ role_5, "step 3 has role 5, expected at most 4", "step 3 has role 5, expected at most 3" },
		{ role_4, NULL, "step 3 has role 4, expected at most 3" },
		{ row_4, NULL, "row 4 of an item table of 4" },
		{ row_far, NULL, "row 4294967295 of an item table of 4" },
		{ goes_on, "the last user should go on, the stream ends", "the last user should go on, the stream ends" },
		{ same_user, NULL, "a user is there twice" },
		{ swapped_users, NULL, "users are not sorted by id" },
		{ nobody, "no users", "no users" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		/* rows mean nothing to sessions, which have ids */
		if (test[i].change != row_4 && test[i].change != row_far)
			assert_says(changed_users(UR_SESSIONS, test[i].change), UR_SESSIONS, test[i].sessions);
		assert_says(changed_users(UR_BATCHES, test[i].change), UR_BATCHES, test[i].batches);
	}
}

/* A SESSIONS payload with one column of another length or type; -1 leaves it out, -2 makes it text. */
static struct bytes
odd_column(const char *odd, int bytes)
{
	static const struct {
		const char *name;
		size_t n;
	} column[] = {
		{ "user", 8 }, { "steps", 4 }, { "time", 8 }, { "role", 1 }, { "pick", 4 }, { "size", 2 }, { "item", 8 }, { "rank", 2 },
	};
	static const uint8_t ones[16] = { 1, 0, 0, 0 };
	struct part part[2] = { { UR_K_HEADER, header_payload(UR_SESSIONS) }, { UR_K_SESSIONS, { 0 } } };
	struct ur_pack *p = &part[1].payload;

	ur_pack_map(p, bytes == -1 ? 7 : 8);
	for (size_t i = 0; i < 8; i++) {
		bool changed = strcmp(column[i].name, odd) == 0;

		if (changed && bytes == -1)
			continue;
		ur_pack_str(p, column[i].name);
		if (changed && bytes == -2)
			ur_pack_str(p, "12345678");
		else if (strcmp(column[i].name, "pick") == 0 && !changed)
			ur_pack_bin(p, "\0\0\0\0", 4, 1);
		else
			ur_pack_bin(p, ones, changed ? (size_t)bytes : column[i].n, 1);
	}
	return assemble(part, 2, 1);
}

static void
test_column_lengths(void **state)
{
	static const struct {
		const char *name;
		int width;
	} column[] = {
		{ "user", 8 }, { "steps", 4 }, { "time", 8 }, { "role", 1 }, { "pick", 4 }, { "size", 2 }, { "item", 8 }, { "rank", 2 },
	};
	char what[64];

	(void)state;
	assert_says(odd_column("none", 0), UR_SESSIONS, NULL);
	for (size_t i = 0; i < 8; i++) {
		snprintf(what, sizeof what, "frame 2: \"%s\" is not a column of %d-byte values", column[i].name, column[i].width);
		assert_says(odd_column(column[i].name, -1), UR_SESSIONS, what);
		assert_says(odd_column(column[i].name, -2), UR_SESSIONS, what);
		if (column[i].width > 1)
			assert_says(odd_column(column[i].name, column[i].width + 1), UR_SESSIONS, what);
		assert_says(odd_column(column[i].name, 0), UR_SESSIONS, "frame 2: ");
		assert_says(odd_column(column[i].name, 2 * column[i].width), UR_SESSIONS, "frame 2: ");
	}
}

/* --- the item table ------------------------------------------------------------------- */

static struct bytes
item_stream(const struct ur_items *items)
{
	struct part part[3] = { { UR_K_HEADER, header_payload(UR_BATCHES) }, { UR_K_ITEMS, { 0 } }, { UR_K_ITEMS, { 0 } } };

	ur_items_pack(&part[1].payload, items, 0, items->rows);
	ur_items_pack(&part[2].payload, items, 0, items->rows);
	return assemble(part, 3, 0);
}

static void
test_item_tables(void **state)
{
	struct ur_items items = item_table;
	real x[8] = { 0 };
	uint32_t code[4] = { 1, 1, 0, 2 };

	(void)state;
	assert_says(item_stream(&items), UR_BATCHES, NULL);
	items.rows = 0;
	assert_says(item_stream(&items), UR_BATCHES, NULL);
	items = item_table;
	items.x = x;
	x[5] = (real)NAN;
	assert_says(item_stream(&items), UR_BATCHES, "a feature of row 2 is not finite");
	x[5] = (real)-INFINITY;
	assert_says(item_stream(&items), UR_BATCHES, "a feature of row 2 is not finite");
	x[5] = 0;
	items.code = code;
	assert_says(item_stream(&items), UR_BATCHES, "row 3 has code 2, expected less than 2");
	code[3] = UINT32_MAX;
	assert_says(item_stream(&items), UR_BATCHES, "row 3 has code 4294967295, expected less than 2");
	items = item_table;
	items.dense = 1;
	assert_says(item_stream(&items), UR_BATCHES, "\"dense\" has 4 values, expected 8");
	items.dense = 2;
	items.onehots = 0;
	assert_says(item_stream(&items), UR_BATCHES, "\"code\" has 0 values, expected 4");
}

/* --- tensors -------------------------------------------------------------------------- */

static void
pack_tensor(struct ur_pack *p, const char *name, const char *dtype, const uint64_t *shape, size_t rank,
    uint64_t first, const float *data, size_t n)
{
	ur_pack_map(p, 5);
	ur_pack_str(p, "name");
	ur_pack_str(p, name);
	ur_pack_str(p, "dtype");
	ur_pack_str(p, dtype);
	ur_pack_str(p, "shape");
	ur_pack_array(p, rank);
	for (size_t i = 0; i < rank; i++)
		ur_pack_uint(p, shape[i]);
	ur_pack_str(p, "first");
	ur_pack_uint(p, first);
	ur_pack_str(p, "data");
	ur_pack_bin(p, data, n, sizeof *data);
}

static void
test_tensors(void **state)
{
	static const struct {
		struct {
			const char *name, *dtype;
			uint64_t shape[5];
			size_t rank;
			uint64_t first;
			size_t n;
		} piece[2];
		const char *what;
	} test[] = {
		{ { { "a", "f32", { 4 }, 1, 0, 2 }, { "a", "f32", { 4 }, 1, 2, 2 } }, NULL },
		{ { { "a", "f64", { 4 }, 1, 0, 4 } }, "tensor \"a\": unknown dtype, expected f32" },
		{ { { "a", "f32", { 4 }, 1, 0, 5 } }, "tensor \"a\": 5 values from 0 on, of 4" },
		{ { { "a", "f32", { 4 }, 1, 5, 0 } }, "tensor \"a\": 0 values from 5 on, of 4" },
		{ { { "a", "f32", { 4 }, 1, UINT64_MAX, 2 } }, "tensor \"a\": 2 values from 18446744073709551615 on" },
		{ { { "a", "f32", { 4 }, 1, 2, 2 } }, "tensor \"a\": starts with value 2" },
		{ { { "a", "f32", { 4 }, 1, 0, 2 } }, "tensor \"a\": breaks off after 2 of 4 values" },
		{ { { "a", "f32", { 4 }, 1, 0, 2 }, { "a", "f32", { 4 }, 1, 3, 1 } }, "tensor \"a\": breaks off after 2 of 4" },
		{ { { "a", "f32", { 4 }, 1, 0, 2 }, { "b", "f32", { 4 }, 1, 0, 4 } }, "tensor \"a\": breaks off after 2 of 4" },
		{ { { "a", "f32", { 4 }, 1, 0, 2 }, { "a", "f32", { 2, 2 }, 2, 2, 2 } }, "tensor \"a\": changes its shape" },
		{ { { "a", "f32", { 4 }, 1, 0, 0 } }, "tensor \"a\": a frame without values" },
		{ { { "a", "f32", { 0 }, 0, 0, 0 } }, "tensor \"a\": \"shape\" is not an array of 1 to 4 numbers" },
		{ { { "a", "f32", { 1, 1, 1, 1, 1 }, 5, 0, 1 } }, "\"shape\" is not an array of 1 to 4 numbers" },
		{ { { "a", "f32", { 1ull << 32, 1ull << 32 }, 2, 0, 0 } }, "tensor \"a\": \"shape\" is too large" },
		{ { { "a", "f32", { 1ull << 31, 1ull << 31, 4 }, 3, 0, 0 } }, "tensor \"a\": \"shape\" is too large" },
		{ { { "a", "f32", { 0, UINT64_MAX / 2 }, 2, 0, 0 } }, "tensor \"a\": \"shape\" is too large" },
	};
	static const float data[8] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		struct part part[3] = { { UR_K_HEADER, header_payload(UR_MODEL) } };
		size_t n = 1;

		for (size_t k = 0; k < 2 && test[i].piece[k].name != NULL; k++) {
			part[n].kind = UR_K_TENSOR;
			pack_tensor(&part[n++].payload, test[i].piece[k].name, test[i].piece[k].dtype, test[i].piece[k].shape,
			    test[i].piece[k].rank, test[i].piece[k].first, data, test[i].piece[k].n);
		}
		assert_says(assemble(part, n, 1), UR_MODEL, test[i].what);
	}
}

static void
test_tensor_values_are_finite(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct part part[2] = { { UR_K_HEADER, header_payload(UR_MODEL) }, { UR_K_TENSOR, { 0 } } };
		float data[3] = { 0, 1, i == 0 ? NAN : i == 1 ? INFINITY : -INFINITY };

		pack_tensor(&part[1].payload, "w", "f32", (uint64_t[]){ 3 }, 1, 0, data, 3);
		assert_says(assemble(part, 2, 1), UR_MODEL, "tensor \"w\": value 2 is not finite");
	}
}

/* --- headers -------------------------------------------------------------------------- */

/* A sessions header with these fields, then two users; a text NULL leaves the field out. */
static struct bytes
header_stream(const char *format, uint64_t major, const struct ur_pack *history, bool extra)
{
	struct part part[2] = { { UR_K_HEADER, { 0 } }, { UR_K_SESSIONS, { 0 } } };
	struct ur_users users = { 0 };
	struct ur_pack *p = &part[0].payload;

	ur_pack_map(p, extra ? 6 : 4);
	if (extra) {
		ur_pack_str(p, "colour");
		ur_pack_array(p, 1);
		ur_pack_map(p, 1);
		ur_pack_uint(p, 1);
		ur_pack_nil(p);
		ur_pack_uint(p, 7);
		ur_pack_str(p, "a key that is a number");
	}
	ur_pack_str(p, "format");
	ur_pack_str(p, format);
	ur_pack_str(p, "major");
	ur_pack_uint(p, major);
	ur_pack_str(p, "minor");
	ur_pack_uint(p, 9);
	ur_pack_str(p, "history");
	UR_GROW(p->data, p->cap, p->n + history->n);
	memcpy(p->data + p->n, history->data, history->n);
	p->n += history->n;
	make_users(&users, false);
	ur_users_pack(&part[1].payload, &users, UR_SESSIONS);
	ur_users_free(&users);
	return assemble(part, 2, 4);
}

static void
test_header_fields(void **state)
{
	struct ur_pack none = { 0 }, number = { 0 };

	(void)state;
	ur_pack_array(&none, 0);
	ur_pack_uint(&number, 1);
	assert_says(header_stream("ur-sessions", 1, &none, false), UR_SESSIONS, NULL);
	assert_says(header_stream("ur-sessions", 1, &none, true), UR_SESSIONS, NULL);
	assert_says(header_stream("ur-sessions", 2, &none, false), UR_SESSIONS,
	    "frame 1: ur-sessions version 2, this program reads version 1");
	assert_says(header_stream("ur-sessions", 0, &none, true), UR_SESSIONS, "version 0, this program reads version 1");
	assert_says(header_stream("ur-sessions", UINT64_MAX, &none, true), UR_SESSIONS, "version 18446744073709551615");
	assert_says(header_stream("ur-sausages", 1, &none, false), UR_SESSIONS, "unknown format, expected ur-sessions");
	assert_says(header_stream("ur-sessions", 1, &number, false), UR_SESSIONS, "\"history\" is not an array");
	assert_says(header_stream("ur-batches", 1, &none, false), UR_BATCHES, "\"spec\" is not a map");
	ur_pack_free(&none);
	ur_pack_free(&number);
}

/* A stage up to its args, of which so many must follow. */
static void
begin_stage(struct ur_pack *p, size_t args)
{
	ur_pack_map(p, 3);
	ur_pack_str(p, "tool");
	ur_pack_str(p, "t");
	ur_pack_str(p, "version");
	ur_pack_str(p, "1");
	ur_pack_str(p, "args");
	ur_pack_map(p, args);
}

/* A stage whose args are {"x": value}; value may pack further pairs. */
static struct ur_pack
stage_with(void (*value)(struct ur_pack *), size_t values)
{
	struct ur_pack p = { 0 };

	ur_pack_array(&p, 1);
	begin_stage(&p, values);
	ur_pack_str(&p, "x");
	value(&p);
	return p;
}

static void a_nan(struct ur_pack *p) { ur_pack_real(p, NAN); }
static void an_infinity(struct ur_pack *p) { ur_pack_real(p, -INFINITY); }
static void an_array(struct ur_pack *p) { ur_pack_array(p, 0); }
static void a_zero_byte(struct ur_pack *p) { ur_pack_str(p, "abc"); p->data[p->n - 2] = 0; }
static void a_double(struct ur_pack *p) { ur_pack_int(p, 1); ur_pack_str(p, "x"); ur_pack_int(p, 2); }
static void a_negative(struct ur_pack *p) { ur_pack_int(p, INT64_MIN); }

static void
test_history_values(void **state)
{
	static const struct {
		void (*value)(struct ur_pack *);
		const char *what;
	} test[] = {
		{ a_negative, NULL },
		{ a_nan, "args \"x\" is not finite" },
		{ an_infinity, "args \"x\" is not finite" },
		{ an_array, "args \"x\" is no truth value, number or text" },
		{ a_double, "args \"x\" is there twice" },
		{ a_zero_byte, "args \"x\" is no truth value, number or text" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		struct ur_pack history = stage_with(test[i].value, test[i].value == a_double ? 2 : 1);

		assert_says(header_stream("ur-sessions", 1, &history, false), UR_SESSIONS, test[i].what);
		ur_pack_free(&history);
	}
}

static void
test_history_of_too_many_stages(void **state)
{
	struct ur_pack p = { 0 };

	(void)state;
	ur_pack_array(&p, 100000);
	for (int i = 0; i < 100000; i++)
		ur_pack_nil(&p);
	assert_says(header_stream("ur-sessions", 1, &p, false), UR_SESSIONS, "\"history\" is not an array of at most 1000 stages");
	ur_pack_free(&p);
}

/* 101 stages of 1,000 args. */
static void
test_history_of_too_many_args(void **state)
{
	struct ur_pack p = { 0 };

	(void)state;
	ur_pack_array(&p, 101);
	for (int i = 0; i < 101; i++) {
		begin_stage(&p, 1000);
		for (int k = 0; k < 1000; k++) {
			char name[12];

			snprintf(name, sizeof name, "%d", k);
			ur_pack_str(&p, name);
			ur_pack_str(&p, "");
		}
	}
	assert_says(header_stream("ur-sessions", 1, &p, false), UR_SESSIONS, "a history of 101 stages with 101000 args");
	ur_pack_free(&p);
}

/* What could not be read again is not written. */
static void
test_history_with_no_room(void **state)
{
	struct ur_header header;
	char err[UR_ERR];

	(void)state;
	make_header(&header, UR_SESSIONS);
	for (int more = 0; more < 2; more++) {
		struct ur_pack p = { 0 };

		while (header.stages < (size_t)(1000 + more))
			ur_header_add_stage(&header, "t", "1");
		assert_int_equal(ur_header_pack(&p, &header, err), -more);
		ur_pack_free(&p);
	}
	assert_non_null(strstr(err, "a history of 1001 stages"));
	ur_header_free(&header);
}

/* Damages of a spec, by the byte of its text that is changed. */
static void
test_specs(void **state)
{
	static const struct {
		const char *find;
		size_t at;
		uint8_t byte;
		const char *what;
	} test[] = {
		{ "repeat", 0, 'R', "spec: unknown feature" },
		{ "features", 0, 'F', "spec: \"features\" is not an array" },
		{ "min_count", 0, 'M', "spec: \"min_count\" is not a number" },
		{ "training_steps", 0, 'T', "spec: \"training_steps\" is not a number" },
		{ "items", 0, 'I', "spec: \"items\" is not a column of u64" },
		{ "items", 7, 99, "spec: \"items\" is not ascending" },
		{ "shown", 0, 'S', "spec: \"shown\" is not a column of 2 u32" },
		{ "picked", 0, 'P', "spec: \"picked\" is not a column of 2 u32" },
		{ "mean", 0, 'M', "spec: \"mean\" is not a map" },
		{ "mean", 5, 0xa4, "malformed msgpack" },
		{ "mean", 6, 'q', "spec: mean of price is not a finite number" },
		{ "deviation", 11, 'q', "spec: deviation of price is not a finite number" },
		{ "vocabulary", 10, 0xc0, "spec: \"vocabulary\" is not a map" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		struct part part = { UR_K_HEADER, header_payload(UR_BATCHES) };
		uint8_t *p = memmem(part.payload.data, part.payload.n, test[i].find, strlen(test[i].find));

		p[test[i].at] = test[i].byte;
		assert_says(assemble(&part, 1, 0), UR_BATCHES, test[i].what);
	}
}

static void
test_vector_too_wide(void **state)
{
	struct ur_header header;
	struct part part = { UR_K_HEADER, { 0 } };
	char err[UR_ERR];

	(void)state;
	make_header(&header, UR_BATCHES);
	header.spec.vector = INT32_MAX;
	assert_int_equal(ur_header_pack(&part.payload, &header, err), 0);
	ur_header_free(&header);
	assert_says(assemble(&part, 1, 0), UR_BATCHES, "spec: \"vector\" is not a number of columns up to 65536");
}

static void
test_feature_twice(void **state)
{
	struct ur_header header;
	struct part part = { UR_K_HEADER, { 0 } };
	char err[UR_ERR];

	(void)state;
	make_header(&header, UR_BATCHES);
	header.spec.feature[2] = UR_F_ID;
	assert_int_equal(ur_header_pack(&part.payload, &header, err), 0);
	ur_header_free(&header);
	assert_says(assemble(&part, 1, 0), UR_BATCHES, "spec: feature \"id\" is there twice");
}

/* A header of batches whose price is scaled by these. */
static struct part
scaled_header(double mean, double deviation)
{
	struct ur_header header;
	struct part part = { UR_K_HEADER, { 0 } };
	char err[UR_ERR];

	make_header(&header, UR_BATCHES);
	header.spec.mean[UR_F_PRICE] = mean;
	header.spec.deviation[UR_F_PRICE] = deviation;
	assert_int_equal(ur_header_pack(&part.payload, &header, err), 0);
	ur_header_free(&header);
	return part;
}

/* Values scaled by them must be finite floats. */
static void
test_scales(void **state)
{
	static const char too_large[] = "spec: mean and deviation of price make values too large";
	static const struct {
		double mean, deviation;
		const char *what;
	} test[] = {
		{ 3, 0, NULL }, { -3, 1e-30, NULL }, { 1e30, 1, NULL },
		{ 3, -1, "spec: deviation of price is negative" },
		{ 3, 1e-300, too_large }, { 3, 5e-324, too_large }, { 1e300, 1, too_large }, { -1e300, 0, too_large },
	};

	(void)state;
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		struct part part = scaled_header(test[i].mean, test[i].deviation);

		assert_says(assemble(&part, 1, 0), UR_BATCHES, test[i].what);
	}
}

/* 3 and -3 as int 64, as some packers write 3.0 and -3.0. */
static void
test_scales_may_be_whole_numbers(void **state)
{
	static const uint8_t floating[2][9] = { { 0xcb, 0x40, 8 }, { 0xcb, 0xc0, 8 } };
	static const uint8_t whole[2][9] = {
		{ 0xd3, 0, 0, 0, 0, 0, 0, 0, 3 }, { 0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd }
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct part part = scaled_header(i == 0 ? 3 : -3, 1.25);
		struct ur_header header = { 0 };
		char err[UR_ERR];

		memcpy(memmem(part.payload.data, part.payload.n, floating[i], 9), whole[i], 9);
		assert_int_equal(ur_header_unpack(&header, part.payload.data, part.payload.n, err), 0);
		assert_true(header.spec.mean[UR_F_PRICE] == (i == 0 ? 3 : -3));
		ur_header_free(&header);
		ur_pack_free(&part.payload);
	}
}

/* --- frames --------------------------------------------------------------------------- */

static void
test_claimed_sizes(void **state)
{
	struct bytes b = make_stream(UR_SESSIONS);
	size_t at[8];

	(void)state;
	find_frames(b, at, 8);
	memset(b.p + at[1] + 3, 0xff, 4);
	assert_says(b, UR_SESSIONS, "frame 2: larger than 16 MiB");
}

static void
test_payloads_that_lie(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *what;
	} test[] = {
		{ "\xc6\xff\xff\xff\xff", 5, "frame 2: malformed msgpack" },
		{ "\xdf\xff\xff\xff\xff", 5, "frame 2: malformed msgpack" },
		{ "\x81\xa4user\xc6\xff\xff\xff\xff", 11, "frame 2: malformed msgpack" },
		{ "\x80\x80", 2, "frame 2: malformed msgpack" },
		{ "", 0, "frame 2: malformed msgpack" },
		{ "\x90", 1, "frame 2: not a map" },
		{ "\x82\xa4user\xc4\x00\xa4user\xc4\x00", 15, "frame 2: \"user\" is there twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		struct part part[2] = { { UR_K_HEADER, header_payload(UR_SESSIONS) }, { UR_K_SESSIONS, { 0 } } };

		part[1].payload.data = memcpy(ur_alloc(test[i].n, 1), test[i].bytes, test[i].n);
		part[1].payload.n = test[i].n;
		assert_says(assemble(part, 2, 0), UR_SESSIONS, test[i].what);
	}
}

static void
test_unknown_kinds(void **state)
{
	static const int kind[] = { UR_K_ITEMS, UR_K_BATCH, UR_K_TENSOR, 5, 126 };

	(void)state;
	for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
		struct part part[2] = { { UR_K_HEADER, header_payload(UR_SESSIONS) }, { (enum ur_kind)kind[i], { 0 } } };

		ur_pack_map(&part[1].payload, 0);
		assert_says(assemble(part, 2, 0), UR_SESSIONS, "frame 2: a frame of the wrong kind");
	}
}

static void
test_wrong_number_of_records(void **state)
{
	struct part part = { UR_K_HEADER, header_payload(UR_SESSIONS) };

	(void)state;
	assert_says(assemble(&part, 1, 1), UR_SESSIONS, "end: 0 records read, 1 written");
}

/* Users that go on: the same next, another one next, a joined stream next. */
static void
test_users_that_go_on(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct part part[3] = {
			{ UR_K_HEADER, header_payload(UR_SESSIONS) }, { UR_K_SESSIONS, { 0 } }, { UR_K_SESSIONS, { 0 } }
		};
		struct ur_users users = { 0 };

		make_users(&users, false);
		users.more = true;
		ur_users_pack(&part[1].payload, &users, UR_SESSIONS);
		users.more = false;
		users.user[0] = i == 0 ? 9 : 8;
		ur_users_pack(&part[2].payload, &users, UR_SESSIONS);
		ur_users_free(&users);
		assert_says(assemble(part, 3, 8), UR_SESSIONS, i == 0 ? NULL : "another user where the last one should go on");
	}
}

static void
test_no_user_goes_on_into_a_joined_stream(void **state)
{
	struct bytes a = changed_users(UR_SESSIONS, goes_on), both = { ur_alloc(2 * a.n, 1), 2 * a.n };

	(void)state;
	memcpy(both.p, a.p, a.n);
	memcpy(both.p + a.n, a.p, a.n);
	free(a.p);
	assert_says(both, UR_SESSIONS, "the last user should go on, the stream ends");
}

/* Payloads of random msgpack-like bytes with right sums: refused or read, never worse. */
static void
test_random_payloads(void **state)
{
	uint64_t x = 88172645463325252u;
	char err[UR_ERR];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		enum ur_format format = (enum ur_format)(round % 3);
		struct part part[2] = { { UR_K_HEADER, header_payload(format) }, { UR_K_SESSIONS, { 0 } } };
		struct ur_users users = { 0 };
		struct ur_pack *p = &part[round / 3 % 2].payload;
		struct bytes b;

		make_users(&users, format == UR_BATCHES);
		if (format == UR_MODEL)
			pack_tensor(&part[1].payload, "w", "f32", (uint64_t[]){ 1, 2 }, 2, 0, (float[]){ 1, 2 }, 2);
		else
			ur_users_pack(&part[1].payload, &users, format);
		part[1].kind = format == UR_SESSIONS ? UR_K_SESSIONS : format == UR_BATCHES ? UR_K_BATCH : UR_K_TENSOR;
		ur_users_free(&users);
		for (int change = 0; change < 3; change++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			p->data[x % p->n] = (uint8_t)(x >> 40);
		}
		b = assemble(part, 2, 4);
		read_all(file_of_bytes(b), format, err);
		free(b.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_column_lengths),
		cmocka_unit_test(test_item_tables),
		cmocka_unit_test(test_tensors),
		cmocka_unit_test(test_tensor_values_are_finite),
		cmocka_unit_test(test_header_fields),
		cmocka_unit_test(test_history_values),
		cmocka_unit_test(test_history_of_too_many_stages),
		cmocka_unit_test(test_history_of_too_many_args),
		cmocka_unit_test(test_history_with_no_room),
		cmocka_unit_test(test_specs),
		cmocka_unit_test(test_vector_too_wide),
		cmocka_unit_test(test_feature_twice),
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_scales_may_be_whole_numbers),
		cmocka_unit_test(test_claimed_sizes),
		cmocka_unit_test(test_payloads_that_lie),
		cmocka_unit_test(test_unknown_kinds),
		cmocka_unit_test(test_wrong_number_of_records),
		cmocka_unit_test(test_users_that_go_on),
		cmocka_unit_test(test_no_user_goes_on_into_a_joined_stream),
		cmocka_unit_test(test_random_payloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
