/* cli.c - option tables: parsing, presets, --help, and the arguments kept in a history. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "field.h"
#include "mem.h"

enum { MAX_OPTS = 64, LONG_ONLY = 256 };        /* getopt's value for option i without a letter: LONG_ONLY + i */

bool ur_quiet, ur_verbose;
static const struct ur_tool *tool;
static bool help, version;
static struct ur_opt all[MAX_OPTS + 1];         /* the tool's options, then those of every tool */
static int count;
static bool given[MAX_OPTS];                    /* on the command line */

static const struct ur_opt common[] = {
	{ .letter = 'q', .name = "quiet", .value = &ur_quiet, .help = "no notes, no progress" },
	{ .letter = 'v', .name = "verbose", .value = &ur_verbose, .help = "say more on standard error" },
	{ .letter = 'V', .name = "version", .value = &version, .help = "print the version and exit" },
	{ .letter = 'h', .name = "help", .value = &help, .help = "print this help and exit" },
};

static void
collect(void)
{
	count = 0;
	for (const struct ur_opt *o = tool->opts; o->name != NULL; o++)
		all[count++] = *o;
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		all[count++] = common[i];
}

/* Index of `word` among the words of "a|b|c", or -1. */
static int
word_index(const char *words, const char *word)
{
	size_t n = strlen(word);
	int i = 0;

	for (const char *p = words; p != NULL; p = strchr(p, '|'), i++) {
		p += *p == '|';
		if (strcspn(p, "|") == n && strncmp(p, word, n) == 0)
			return i;
	}
	return -1;
}

static char *
word_at(const char *words, int i)
{
	char *word;

	while (i-- > 0)
		words += strcspn(words, "|") + 1;
	word = ur_strdup(words);
	word[strcspn(word, "|")] = '\0';
	return word;
}

static void
set_int(const struct ur_opt *o, const char *arg)
{
	char *end;
	long x;

	errno = 0;
	x = strtol(arg, &end, 10);
	if (end == arg || *end != '\0' || errno != 0 || x < o->min || x > o->max ||
	    arg[strspn(arg, "-0123456789")] != '\0')     /* strtol would take space in front, and a plus */
		ur_usage("--%s: '%s' is not a whole number in [%.0f, %.0f]", o->name, arg, o->min, o->max);
	*(int *)o->value = (int)x;
}

static void
set_u64(const struct ur_opt *o, const char *arg)
{
	char *end;

	errno = 0;
	*(uint64_t *)o->value = strtoull(arg, &end, 10);
	if (*arg < '0' || *arg > '9' || *end != '\0' || errno != 0)
		ur_usage("--%s: '%s' is not a whole number in [0, 2^64)", o->name, arg);
}

static void
set_real(const struct ur_opt *o, const char *arg)
{
	bool above = o->flags & UR_ABOVE;
	double x;

	if (!ur_word_real(arg, &x) || x < o->min || x > o->max || (above && x == o->min))
		ur_usage("--%s: '%s' is not a number in %c%g, %g]", o->name, arg, above ? '(' : '[', o->min, o->max);
	*(double *)o->value = x;
}

static void
set_enum(const struct ur_opt *o, const char *arg)
{
	int i = word_index(o->arg, arg);

	if (i < 0)
		ur_usage("--%s: '%s' is none of %s", o->name, arg, o->arg);
	*(int *)o->value = i;
}

static void
set_list(const struct ur_opt *o, const char *arg)
{
	struct ur_list *list = o->value;

	list->item = ur_realloc(list->item, list->n + 1, sizeof *list->item);
	list->item[list->n++] = arg;
}

static void
set(const struct ur_opt *o, const char *arg)
{
	assert(arg != NULL || o->type == UR_FLAG);
	switch (o->type) {
	case UR_FLAG:	*(bool *)o->value = true; break;
	case UR_INT:	set_int(o, arg); break;
	case UR_U64:	set_u64(o, arg); break;
	case UR_REAL:	set_real(o, arg); break;
	case UR_STR:	*(const char **)o->value = arg; break;
	case UR_ENUM:	set_enum(o, arg); break;
	case UR_LIST:	set_list(o, arg); break;
	}
}

static const struct ur_opt *
find(const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	return NULL;
}

/* Applies "lr=5e-4 batch=50"; a bare name is a flag.  The table is ours: no user input here. */
static void
apply_settings(const char *settings)
{
	static char *copy;      /* strings are borrowed from it, so it stays */
	char *save, *value;

	free(copy);
	copy = ur_strdup(settings);
	for (char *s = strtok_r(copy, " ", &save); s != NULL; s = strtok_r(NULL, " ", &save)) {
		if ((value = strchr(s, '=')) != NULL)
			*value++ = '\0';
		set(find(s), value != NULL ? value : "");
	}
}

static void
apply_preset(const char *name)
{
	for (const char *const *p = tool->presets; *p != NULL; p += 2)
		if (strcmp(p[0], name) == 0) {
			apply_settings(p[1]);
			return;
		}
	ur_usage("--preset: there is no preset '%s'", name);
}

/* The default of an option as --help shows it; empty where there is none. */
static void
print_default(const struct ur_opt *o)
{
	char *word;

	switch (o->type) {
	case UR_INT:	printf(" [%d]", *(int *)o->value); break;
	case UR_U64:	printf(" [%ju]", (uintmax_t)*(uint64_t *)o->value); break;
	case UR_REAL:	printf(" [%g]", *(double *)o->value); break;
	case UR_STR:
		if (*(const char **)o->value != NULL)
			printf(" [%s]", *(const char **)o->value);
		break;
	case UR_ENUM:
		word = word_at(o->arg, *(int *)o->value);
		printf(" [%s]", word);
		free(word);
		break;
	case UR_FLAG: case UR_LIST:
		break;
	}
}

static void
print_help(void)
{
	char left[80];

	printf("%s - %s\nusage: %s %s\n", tool->name, tool->purpose, tool->name, tool->synopsis);
	for (const struct ur_opt *o = all; o < all + count; o++) {
		const char *arg = o->type == UR_FLAG ? "" : o->arg != NULL ? o->arg : "N";

		snprintf(left, sizeof left, "%c%c%s --%s %s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
		    o->letter ? "," : " ", o->name, arg);
		printf("  %-34s %s", left, o->help);
		print_default(o);
		putchar('\n');
	}
}

/* getopt's tables for the options in all[]. */
static void
getopt_tables(char *letters, struct option *longs)
{
	*letters++ = ':';
	for (int i = 0; i < count; i++) {
		bool has_arg = all[i].type != UR_FLAG;

		longs[i] = (struct option){ all[i].name, has_arg ? required_argument : no_argument, NULL,
		    all[i].letter ? all[i].letter : LONG_ONLY + i };
		if (all[i].letter) {
			*letters++ = (char)all[i].letter;
			if (has_arg)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	longs[count] = (struct option){ 0 };
}

static int
index_of(int c)
{
	for (int i = 0; i < count; i++)
		if (all[i].letter == c && c != 0)
			return i;
	return c - LONG_ONLY;
}

/* getopt has found no option: a letter is in optopt, a long form (unknown, or with a value it does not take) in word. */
static _Noreturn void
unknown(const char *word)
{
	if (optopt > 0 && optopt < LONG_ONLY && strncmp(word, "--", 2) != 0)
		ur_usage("-%c is not an option; see --help", optopt);
	ur_usage("%s is not an option; see --help", word);
}

/*
 * Runs getopt over argv and calls set() for each option; with `preset` not NULL only that
 * option is noted, so that a first pass can find the preset before the rest is applied.
 */
static void
scan(int argc, char **argv, const char **preset)
{
	char letters[2 * MAX_OPTS + 2];
	struct option longs[MAX_OPTS + 1];
	int c;

	getopt_tables(letters, longs);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == ':')
			ur_usage("%s needs an argument", argv[optind - 1]);
		if (c == '?')
			unknown(argv[optind - 1]);
		if (preset == NULL) {
			given[index_of(c)] = true;
			set(&all[index_of(c)], optarg);
		} else if (strcmp(all[index_of(c)].name, "preset") == 0)
			*preset = optarg;
	}
}

/*
 * A standard file that was closed is opened the wrong way round, so that using it fails: else the
 * next file opened would take its number, and data meant for standard output would end up there.
 */
static void
hold_standard_files(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

char **
ur_options(const struct ur_tool *t, int argc, char **argv)
{
	const char *preset = NULL;

	hold_standard_files();
	ur_catch_signals();
	tool = t;
	memset(given, 0, sizeof given);
	collect();
	scan(argc, argv, &preset);
	if (preset != NULL)
		apply_preset(preset);
	scan(argc, argv, NULL);
	if (help)
		print_help();
	if (version)
		printf("%s %s\n", tool->name, UR_VERSION);
	if (help || version)
		exit(ur_finish());
	return argv + optind;
}

bool
ur_given(const void *value)
{
	for (int i = 0; i < count; i++)
		if (all[i].value == value)
			return given[i];
	return false;
}

static void
add_param(struct ur_params *params, const struct ur_opt *o)
{
	char *word;

	switch (o->type) {
	case UR_FLAG:	ur_params_bool(params, o->name, *(bool *)o->value); break;
	case UR_INT:	ur_params_int(params, o->name, *(int *)o->value); break;
	case UR_U64:	ur_params_uint(params, o->name, *(uint64_t *)o->value); break;
	case UR_REAL:	ur_params_real(params, o->name, *(double *)o->value); break;
	case UR_STR:
		if (*(const char **)o->value != NULL)
			ur_params_str(params, o->name, *(const char **)o->value);
		break;
	case UR_ENUM:
		word = word_at(o->arg, *(int *)o->value);
		ur_params_str(params, o->name, word);
		free(word);
		break;
	case UR_LIST:
		break;          /* lists are files, whose names are not kept */
	}
}

void
ur_history_add_as(struct ur_header *header, const struct ur_tool *as, const uint64_t *seed)
{
	struct ur_stage *stage = ur_header_add_stage(header, as->name, UR_VERSION);

	for (const struct ur_opt *o = as->opts; o->name != NULL; o++)
		if (o->flags & UR_PARAM)
			add_param(&stage->args, o);
	if (seed != NULL) {
		stage->has_seed = true;
		stage->seed = *seed;
	}
}

void
ur_history_add(struct ur_header *header, const uint64_t *seed)
{
	ur_history_add_as(header, tool, seed);
}
