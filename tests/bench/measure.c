/*
 * measure - runs a command several times: median and least wall time in seconds,
 * median processor time, largest resident set in KiB, as one TSV line.
 *
 * usage: measure [-n runs] command [argument ...]
 *
 * Standard output of the command is thrown away; a run that fails ends the measurement
 * with the status of the command.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RUNS = 1000 };

static _Noreturn void
die(const char *what)
{
	perror(what);
	exit(127);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static double
seconds(struct timeval t)
{
	return t.tv_sec + 1e-6 * t.tv_usec;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *x, int n)
{
	qsort(x, n, sizeof *x, ascending);
	return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static _Noreturn void
child(char **argv)
{
	int null = open("/dev/null", O_WRONLY);

	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	execvp(argv[0], argv);
	die(argv[0]);
}

/* Wall and processor seconds of one run; returns its largest resident set in KiB. */
static long
run(char **argv, double *wall, double *cpu)
{
	struct rusage use;
	double start = now();
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		child(argv);
	if (wait4(pid, &status, 0, &use) < 0)
		die("wait");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	*wall = now() - start;
	*cpu = seconds(use.ru_utime) + seconds(use.ru_stime);
	return use.ru_maxrss;
}

int
main(int argc, char **argv)
{
	static double wall[MAX_RUNS], cpu[MAX_RUNS];
	int c, runs = 5;
	long rss = 0;

	while ((c = getopt(argc, argv, "+n:")) != -1)
		runs = c == 'n' ? atoi(optarg) : 0;
	if (optind == argc || runs < 1 || runs > MAX_RUNS) {
		fprintf(stderr, "usage: measure [-n runs] command [argument ...]\n");
		return 2;
	}
	for (int i = 0; i < runs; i++) {
		long size = run(argv + optind, &wall[i], &cpu[i]);
		rss = size > rss ? size : rss;
	}
	double middle = median(wall, runs);             /* sorts, so that wall[0] is the least */
	printf("%.6f\t%.6f\t%.6f\t%ld\n", middle, wall[0], median(cpu, runs), rss);
	return 0;
}
