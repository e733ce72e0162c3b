/*
 * stream.h - the inside of a ur_reader; within the library.
 */
#ifndef UR_STREAM_H
#define UR_STREAM_H

#include "blob.h"
#include "cols.h"
#include "frame.h"
#include "mp.h"
#include "rec.h"

struct ur_stream {
	struct ur_frame_reader frames;
	struct ur_pack history;         /* that of the first stream; those joined to it have the same */
	bool started, open;             /* a user has been read; the last one goes on in the next frame */
	uint64_t last_user;
	struct ur_piece last;           /* of a tensor */
	char *name;                     /* its name */
	float *values;                  /* its data */
	size_t values_cap;
};

/* As ur_reader_open, with the input mapped or read as a whole: payloads stay until ur_reader_close. */
int ur_reader_open_whole(struct ur_reader *r, const char *path, enum ur_format format);
/* The next frame but headers and END: 1, 0 or -1. */
int ur_reader_frame(struct ur_reader *r, struct ur_frame *frame);
/* As ur_reader_users, leaving the columns where they are. */
int ur_reader_columns(struct ur_reader *r, struct ur_columns *c);
/* r->err = "file: frame N: what"; -1. */
int ur_reader_fail(struct ur_reader *r, const char *what);

#endif
