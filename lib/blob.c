#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "mem.h"
#include "stream.h"

static int
read_shape(struct ur_piece *piece, const struct ur_mp *v, char *err)
{
	struct ur_cursor c = ur_mp_inside(v);
	struct ur_mp n;

	if (v->type != UR_MP_ARRAY || v->n == 0 || v->n > UR_MAX_RANK)
		return ur_fail(err, "tensor \"%s\": \"shape\" is not an array of 1 to %d numbers", piece->name, UR_MAX_RANK);
	piece->rank = (int)v->n;
	piece->total = 1;
	for (int i = 0; i < piece->rank; i++) {
		if (ur_mp_next(&c, &n) < 0 || n.type != UR_MP_UINT)
			return ur_fail(err, "tensor \"%s\": \"shape\" is not an array of numbers", piece->name);
		if (n.u > SIZE_MAX / sizeof(float) / (piece->total > 0 ? piece->total : 1))
			return ur_fail(err, "tensor \"%s\": \"shape\" is too large", piece->name);
		piece->shape[i] = n.u;
		piece->total *= n.u;
	}
	return 0;
}

/* Copies the values to where floats may lie. */
static int
read_values(struct ur_stream *stream, struct ur_piece *piece, const struct ur_mp *v, char *err)
{
	if (v->type != UR_MP_BIN || v->n % sizeof(float) != 0)
		return ur_fail(err, "tensor \"%s\": \"data\" is not a column of 4-byte values", piece->name);
	piece->count = v->n / sizeof(float);
	if (piece->first > piece->total || piece->count > piece->total - piece->first)
		return ur_fail(err, "tensor \"%s\": %zu values from %zu on, of %zu",
		    piece->name, piece->count, piece->first, piece->total);
	if (piece->count == 0 && piece->total > 0)
		return ur_fail(err, "tensor \"%s\": a frame without values", piece->name);
	UR_GROW(stream->values, stream->values_cap, piece->count + 1);
	memcpy(stream->values, v->data, v->n);
	for (size_t i = 0; i < piece->count; i++)
		if (!isfinite(stream->values[i]))
			return ur_fail(err, "tensor \"%s\": value %zu is not finite", piece->name, piece->first + i);
	piece->data = stream->values;
	return 0;
}

static bool
incomplete(const struct ur_piece *last)
{
	return last->first + last->count < last->total;
}

static int
breaks_off(const struct ur_piece *last, char *err)
{
	return ur_fail(err, "tensor \"%s\": breaks off after %zu of %zu values",
	    last->name, last->first + last->count, last->total);
}

/* A tensor's pieces come one after the other, without a gap, and all of them. */
static int
check_order(const struct ur_piece *last, const struct ur_piece *piece, char *err)
{
	if (!incomplete(last))
		return piece->first == 0 ? 0 : ur_fail(err, "tensor \"%s\": starts with value %zu", piece->name, piece->first);
	if (strcmp(piece->name, last->name) != 0 || piece->first != last->first + last->count)
		return breaks_off(last, err);
	if (piece->rank != last->rank || memcmp(piece->shape, last->shape, sizeof piece->shape) != 0)
		return ur_fail(err, "tensor \"%s\": changes its shape", piece->name);
	return 0;
}

static int
read_piece(struct ur_stream *stream, struct ur_piece *piece, const struct ur_frame *frame, char **name, char *err)
{
	enum { NAME, DTYPE, SHAPE, FIRST, DATA, FIELDS };
	static const char *const field[FIELDS] = { "name", "dtype", "shape", "first", "data" };
	struct ur_mp map, v[FIELDS];

	if (ur_mp_whole(&map, frame->data, frame->n) < 0)
		return ur_fail(err, "malformed msgpack");
	if (ur_mp_fields(&map, field, v, FIELDS, err) < 0)
		return -1;
	if ((piece->name = *name = ur_mp_strdup(&v[NAME])) == NULL)
		return ur_fail(err, "a tensor without a name");
	if (!ur_mp_is(&v[DTYPE], "f32"))
		return ur_fail(err, "tensor \"%s\": unknown dtype, expected f32", piece->name);
	if (v[FIRST].type != UR_MP_UINT)
		return ur_fail(err, "tensor \"%s\": \"first\" is not a number", piece->name);
	piece->first = v[FIRST].u;
	if (read_shape(piece, &v[SHAPE], err) < 0 || read_values(stream, piece, &v[DATA], err) < 0)
		return -1;
	return check_order(&stream->last, piece, err);
}

int
ur_reader_tensor(struct ur_reader *r, struct ur_piece *piece)
{
	struct ur_stream *stream = r->stream;
	struct ur_frame frame;
	char what[UR_ERR], *name = NULL;
	int more;

	memset(piece, 0, sizeof *piece);
	if (r->err[0] != 0 || (more = ur_reader_frame(r, &frame)) < 0)
		return -1;
	if (more == 0 && !incomplete(&stream->last))
		return 0;
	if (more == 0)
		breaks_off(&stream->last, what);
	else if (frame.kind != UR_K_TENSOR)
		ur_fail(what, "a frame of the wrong kind");
	else if (read_piece(stream, piece, &frame, &name, what) == 0) {
		free(stream->name);
		stream->name = name;
		stream->last = *piece;
		stream->frames.records += piece->first == 0;
		return 1;
	}
	free(name);
	return ur_reader_fail(r, what);
}
