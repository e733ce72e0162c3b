/*
 * A command line, a word a line, against a table with every type of option.
 * Linked with --wrap=exit and --wrap=fclose: a refused line must not end the fuzzer.
 */
#include "cli.h"
#include "fuzz.h"

_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);
int __real_fclose(FILE *f);
int __wrap_fclose(FILE *f);

static bool inside;
static jmp_buf outside;
static int count, kind;
static double rate;
static bool flag;
static uint64_t seed;
static const char *text, *preset;
static struct ur_list files;

static const struct ur_opt opts[] = {
	{ 'n', "count", UR_INT, &count, 1, 10, "a count", "N", UR_PARAM },
	{ 'r', "rate", UR_REAL, &rate, 0, 1, "a rate", "R", UR_PARAM | UR_ABOVE },
	{ 'f', "flag", UR_FLAG, &flag, 0, 0, "a flag", NULL, UR_PARAM },
	{ 't', "text", UR_STR, &text, 0, 0, "a text", "TEXT", UR_PARAM },
	{ 0, "kind", UR_ENUM, &kind, 0, 0, "a kind", "lstm|pw|none", UR_PARAM },
	{ 0, "seed", UR_U64, &seed, 0, 0, "a seed", "N", UR_PARAM },
	{ 0, "input", UR_LIST, &files, 0, 0, "files", "FILE", 0 },
	{ 'p', "preset", UR_STR, &preset, 0, 0, "a preset", "NAME", UR_PARAM },
	{ .name = NULL }
};
static const char *const presets[] = { "small", "count=1 rate=0.25 flag kind=pw text=abc", NULL };
static const struct ur_tool tool = { "test", "test options", "[options]", opts, presets };

_Noreturn void
__wrap_exit(int status)
{
	if (inside)
		longjmp(outside, 1);
	__real_exit(status);
}

int
__wrap_fclose(FILE *f)
{
	return inside && f == stdout ? fflush(f) : __real_fclose(f);
}

static void
parse(int argc, char **argv)
{
	struct ur_header header = { 0 }, back = { 0 };
	struct ur_pack p = { 0 };
	char err[UR_ERR];

	count = 3, rate = .5, flag = false, kind = 0, seed = 1, text = preset = NULL, files.n = 0;
	inside = true;
	if (setjmp(outside) == 0) {
		ur_options(&tool, argc, argv);
		inside = false;
		MUST(count >= 1 && count <= 10 && rate > 0 && rate <= 1 && kind >= 0 && kind <= 2);
		ur_history_add(&header, &seed);
		MUST(ur_header_pack(&p, &header, err) == 0);
		MUST(seed > INT64_MAX || ur_header_unpack(&back, p.data, p.n, err) == 0);
	}
	inside = false;
	ur_pack_free(&p);
	ur_header_free(&header);
	ur_header_free(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	enum { MOST = 32 };
	char *copy = ur_alloc(n + 1, 1), *word[MOST + 2] = { "test" }, *save = NULL;
	int argc = 1;

	memcpy(copy, data, n);
	copy[n] = 0;
	for (char *s = strtok_r(copy, "\n", &save); s != NULL && argc <= MOST; s = strtok_r(NULL, "\n", &save))
		word[argc++] = s;
	parse(argc, word);
	free(copy);
	return 0;
}
