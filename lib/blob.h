/*
 * blob.h - the tensors of a model stream, a piece at a time; see ur-streams(5).
 *
 *	ur_reader_open(&r, path, UR_MODEL);             r.header: arch, spec, ...
 *	while ((more = ur_reader_tensor(&r, &piece)) > 0)
 *		...
 *	ur_reader_close(&r);
 *
 * A piece's pointers belong to the reader and live until its next call.
 */
#ifndef UR_BLOB_H
#define UR_BLOB_H

#include "rec.h"

enum { UR_MAX_RANK = 4 };

/* Values first .. first + count - 1 of a tensor, row-major.  Pieces of a tensor follow each other in order. */
struct ur_piece {
	const char *name;
	int rank;
	size_t shape[UR_MAX_RANK];
	size_t total;           /* values of the whole tensor: the product of shape */
	size_t first, count;
	const float *data;      /* [count], finite */
};

/*
 * The next piece: 1, 0 at the end (END has been checked, no tensor is incomplete), -1 with r->err.
 * A name that comes twice is for the caller to notice.
 */
int ur_reader_tensor(struct ur_reader *r, struct ur_piece *piece);

#endif
