/*
 * cli.h - what every tool shares: the option table, messages, exit statuses and
 * output files.  Only tools include it; the library reports errors to them.
 *
 * A tool's table is the one place where an option exists: parsing, range checks,
 * --help with live defaults, and the arguments kept in a stream's history come
 * from it.  Everything handed out is borrowed from argv or the table.
 */
#ifndef UR_CLI_H
#define UR_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rec.h"

enum { UR_OK, UR_FAILED, UR_USAGE, UR_DIVERGED };       /* exit statuses 0 to 3 */

enum ur_opt_type {
	UR_FLAG,        /* bool, no argument */
	UR_INT,         /* int */
	UR_U64,         /* uint64_t; min and max are not used */
	UR_REAL,        /* double */
	UR_STR,         /* const char * */
	UR_ENUM,        /* int, index into the words of arg, "lstm|pw|none" */
	UR_LIST         /* struct ur_list, may be given more than once */
};

enum {
	UR_PARAM = 1,   /* changes the result: kept in the history and the model file */
	UR_ABOVE = 2    /* UR_REAL: min itself is out of range */
};

struct ur_list {
	const char **item;
	size_t n;
};

struct ur_opt {
	int letter;             /* short form, or 0 */
	const char *name;       /* long form; NULL ends the table */
	enum ur_opt_type type;
	void *value;            /* holds the default, receives the argument */
	double min, max;
	const char *help;
	const char *arg;        /* what the argument is called in --help; words of UR_ENUM */
	unsigned flags;
};

struct ur_tool {
	const char *name;               /* "ur-eval" */
	const char *purpose;            /* "score a user model on recorded choices" */
	const char *synopsis;           /* "[options] -m model [file ...]" */
	const struct ur_opt *opts;      /* --help, --version, --quiet, --verbose are added to them */
	const char *const *presets;     /* name, "lr=5e-4 batch=50", name, ..., NULL; or NULL */
};

extern bool ur_quiet, ur_verbose;

/*
 * Parses argv, which it reorders; returns the operands, ended by NULL.  With presets the
 * table needs a UR_STR option "preset"; what is given explicitly beats it in any order.
 * --help and --version print and exit; an error prints one line and exits with UR_USAGE.
 */
char **ur_options(const struct ur_tool *tool, int argc, char **argv);
bool ur_given(const void *value);       /* was the option that fills *value given by the user? */

/* The UR_PARAM options as they stand, for the header of a stream; `seed` may be NULL. */
void ur_history_add(struct ur_header *header, const uint64_t *seed);
/* The same in the words of another tool, where its work is done on its behalf. */
void ur_history_add_as(struct ur_header *header, const struct ur_tool *as, const uint64_t *seed);

void ur_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));      /* even with -q */
void ur_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));      /* not with -q */
_Noreturn void ur_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));      /* status 1 */
_Noreturn void ur_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2)));    /* status 2 */

/*
 * Output files appear whole or not at all: written under a temporary name in the same
 * folder, synced and renamed by ur_output_commit; removed on exit and on SIGINT, SIGTERM,
 * SIGHUP otherwise.  "-" and NULL are standard output; a path that exists and is no regular
 * file (a device, a FIFO) is written in place; a symbolic link's target is replaced.  One file for
 * two outputs is refused (UR_USAGE).
 */
struct ur_output {
	FILE *f;                /* write here; errors are found when it is settled or committed */
	const char *name;       /* for messages */
	char *path, *temporary; /* NULL when written in place */
};

enum { UR_TEXT, UR_BINARY };    /* binary output to a terminal is refused */
void ur_output_open(struct ur_output *out, const char *path, int kind);
/*
 * All that can still fail is done but the rename: of several outputs, settle all before the
 * first is committed.  Commit settles what is not.
 */
void ur_output_settle(struct ur_output *out);
void ur_output_commit(struct ur_output *out);
void ur_output_discard(struct ur_output *out);  /* there is nothing to write: no file appears */
/* Refuses (UR_USAGE) when the output would replace the input; an input of NULL or - is standard input. */
void ur_output_differs(const char *output, const char *input);

/* Makes an error of a file-size limit, and of a mapped input that is cut short; ur_options calls it. */
void ur_catch_signals(void);

/* Flushes and checks standard output; returns the exit status of main. */
int ur_finish(void);

#endif
