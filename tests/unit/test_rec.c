/* Streams written and read back, and every way in which one can be wrong. */
#include "streams.h"

#include <math.h>

static const enum ur_format formats[] = { UR_SESSIONS, UR_BATCHES, UR_MODEL };

/* --- what is written comes back ------------------------------------------------ */

static void
assert_users_equal(const struct ur_users *a, const struct ur_users *b, bool rows)
{
	assert_int_equal(a->users, b->users);
	assert_int_equal(a->steps, b->steps);
	assert_int_equal(a->items, b->items);
	assert_memory_equal(a->user, b->user, a->users * sizeof *a->user);
	assert_memory_equal(a->nsteps, b->nsteps, a->users * sizeof *a->nsteps);
	assert_memory_equal(a->time, b->time, a->steps * sizeof *a->time);
	assert_memory_equal(a->role, b->role, a->steps * sizeof *a->role);
	assert_memory_equal(a->pick, b->pick, a->steps * sizeof *a->pick);
	assert_memory_equal(a->size, b->size, a->steps * sizeof *a->size);
	assert_memory_equal(a->rank, b->rank, a->items * sizeof *a->rank);
	if (rows)
		assert_memory_equal(a->row, b->row, a->items * sizeof *a->row);
	else
		assert_memory_equal(a->id, b->id, a->items * sizeof *a->id);
}

static void
test_users_come_back(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bytes b = make_stream(formats[i]);
		struct ur_users want = { 0 };
		struct ur_reader r;

		make_users(&want, i == 1);
		assert_int_equal(ur_reader_open(&r, file_of_bytes(b), formats[i]), 0);
		assert_int_equal(ur_reader_users(&r), 1);
		assert_users_equal(&r.users, &want, i == 1);
		assert_int_equal(ur_reader_users(&r), 0);
		ur_reader_close(&r);
		ur_users_free(&want);
		free(b.p);
	}
}

static void
test_item_table_comes_back(void **state)
{
	struct bytes b = make_stream(UR_BATCHES);
	struct ur_reader r;

	(void)state;
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_BATCHES), 0);
	assert_int_equal(ur_reader_users(&r), 1);
	assert_int_equal(r.items.rows, 4);
	assert_int_equal(r.items.dense, 2);
	assert_int_equal(r.items.onehots, 1);
	assert_memory_equal(r.items.id, item_table.id, 4 * sizeof *r.items.id);
	assert_memory_equal(r.items.x, item_table.x, 8 * sizeof *r.items.x);
	assert_memory_equal(r.items.code, item_table.code, 4 * sizeof *r.items.code);
	assert_memory_equal(r.items.shown, item_table.shown, 4 * sizeof *r.items.shown);
	assert_memory_equal(r.items.picked, item_table.picked, 4 * sizeof *r.items.picked);
	ur_reader_close(&r);
	free(b.p);
}

static void
assert_spec(const struct ur_spec *spec)
{
	struct ur_spec want;

	make_spec(&want);
	assert_int_equal(spec->features, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(spec->feature[i], want.feature[i]);
	assert_int_equal(spec->min_count, 2);
	assert_int_equal(spec->training_steps, 3);
	assert_int_equal(spec->items, 2);
	assert_memory_equal(spec->item, want.item, 16);
	assert_memory_equal(spec->shown, want.shown, 8);
	assert_memory_equal(spec->picked, want.picked, 8);
	assert_true(spec->mean[UR_F_PRICE] == 3.5 && spec->deviation[UR_F_PRICE] == 1.25);
	assert_true(spec->mean[UR_F_POPULARITY] == .5 && spec->deviation[UR_F_POPULARITY] == 2);
	assert_int_equal(spec->vocabulary[UR_F_ID].n, 1);
	assert_int_equal(spec->vocabulary[UR_F_ID].value[0], 10);
	assert_int_equal(ur_spec_dense(spec), 2);
	assert_int_equal(ur_spec_onehots(spec), 1);
	assert_int_equal(ur_spec_page(spec), 3);
	assert_int_equal(ur_spec_onehot_size(spec, 0), 2);
	ur_spec_free(&want);
}

static void
test_header_comes_back(void **state)
{
	struct bytes b = make_stream(UR_MODEL);
	struct ur_reader r;
	const struct ur_param *p;

	(void)state;
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_ANY_FORMAT), 0);
	assert_int_equal(r.header.format, UR_MODEL);
	assert_int_equal(r.header.stages, 2);
	assert_string_equal(r.header.stage[0].tool, "rr-sessionize");
	assert_string_equal(r.header.stage[1].version, "0.1.0");
	assert_false(r.header.stage[0].has_seed);
	assert_true(r.header.stage[1].has_seed && r.header.stage[1].seed == UINT64_MAX);
	p = ur_params_find(&r.header.stage[0].args, "gap");
	assert_true(p->type == UR_P_INT && p->i == 1800);
	p = ur_params_find(&r.header.stage[0].args, "no-pick");
	assert_true(p->type == UR_P_BOOL && p->i == 0);
	p = ur_params_find(&r.header.stage[1].args, "split");
	assert_true(p->type == UR_P_STR);
	assert_string_equal(p->s, "8:1:1");
	p = ur_params_find(&r.header.training, "lr");
	assert_true(p->type == UR_P_REAL && p->x == 1e-3);
	assert_null(ur_params_find(&r.header.arch, "lr"));
	assert_string_equal(r.header.blas, "Haswell");
	assert_spec(&r.header.spec);
	ur_reader_close(&r);
	free(b.p);
}

static void
test_vocabularies_come_back(void **state)
{
	struct ur_header header = { .format = UR_BATCHES, .has_spec = true }, back = { 0 };
	struct ur_spec *spec = &header.spec;
	struct ur_pack p = { 0 };
	char err[UR_ERR];

	(void)state;
	spec->vector = 7;
	spec->feature[spec->features++] = UR_F_ROOT;
	spec->feature[spec->features++] = UR_F_AVAILABLE;
	spec->feature[spec->features++] = UR_F_CATEGORY;
	spec->vocabulary[UR_F_ROOT] = (struct ur_vocabulary){ ur_calloc(1, 8), 1 };
	spec->vocabulary[UR_F_CATEGORY] = (struct ur_vocabulary){ ur_calloc(3, 8), 3 };
	for (uint64_t i = 0; i < 3; i++)
		spec->vocabulary[UR_F_CATEGORY].value[i] = UINT64_MAX - 2 + i;
	assert_int_equal(ur_header_pack(&p, &header, err), 0);
	assert_int_equal(ur_header_unpack(&back, p.data, p.n, err), 0);
	assert_int_equal(back.spec.vocabulary[UR_F_ROOT].n, 1);
	assert_memory_equal(back.spec.vocabulary[UR_F_CATEGORY].value, spec->vocabulary[UR_F_CATEGORY].value, 24);
	assert_int_equal(ur_spec_onehot_size(&back.spec, 0), 2);
	assert_int_equal(ur_spec_onehot_size(&back.spec, 1), 4);
	assert_int_equal(back.spec.vector, 7);
	assert_int_equal(ur_spec_dense(&back.spec), 7 + 1);
	ur_header_free(&back);
	ur_header_free(&header);
	ur_pack_free(&p);
}

static void
test_tensors_come_back(void **state)
{
	struct bytes b = make_stream(UR_MODEL);
	struct ur_piece piece;
	struct ur_reader r;

	(void)state;
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_MODEL), 0);
	assert_int_equal(ur_reader_tensor(&r, &piece), 1);
	assert_string_equal(piece.name, "mlp.0.w");
	assert_true(piece.rank == 2 && piece.shape[0] == 2 && piece.shape[1] == 3);
	assert_true(piece.first == 0 && piece.count == 6 && piece.total == 6);
	assert_true(piece.data[1] == -2 && piece.data[3] == 3e-7f);
	assert_int_equal(ur_reader_tensor(&r, &piece), 1);
	assert_true(piece.rank == 1 && piece.count == 1);
	assert_int_equal(ur_reader_tensor(&r, &piece), 1);
	assert_true(piece.total == 0 && piece.count == 0);
	assert_int_equal(ur_reader_tensor(&r, &piece), 0);
	ur_reader_close(&r);
	free(b.p);
}

/* The streams kept of version 1.0 are those that this one makes. */
static void
test_released_streams(void **state)
{
	static const char *const name[] = { "sessions", "batches", "model" };
	const char *tests = getenv("T");

	(void)state;
	if (tests == NULL)
		skip();
	for (int i = 0; i < 3; i++) {
		struct bytes b = make_stream(formats[i]);
		const uint8_t *p;
		struct ur_input in;
		char path[4096];
		size_t n;

		snprintf(path, sizeof path, "%s/data/streams/%s-1.0.ur", tests, name[i]);
		assert_int_equal(ur_input_open(&in, path), 0);
		assert_int_equal(ur_input_whole(&in, &p, &n), 0);
		assert_int_equal(n, b.n);
		assert_memory_equal(p, b.p, n);
		ur_input_close(&in);
		free(b.p);
	}
}

/* --- where frames are cut -------------------------------------------------------- */

/* Writes users 0 .. n-1 with `steps` steps each, `per_call` users a call. */
static struct bytes
many_users(size_t n, size_t steps, size_t per_call)
{
	struct ur_header header;
	struct ur_users users = { 0 };
	struct ur_writer *w;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	make_header(&header, UR_SESSIONS);
	w = ur_writer_open(f, &header);
	for (size_t u = 0; u < n; u++) {
		ur_users_add_user(&users, u);
		for (size_t s = 0; s < steps; s++) {
			ur_users_add_step(&users, (int64_t)s, UR_NO_ROLE, 0);
			ur_users_add_id(&users, u + s, 0);
		}
		if ((u + 1) % per_call == 0)
			ur_writer_users(w, &users);
	}
	ur_writer_users(w, &users);
	assert_int_equal(ur_writer_close(w, err), 0);
	fclose(f);
	ur_users_free(&users);
	ur_header_free(&header);
	return b;
}

static void
test_frames_do_not_depend_on_calls(void **state)
{
	struct bytes a = many_users(1000, 3, 1000), b = many_users(1000, 3, 1), c = many_users(1000, 3, 77);
	size_t at[16];

	(void)state;
	assert_true(a.n == b.n && a.n == c.n);
	assert_memory_equal(a.p, b.p, a.n);
	assert_memory_equal(a.p, c.p, a.n);
	assert_int_equal(find_frames(a, at, 16), 1 + 4 + 1);
	free(a.p);
	free(b.p);
	free(c.p);
}

/* A user of a million steps, given to the writer in one call or in many. */
static struct bytes
long_user(size_t steps, size_t per_call)
{
	struct ur_header header;
	struct ur_users users = { 0 };
	struct ur_writer *w;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	make_header(&header, UR_SESSIONS);
	w = ur_writer_open(f, &header);
	ur_users_add_user(&users, 42);
	for (size_t s = 0; s < steps; s++) {
		ur_users_add_step(&users, (int64_t)s, UR_NO_ROLE, 0);
		ur_users_add_id(&users, s, 0);
		if ((s + 1) % per_call == 0 && s + 1 < steps) {
			users.more = true;
			ur_writer_users(w, &users);
			ur_users_add_user(&users, 42);
		}
	}
	ur_writer_users(w, &users);
	ur_users_add_user(&users, 43);
	ur_users_add_step(&users, 0, UR_NO_ROLE, -1);
	ur_users_add_id(&users, 1, 0);
	ur_users_add_user(&users, 44);          /* without steps: not written */
	ur_writer_users(w, &users);
	assert_int_equal(ur_writer_close(w, err), 0);
	fclose(f);
	ur_users_free(&users);
	ur_header_free(&header);
	return b;
}

static void
test_a_long_user(void **state)
{
	size_t steps = 1000000, met = 0, frames = 0;
	struct bytes a = long_user(steps, steps), b = long_user(steps, 9999);
	struct ur_reader r;
	int more;

	(void)state;
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	assert_int_equal(ur_reader_open(&r, file_of_bytes(a), UR_SESSIONS), 0);
	for (; (more = ur_reader_users(&r)) > 0; frames++) {
		assert_int_equal(r.users.user[0], 42);
		assert_true(r.users.steps <= 45000);
		for (size_t s = 0; s < r.users.nsteps[0]; s++)
			assert_int_equal(r.users.id[s], met++);
		assert_int_equal(r.users.more, met < steps);
	}
	assert_int_equal(more, 0);
	assert_int_equal(met, steps);
	assert_true(frames > 20);
	ur_reader_close(&r);
	free(a.p);
	free(b.p);
}

static void
test_a_set_of_65535_items(void **state)
{
	struct ur_header header;
	struct ur_users users = { 0 };
	struct ur_writer *w;
	struct ur_reader r;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	(void)state;
	make_header(&header, UR_SESSIONS);
	w = ur_writer_open(f, &header);
	for (int s = 0; s < 4; s++) {
		ur_users_add_user(&users, UINT64_MAX - 3 + (uint64_t)s);
		ur_users_add_step(&users, s % 2 ? INT64_MAX : INT64_MIN, UR_NO_ROLE, 65534);
		for (uint32_t k = 0; k < 65535; k++)
			ur_users_add_id(&users, UINT64_MAX - k, (uint16_t)k);
	}
	ur_writer_users(w, &users);
	assert_int_equal(ur_writer_close(w, err), 0);
	fclose(f);
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_SESSIONS), 0);
	for (int s = 0; s < 4; s++) {
		assert_int_equal(ur_reader_users(&r), 1);
		assert_true(r.users.items == 65535 && r.users.id[65534] == UINT64_MAX - 65534);
		assert_true(r.users.time[0] == (s % 2 ? INT64_MAX : INT64_MIN) && r.users.user[0] == UINT64_MAX - 3 + (uint64_t)s);
	}
	assert_int_equal(ur_reader_users(&r), 0);
	ur_reader_close(&r);
	ur_users_free(&users);
	ur_header_free(&header);
	free(b.p);
}

static void
test_large_tensor_and_item_table(void **state)
{
	size_t n = 600000, met = 0, rows = 100000, pieces = 0;
	float *value = ur_alloc(n, sizeof *value);
	struct ur_items items = { .rows = (uint32_t)rows };
	struct ur_header header;
	struct ur_writer *w;
	struct ur_reader r;
	struct ur_piece piece;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		value[i] = (float)i;
	make_header(&header, UR_MODEL);
	w = ur_writer_open(f, &header);
	ur_writer_tensor(w, "big", (size_t[]){ n / 2, 2 }, 2, value);
	assert_int_equal(ur_writer_close(w, err), 0);
	fclose(f);
	ur_header_free(&header);
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_MODEL), 0);
	for (; ur_reader_tensor(&r, &piece) > 0; pieces++) {
		assert_int_equal(piece.first, met);
		for (size_t i = 0; i < piece.count; i++)
			assert_true(piece.data[i] == (float)met++);
	}
	assert_string_equal(r.err, "");
	assert_true(met == n && pieces == 3);
	ur_reader_close(&r);
	free(b.p);

	f = open_memstream((char **)&b.p, &b.n);
	header = (struct ur_header){ .format = UR_BATCHES, .has_spec = true };
	items.id = ur_calloc(rows, sizeof *items.id);
	items.shown = ur_calloc(rows, sizeof *items.shown);
	items.picked = ur_calloc(rows, sizeof *items.picked);
	items.id[rows - 1] = 77;
	w = ur_writer_open(f, &header);
	ur_writer_items(w, &items);
	assert_int_equal(ur_writer_close(w, err), 0);
	fclose(f);
	assert_int_equal(ur_reader_open(&r, file_of_bytes(b), UR_BATCHES), 0);
	assert_int_equal(ur_reader_users(&r), 0);
	assert_true(r.items.rows == rows && r.items.id[rows - 1] == 77);
	ur_reader_close(&r);
	ur_items_free(&items);
	free(value);
	free(b.p);
}

/* 2^20 items fill a header's frame: a million go in, 1,100,000 do not and say so. */
static void
test_items_that_fit_in_a_header(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ur_header header = { .format = UR_BATCHES, .has_spec = true };
		struct ur_spec *spec = &header.spec;
		struct bytes b;
		char err[UR_ERR];
		FILE *f = open_memstream((char **)&b.p, &b.n);

		spec->features = 1;             /* id */
		spec->items = i == 0 ? 1000000 : 1100000;
		spec->min_count = 1;
		spec->item = ur_alloc(spec->items, sizeof *spec->item);
		spec->shown = ur_alloc(spec->items, sizeof *spec->shown);
		spec->picked = ur_calloc(spec->items, sizeof *spec->picked);
		for (size_t k = 0; k < spec->items; k++) {
			spec->item[k] = k;
			spec->shown[k] = 1;
		}
		assert_int_equal(ur_writer_close(ur_writer_open(f, &header), err), -i);
		fclose(f);
		if (i == 0)
			assert_int_equal(read_all(file_of_bytes(b), UR_BATCHES, err), 0);
		else
			assert_non_null(strstr(err, "a header of 17600"));
		ur_header_free(&header);
		free(b.p);
	}
}

static void
test_numbers_that_are_not_finite_are_not_written(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct ur_header header;
		char err[UR_ERR];
		FILE *f = fopen("/dev/null", "w");

		make_header(&header, UR_MODEL);
		if (i == 0)
			ur_params_real(&header.metrics, "nll", NAN);
		else if (i == 1)
			ur_params_real(&header.stage[0].args, "x", INFINITY);
		else
			header.spec.deviation[UR_F_PRICE] = NAN;
		assert_int_equal(ur_writer_close(ur_writer_open(f, &header), err), -1);
		assert_non_null(strstr(err, "not finite"));
		fclose(f);
		ur_header_free(&header);
	}
}

/* --- damage ---------------------------------------------------------------------- */

/* Refused with one line that names the file and holds `what`. */
static void
assert_refused(const uint8_t *p, size_t n, enum ur_format format, const char *what)
{
	const char *path = file_of(p, n);
	char err[UR_ERR] = "";

	assert_int_equal(read_all(path, format, err), -1);
	if (strncmp(err, path, strlen(path)) != 0 || strchr(err, '\n') != NULL || strstr(err, what) == NULL)
		fail_msg("'%s' should hold '%s'", err, what);
}

static void
test_every_prefix_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bytes b = make_stream(formats[i]);

		for (size_t n = 0; n < b.n; n++)
			assert_refused(b.p, n, formats[i], n == 0 ? "empty" : "truncated");
		free(b.p);
	}
}

static void
test_every_flipped_bit_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bytes b = make_stream(formats[i]);

		for (size_t bit = 0; bit < 8 * b.n; bit++) {
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_refused(b.p, b.n, formats[i], "");
			b.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		free(b.p);
	}
}

/* The stream with frames [from[0]], [from[1]], ... of it, -1 ending the list. */
static struct bytes
arrange(struct bytes b, const int *from)
{
	struct bytes out = { ur_alloc(4 * b.n, 1), 10 };
	size_t at[16];

	find_frames(b, at, 16);
	memcpy(out.p, b.p, 10);
	for (; *from >= 0; from++) {
		memcpy(out.p + out.n, b.p + at[*from], at[*from + 1] - at[*from]);
		out.n += at[*from + 1] - at[*from];
	}
	return out;
}

static void
test_frames_dropped_doubled_swapped(void **state)
{
	static const struct {
		enum ur_format format;
		int frame[8];
		const char *what;
	} test[] = {
		{ UR_SESSIONS, { 0, 2, -1 }, "frames are missing, doubled or out of place: 1 read, 2 written" },
		{ UR_SESSIONS, { 1, 2, -1 }, "a stream without a header" },
		{ UR_SESSIONS, { 2, -1 }, "frames are missing" },
		{ UR_SESSIONS, { 0, 1, 1, 2, -1 }, "frames are missing" },
		{ UR_SESSIONS, { 0, 0, 1, 2, -1 }, "a header in the wrong place" },
		{ UR_SESSIONS, { 0, 1, 2, 2, -1 }, "something follows the end" },
		{ UR_BATCHES, { 0, 2, 1, 3, -1 }, "row 0 of an item table of 0" },
		{ UR_BATCHES, { 0, 1, 2, 2, 3, -1 }, "users are not sorted by id" },
		{ UR_BATCHES, { 0, 1, 1, 2, 3, -1 }, "frames are missing" },
		{ UR_BATCHES, { 0, 1, 3, -1 }, "frames are missing" },
		{ UR_BATCHES, { 0, 1, 2, 1, 3, -1 }, "a frame of the wrong kind" },
		{ UR_MODEL, { 0, 2, 1, 3, 4, -1 }, "frames are missing" },
		{ UR_MODEL, { 0, 1, 2, 3, 3, 4, -1 }, "frames are missing" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
		struct bytes b = make_stream(test[i].format), other = arrange(b, test[i].frame);

		assert_refused(other.p, other.n, test[i].format, test[i].what);
		free(b.p);
		free(other.p);
	}
}

static void
test_wrong_kind_of_stream(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		for (int want = 0; want < 3; want++) {
			struct bytes b = make_stream(formats[i]);
			char what[64];

			snprintf(what, sizeof what, "%s, expected %s", ur_format_name[i], ur_format_name[want]);
			if (want != i)
				assert_refused(b.p, b.n, formats[want], what);
			free(b.p);
		}
}

/* --- streams after one another ------------------------------------------------------ */

static struct bytes
join(struct bytes a, struct bytes b)
{
	struct bytes both = { ur_alloc(a.n + b.n, 1), a.n + b.n };

	memcpy(both.p, a.p, a.n);
	memcpy(both.p + a.n, b.p, b.n);
	return both;
}

static void
test_sessions_may_be_joined(void **state)
{
	struct bytes a = make_stream(UR_SESSIONS), b = make_stream(UR_SESSIONS), both = join(a, b), three = join(both, a);
	char err[UR_ERR];

	(void)state;
	assert_int_equal(read_all(file_of_bytes(three), UR_SESSIONS, err), 12);
	for (size_t n = a.n + 1; n < both.n; n++)
		assert_refused(both.p, n, UR_SESSIONS, "");
	for (size_t bit = 8 * a.n; bit < 8 * both.n; bit++) {
		both.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_refused(both.p, both.n, UR_SESSIONS, "");
		both.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(a.p);
	free(b.p);
	free(both.p);
	free(three.p);
}

static void
test_joined_history_must_be_equal(void **state)
{
	struct bytes a = make_stream(UR_SESSIONS), b = many_users(3, 1, 1), c, d;
	struct ur_header header;
	char err[UR_ERR];
	FILE *f;

	(void)state;
	c = join(a, b);
	assert_int_equal(read_all(file_of_bytes(c), UR_SESSIONS, err), 7);
	free(b.p);
	free(c.p);
	make_header(&header, UR_SESSIONS);
	header.stage[0].args.item[0].i++;
	f = open_memstream((char **)&b.p, &b.n);
	assert_int_equal(ur_writer_close(ur_writer_open(f, &header), err), 0);
	fclose(f);
	c = join(a, b);
	assert_refused(c.p, c.n, UR_SESSIONS, "another format or history");
	d = make_stream(UR_BATCHES);
	free(c.p);
	c = join(a, d);
	assert_refused(c.p, c.n, UR_SESSIONS, "another format or history");
	free(b.p);
	free(c.p);
	free(d.p);
	free(a.p);
	ur_header_free(&header);
}

static void
test_other_streams_may_not_be_joined(void **state)
{
	(void)state;
	for (int i = 1; i < 3; i++) {
		struct bytes a = make_stream(formats[i]), both = join(a, a);

		assert_refused(both.p, both.n, formats[i], "something follows the end");
		assert_refused(both.p, a.n + 1, formats[i], "something follows the end");
		free(a.p);
		free(both.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_come_back),
		cmocka_unit_test(test_item_table_comes_back),
		cmocka_unit_test(test_header_comes_back),
		cmocka_unit_test(test_vocabularies_come_back),
		cmocka_unit_test(test_tensors_come_back),
		cmocka_unit_test(test_released_streams),
		cmocka_unit_test(test_frames_do_not_depend_on_calls),
		cmocka_unit_test(test_a_long_user),
		cmocka_unit_test(test_a_set_of_65535_items),
		cmocka_unit_test(test_large_tensor_and_item_table),
		cmocka_unit_test(test_items_that_fit_in_a_header),
		cmocka_unit_test(test_numbers_that_are_not_finite_are_not_written),
		cmocka_unit_test(test_every_prefix_is_refused),
		cmocka_unit_test(test_every_flipped_bit_is_refused),
		cmocka_unit_test(test_frames_dropped_doubled_swapped),
		cmocka_unit_test(test_wrong_kind_of_stream),
		cmocka_unit_test(test_sessions_may_be_joined),
		cmocka_unit_test(test_joined_history_must_be_equal),
		cmocka_unit_test(test_other_streams_may_not_be_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
