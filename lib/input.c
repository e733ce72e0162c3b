#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "input.h"
#include "mem.h"

enum { BUFFER = 1 << 16 };

struct ur_unpacker {
	bool gzip;              /* else zstd */
	z_stream z;
	ZSTD_DCtx *zstd;
	bool between;           /* a gzip member or zstd frame has ended, no other begun */
	bool inside;            /* of a zstd frame; what its header promises and has not come yet, or UNKNOWN */
	unsigned long long left;
};

enum { ZSTD_HEADER = 18 };      /* bytes at most */

/* Up to n bytes from the file itself. */
static ptrdiff_t
read_file(struct ur_input *in, void *p, size_t n)
{
	ssize_t r;

	do
		r = read(in->fd, p, n);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return ur_fail(in->err, "%s: %s", in->name, strerror(errno));
	return r;
}

/* Appends to the buffer until it holds n bytes or the file ends; 0 or -1. */
static int
fill(struct ur_input *in, size_t n)
{
	ptrdiff_t r;

	while (in->size < n) {
		r = read_file(in, in->buffer + in->size, BUFFER - in->size);
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		in->size += (size_t)r;
	}
	return 0;
}

/* --- gzip and zstd --------------------------------------------------------- */

static int
begin_unpacking(struct ur_input *in, bool gzip)
{
	struct ur_unpacker *u = ur_calloc(1, sizeof *u);

	in->unpacker = u;
	u->gzip = gzip;
	if (gzip ? inflateInit2(&u->z, 15 + 16) != Z_OK : (u->zstd = ZSTD_createDCtx()) == NULL)
		return ur_fail(in->err, "%s: out of memory", in->name);
	return 0;
}

/* One step: bytes of in->buffer become bytes of p; how many, or -1 when they are damaged. */
static ptrdiff_t
inflate_some(struct ur_input *in, void *p, size_t n)
{
	z_stream *z = &in->unpacker->z;
	int r;

	if (in->unpacker->between && in->used < in->size) {
		inflateReset(z);
		in->unpacker->between = false;
	}
	z->next_in = in->buffer + in->used;
	z->avail_in = (uInt)(in->size - in->used);
	z->next_out = p;
	z->avail_out = n < BUFFER ? (uInt)n : BUFFER;
	n = z->avail_out;
	r = in->unpacker->between ? Z_BUF_ERROR : inflate(z, Z_NO_FLUSH);
	in->used = in->size - z->avail_in;
	if (r == Z_STREAM_END)
		in->unpacker->between = true;
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return -1;
	return (ptrdiff_t)(n - z->avail_out);
}

/*
 * How much a frame holds, if its header says so.  The library compares that in frames it unpacks in one go,
 * and not where a frame that comes in pieces ends with an empty block.
 */
static int
begin_zstd_frame(struct ur_input *in)
{
	struct ur_unpacker *u = in->unpacker;

	in->size -= in->used;
	memmove(in->buffer, in->buffer + in->used, in->size);
	in->used = 0;
	if (fill(in, ZSTD_HEADER) < 0)
		return -1;
	u->left = ZSTD_getFrameContentSize(in->buffer, in->size);
	if (u->left == ZSTD_CONTENTSIZE_ERROR)          /* which unpacking will tell */
		u->left = ZSTD_CONTENTSIZE_UNKNOWN;
	u->inside = true;
	return 0;
}

static ptrdiff_t
unzstd_some(struct ur_input *in, void *p, size_t n)
{
	struct ur_unpacker *u = in->unpacker;
	ZSTD_inBuffer from = { in->buffer, in->size, in->used };
	ZSTD_outBuffer to = { p, n, 0 };
	size_t r = ZSTD_decompressStream(u->zstd, &to, &from);

	if (ZSTD_isError(r))
		return -1;
	if (from.pos > in->used || to.pos > 0) {
		u->between = r == 0;
		u->inside = r != 0;
	}
	in->used = from.pos;
	if (u->left != ZSTD_CONTENTSIZE_UNKNOWN) {
		if (to.pos > u->left || (r == 0 && to.pos < u->left))
			return -1;
		u->left -= to.pos;
	}
	return (ptrdiff_t)to.pos;
}

static ptrdiff_t
unpack(struct ur_input *in, void *p, size_t n)
{
	const char *kind = in->unpacker->gzip ? "gzip" : "zstd";
	ptrdiff_t r;

	for (;;) {
		if (!in->unpacker->gzip && !in->unpacker->inside && in->used < in->size && begin_zstd_frame(in) < 0)
			return -1;
		r = in->unpacker->gzip ? inflate_some(in, p, n) : unzstd_some(in, p, n);
		if (r < 0)
			return ur_fail(in->err, "%s: damaged %s data", in->name, kind);
		if (r > 0)
			return r;
		if (in->used < in->size)
			continue;
		in->used = in->size = 0;
		if (fill(in, 1) < 0)
			return -1;
		if (in->size == 0)
			break;
	}
	if (!in->unpacker->between)
		return ur_fail(in->err, "%s: truncated %s data", in->name, kind);
	return 0;
}

/* --- the interface --------------------------------------------------------- */

bool
ur_is_standard(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

int
ur_input_open(struct ur_input *in, const char *path)
{
	bool standard = ur_is_standard(path);

	memset(in, 0, sizeof *in);
	in->name = standard ? "<stdin>" : path;
	in->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		return ur_fail(in->err, "%s: %s", in->name, strerror(errno));
	in->buffer = ur_alloc(BUFFER, 1);
	if (fill(in, 4) < 0)
		return -1;
	if (in->size >= 2 && memcmp(in->buffer, "\x1f\x8b", 2) == 0)
		return begin_unpacking(in, true);
	if (in->size >= 4 && memcmp(in->buffer, "\x28\xb5\x2f\xfd", 4) == 0)
		return begin_unpacking(in, false);
	return 0;
}

ptrdiff_t
ur_input_read(struct ur_input *in, void *p, size_t n)
{
	if (in->unpacker != NULL)
		return unpack(in, p, n);
	if (in->used == in->size)
		return read_file(in, p, n);
	if (n > in->size - in->used)
		n = in->size - in->used;
	memcpy(p, in->buffer + in->used, n);
	in->used += n;
	return (ptrdiff_t)n;
}

/*
 * Maps what is left of a plain regular file: 1, or 0 where that cannot be done.  The file
 * may be standard input, read in part by another program before us.
 */
static int
map_file(struct ur_input *in, const uint8_t **data, size_t *size)
{
	struct stat st;
	off_t at = lseek(in->fd, 0, SEEK_CUR) - (off_t)(in->size - in->used);

	if (in->unpacker != NULL || fstat(in->fd, &st) < 0 || !S_ISREG(st.st_mode) || at < 0 || st.st_size <= at)
		return 0;
	in->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, in->fd, 0);
	if (in->map == MAP_FAILED) {
		in->map = NULL;
		return 0;
	}
	in->map_size = (size_t)st.st_size;
	*data = (const uint8_t *)in->map + at;
	*size = (size_t)(st.st_size - at);
	return 1;
}

int
ur_input_whole(struct ur_input *in, const uint8_t **data, size_t *size)
{
	uint8_t *all = NULL;
	size_t n = 0, cap = 0;
	ptrdiff_t r;

	if (map_file(in, data, size))
		return 0;
	do {
		UR_GROW(all, cap, n + BUFFER);
		r = ur_input_read(in, all + n, cap - n);
		if (r > 0)
			n += (size_t)r;
	} while (r > 0);
	free(in->buffer);
	in->buffer = all;
	in->used = in->size = n;
	*data = all;
	*size = n;
	return r < 0 ? -1 : 0;
}

void
ur_input_close(struct ur_input *in)
{
	if (in->unpacker != NULL) {
		if (in->unpacker->gzip)
			inflateEnd(&in->unpacker->z);
		ZSTD_freeDCtx(in->unpacker->zstd);
		free(in->unpacker);
	}
	if (in->map != NULL)
		munmap(in->map, in->map_size);
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	free(in->buffer);
	memset(in, 0, sizeof *in);
}
