/* Input that is gzip, zstd or neither, read in pieces and as a whole: both must give the same. */
#include "fuzz.h"

enum { MOST = 1 << 17 };

/* Does a zstd frame ask for a window of more than 256 kB?  It would be given, and the time go into clearing it. */
static bool
asks_for_much(const uint8_t *data, size_t n)
{
	bool zstd = n > 5 && memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0, single = zstd && data[4] & 0x20;

	return zstd && (single ? data[4] >> 6 > 1 : data[5] >> 3 > 8);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *path;
	struct ur_input a, b;
	const uint8_t *whole;
	uint8_t piece[777];
	size_t size = 0, at = 0;
	ptrdiff_t r = 0;
	int opened, status = -1;

	if (asks_for_much(data, n))
		return -1;
	path = file_of(data, n);
	opened = ur_input_open(&a, path);
	if (opened == 0)
		while (at < MOST && (r = ur_input_read(&a, piece, sizeof piece)) > 0)
			at += (size_t)r;
	ur_input_close(&a);
	if (at < MOST) {
		if (ur_input_open(&b, path) == 0)
			status = ur_input_whole(&b, &whole, &size);
		MUST((opened == 0 && r == 0) == (status == 0));
		MUST(status < 0 || size == at);
		ur_input_close(&b);
	}
	return 0;
}
