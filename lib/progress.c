#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"

enum { BAR = 8, LINE = 512 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void
ur_progress_start(struct ur_progress *progress, const char *unit, uint64_t first, uint64_t total)
{
	*progress = (struct ur_progress){ .unit = unit, .first = first, .total = total, .start = now() };
	progress->on = !ur_quiet && isatty(STDERR_FILENO);
}

static int
columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

static void
draw(const struct ur_progress *progress, uint64_t done, double seconds, const char *text)
{
	uint64_t total = progress->total > 0 ? progress->total : 1;
	double rate = seconds > 0 ? (double)(done - progress->first) / seconds : 0;
	int left = rate > 0 ? (int)((double)(total - done) / rate + .5) : 0;
	int full = (int)(BAR * done / total);
	char line[LINE];

	snprintf(line, sizeof line, "[%.*s%.*s] %ju/%ju %s %.0f/s %d:%02d left%s%s", full, "########",
	    BAR - full, "........", (uintmax_t)done, (uintmax_t)total, progress->unit, rate,
	    left / 60, left % 60, *text ? "  " : "", text);
	fprintf(stderr, "\r%.*s\033[K", columns() - 1, line);
	fflush(stderr);
}

void
ur_progress_show(struct ur_progress *progress, uint64_t done, const char *text)
{
	double t;

	if (!progress->on || (t = now()) - progress->last < .1)
		return;
	draw(progress, done, t - progress->start, text);
	progress->last = t;
	progress->shown = true;
}

void
ur_progress_clear(struct ur_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
	progress->last = 0;
}
