#include <stdarg.h>
#include <stdio.h>

#include "err.h"

int
ur_err_format(char *err, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(err, UR_ERR, fmt, ap);
	va_end(ap);
	return n;
}
