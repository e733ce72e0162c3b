/*
 * input.h - the bytes of a file or of standard input, unpacked on the way when they
 * are gzip or zstd (known by their magic bytes, not by name).
 *
 * The caller owns the struct; what ur_input_whole hands out lives until ur_input_close.
 */
#ifndef UR_INPUT_H
#define UR_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct ur_unpacker;

struct ur_input {
	const char *name;               /* the path, or "<stdin>" */
	int fd;
	struct ur_unpacker *unpacker;   /* zlib or zstd; NULL for plain bytes */
	uint8_t *buffer;                /* bytes read to look at the magic, or the whole input */
	size_t used, size;
	void *map;                      /* plain regular files are mapped by ur_input_whole */
	size_t map_size;
	char err[UR_ERR];
};

/* Does path (NULL or "-") stand for standard input or output? */
bool ur_is_standard(const char *path);
/* 0, or -1 with in->err. */
int ur_input_open(struct ur_input *in, const char *path);
/* Up to n bytes into p: how many, 0 at the end, -1 with in->err (a truncated archive is an error). */
ptrdiff_t ur_input_read(struct ur_input *in, void *p, size_t n);
/* All of it: mapped where it is a plain regular file, else read into memory.  0, or -1 with in->err. */
int ur_input_whole(struct ur_input *in, const uint8_t **data, size_t *size);
void ur_input_close(struct ur_input *in);

#endif
