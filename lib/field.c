#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "field.h"

struct ur_field
ur_field_of(const char *word)
{
	return (struct ur_field){ word, strlen(word) };
}

bool
ur_field_equal(struct ur_field a, struct ur_field b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

bool
ur_field_is(struct ur_field f, const char *word)
{
	return ur_field_equal(f, ur_field_of(word));
}

static bool
long_u64(struct ur_field f, uint64_t *value)
{
	uint64_t x = 0;

	for (size_t i = 0; i < f.n; i++) {
		unsigned digit = (unsigned char)f.p[i] - '0';

		if (digit > 9 || x > (UINT64_MAX - digit) / 10)
			return false;
		x = 10 * x + digit;
	}
	*value = x;
	return true;
}

bool
ur_field_u64(struct ur_field f, uint64_t *value)
{
	uint64_t x = 0;

	if (f.n == 0)
		return false;
	if (f.n > 19)                   /* 19 digits always fit */
		return long_u64(f, value);
	for (size_t i = 0; i < f.n; i++) {
		unsigned digit = (unsigned char)f.p[i] - '0';

		if (digit > 9)
			return false;
		x = 10 * x + digit;
	}
	*value = x;
	return true;
}

bool
ur_word_real(const char *word, double *value)
{
	char *end;

	*value = strtod(word, &end);
	return end != word && *end == '\0' && isfinite(*value) && *word != '+' && word[strspn(word, "+-.0123456789eE")] == '\0';
}

bool
ur_field_hash(struct ur_field f, uint64_t *value)
{
	*value = XXH3_64bits(f.p, f.n);
	return f.n != 0;
}

/* Takes exactly `digits` digits off the front of f. */
static bool
take_number(struct ur_field *f, size_t digits, int *value)
{
	uint64_t x;

	if (f->n < digits || !ur_field_u64((struct ur_field){ f->p, digits }, &x))
		return false;
	*value = (int)x;
	f->p += digits;
	f->n -= digits;
	return true;
}

static bool
take(struct ur_field *f, const char *word)
{
	size_t n = strlen(word);

	if (f->n < n || memcmp(f->p, word, n) != 0)
		return false;
	f->p += n;
	f->n -= n;
	return true;
}

/* Takes a fraction, ".117": its first three digits as milliseconds, the others are cut. */
static bool
take_fraction(struct ur_field *f, int *ms)
{
	int scale = 100;

	*ms = 0;
	if (!take(f, "."))
		return true;
	if (f->n == 0 || !isdigit((unsigned char)*f->p))
		return false;
	for (; f->n > 0 && isdigit((unsigned char)*f->p); f->p++, f->n--) {
		*ms += scale * (*f->p - '0');
		scale /= 10;
	}
	return true;
}

static bool
seconds_time(struct ur_field f, int64_t *ms)
{
	const char *point = memchr(f.p, '.', f.n);
	struct ur_field whole = { f.p, point ? (size_t)(point - f.p) : f.n };
	struct ur_field rest = { f.p + whole.n, f.n - whole.n };
	uint64_t s;
	int fraction;

	if (!ur_field_u64(whole, &s) || s > INT64_MAX / 1000 - 1)
		return false;
	if (!take_fraction(&rest, &fraction) || rest.n != 0)
		return false;
	*ms = (int64_t)s * 1000 + fraction;
	return true;
}

static bool
take_date(struct ur_field *f, int64_t *days)
{
	static const int length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int year, month, day, leap, past;

	if (!take_number(f, 4, &year) || !take(f, "-") || !take_number(f, 2, &month) ||
	    !take(f, "-") || !take_number(f, 2, &day))
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (month < 1 || month > 12 || day < 1 || day > length[month - 1] + (leap && month == 2))
		return false;
	past = year - 1;
	*days = 365 * (int64_t)(year - 1970) + (past / 4 - past / 100 + past / 400) - 477 +
	    before[month - 1] + (leap && month > 2) + day - 1;
	return true;
}

/* hh:mm[:ss[.fraction]]; second 60 is let pass, clocks do show it. */
static bool
take_clock(struct ur_field *f, int64_t *ms)
{
	int hour, minute, second = 0, fraction = 0;

	if (!take_number(f, 2, &hour) || !take(f, ":") || !take_number(f, 2, &minute))
		return false;
	if (take(f, ":") && (!take_number(f, 2, &second) || !take_fraction(f, &fraction)))
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
	return true;
}

/* Z, UTC, +hh:mm or +hhmm: minutes east of Greenwich. */
static bool
take_zone(struct ur_field *f, int *minutes)
{
	int hour, minute, sign;

	take(f, " ");
	*minutes = 0;
	if (take(f, "Z") || take(f, "UTC"))
		return true;
	sign = take(f, "+") ? 1 : take(f, "-") ? -1 : 0;
	if (sign == 0 || !take_number(f, 2, &hour))
		return false;
	take(f, ":");
	if (!take_number(f, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

static bool
iso_time(struct ur_field f, int64_t *ms)
{
	int64_t days, clock = 0;
	int zone = 0;

	if (!take_date(&f, &days))
		return false;
	if ((take(&f, "T") || take(&f, " ")) && !take_clock(&f, &clock))
		return false;
	if (f.n != 0 && (!take_zone(&f, &zone) || f.n != 0))
		return false;
	*ms = days * 86400000 + clock - zone * INT64_C(60000);
	return *ms >= 0;
}

bool
ur_field_time(struct ur_field f, enum ur_time_unit unit, int64_t *ms)
{
	uint64_t x;

	if (unit == UR_SECONDS)
		return seconds_time(f, ms);
	if (unit == UR_ISO)
		return iso_time(f, ms);
	if (!ur_field_u64(f, &x) || x > INT64_MAX)
		return false;
	*ms = (int64_t)x;
	return true;
}

const char *
ur_field_text(struct ur_field f, char *text)
{
	size_t n = f.n < UR_FIELD_TEXT - 4 ? f.n : UR_FIELD_TEXT - 4;

	for (size_t i = 0; i < n; i++)
		text[i] = isprint((unsigned char)f.p[i]) ? f.p[i] : '?';
	strcpy(text + n, n < f.n ? "..." : "");
	return text;
}
