/* output.c - output files that appear whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "mem.h"

enum { MAX_TEMPORARIES = 8, SUFFIX = 7 };        /* a temporary name is the final one and .XXXXXX */

/* Unfinished files, for the exit and signal handlers; a slot is free when NULL. */
static char *volatile temporaries[MAX_TEMPORARIES];

static void
remove_temporaries(void)
{
	for (int i = 0; i < MAX_TEMPORARIES; i++)
		if (temporaries[i] != NULL)
			unlink(temporaries[i]);
}

static void
on_signal(int number)
{
	remove_temporaries();
	signal(number, SIG_DFL);
	raise(number);
}

/*
 * Input files are mapped: one that is cut short, or cannot be read, while it is in use raises SIGBUS.
 * Only what is safe in a handler is done.
 */
static void
on_bus_error(int number)
{
	static const char text[] = ": an input file was cut short, or could not be read, while in use\n";
	const char *name = program_invocation_short_name;
	ssize_t n = write(STDERR_FILENO, name, strlen(name));

	n += write(STDERR_FILENO, text, sizeof text - 1);
	(void)number, (void)n;  /* where nothing can be said nothing can be done about it */
	remove_temporaries();
	_exit(UR_FAILED);
}

void
ur_catch_signals(void)
{
	signal(SIGXFSZ, SIG_IGN);       /* a file-size limit is a write error like any other */
	signal(SIGBUS, on_bus_error);
}

static void
guard_temporaries(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	static bool done;
	struct sigaction old, action = { .sa_handler = on_signal };

	if (done)
		return;
	done = true;
	atexit(remove_temporaries);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(numbers[i], &action, NULL);
}

static void
remember(char *temporary)
{
	for (int i = 0; i < MAX_TEMPORARIES; i++)
		if (temporaries[i] == NULL) {
			temporaries[i] = temporary;
			return;
		}
	abort();        /* no tool has that many outputs */
}

static void
forget(const char *temporary)
{
	for (int i = 0; i < MAX_TEMPORARIES; i++)
		if (temporaries[i] == temporary)
			temporaries[i] = NULL;
}

/* A free path with its folder resolved, so that a file has one name; as it is where that cannot be done. */
static char *
in_real_folder(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
	char *folder = ur_strdup(slash == NULL ? "." : path), *resolved, *full;

	if (slash != NULL)
		folder[slash == path ? 1 : slash - path] = '\0';
	resolved = realpath(folder, NULL);
	free(folder);
	if (resolved == NULL)
		return ur_strdup(path);
	full = ur_alloc(strlen(resolved) + strlen(name) + 2, 1);
	sprintf(full, "%s/%s", resolved, name);
	free(resolved);
	return full;
}

/* Where the bytes of `path` will stand: the target of a symbolic link, or path itself; NULL if the link dangles. */
static char *
final_path(const char *path)
{
	char *target = realpath(path, NULL);
	struct stat st;

	if (target == NULL && (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode)))
		return in_real_folder(path);
	return target;
}

/* Is an output that is not finished to stand at `path`? */
static bool
is_taken(const char *path)
{
	size_t n = strlen(path);

	for (int i = 0; i < MAX_TEMPORARIES; i++)
		if (temporaries[i] != NULL && strlen(temporaries[i]) == n + SUFFIX && strncmp(temporaries[i], path, n) == 0)
			return true;
	return false;
}

static FILE *
open_temporary(struct ur_output *out)
{
	struct stat old;
	mode_t mask = umask(0);
	sigset_t all, before;
	int fd;

	umask(mask);
	out->temporary = ur_alloc(strlen(out->path) + SUFFIX + 1, 1);
	sprintf(out->temporary, "%s.XXXXXX", out->path);
	guard_temporaries();
	sigfillset(&all);       /* no signal between the file's birth and its note in the list */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	fd = mkstemp(out->temporary);
	if (fd >= 0)
		remember(out->temporary);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (fd < 0)
		return NULL;
	fchmod(fd, stat(out->path, &old) == 0 ? old.st_mode & 0777 : 0666 & ~mask);
	return fdopen(fd, "wb");
}

void
ur_output_open(struct ur_output *out, const char *path, int kind)
{
	struct stat st;

	*out = (struct ur_output){ .f = stdout, .name = ur_is_standard(path) ? "<stdout>" : path };
	if (ur_is_standard(path)) {
		if (kind == UR_BINARY && isatty(STDOUT_FILENO))
			ur_usage("<stdout>: is a terminal, expected a file or a pipe for binary data");
		return;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		out->f = fopen(path, "wb");
	else {
		out->path = final_path(path);
		if (out->path == NULL)
			ur_die("%s: a symbolic link to nothing, expected a file or a free name", path);
		if (is_taken(out->path))
			ur_usage("%s: one file for two outputs", path);
		out->f = open_temporary(out);
	}
	if (out->f == NULL)
		ur_die("%s: %s", path, strerror(errno));
}

static _Noreturn void
fail(const struct ur_output *out)
{
	ur_die("%s: %s", out->name, errno != 0 ? strerror(errno) : "an earlier write failed");
}

void
ur_output_settle(struct ur_output *out)
{
	bool bad;

	errno = 0;
	bad = fflush(out->f) == EOF || ferror(out->f);
	if (!bad && out->temporary != NULL)
		bad = fsync(fileno(out->f)) < 0;
	if (!bad && out->f != stdout)
		bad = fclose(out->f) == EOF;
	if (bad)
		fail(out);
	out->f = NULL;
}

static void
free_output(struct ur_output *out)
{
	free(out->temporary);
	free(out->path);
	*out = (struct ur_output){ 0 };
}

/* Makes the rename last; some file systems do not sync folders, which is no error of ours.  Cuts path off after its folder. */
static void
sync_folder(char *path)
{
	char *slash = strrchr(path, '/');
	int fd;

	if (slash != NULL)
		slash[slash == path] = '\0';
	fd = open(slash == NULL ? "." : path, O_RDONLY | O_DIRECTORY);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

void
ur_output_commit(struct ur_output *out)
{
	if (out->f != NULL)
		ur_output_settle(out);
	if (out->temporary != NULL) {
		if (rename(out->temporary, out->path) < 0)
			fail(out);
		forget(out->temporary);
		sync_folder(out->path);
	}
	free_output(out);
}

void
ur_output_discard(struct ur_output *out)
{
	if (out->f != NULL && out->f != stdout)
		fclose(out->f);
	if (out->temporary != NULL) {
		unlink(out->temporary);
		forget(out->temporary);
	}
	free_output(out);
}

void
ur_output_differs(const char *output, const char *input)
{
	struct stat a, b;
	bool standard = ur_is_standard(input);

	if (ur_is_standard(output) || stat(output, &a) < 0 || !S_ISREG(a.st_mode))
		return;
	if ((standard ? fstat(STDIN_FILENO, &b) : stat(input, &b)) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		ur_usage("%s: output is the same file as the input %s", output, standard ? "<stdin>" : input);
}
