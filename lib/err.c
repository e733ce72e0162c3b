#include <stdarg.h>
#include <stdio.h>

#include "err.h"

int
ur_fail(char *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, UR_ERR, fmt, ap);
	va_end(ap);
	return -1;
}
