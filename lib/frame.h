/*
 * frame.h - the frames that streams are made of; see ur-streams(5).
 *
 *	stream = MAGIC frame(HEADER) frame* frame(END)
 *	frame  = msgpack array of 3: kind, payload as bin 32, XXH3_64(payload, seed = kind) as uint 64
 *
 * Here bytes are checked against their sums; what payloads mean is for rec.c.
 * The caller owns the structs, the FILE of a writer and the input of a reader.
 */
#ifndef UR_FRAME_H
#define UR_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "input.h"

enum ur_kind {
	UR_K_HEADER, UR_K_SESSIONS, UR_K_ITEMS, UR_K_BATCH, UR_K_TENSOR,
	UR_K_END = 127
};

enum {
	UR_FRAME_OUTSIDE = 16,                          /* bytes of a frame around its payload */
	UR_PAYLOAD_MAX = (16 << 20) - UR_FRAME_OUTSIDE
};

struct XXH3_state_s;

struct ur_frame_writer {
	FILE *f;
	struct XXH3_state_s *running;   /* over the hashes of all frames so far */
	uint64_t frames;
};

void ur_frames_begin(struct ur_frame_writer *w, FILE *f);       /* writes MAGIC */
/* 0, or -1 with err when the payload is larger than a frame may be. */
int ur_frames_put(struct ur_frame_writer *w, enum ur_kind kind, const uint8_t *payload, size_t n, char *err);
void ur_frames_end(struct ur_frame_writer *w, uint64_t records);        /* writes END and frees */

struct ur_frame {
	enum ur_kind kind;
	const uint8_t *data;            /* the payload, n bytes, unaligned */
	size_t n;
};

struct ur_frame_reader {
	struct ur_input *in;
	bool joined;                    /* another stream may follow END */
	const uint8_t *whole;           /* all of the input, or NULL: read as it comes */
	size_t size, at;
	uint8_t *buffer;                /* the frame at hand, when not whole */
	size_t cap;
	struct XXH3_state_s *running;
	uint64_t frames;                /* of the stream at hand */
	uint64_t records;               /* of the stream at hand; counted by the caller, checked at END */
	uint64_t number;                /* frames in all, for messages */
};

/*
 * Reads MAGIC.  whole: the input is mapped or read into memory, and payloads stay where
 * they are until ur_input_close; otherwise until the next call.  0, or -1 with err.
 */
int ur_frames_open(struct ur_frame_reader *r, struct ur_input *in, bool whole, char *err);
/* The next frame but END: 1; 0 at the end of the input after a right END; -1 with err. */
int ur_frames_next(struct ur_frame_reader *r, struct ur_frame *frame, char *err);
/* The running hash of the frames read so far, as END has it. */
uint64_t ur_frames_hash(const struct ur_frame_reader *r);
void ur_frames_close(struct ur_frame_reader *r);

#endif
