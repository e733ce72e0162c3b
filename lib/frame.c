#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY         /* the size of a state */
#include <xxhash.h>

#include "frame.h"
#include "mem.h"
#include "mp.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns and hashes are copied as they lie in memory");

/* A fixext 8 of msgpack; the last bytes catch transfers as text, as in PNG. */
static const uint8_t magic[10] = { 0xd7, 0x55, 'U', 'R', 'S', '1', 0x0d, 0x0a, 0x1a, 0x0a };

enum { ARRAY3 = 0x93, BIN32 = 0xc6, UINT64 = 0xcf, HEAD = 7, TAIL = 9 };

/* Fuzzers have to get past the sums to find anything behind them. */
static bool
same_hash(uint64_t a, uint64_t b)
{
#ifdef UR_FUZZING
	return (void)a, (void)b, true;
#else
	return a == b;
#endif
}

static void
start_running(struct XXH3_state_s **running)
{
	if (*running == NULL)
		*running = ur_aligned(1, sizeof **running);
	XXH3_64bits_reset(*running);
}

/* --- writing --------------------------------------------------------------- */

void
ur_frames_begin(struct ur_frame_writer *w, FILE *f)
{
	memset(w, 0, sizeof *w);
	w->f = f;
	start_running(&w->running);
	fwrite(magic, 1, sizeof magic, f);
}

int
ur_frames_put(struct ur_frame_writer *w, enum ur_kind kind, const uint8_t *payload, size_t n, char *err)
{
	uint64_t hash = XXH3_64bits_withSeed(payload, n, kind);
	uint8_t head[HEAD] = { ARRAY3, (uint8_t)kind, BIN32 }, tail[TAIL] = { UINT64 };

	if (n > UR_PAYLOAD_MAX)
		return ur_fail(err, "a %s of %zu bytes, at most %d can be written",
		    kind == UR_K_HEADER ? "header" : "frame", n, UR_PAYLOAD_MAX);
	for (int i = 0; i < 4; i++)
		head[3 + i] = (uint8_t)(n >> (24 - 8 * i));
	for (int i = 0; i < 8; i++)
		tail[1 + i] = (uint8_t)(hash >> (56 - 8 * i));
	fwrite(head, 1, sizeof head, w->f);
	fwrite(payload, 1, n, w->f);
	fwrite(tail, 1, sizeof tail, w->f);
	XXH3_64bits_update(w->running, &hash, sizeof hash);
	w->frames++;
	return 0;
}

void
ur_frames_end(struct ur_frame_writer *w, uint64_t records)
{
	struct ur_pack p = { 0 };
	char err[UR_ERR];

	ur_pack_map(&p, 3);
	ur_pack_str(&p, "frames");
	ur_pack_uint(&p, w->frames);
	ur_pack_str(&p, "hash");
	ur_pack_uint(&p, XXH3_64bits_digest(w->running));
	ur_pack_str(&p, "records");
	ur_pack_uint(&p, records);
	ur_frames_put(w, UR_K_END, p.data, p.n, err);   /* a few bytes: cannot fail */
	ur_pack_free(&p);
	free(w->running);
	w->running = NULL;
}

/* --- reading --------------------------------------------------------------- */

/* The next n bytes, or as many as there are, at *p: how many, -1 with err. */
static ptrdiff_t
get(struct ur_frame_reader *r, const uint8_t **p, size_t n, char *err)
{
	size_t got = 0;
	ptrdiff_t some = 1;

	if (r->whole != NULL) {
		if (n > r->size - r->at)
			n = r->size - r->at;
		*p = r->whole + r->at;
		r->at += n;
		return (ptrdiff_t)n;
	}
	UR_GROW(r->buffer, r->cap, n);
	for (; got < n && some > 0; got += (size_t)some)
		if ((some = ur_input_read(r->in, r->buffer + got, n - got)) < 0)
			return ur_fail(err, "%s", r->in->err);
	*p = r->buffer;
	return (ptrdiff_t)got;
}

static int
truncated(const struct ur_frame_reader *r, char *err)
{
	return ur_fail(err, "%s: truncated after frame %ju", r->in->name, (uintmax_t)r->number);
}

static int
damaged(const struct ur_frame_reader *r, const char *what, char *err)
{
	return ur_fail(err, "%s: frame %ju: %s", r->in->name, (uintmax_t)r->number + 1, what);
}

int
ur_frames_open(struct ur_frame_reader *r, struct ur_input *in, bool whole, char *err)
{
	const uint8_t *p;
	ptrdiff_t n;

	memset(r, 0, sizeof *r);
	r->in = in;
	if (whole && ur_input_whole(in, &r->whole, &r->size) < 0)
		return ur_fail(err, "%s", in->err);
	start_running(&r->running);
	if ((n = get(r, &p, sizeof magic, err)) < 0)
		return -1;
	if (memcmp(p, magic, (size_t)n) != 0)
		return ur_fail(err, "%s: not a ur stream", in->name);
	if ((size_t)n < sizeof magic)
		return ur_fail(err, "%s: %s", in->name, n == 0 ? "empty, expected a ur stream" : "truncated ur stream");
	return 0;
}

/* Any frame; -1 also at the end of the input. */
static int
next(struct ur_frame_reader *r, struct ur_frame *frame, char *err)
{
	const uint8_t *p;
	uint64_t hash = 0;
	ptrdiff_t n;

	if ((n = get(r, &p, HEAD, err)) < HEAD)
		return n < 0 ? -1 : truncated(r, err);
	if (p[0] != ARRAY3 || p[1] > UR_K_END || p[2] != BIN32)
		return damaged(r, "not a frame", err);
	frame->kind = p[1];
	frame->n = (size_t)p[3] << 24 | (size_t)p[4] << 16 | (size_t)p[5] << 8 | p[6];
	if (frame->n > UR_PAYLOAD_MAX)
		return damaged(r, "larger than 16 MiB", err);
	if ((n = get(r, &p, frame->n + TAIL, err)) < (ptrdiff_t)(frame->n + TAIL))
		return n < 0 ? -1 : truncated(r, err);
	frame->data = p;
	p += frame->n;
	for (int i = 1; i < TAIL; i++)
		hash = hash << 8 | p[i];
	if (p[0] != UINT64 || !same_hash(hash, XXH3_64bits_withSeed(frame->data, frame->n, frame->kind)))
		return damaged(r, "damaged: wrong checksum", err);
	r->number++;
	if (frame->kind != UR_K_END) {
		XXH3_64bits_update(r->running, &hash, sizeof hash);
		r->frames++;
	}
	return 0;
}

static int
check_end(const struct ur_frame_reader *r, const struct ur_frame *frame, char *err)
{
	static const char *const name[] = { "frames", "hash", "records" };
	struct ur_mp map, v[3];
	char what[UR_ERR];

	if (ur_mp_whole(&map, frame->data, frame->n) < 0)
		return ur_fail(err, "%s: end: malformed msgpack", r->in->name);
	if (ur_mp_fields(&map, name, v, 3, what) < 0)
		return ur_fail(err, "%s: end: %s", r->in->name, what);
	for (int i = 0; i < 3; i++)
		if (v[i].type != UR_MP_UINT)
			return ur_fail(err, "%s: end: \"%s\" is missing", r->in->name, name[i]);
	if (v[0].u != r->frames || !same_hash(v[1].u, XXH3_64bits_digest(r->running)))
		return ur_fail(err, "%s: end: frames are missing, doubled or out of place: %ju read, %ju written",
		    r->in->name, (uintmax_t)r->frames, (uintmax_t)v[0].u);
	if (v[2].u != r->records)
		return ur_fail(err, "%s: end: %ju records read, %ju written",
		    r->in->name, (uintmax_t)r->records, (uintmax_t)v[2].u);
	return 0;
}

/* After END: 0 when nothing follows, 1 when another stream does. */
static int
next_stream(struct ur_frame_reader *r, char *err)
{
	const uint8_t *p;
	ptrdiff_t n = get(r, &p, sizeof magic, err);

	if (n <= 0)
		return (int)n;
	if (!r->joined || (size_t)n < sizeof magic || memcmp(p, magic, sizeof magic) != 0)
		return ur_fail(err, "%s: something follows the end of the stream", r->in->name);
	start_running(&r->running);
	r->frames = r->records = 0;
	return 1;
}

int
ur_frames_next(struct ur_frame_reader *r, struct ur_frame *frame, char *err)
{
	int more;

	if (next(r, frame, err) < 0)
		return -1;
	if (frame->kind != UR_K_END)
		return 1;
	if (check_end(r, frame, err) < 0)
		return -1;
	if ((more = next_stream(r, err)) <= 0)
		return more;
	if (next(r, frame, err) < 0)
		return -1;
	if (frame->kind == UR_K_END)
		return damaged(r, "a stream without a header", err);
	return 1;
}

uint64_t
ur_frames_hash(const struct ur_frame_reader *r)
{
	return XXH3_64bits_digest(r->running);
}

void
ur_frames_close(struct ur_frame_reader *r)
{
	free(r->running);
	free(r->buffer);
	memset(r, 0, sizeof *r);
}
