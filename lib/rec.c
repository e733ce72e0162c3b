#include <stdlib.h>
#include <string.h>

#include "cols.h"
#include "frame.h"
#include "header.h"
#include "mem.h"
#include "rec.h"
#include "stream.h"

enum {
	FRAME_USERS = 256,
	FRAME_BYTES = 1 << 20,  /* of columns; a step of 65,535 items takes 655,365 more */
	USER_BYTES = 12, STEP_BYTES = 15, ITEM_BYTES = 10
};

/* --- writing --------------------------------------------------------------- */

struct ur_writer {
	struct ur_frame_writer frames;
	enum ur_format format;
	uint64_t records;
	struct ur_users pending;        /* the next frame */
	bool open;                      /* its last user goes on in the next call */
	struct ur_pack payload;
	int status;                     /* -1 after an error */
	char err[UR_ERR];
};

static void
put(struct ur_writer *w, enum ur_kind kind)
{
	if (w->status == 0)
		w->status = ur_frames_put(&w->frames, kind, w->payload.data, w->payload.n, w->err);
	w->payload.n = 0;
}

struct ur_writer *
ur_writer_open(FILE *f, const struct ur_header *header)
{
	struct ur_writer *w = ur_calloc(1, sizeof *w);

	w->format = header->format;
	ur_frames_begin(&w->frames, f);
	w->status = ur_header_pack(&w->payload, header, w->err);
	put(w, UR_K_HEADER);
	return w;
}

static void
flush(struct ur_writer *w, bool more)
{
	w->pending.more = more;
	ur_users_pack(&w->payload, &w->pending, w->format);
	put(w, w->format == UR_SESSIONS ? UR_K_SESSIONS : UR_K_BATCH);
	ur_users_clear(&w->pending);
}

/* Does the next frame hold enough without a step of `size` items, of the same user or a new one? */
static bool
full(const struct ur_users *pending, size_t size, bool same)
{
	size_t bytes = (pending->users + !same) * USER_BYTES + (pending->steps + 1) * STEP_BYTES +
	    (pending->items + size) * ITEM_BYTES;

	return pending->users > 0 && (bytes > FRAME_BYTES || (!same && pending->users == FRAME_USERS));
}

/* Step s of users, whose items are those from k on. */
static void
append_step(struct ur_writer *w, const struct ur_users *users, size_t s, size_t k)
{
	ur_users_add_step(&w->pending, users->time[s], users->role[s], users->pick[s]);
	for (size_t end = k + users->size[s]; k < end; k++) {
		if (w->format == UR_SESSIONS)
			ur_users_add_id(&w->pending, users->id[k], users->rank[k]);
		else
			ur_users_add_row(&w->pending, users->row[k], users->rank[k]);
	}
}

void
ur_writer_users(struct ur_writer *w, struct ur_users *users)
{
	size_t s = 0, k = 0;

	for (size_t u = 0; u < users->users; u++) {
		bool same = u == 0 && w->open;

		for (size_t end = s + users->nsteps[u]; s < end; k += users->size[s++]) {
			if (full(&w->pending, users->size[s], same))
				flush(w, same);
			if (!same || w->pending.users == 0)
				ur_users_add_user(&w->pending, users->user[u]);
			append_step(w, users, s, k);
			same = true;
		}
	}
	w->records += users->steps;
	w->open = users->more;
	ur_users_clear(users);
}

void
ur_writer_items(struct ur_writer *w, const struct ur_items *items)
{
	uint32_t width = 16 + 4 * (uint32_t)(items->dense + items->onehots), most = FRAME_BYTES / width;

	for (uint32_t first = 0, n; first < items->rows; first += n) {
		n = items->rows - first < most ? items->rows - first : most;
		ur_items_pack(&w->payload, items, first, n);
		put(w, UR_K_ITEMS);
	}
}

static void
put_values(struct ur_writer *w, const char *name, const size_t *shape, int rank,
    size_t first, const float *data, size_t n)
{
	struct ur_pack *p = &w->payload;

	ur_pack_map(p, 5);
	ur_pack_str(p, "name");
	ur_pack_str(p, name);
	ur_pack_str(p, "dtype");
	ur_pack_str(p, "f32");
	ur_pack_str(p, "shape");
	ur_pack_array(p, (size_t)rank);
	for (int i = 0; i < rank; i++)
		ur_pack_uint(p, shape[i]);
	ur_pack_str(p, "first");
	ur_pack_uint(p, first);
	ur_pack_str(p, "data");
	ur_pack_bin(p, data + first, n, sizeof *data);
	put(w, UR_K_TENSOR);
}

void
ur_writer_tensor(struct ur_writer *w, const char *name, const size_t *shape, int rank, const float *data)
{
	size_t total = 1, first = 0, n;

	for (int i = 0; i < rank; i++)
		total *= shape[i];
	do {
		n = total - first < FRAME_BYTES / 4 ? total - first : FRAME_BYTES / 4;
		put_values(w, name, shape, rank, first, data, n);
		first += n;
	} while (first < total);
	w->records++;
}

int
ur_writer_close(struct ur_writer *w, char *err)
{
	int status;

	if (w->pending.users > 0)
		flush(w, false);
	ur_frames_end(&w->frames, w->records);
	if ((status = w->status) < 0)
		ur_fail(err, "%s", w->err);
	ur_users_free(&w->pending);
	ur_pack_free(&w->payload);
	free(w);
	return status;
}

/* --- reading --------------------------------------------------------------- */

int
ur_reader_fail(struct ur_reader *r, const char *what)
{
	return ur_fail(r->err, "%s: frame %ju: %s", r->in.name, (uintmax_t)r->stream->frames.number, what);
}

/* Reads a HEADER frame into header. */
static int
read_header(struct ur_reader *r, const struct ur_frame *frame, struct ur_header *header)
{
	char what[UR_ERR];

	if (frame->kind != UR_K_HEADER)
		return ur_reader_fail(r, "a stream without a header");
	if (ur_header_unpack(header, frame->data, frame->n, what) < 0)
		return ur_reader_fail(r, what);
	return 0;
}

static int
open_reader(struct ur_reader *r, const char *path, enum ur_format format, bool whole)
{
	struct ur_frame frame;
	int more;

	memset(r, 0, sizeof *r);
	r->stream = ur_calloc(1, sizeof *r->stream);
	if (ur_input_open(&r->in, path) < 0)
		return ur_fail(r->err, "%s", r->in.err);
	if (ur_frames_open(&r->stream->frames, &r->in, whole, r->err) < 0 ||
	    (more = ur_frames_next(&r->stream->frames, &frame, r->err)) < 0)
		return -1;
	if (more == 0)
		return ur_reader_fail(r, "a stream without a header");
	if (read_header(r, &frame, &r->header) < 0)
		return -1;
	if (format != UR_ANY_FORMAT && r->header.format != format)
		return ur_fail(r->err, "%s: %s, expected %s", r->in.name,
		    ur_format_name[r->header.format], ur_format_name[format]);
	ur_history_pack(&r->stream->history, &r->header);
	r->stream->frames.joined = r->header.format == UR_SESSIONS;
	return 0;
}

int
ur_reader_open(struct ur_reader *r, const char *path, enum ur_format format)
{
	return open_reader(r, path, format, false);
}

int
ur_reader_open_whole(struct ur_reader *r, const char *path, enum ur_format format)
{
	return open_reader(r, path, format, true);
}

/* The header of a stream that follows another must be of its format and history. */
static int
join(struct ur_reader *r, const struct ur_frame *frame)
{
	struct ur_header header = { 0 };
	struct ur_pack history = { 0 };
	int status = read_header(r, frame, &header);

	if (status == 0) {
		ur_history_pack(&history, &header);
		if (header.format != r->header.format || history.n != r->stream->history.n ||
		    memcmp(history.data, r->stream->history.data, history.n) != 0)
			status = ur_reader_fail(r, "a stream of another format or history than the one before it");
	}
	ur_pack_free(&history);
	ur_header_free(&header);
	return status;
}

int
ur_reader_frame(struct ur_reader *r, struct ur_frame *frame)
{
	int more;

	while ((more = ur_frames_next(&r->stream->frames, frame, r->err)) > 0) {
		if ((frame->kind == UR_K_HEADER) != (r->stream->frames.frames == 1))
			return ur_reader_fail(r, "a header in the wrong place");
		if (frame->kind != UR_K_HEADER)
			return 1;
		if (r->stream->open)
			break;
		if (join(r, frame) < 0)
			return -1;
	}
	if (more >= 0 && r->stream->open)
		return ur_reader_fail(r, "the last user should go on, the stream ends");
	return more;
}

/* Order of users: a batches stream is sorted by user; a user that goes on is the next frame's first. */
static int
check_order(struct ur_reader *r, const struct ur_columns *c)
{
	struct ur_stream *stream = r->stream;
	size_t u = 0;

	if (stream->open && ur_u64(c->user, u++) != stream->last_user)
		return ur_reader_fail(r, "another user where the last one should go on");
	for (; u < c->users; u++) {
		uint64_t user = ur_u64(c->user, u);

		if (r->header.format == UR_BATCHES && stream->started && user <= stream->last_user)
			return ur_reader_fail(r, user == stream->last_user ?
			    "a user is there twice" : "users are not sorted by id");
		stream->last_user = user;
		stream->started = true;
	}
	stream->open = c->more;
	return 0;
}

int
ur_reader_columns(struct ur_reader *r, struct ur_columns *c)
{
	enum ur_kind kind = r->header.format == UR_SESSIONS ? UR_K_SESSIONS : UR_K_BATCH;
	struct ur_frame frame;
	char what[UR_ERR];
	int more;

	if (r->err[0] != 0)
		return -1;
	while ((more = ur_reader_frame(r, &frame)) > 0 && frame.kind != kind) {
		if (frame.kind != UR_K_ITEMS || kind != UR_K_BATCH || r->stream->started)
			return ur_reader_fail(r, "a frame of the wrong kind");
		if (ur_items_read(&r->items, &r->header.spec, frame.data, frame.n, what) < 0)
			return ur_reader_fail(r, what);
	}
	if (more <= 0)
		return more;
	if (ur_columns_read(c, r->header.format, r->items.rows, frame.data, frame.n, what) < 0)
		return ur_reader_fail(r, what);
	r->stream->frames.records += c->steps;
	return check_order(r, c) < 0 ? -1 : 1;
}

#define COPY(u, field, column, count) \
	(UR_GROW((u)->field, (u)->field##_cap, count), \
	memcpy((u)->field, column, (count) * sizeof *(u)->field))

int
ur_reader_users(struct ur_reader *r)
{
	struct ur_users *u = &r->users;
	struct ur_columns c;
	int more = ur_reader_columns(r, &c);

	ur_users_clear(u);
	if (more <= 0)
		return more;
	u->users = c.users;
	u->steps = c.steps;
	u->items = c.items;
	u->more = c.more;
	COPY(u, user, c.user, c.users);
	COPY(u, nsteps, c.nsteps, c.users);
	COPY(u, time, c.time, c.steps);
	COPY(u, role, c.role, c.steps);
	COPY(u, pick, c.pick, c.steps);
	COPY(u, size, c.size, c.steps);
	if (r->header.format == UR_SESSIONS)
		COPY(u, id, c.item, c.items);
	else
		COPY(u, row, c.item, c.items);
	COPY(u, rank, c.rank, c.items);
	return 1;
}

void
ur_reader_close(struct ur_reader *r)
{
	if (r->stream != NULL) {
		ur_frames_close(&r->stream->frames);
		ur_pack_free(&r->stream->history);
		free(r->stream->name);
		free(r->stream->values);
		free(r->stream);
		r->stream = NULL;
	}
	ur_input_close(&r->in);
	ur_header_free(&r->header);
	ur_users_free(&r->users);
	ur_items_free(&r->items);
}
