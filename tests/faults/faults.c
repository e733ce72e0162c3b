/*
 * faults.c - runs commands with one fault each, again and again, until no place is left where it can strike.
 *
 *	faults [-m most] [-k kind] folder <commands
 *
 * A line of input is a command: words, < and an input, then : and the files that it makes.  It is run in the folder,
 * first without a fault: that is the right result.  A run with one has to end in it too, byte for byte, or else in
 * a status above 0 with one line on standard error and no file under the final names.  Of several files one may be
 * there if it is right.  A file marked ~ is a checkpoint: what is left there must lead, with --resume, to the right result.
 * No other file may be left, no signal end a run, none take longer than 10 seconds.  One TAP line for each
 * command and kind of fault.
 *
 * System calls are caught by a seccomp filter that asks this process about each (SECCOMP_RET_USER_NOTIF), so
 * the tools are the ones that users run.  -m: at most so many runs of a command and kind, spread evenly.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORDS = 64, MAX_FILES = 8, MAX_CALLS = 4, SECONDS = 10, REFUSED_BY_SYSTEM = 99 };

/* --- what can go wrong ----------------------------------------------------- */

struct kind {
	const char *name;
	enum { CALL, ALLOC, FILE_SIZE, SPACE, OPEN_FILES, CLOSED, FULL } type;
	int error;
	bool early;             /* the loader makes such calls too: count from what --version makes */
	int calls;
	long call[MAX_CALLS];
};

static const struct kind kinds[] = {
	{ "write", CALL, ENOSPC, false, 4, { SYS_write, SYS_writev, SYS_pwrite64, SYS_sendfile } },
	{ "interrupted write", CALL, EINTR, false, 4, { SYS_write, SYS_writev, SYS_pwrite64, SYS_sendfile } },
	{ "fsync", CALL, EIO, false, 2, { SYS_fsync, SYS_fdatasync } },
	{ "rename", CALL, EACCES, false, 3, { SYS_rename, SYS_renameat, SYS_renameat2 } },
	{ "open", CALL, EMFILE, true, 3, { SYS_open, SYS_openat, SYS_creat } },
	{ "read", CALL, EIO, true, 3, { SYS_read, SYS_pread64, SYS_readv } },
	{ "close", CALL, EIO, true, 1, { SYS_close } },
	{ "mmap", CALL, ENOMEM, true, 2, { SYS_mmap, SYS_mremap } },
	{ "fstat", CALL, EIO, true, 4, { SYS_newfstatat, SYS_fstat, SYS_stat, SYS_lseek } },
	{ "allocation", ALLOC, 0, false, 0, { 0 } },
	{ "file size limit", FILE_SIZE, 0, false, 0, { 0 } },
	{ "address space limit", SPACE, 0, false, 0, { 0 } },
	{ "open files limit", OPEN_FILES, 0, false, 0, { 0 } },
	{ "closed standard file", CLOSED, 0, false, 0, { 0 } },
	{ "full standard output", FULL, 0, false, 0, { 0 } },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/*
 * Sanitizers open, read and map files themselves, and counters of coverage are written at the end: there only
 * what leaves them alone is made to fail.
 */
static bool
applies(const struct kind *kind)
{
#ifdef UR_COVERAGE
	if (kind->type == FILE_SIZE)
		return false;
#endif
#ifdef UR_SANITIZE
	return !kind->early && kind->type != SPACE && kind->type != OPEN_FILES;
#else
	return kind != NULL;
#endif
}

/* --- a command --------------------------------------------------------------- */

struct command {
	char *word[MAX_WORDS + 2];
	const char *input;
	struct { const char *name; bool changing; } file[MAX_FILES];
	int files;
};

static _Noreturn void
die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool
parse(struct command *c, char *line)
{
	int words = 0;
	bool files = false;
	char *save = NULL;

	memset(c, 0, sizeof *c);
	for (char *s = strtok_r(line, " \n", &save); s != NULL; s = strtok_r(NULL, " \n", &save)) {
		if (strcmp(s, ":") == 0)
			files = true;
		else if (*s == '<')
			c->input = s + 1;
		else if (!files && words < MAX_WORDS)
			c->word[words++] = s;
		else if (c->files < MAX_FILES) {
			c->file[c->files].changing = *s == '~';
			c->file[c->files++].name = s + (*s == '~');
		}
	}
	return words > 0 && c->word[0][0] != '#';
}

/* --- one run ----------------------------------------------------------------- */

struct run {
	const struct kind *kind;        /* NULL: a quiet one */
	long at;                        /* the fault strikes at call number `at`, or with this limit; 0: count only */
	long calls;                     /* out */
	bool struck, late;              /* out: the fault came about; the run took too long */
	int status;                     /* out: as of waitpid */
	char errors[4096];              /* out: what it said on standard error, or the start of it */
	size_t errors_n;
};

struct shared {
	volatile int listener;
	volatile bool taken;
};

static void
limit(int resource, rlim_t n)
{
	struct rlimit r = { n, n };

	setrlimit(resource, &r);
}

/* In the child: asks for notice of the kind's calls; those on standard error are let pass. */
static void
install_filter(const struct kind *kind, struct shared *shared)
{
	struct sock_filter code[16 + MAX_CALLS];
	unsigned short n = 0;
	struct sock_fprog program = { 0, code };
	int calls = kind->calls, listener = -1;

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (int i = 0; i < calls; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)kind->call[i], (uint8_t)(calls - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (kind->call[0] == SYS_write) {
		code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args));
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, STDERR_FILENO, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	program.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	shared->listener = listener < 0 ? -1 : listener;
	if (listener < 0)
		_exit(REFUSED_BY_SYSTEM);
	while (!shared->taken)
		sched_yield();
}

static void
redirect(const char *path, int flags, int fd)
{
	int to = open(path, flags, 0666);

	if (to < 0 || dup2(to, fd) < 0)
		_exit(98);
	if (to != fd)
		close(to);
}

static _Noreturn void
child(const struct command *c, const struct run *run, struct shared *shared, int errors, int tell)
{
	const struct kind *kind = run->kind;
	char text[32], path[4096];

	redirect(c->input != NULL ? c->input : "/dev/null", O_RDONLY, STDIN_FILENO);
	redirect(kind != NULL && kind->type == FULL && run->at ? "/dev/full" : "stdout", O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	limit(RLIMIT_CORE, 0);
	snprintf(path, sizeof path, "%s/%s%s", getenv("BUILD"), kind != NULL && kind->type == ALLOC ? "faults/" : "", c->word[0]);
	switch (kind == NULL || (run->at == 0 && kind->type > ALLOC) ? -1 : (int)kind->type) {
	case CALL:
		install_filter(kind, shared);
		break;
	case ALLOC:
		snprintf(text, sizeof text, "%ld", run->at);
		setenv("UR_FAIL_ALLOC", text, 1);
		snprintf(text, sizeof text, "%d", tell);
		setenv("UR_FAIL_FD", text, 1);
		break;
	case FILE_SIZE:
		limit(RLIMIT_FSIZE, (rlim_t)run->at - 1);
		break;
	case SPACE:
		limit(RLIMIT_AS, (rlim_t)run->at << 20);
		break;
	case OPEN_FILES:
		limit(RLIMIT_NOFILE, (rlim_t)run->at + 2);
		break;
	case CLOSED:
		close((int)run->at - 1);
		break;
	}
	execv(path, c->word);
	_exit(97);
}

static bool
has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* Takes a copy of the listener that the child has got from the system; -1 if it got none. */
static int
take_listener(struct shared *shared, pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), fd = -1;

	while (shared->listener == 0 && !has_ended(pid))
		sched_yield();
	if (shared->listener > 0 && pidfd >= 0)
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, shared->listener, 0);
	shared->taken = true;
	close(pidfd);
	return fd;
}

/* Answers the child's calls until it ends; the one whose turn it is fails. */
static void
answer(struct run *run, int listener)
{
	time_t end = time(NULL) + SECONDS + 1;
	struct pollfd poll_fd = { listener, POLLIN, 0 };

	for (;;) {
		struct seccomp_notif request = { 0 };
		struct seccomp_notif_resp response = { 0 };

		if (poll(&poll_fd, 1, 1000) < 0 || poll_fd.revents & (POLLHUP | POLLERR))
			return;
		if (time(NULL) > end) {
			run->late = true;
			return;
		}
		if (!(poll_fd.revents & POLLIN) || ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			continue;
		response.id = request.id;
		if (++run->calls == run->at) {
			response.error = -run->kind->error;
			run->struck = true;
		} else
			response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

static void
wait_for(struct run *run, pid_t pid)
{
	struct timespec nap = { 0, 500000 };

	for (int naps = 0; waitpid(pid, &run->status, WNOHANG) == 0; naps++) {
		if (run->late || naps > SECONDS * 1000) {
			run->late = true;
			kill(pid, SIGKILL);
			waitpid(pid, &run->status, 0);
			return;
		}
		nanosleep(&nap, NULL);
	}
}

/* Runs the command in the current folder. */
static void
execute(const struct command *c, struct run *run)
{
	static struct shared *shared;
	int listener = -1, errors[2], tell[2];
	long told = 0;
	ssize_t n;
	pid_t pid;

	if (shared == NULL)
		shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || pipe2(tell, O_NONBLOCK) < 0 || pipe2(errors, O_NONBLOCK | O_CLOEXEC) < 0)
		die("faults");
	*shared = (struct shared){ 0 };
	fflush(stdout);
	if ((pid = fork()) < 0)
		die("fork");
	if (pid == 0)
		child(c, run, shared, errors[1], tell[1]);
	close(tell[1]);
	close(errors[1]);
	run->calls = 0;
	run->struck = run->at > 0 && run->kind != NULL && run->kind->type > ALLOC;
	run->late = false;
	if (run->kind != NULL && run->kind->type == CALL && (listener = take_listener(shared, pid)) >= 0)
		answer(run, listener);
	wait_for(run, pid);
	if (run->kind != NULL && run->kind->type == ALLOC) {
		run->struck = read(tell[0], &told, sizeof told) == 1;
		run->calls = told;
	}
	n = read(errors[0], run->errors, sizeof run->errors);
	run->errors_n = n > 0 ? (size_t)n : 0;
	close(listener);
	close(errors[0]);
	close(tell[0]);
}

/* --- what a run leaves -------------------------------------------------------- */

struct content {
	char *p;
	size_t n;
	bool there;
};

static struct content
content_of(const char *path)
{
	struct content c = { NULL, 0, false };
	struct stat st;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return c;
	if (fstat(fd, &st) < 0 || (c.p = malloc((size_t)st.st_size + 1)) == NULL || read(fd, c.p, (size_t)st.st_size) != st.st_size)
		die(path);
	close(fd);
	c.n = (size_t)st.st_size;
	c.there = true;
	return c;
}

static bool
same(const struct content *a, const struct content *b)
{
	return a->there == b->there && a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

struct result {
	int status;
	struct content output, file[MAX_FILES];
};

static struct result
collect(const struct command *c, const struct run *run)
{
	struct result r = { .status = run->status, .output = content_of("stdout") };

	for (int i = 0; i < c->files; i++)
		r.file[i] = content_of(c->file[i].name);
	return r;
}

static void
free_result(struct result *r)
{
	free(r->output.p);
	for (int i = 0; i < MAX_FILES; i++)
		free(r->file[i].p);
}

static void
clean(const struct command *c)
{
	unlink("stdout");
	for (int i = 0; i < c->files; i++)
		unlink(c->file[i].name);
}

static bool
belongs(const struct command *c, const char *name)
{
	for (int i = 0; i < c->files; i++)
		if (strcmp(name, c->file[i].name) == 0)
			return true;
	return strcmp(name, "stdout") == 0;
}

/* The names in the folder at the start. */
static struct dirent **before;
static int befores;

static bool
was_there(const char *name)
{
	for (int i = 0; i < befores; i++)
		if (strcmp(name, before[i]->d_name) == 0)
			return true;
	return false;
}

/* Removes what a run left beside its outputs: how many files, name [256] one of them. */
static int
remove_left_over(const struct command *c, char *name)
{
	struct dirent **entry;
	int n = scandir(".", &entry, NULL, NULL), found = 0;

	for (int i = 0; i < n; i++) {
		if (!was_there(entry[i]->d_name) && !belongs(c, entry[i]->d_name)) {
			strcpy(name, entry[i]->d_name);
			unlink(name);
			found++;
		}
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return found;
}

static bool
one_line(const struct run *run)
{
	const char *end = memchr(run->errors, '\n', run->errors_n);

	return end != NULL && end + 1 == run->errors + run->errors_n && end > run->errors;
}

/* Is what a failed run left in a changing file good to go on from: does the command, resumed, end in the right result? */
static bool
resumes(const struct command *c, const struct result *right)
{
	struct command again = *c;
	struct run quiet = { 0 };
	struct result got;
	bool good;
	int words = 0;

	while (again.word[words] != NULL)
		words++;
	again.word[words] = "--resume";
	again.word[words + 1] = NULL;
	execute(&again, &quiet);
	got = collect(c, &quiet);
	good = got.status == right->status && same(&got.output, &right->output);
	for (int i = 0; i < c->files; i++)
		good = good && same(&got.file[i], &right->file[i]);
	free_result(&got);
	return good;
}

/* What is wrong with a run, or NULL. */
static const char *
judge(const struct command *c, const struct run *run, const struct result *got, const struct result *right)
{
	static char text[512];
	char name[256];
	bool blind = run->kind->type == CLOSED && run->at == 3, deaf = run->kind->type == FULL || (run->kind->type == CLOSED && run->at == 2);
	/* a file stands complete when a second one cannot be renamed, or standard output not be closed */
	bool late_failure = c->files > 1 || strcmp(run->kind->name, "close") == 0;
	bool all = got->status == right->status, again = false;

	if (remove_left_over(c, name) > 0) {
		snprintf(text, sizeof text, "left over %s", name);
		return text;
	}
	if (run->late)
		return "took longer than 10 seconds";
	if (WIFSIGNALED(got->status)) {
		snprintf(text, sizeof text, "killed by signal %d", WTERMSIG(got->status));
		return text;
	}
	for (int i = 0; i < c->files; i++)
		all = all && same(&got->file[i], &right->file[i]);
	if (all && (same(&got->output, &right->output) || (deaf && right->output.n == 0)))
		return NULL;
	if (got->status == 0)
		return "status 0 and a wrong result";
	if (!one_line(run) && !blind)
		return run->errors_n == 0 ? "no message" : "more than one line";
	for (int i = 0; i < c->files; i++) {
		if (!got->file[i].there || (late_failure && same(&got->file[i], &right->file[i])))
			continue;
		if (c->file[i].changing)
			again = true;
		else {
			snprintf(text, sizeof text, "%s is there", c->file[i].name);
			return text;
		}
	}
	return again && !resumes(c, right) ? "cannot be resumed" : NULL;
}

/* --- all runs of a command and kind --------------------------------------------- */

static long most = 0, runs = 0;
static int number = 0, failures = 0;

static void
report(const struct command *c, const struct kind *kind, bool good, const char *fmt, long n)
{
	printf("%sok %d - %s:", good ? "" : "not ", ++number, kind->name);
	for (char *const *w = c->word; *w != NULL; w++)
		printf(" %s", *w);
	printf(fmt, n);
	failures += !good;
}

/* Calls of a kind that the loader and the libraries make before main. */
static long
calls_before_main(const struct command *c, const struct kind *kind)
{
	struct command version = { .word = { c->word[0], "--version" } };
	struct run run = { .kind = kind };

	if (!kind->early)
		return 0;
	execute(&version, &run);
	return run.calls;
}

static bool
links_blas(const char *tool)
{
	return strcmp(tool, "ur-pretrain") == 0 || strcmp(tool, "ur-advtrain") == 0 || strcmp(tool, "ur-eval") == 0;
}

/* The last fault that makes sense, by what a run without one does; -1: this system does not let us. */
static long
last_fault(const struct command *c, const struct kind *kind, const struct result *right)
{
	struct run run = { .kind = kind };
	size_t largest = right->output.n;

	for (int i = 0; i < c->files; i++)
		if (right->file[i].n > largest)
			largest = right->file[i].n;
	switch (kind->type) {
	case CALL: case ALLOC:
		execute(c, &run);
		return WIFEXITED(run.status) && WEXITSTATUS(run.status) == REFUSED_BY_SYSTEM ? -1 : run.calls;
	case FILE_SIZE:
		return (long)largest;
	case SPACE:             /* OpenBLAS, when it gets no memory at the start, waits for threads that are not there */
		return links_blas(c->word[0]) ? 0 : 120;
	case OPEN_FILES:
		return 12;
	case CLOSED:
		return 3;
	case FULL:
		return 1;
	}
	return 0;
}

/* The step from one fault to the next, so that there are at most `most`; of sizes there are 500 anyway. */
static long
step_of(const struct kind *kind, long first, long last)
{
	if (most == 0 && kind->type != FILE_SIZE)
		return 1;
	return 1 + (last - first) / (most == 0 ? 500 : most);
}

static void
try_kind(const struct command *c, const struct kind *kind, const struct result *right)
{
	long first = 1 + calls_before_main(c, kind), last, step, n = 0;
	bool good = true;

	clean(c);
	if ((last = last_fault(c, kind, right)) < 0) {
		report(c, kind, true, " # skip the system refuses seccomp filters\n", 0);
		return;
	}
	step = step_of(kind, first, last);
	for (long at = first; at <= last; at += step, n++) {
		struct run run = { .kind = kind, .at = at };
		struct result got;
		const char *wrong;

		clean(c);
		execute(c, &run);
		got = collect(c, &run);
		wrong = judge(c, &run, &got, right);
		if (wrong != NULL) {
			printf("# %s %ld: status %#x, %s: %.*s", kind->name, at, (unsigned)got.status, wrong, (int)run.errors_n, run.errors);
			if (run.errors_n == 0 || run.errors[run.errors_n - 1] != '\n')
				putchar('\n');
			good = false;
		}
		free_result(&got);
		if (!run.struck)
			break;          /* the run passed */
	}
	runs += n;
	clean(c);
	report(c, kind, good, " (%ld runs)\n", n);
}

static void
try_command(const struct command *c, const char *only)
{
	struct run quiet = { 0 };
	struct result right;

	clean(c);
	execute(c, &quiet);
	right = collect(c, &quiet);
	if (!WIFEXITED(right.status) || (WEXITSTATUS(right.status) != 0 && WEXITSTATUS(right.status) != 3)) {
		printf("# %.*s", (int)quiet.errors_n, quiet.errors);
		report(c, &(struct kind){ .name = "no fault" }, false, " # status %#lx\n", right.status);
		return;
	}
	for (int k = 0; k < KINDS; k++)
		if (applies(&kinds[k]) && (only == NULL || strcmp(only, kinds[k].name) == 0))
			try_kind(c, &kinds[k], &right);
	free_result(&right);
}

int
main(int argc, char *argv[])
{
	struct command c;
	const char *only = NULL;
	char line[4096];
	int option;

	while ((option = getopt(argc, argv, "m:k:")) != -1) {
		if (option == 'm')
			most = atol(optarg);
		else if (option == 'k')
			only = optarg;
		else
			return 2;
	}
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	if (getenv("BUILD") == NULL || argv[optind] == NULL || chdir(argv[optind]) < 0)
		die("faults");
	befores = scandir(".", &before, NULL, NULL);
	while (fgets(line, sizeof line, stdin) != NULL)
		if (parse(&c, line))
			try_command(&c, only);
	printf("# %ld runs with a fault\n1..%d\n", runs, number);
	return failures > 0;
}
