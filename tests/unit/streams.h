/*
 * streams.h - small streams of each kind in memory, and files made of bytes, for the tests
 * of readers.  What make_* return is the caller's to free.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "blob.h"
#include "cols.h"
#include "data.h"
#include "frame.h"
#include "header.h"
#include "mem.h"
#include "rec.h"

struct bytes {
	uint8_t *p;
	size_t n;
};

/* A file of these bytes; its path is good until the next call. */
static inline const char *
file_of(const uint8_t *p, size_t n)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("stream", 0);
		assert_true(fd >= 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, p, n, 0), n);
	return path;
}

static inline const char *
file_of_bytes(struct bytes b)
{
	return file_of(b.p, b.n);
}

/* Features id, price, repeat and popularity over items 10 and 20; item 30 is in no training step. */
static inline void
make_spec(struct ur_spec *spec)
{
	static const uint64_t item[] = { 10, 20 };
	static const uint32_t shown[] = { 3, 1 }, picked[] = { 1, 0 };

	*spec = (struct ur_spec){
		.feature = { UR_F_ID, UR_F_PRICE, UR_F_REPEAT, UR_F_POPULARITY }, .features = 4,
		.min_count = 2, .items = 2, .training_steps = 3,
	};
	spec->mean[UR_F_PRICE] = 3.5;
	spec->deviation[UR_F_PRICE] = 1.25;
	spec->mean[UR_F_POPULARITY] = .5;
	spec->deviation[UR_F_POPULARITY] = 2;
	spec->vocabulary[UR_F_ID].value = ur_alloc(1, sizeof(uint64_t));
	spec->vocabulary[UR_F_ID].value[0] = 10;
	spec->vocabulary[UR_F_ID].n = 1;
	spec->item = memcpy(ur_alloc(2, sizeof *item), item, sizeof item);
	spec->shown = memcpy(ur_alloc(2, sizeof *shown), shown, sizeof shown);
	spec->picked = memcpy(ur_alloc(2, sizeof *picked), picked, sizeof picked);
}

static inline void
make_header(struct ur_header *header, enum ur_format format)
{
	struct ur_stage *stage;

	memset(header, 0, sizeof *header);
	header->format = format;
	stage = ur_header_add_stage(header, "rr-sessionize", "0.1.0");
	ur_params_int(&stage->args, "gap", 1800);
	ur_params_bool(&stage->args, "no-pick", false);
	if (format == UR_SESSIONS)
		return;
	stage = ur_header_add_stage(header, "ur-featurize", "0.1.0");
	ur_params_str(&stage->args, "split", "8:1:1");
	stage->has_seed = true;
	stage->seed = UINT64_MAX;
	header->has_spec = true;
	make_spec(&header->spec);
	if (format == UR_BATCHES)
		return;
	ur_params_str(&header->arch, "state", "lstm");
	ur_params_real(&header->training, "lr", 1e-3);
	ur_params_real(&header->metrics, "nll", .75);
	header->blas = ur_strdup("Haswell");
}

/* Two users: 7 with a pick, a view, a step without a pick; 9 with one step.  Items are rows or ids. */
static inline void
make_users(struct ur_users *users, bool rows)
{
	static const struct {
		uint64_t user;
		int64_t time;
		enum ur_role role;
		int32_t pick;
		int size;
		uint32_t row[3];
	} step[] = {
		{ 7, 1000, UR_TRAIN, 1, 2, { 0, 1 } },
		{ 7, 1000, UR_CONTEXT, 0, 1, { 2 } },
		{ 7, 2000, UR_TRAIN, -1, 3, { 0, 2, 3 } },
		{ 9, -5, UR_TEST, 0, 2, { 3, 0 } },
	};
	static const uint64_t id[] = { 10, 20, 30, 10 };

	for (size_t s = 0; s < 4; s++) {
		if (s == 0 || step[s].user != step[s - 1].user)
			ur_users_add_user(users, step[s].user);
		ur_users_add_step(users, step[s].time, step[s].role, step[s].pick);
		for (int k = 0; k < step[s].size; k++) {
			uint16_t rank = (uint16_t)(step[s].size - 1 - k);

			if (rows)
				ur_users_add_row(users, step[s].row[k], rank);
			else
				ur_users_add_id(users, id[step[s].row[k]], rank);
		}
	}
}

/* Rows 0 and 3 are item 10 at two prices. */
static const struct ur_items item_table = {
	.rows = 4, .dense = 2, .onehots = 1,
	.id = (uint64_t[]){ 10, 20, 30, 10 },
	.x = (real[]){ .5, 0, -1.5, 0, 0, 1, .25, 0 },
	.code = (uint32_t[]){ 1, 0, 0, 1 },
	.shown = (uint32_t[]){ 3, 1, 0, 3 },
	.picked = (uint32_t[]){ 1, 0, 0, 1 },
};

static inline void
write_tensors(struct ur_writer *w)
{
	static const float value[] = { 1, -2, .5f, 3e-7f, 0, 6 };

	ur_writer_tensor(w, "mlp.0.w", (size_t[]){ 2, 3 }, 2, value);
	ur_writer_tensor(w, "mlp.0.b", (size_t[]){ 1 }, 1, value + 3);
	ur_writer_tensor(w, "empty", (size_t[]){ 0, 4 }, 2, value);
}

/* A small whole stream of a format. */
static inline struct bytes
make_stream(enum ur_format format)
{
	struct ur_header header;
	struct ur_users users = { 0 };
	struct ur_writer *w;
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	make_header(&header, format);
	w = ur_writer_open(f, &header);
	if (format == UR_BATCHES)
		ur_writer_items(w, &item_table);
	if (format == UR_MODEL) {
		write_tensors(w);
	} else {
		make_users(&users, format == UR_BATCHES);
		ur_writer_users(w, &users);
	}
	assert_int_equal(ur_writer_close(w, err), 0);
	assert_int_equal(fclose(f), 0);
	ur_users_free(&users);
	ur_header_free(&header);
	return b;
}

/* The frames of a stream, END among them: offsets of frame i and i + 1. */
static inline size_t
find_frames(struct bytes b, size_t at[], size_t most)
{
	size_t n = 0, p = 10;

	while (p < b.n) {
		assert_true(n < most);
		at[n++] = p;
		p += 16 + ((size_t)b.p[p + 3] << 24 | (size_t)b.p[p + 4] << 16 | (size_t)b.p[p + 5] << 8 | b.p[p + 6]);
	}
	at[n] = p;
	return n;
}

/* Reads a stream to its end: steps or tensor pieces, or -1 with the message in err. */
static inline int
read_all(const char *path, enum ur_format format, char *err)
{
	struct ur_reader r;
	struct ur_piece piece;
	int n = 0, more = ur_reader_open(&r, path, format);

	if (more == 0 && format == UR_MODEL) {
		while ((more = ur_reader_tensor(&r, &piece)) > 0)
			n++;
	} else if (more == 0) {
		while ((more = ur_reader_users(&r)) > 0)
			n += (int)r.users.steps;
	}
	strcpy(err, r.err);
	ur_reader_close(&r);
	return more < 0 ? -1 : n;
}
