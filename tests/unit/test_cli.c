/* Options, presets and output files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli.h"

static int count = 3, kind;
static double rate = .5;
static bool flag;
static const char *name, *preset;
static uint64_t seed = 1;
static struct ur_list files;

static const struct ur_opt opts[] = {
	{ 'n', "count", UR_INT, &count, 1, 10, "a count", "N", UR_PARAM },
	{ 0, "rate", UR_REAL, &rate, 0, 1, "a rate", "R", UR_PARAM | UR_ABOVE },
	{ 'f', "flag", UR_FLAG, &flag, 0, 0, "a flag", NULL, UR_PARAM },
	{ 'o', "output", UR_STR, &name, 0, 0, "a file", "FILE", 0 },
	{ 0, "kind", UR_ENUM, &kind, 0, 0, "a kind", "lstm|pw|none", UR_PARAM },
	{ 0, "seed", UR_U64, &seed, 0, 0, "a seed", "N", 0 },
	{ 0, "input", UR_LIST, &files, 0, 0, "files", "FILE", 0 },
	{ 0, "preset", UR_STR, &preset, 0, 0, "a preset", "NAME", 0 },
	{ .name = NULL }
};
static const char *const presets[] = { "small", "count=1 rate=0.25 flag kind=pw", NULL };
static const struct ur_tool tool = { "test", "test options", "[options]", opts, presets };

static char **
parse(const char *line)
{
	static char words[256], *argv[17];
	char *save = NULL;
	int argc = 0;

	count = 3, rate = .5, flag = false, kind = 0, name = NULL, seed = 1, files.n = 0;
	snprintf(words, sizeof words, "test %s", line);
	for (char *s = strtok_r(words, " ", &save); s != NULL; s = strtok_r(NULL, " ", &save))
		argv[argc++] = s;
	argv[argc] = NULL;
	return ur_options(&tool, argc, argv);
}

static void
silence(void)
{
	if (freopen("/dev/null", "w", stderr) == NULL || freopen("/dev/null", "w", stdout) == NULL)
		_exit(99);
}

/* The status with which parsing the line ends a process of its own. */
static int
status_of(const char *line)
{
	int status;

	if (fork() == 0) {
		silence();
		parse(line);
		_exit(0);
	}
	wait(&status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
values(void **state)
{
	char **operands = parse("-n 7 a --rate=.125 -f b --kind none --seed 18446744073709551615 --input x --input y");

	(void)state;
	assert_int_equal(count, 7);
	assert_true(rate == .125 && flag && kind == 2 && seed == UINT64_MAX);
	assert_int_equal(files.n, 2);
	assert_string_equal(files.item[1], "y");
	assert_string_equal(operands[0], "a");
	assert_string_equal(operands[1], "b");
	assert_null(operands[2]);
	assert_true(ur_given(&count));
	assert_false(ur_given(&name));
}

static void
explicit_beats_preset(void **state)
{
	(void)state;
	parse("--count 9 --preset small");
	assert_true(count == 9 && rate == .25 && flag && kind == 1);
	parse("--preset small --count 9");
	assert_true(count == 9 && rate == .25);
	assert_false(ur_given(&rate));
}

static void
bad_values(void **state)
{
	static const char *const lines[] = {
		"-n 0", "-n 11", "-n 1e1", "-n", "--count=", "--count 99999999999999999999", "--rate 0", "--rate 1.5",
		"--rate nan", "--rate x", "--kind lst", "--kind lstm|pw", "--seed -1", "--seed 18446744073709551616",
		"--preset big", "--nosuch", "-z", "--flag=1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (status_of(lines[i]) != UR_USAGE)
			fail_msg("%s: accepted", lines[i]);
	assert_int_equal(status_of("-n 10 --rate 1"), 0);
	assert_int_equal(status_of("--help"), 0);
	assert_int_equal(status_of("--version"), 0);
}

static void
output_appears_whole_or_not_at_all(void **state)
{
	struct ur_output out;
	struct stat st;
	int status;

	(void)state;
	ur_output_open(&out, "made", UR_BINARY);
	fputs("bytes", out.f);
	assert_int_equal(stat("made", &st), -1);
	ur_output_commit(&out);
	assert_int_equal(stat("made", &st), 0);
	assert_int_equal(st.st_size, 5);

	if (fork() == 0) {
		ur_output_open(&out, "never", UR_BINARY);
		fputs("bytes", out.f);
		raise(SIGTERM);
	}
	wait(&status);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(system("test \"$(echo [mn]*)\" = made"), 0);
}

static void
full_disk(void **state)
{
	struct ur_output out;
	int status;

	(void)state;
	if (fork() == 0) {
		silence();
		ur_output_open(&out, "/dev/full", UR_BINARY);
		fputs("bytes", out.f);
		ur_output_commit(&out);
		_exit(0);
	}
	wait(&status);
	assert_int_equal(WEXITSTATUS(status), UR_FAILED);
}

static void
links(void **state)
{
	struct ur_output out;
	struct stat st;
	int status;

	(void)state;
	assert_int_equal(symlink("target", "link"), 0);
	if (fork() == 0) {
		silence();
		ur_output_open(&out, "link", UR_BINARY);
		_exit(0);
	}
	wait(&status);
	assert_int_equal(WEXITSTATUS(status), UR_FAILED);       /* it dangles */
	fclose(fopen("target", "w"));
	ur_output_open(&out, "link", UR_BINARY);
	fputs("bytes", out.f);
	ur_output_commit(&out);
	assert_true(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
	assert_true(stat("target", &st) == 0 && st.st_size == 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(explicit_beats_preset),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(output_appears_whole_or_not_at_all),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
