/* message.c - what tools say on standard error, and how they end. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A message is one line, whatever stands in the names it tells. */
static void
say(const char *fmt, va_list ap)
{
	char text[2 * UR_ERR + PATH_MAX];

	vsnprintf(text, sizeof text, fmt, ap);
	for (char *p = text; *p != '\0'; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}

void
ur_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
ur_note(const char *fmt, ...)
{
	va_list ap;

	if (ur_quiet)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void
ur_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(UR_FAILED);
}

void
ur_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(UR_USAGE);
}

int
ur_finish(void)
{
	bool bad;

	errno = 0;
	bad = fflush(stdout) == EOF || ferror(stdout) || fclose(stdout) == EOF;
	if (bad)
		ur_die("<stdout>: %s", errno != 0 ? strerror(errno) : "an earlier write failed");
	return UR_OK;
}
