/* Rows of tables: names, quotes, line ends, line numbers, bad rows; numbers and times in fields. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "csv.h"
#include "mem.h"

static const struct ur_csv_column ab[] = { { .name = "a" }, { .name = "b" }, { .name = "c", .optional = true } };

static const char *
file_of(const char *p, size_t n)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("table", 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, p, n, 0), n);
	return path;
}

/* Reads text; returns "line:a|b|c" of each row, each ended by ';', then "!" and the message after an error. */
static const char *
rows(const char *text, uint64_t skip)
{
	static char out[4096];
	struct ur_csv csv;
	int r = ur_csv_open(&csv, file_of(text, strlen(text)), 0, ab, 3);
	size_t n = 0;

	csv.skip = skip;
	out[0] = '\0';
	while (r == 0 && (r = ur_csv_row(&csv)) > 0) {
		n += (size_t)snprintf(out + n, sizeof out - n, "%ju:", (uintmax_t)csv.line);
		for (size_t k = 0; k < 3; k++) {
			struct ur_field f = ur_csv_field(&csv, k);

			n += (size_t)snprintf(out + n, sizeof out - n, "%.*s%c", (int)f.n, f.p, k < 2 ? '|' : ';');
		}
		r = 0;
	}
	if (r < 0)
		snprintf(out + n, sizeof out - n, "!%s", strstr(csv.err, ": ") + 2);
	else if (csv.skipped != 0)
		snprintf(out + n, sizeof out - n, "%ju left out: %s", (uintmax_t)csv.skipped, strstr(csv.skipped_err, ": ") + 2);
	ur_csv_close(&csv);
	return out;
}

static void
finds_columns_by_name(void **state)
{
	(void)state;
	assert_string_equal(rows("a,b\n1,2\n", 0), "2:1|2|;");
	assert_string_equal(rows("x,b,c,a\n1,2,3,4\n5,6,7,8\n", 0), "2:4|2|3;3:8|6|7;");
	assert_string_equal(rows("a\tb\n1,0\t2\n", 0), "2:1,0|2|;");
	assert_string_equal(rows("\"a\",\"b\"\n1,2\n", 0), "2:1|2|;");
	assert_string_equal(rows("\xef\xbb\xbf" "a,b\n1,2\n", 0), "2:1|2|;");
	assert_string_equal(rows("a,b,b\n", 0), "!line 1: column \"b\" is there twice");
	assert_string_equal(rows("a,B\n", 0), "!line 1: no column \"b\"");
	assert_string_equal(rows("a,b,c,c\n", 0), "!line 1: column \"c\" is there twice");
	assert_string_equal(rows("", 0), "!line 1: empty, expected a header that names the columns");
	assert_string_equal(rows("\xef\xbb\xbf", 0), "!line 1: no column \"a\"");
	assert_string_equal(rows("\n", 0), "!line 1: no column \"a\"");
	assert_string_equal(rows("\"a\"x,b\n", 0), "!line 1: text after a closing quote");
}

static void
takes_every_line_end(void **state)
{
	(void)state;
	assert_string_equal(rows("a,b\r\n1,2\r\n3,4\r\n", 0), "2:1|2|;3:3|4|;");
	assert_string_equal(rows("a,b\n1,2", 0), "2:1|2|;");
	assert_string_equal(rows("a,b\r\n1,\"2\"\r\n", 0), "2:1|2|;");
	assert_string_equal(rows("a,b\n1,\"2\"", 0), "2:1|2|;");
	assert_string_equal(rows("a,b\n,\n", 0), "2:||;");
	assert_string_equal(rows("a,b\n1\r,2\n", 0), "2:1\r|2|;");
	assert_string_equal(rows("a,b", 0), "");
	assert_string_equal(rows("a,b\n", 0), "");
}

static void
unquotes(void **state)
{
	(void)state;
	assert_string_equal(rows("a,b\n\"1,5\",\"x\"\"y\"\"\"\n3,4\n", 0), "2:1,5|x\"y\"|;3:3|4|;");
	assert_string_equal(rows("a,b\n\"1\n\n\",2\n3,4\n", 0), "2:1\n\n|2|;5:3|4|;");
	assert_string_equal(rows("a,b\nx\"\"y,2\n\"\",\n", 0), "2:x\"\"y|2|;3:||;");
	assert_string_equal(rows("a,b\n\"\"\"\",2\n", 0), "2:\"|2|;");
	assert_string_equal(rows("a,b\n1,2\n\"1\n,2\n3,4\n", 0), "2:1|2|;!line 3: quote not closed");
	assert_string_equal(rows("a,b\n\"1\"2,3\n", 0), "!line 2: text after a closing quote, expected a comma");
	assert_string_equal(rows("a\tb\n1\t\"1\" \n", 0), "!line 2: text after a closing quote, expected a tab");
}

static void
refuses_rows_of_another_width(void **state)
{
	(void)state;
	assert_string_equal(rows("a,b\n1,2\n3\n", 0), "2:1|2|;!line 3: 1 field, expected 2 as in the header");
	assert_string_equal(rows("a,b\n1,2,3\n", 0), "!line 2: 3 fields, expected 2 as in the header");
	assert_string_equal(rows("a,b\n\n", 0), "!line 2: 1 field, expected 2 as in the header");
}

static void
leaves_out_bad_rows_up_to_a_number(void **state)
{
	static const char text[] = "a,b\n1\n3,4,5\n6,7\n\"8\n\"9,0\n1,2\n";

	(void)state;
	assert_string_equal(rows(text, 3),
	    "4:6|7|;7:1|2|;3 left out: line 2: 1 field, expected 2 as in the header");
	assert_string_equal(rows(text, 2), "4:6|7|;!line 5: text after a closing quote, expected a comma");
	assert_string_equal(rows(text, 1), "!line 3: 3 fields, expected 2 as in the header");
	/* a row too long does not leave its fields to a row without an optional column */
	assert_string_equal(rows("a,b\n1,2,3\n4,5\n", 1),
	    "3:4|5|;1 left out: line 2: 3 fields, expected 2 as in the header");
}

static void
names_the_field_that_the_caller_refuses(void **state)
{
	char text[] = "a,b\n1,\x01\xffxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n";
	struct ur_csv csv;

	(void)state;
	assert_int_equal(ur_csv_open(&csv, file_of(text, strlen(text)), 0, ab, 3), 0);
	assert_int_equal(ur_csv_row(&csv), 1);
	assert_int_equal(ur_csv_bad(&csv, 1, "a number"), -1);
	assert_string_equal(strchr(csv.err, ':'),
	    ": line 2: b \"\?\?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\": expected a number");
	csv.skip = 1;
	assert_int_equal(ur_csv_bad(&csv, 0, "a number"), 0);
	assert_int_equal(ur_csv_bad(&csv, 0, "a number"), -1);
	ur_csv_close(&csv);
}

/* Many rows with fields of every length, some quoted; a writer that sends `piece` bytes at a time. */
static void
read_through_pipe(size_t lines, size_t piece)
{
	char *text = ur_alloc(lines, 400), path[32];
	size_t n = (size_t)sprintf(text, "a,b,c\n");
	struct ur_csv csv;
	int fd[2];

	for (size_t i = 0; i < lines; i++)
		n += (size_t)sprintf(text + n, i % 3 == 0 ? "%zu,\"%0*d\n\"\"\",x\n" : "%zu,%0*d,\n", i, (int)(i % 311) + 1, 7);
	assert_int_equal(pipe(fd), 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd[0]);
	if (fork() == 0) {
		for (size_t k = 0; k < n; k += piece)
			if (write(fd[1], text + k, n - k < piece ? n - k : piece) < 0)
				_exit(1);
		_exit(0);
	}
	close(fd[1]);
	assert_int_equal(ur_csv_open(&csv, path, 0, ab, 3), 0);
	for (size_t i = 0; i < lines; i++) {
		uint64_t first;

		assert_int_equal(ur_csv_row(&csv), 1);
		assert_true(ur_field_u64(ur_csv_field(&csv, 0), &first));
		assert_int_equal(first, i);
		assert_int_equal(ur_csv_field(&csv, 1).n, i % 311 + 1 + 2 * (i % 3 == 0));
		assert_int_equal(ur_csv_field(&csv, 2).n, i % 3 == 0);
		assert_int_equal(csv.line, 2 + i + (i + 2) / 3);
	}
	assert_int_equal(ur_csv_row(&csv), 0);
	ur_csv_close(&csv);
	close(fd[0]);
	wait(NULL);
	free(text);
}

static void
rows_may_be_cut_anywhere(void **state)
{
	(void)state;
	read_through_pipe(50, 1);
	read_through_pipe(300, 7);
	read_through_pipe(20000, 1 << 16);
}

static void
refuses_an_endless_row(void **state)
{
	size_t n = UR_CSV_ROW + 100;
	char *text = ur_alloc(n, 1);
	struct ur_csv csv;

	(void)state;
	memset(text, 'x', n);
	memcpy(text, "a,b\n\"", 5);
	assert_int_equal(ur_csv_open(&csv, file_of(text, n), 0, ab, 3), 0);
	assert_int_equal(ur_csv_row(&csv), -1);
	assert_non_null(strstr(csv.err, ": line 2: row of more than 1048576 bytes"));
	ur_csv_close(&csv);
	free(text);
}

/* --- fields ---------------------------------------------------------------- */

static struct ur_field
field(const char *s)
{
	return (struct ur_field){ s, strlen(s) };
}

static void
whole_numbers(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "-1", "+1", "1.0", "0x1", "1e3", "18446744073709551616",
		"99999999999999999999", "184467440737095516150", "one", "1\n", "/", ":"
	};
	uint64_t x;

	(void)state;
	assert_true(ur_field_u64(field("0"), &x) && x == 0);
	assert_true(ur_field_u64(field("1433221332117"), &x) && x == 1433221332117);
	assert_true(ur_field_u64(field("9999999999999999999"), &x) && x == 9999999999999999999u);
	assert_true(ur_field_u64(field("18446744073709551615"), &x) && x == UINT64_MAX);
	assert_true(ur_field_u64(field("000000000000000000000000000012"), &x) && x == 12);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ur_field_u64(field(bad[i]), &x));
}

static void
times(void **state)
{
	static const struct {
		enum ur_time_unit unit;
		const char *text;
		int64_t ms;             /* -1: refused */
	} t[] = {
		{ UR_MS, "9223372036854775807", INT64_MAX }, { UR_MS, "9223372036854775808", -1 },
		{ UR_MS, "-1", -1 }, { UR_MS, "1.5", -1 }, { UR_MS, "", -1 },
		{ UR_SECONDS, "1433221332", 1433221332000 }, { UR_SECONDS, "1433221332.1179", 1433221332117 },
		{ UR_SECONDS, "0.5", 500 }, { UR_SECONDS, "5.", -1 }, { UR_SECONDS, ".5", -1 }, { UR_SECONDS, "1.5x", -1 },
		{ UR_SECONDS, "9223372036854774.999", 9223372036854774999 }, { UR_SECONDS, "9223372036854776", -1 },
		{ UR_ISO, "1970-01-01", 0 }, { UR_ISO, "1970-01-01T00:00:00.001Z", 1 },
		{ UR_ISO, "2015-06-02 05:02:12.117", 1433221332117 }, { UR_ISO, "2019-10-01 00:00:00 UTC", 1569888000000 },
		{ UR_ISO, "2015-06-02T07:02:12+02:00", 1433221332000 }, { UR_ISO, "2015-06-02T00:02:12-0500", 1433221332000 },
		{ UR_ISO, "2000-02-29 12:34", 951827640000 }, { UR_ISO, "2016-12-31T23:59:60Z", 1483228800000 },
		{ UR_ISO, "9999-12-31", 253402214400000 }, { UR_ISO, "2100-03-01", 4107542400000 },
		{ UR_ISO, "1969-12-31", -1 }, { UR_ISO, "2015-02-29", -1 }, { UR_ISO, "2100-02-29", -1 },
		{ UR_ISO, "2015-13-01", -1 }, { UR_ISO, "2015-00-01", -1 }, { UR_ISO, "2015-01-00", -1 },
		{ UR_ISO, "2015-6-2", -1 }, { UR_ISO, "2015-06-02T", -1 }, { UR_ISO, "2015-06-02 24:00", -1 },
		{ UR_ISO, "2015-06-02 12:60", -1 }, { UR_ISO, "2015-06-02 12:00:61", -1 }, { UR_ISO, "2015-06-02 12:00 CET", -1 },
		{ UR_ISO, "2015-06-02 12:00:00.", -1 }, { UR_ISO, "2015-06-02 12:00+1", -1 }, { UR_ISO, "", -1 },
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		bool ok = ur_field_time(field(t[i].text), t[i].unit, &ms);

		if (ok != (t[i].ms >= 0) || (ok && ms != t[i].ms))
			fail_msg("%s: %s %jd", t[i].text, ok ? "taken as" : "refused", (intmax_t)ms);
	}
}

static void
hashed_text(void **state)
{
	uint64_t x, y;

	(void)state;
	assert_true(ur_field_hash(field("abc"), &x));
	assert_int_equal(x, 0x78af5f94892f3950);        /* of xxhsum -H3 */
	assert_true(ur_field_hash(field("abd"), &y) && x != y);
	assert_false(ur_field_hash(field(""), &x));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_columns_by_name),
		cmocka_unit_test(takes_every_line_end),
		cmocka_unit_test(unquotes),
		cmocka_unit_test(refuses_rows_of_another_width),
		cmocka_unit_test(leaves_out_bad_rows_up_to_a_number),
		cmocka_unit_test(names_the_field_that_the_caller_refuses),
		cmocka_unit_test(rows_may_be_cut_anywhere),
		cmocka_unit_test(refuses_an_endless_row),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(times),
		cmocka_unit_test(hashed_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
