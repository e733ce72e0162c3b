/* Bytes of files, pipes and archives. */
#include "streams.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <zlib.h>
#include <zstd.h>

#include "input.h"
#include "rng.h"

/* Bytes that pack by about half. */
static struct bytes
some_bytes(size_t n)
{
	struct bytes b = { ur_alloc(n, 1), n };
	struct ur_rng rng;

	ur_rng_seed(&rng, n, 0);
	for (size_t i = 0; i < n; i++)
		b.p[i] = (uint8_t)(ur_rng_next(&rng) & 15);
	return b;
}

static struct bytes
pack(struct bytes b, bool gzip)
{
	struct bytes out = { ur_alloc(2 * b.n + 1000, 1), 2 * b.n + 1000 };
	z_stream z = { .next_in = b.p, .avail_in = (uInt)b.n, .next_out = out.p, .avail_out = (uInt)out.n };

	if (!gzip) {
		out.n = ZSTD_compress(out.p, out.n, b.p, b.n, 1);
		return out;
	}
	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out.n -= z.avail_out;
	deflateEnd(&z);
	return out;
}

/* Reads path in pieces of `piece` bytes and as a whole; -1 with err. */
static int
read_back(const char *path, size_t piece, struct bytes want, char *err)
{
	struct ur_input in;
	struct bytes got = { ur_alloc(want.n + piece, 1), 0 };
	ptrdiff_t r = ur_input_open(&in, path);

	while (r >= 0 && got.n <= want.n && (r = ur_input_read(&in, got.p + got.n, piece)) > 0)
		got.n += (size_t)r;
	strcpy(err, in.err);
	if (r >= 0)
		assert_true(got.n == want.n && memcmp(got.p, want.p, got.n) == 0);
	ur_input_close(&in);
	free(got.p);
	return r < 0 ? -1 : 0;
}

static int
read_whole(const char *path, struct bytes want, char *err)
{
	struct ur_input in;
	const uint8_t *p = NULL;
	size_t n = 0;
	int r = ur_input_open(&in, path);

	if (r == 0)
		r = ur_input_whole(&in, &p, &n);
	strcpy(err, in.err);
	if (r == 0)
		assert_true(n == want.n && memcmp(p, want.p, n) == 0);
	ur_input_close(&in);
	return r;
}

static void
test_plain_and_packed(void **state)
{
	static const size_t size[] = { 0, 1, 3, 4, 5, 65535, 65536, 65537, 1000000 };
	char err[UR_ERR];

	(void)state;
	for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
		struct bytes b = some_bytes(size[i]), packed[3] = { b, pack(b, true), pack(b, false) };

		for (int k = 0; k < 3; k++) {
			const char *path = file_of_bytes(packed[k]);

			assert_int_equal(read_back(path, 1000, b, err), 0);
			assert_int_equal(read_back(path, 100000, b, err), 0);
			assert_int_equal(read_whole(path, b, err), 0);
		}
		free(b.p);
		free(packed[1].p);
		free(packed[2].p);
	}
}

static void
test_every_cut_of_an_archive(void **state)
{
	struct bytes b = some_bytes(2000);
	char err[UR_ERR];

	(void)state;
	for (int gzip = 0; gzip < 2; gzip++) {
		struct bytes packed = pack(b, gzip);

		for (size_t n = 4; n < packed.n; n++) {
			assert_int_equal(read_back(file_of(packed.p, n), 300, b, err), -1);
			assert_non_null(strstr(err, gzip ? "truncated gzip data" : "truncated zstd data"));
			assert_int_equal(read_whole(file_of(packed.p, n), b, err), -1);
		}
		free(packed.p);
	}
	free(b.p);
}

static void
test_archives_of_several_parts(void **state)
{
	struct bytes b = some_bytes(150000), twice = { ur_alloc(300000, 1), 300000 };
	char err[UR_ERR];

	(void)state;
	memcpy(twice.p, b.p, b.n);
	memcpy(twice.p + b.n, b.p, b.n);
	for (int gzip = 0; gzip < 2; gzip++) {
		struct bytes packed = pack(b, gzip), both = { ur_alloc(2 * packed.n, 1), 2 * packed.n };

		memcpy(both.p, packed.p, packed.n);
		memcpy(both.p + packed.n, packed.p, packed.n);
		assert_int_equal(read_back(file_of_bytes(both), 999, twice, err), 0);
		assert_int_equal(read_whole(file_of_bytes(both), twice, err), 0);
		assert_int_equal(read_whole(file_of(both.p, both.n - 1), twice, err), -1);
		free(packed.p);
		free(both.p);
	}
	free(b.p);
	free(twice.p);
}

static void
test_damaged_archives(void **state)
{
	struct bytes b = some_bytes(5000), packed = pack(b, true);
	char err[UR_ERR];

	(void)state;
	packed.p[packed.n - 6] ^= 1;            /* in the sum */
	assert_int_equal(read_whole(file_of_bytes(packed), b, err), -1);
	assert_non_null(strstr(err, "damaged gzip data"));
	packed.p[packed.n - 6] ^= 1;
	packed.p = ur_realloc(packed.p, packed.n + 4, 1);
	memcpy(packed.p + packed.n, "junk", 4);
	assert_int_equal(read_whole(file_of(packed.p, packed.n + 4), b, err), -1);
	assert_non_null(strstr(err, "damaged gzip data"));
	free(packed.p);
	packed = pack(b, false);
	packed.p[5] ^= 0xff;
	assert_int_equal(read_whole(file_of_bytes(packed), b, err), -1);
	free(packed.p);
	free(b.p);
}

/* A zstd frame whose header promises 300 bytes, and which ends after a block of `n` zeros. */
static void
test_zstd_frames_hold_what_they_promise(void **state)
{
	static const uint32_t size[] = { 0, 299, 300, 301 };
	uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x60, 300 - 256, 0, 2, 0, 0, 0, 1, 0, 0 };
	struct bytes zeros = { ur_calloc(300, 1), 300 };
	char err[UR_ERR];

	(void)state;
	for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
		int want = size[i] == 300 ? 0 : -1;

		frame[7] = (uint8_t)(size[i] << 3 | 2);         /* a run, not the last block */
		frame[8] = (uint8_t)(size[i] >> 5);
		assert_int_equal(read_back(file_of(frame, sizeof frame), 77, zeros, err), want);
		assert_true(want == 0 || strstr(err, "damaged zstd data") != NULL);
		assert_int_equal(read_whole(file_of(frame, sizeof frame), zeros, err), want);
	}
	free(zeros.p);
}

/* Standard input that is a file of which some has been read already: only the rest counts. */
static void
test_standard_input_in_the_middle(void **state)
{
	struct bytes b = some_bytes(70000), rest = { b.p + 5000, b.n - 5000 };
	char err[UR_ERR];

	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		int saved = dup(STDIN_FILENO), fd = open(file_of_bytes(b), O_RDONLY), r;

		assert_true(saved >= 0 && fd >= 0);
		assert_int_equal(lseek(fd, 5000, SEEK_SET), 5000);
		dup2(fd, STDIN_FILENO);
		r = whole ? read_whole("-", rest, err) : read_back(NULL, 777, rest, err);
		dup2(saved, STDIN_FILENO);
		close(saved);
		close(fd);
		assert_int_equal(r, 0);
	}
	free(b.p);
}

/* A pipe whose writer writes byte by byte at first. */
static void
test_a_slow_pipe(void **state)
{
	struct bytes b = some_bytes(200000), packed[3] = { b, pack(b, true), pack(b, false) };
	char err[UR_ERR], path[32];

	(void)state;
	for (int k = 0; k < 3; k++) {
		int fd[2], status;
		pid_t child;

		assert_int_equal(pipe(fd), 0);
		child = fork();
		if (child == 0) {
			close(fd[0]);
			for (size_t i = 0; i < 100; i++)
				if (write(fd[1], packed[k].p + i, 1) != 1)
					_exit(1);
			for (size_t i = 100; i < packed[k].n;) {
				ssize_t r = write(fd[1], packed[k].p + i, packed[k].n - i);

				if (r < 0)
					_exit(1);
				i += (size_t)r;
			}
			_exit(0);
		}
		close(fd[1]);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd[0]);
		assert_int_equal(k == 0 ? read_back(path, 4096, b, err) : read_whole(path, b, err), 0);
		close(fd[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	free(packed[1].p);
	free(packed[2].p);
	free(b.p);
}

static void
test_what_cannot_be_opened(void **state)
{
	struct bytes none = { 0 };
	char err[UR_ERR];

	(void)state;
	assert_int_equal(read_whole("/no/such/file", none, err), -1);
	assert_string_equal(err, "/no/such/file: No such file or directory");
	assert_int_equal(read_whole("/", none, err), -1);
	assert_string_equal(err, "/: Is a directory");
	ur_input_close(&(struct ur_input){ 0 });
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_and_packed),
		cmocka_unit_test(test_every_cut_of_an_archive),
		cmocka_unit_test(test_archives_of_several_parts),
		cmocka_unit_test(test_damaged_archives),
		cmocka_unit_test(test_zstd_frames_hold_what_they_promise),
		cmocka_unit_test(test_standard_input_in_the_middle),
		cmocka_unit_test(test_a_slow_pipe),
		cmocka_unit_test(test_what_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
