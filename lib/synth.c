/* synth.c - how large a made-up log is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "synth.h"

/* The real log and its properties; days are counted in whole ones of 24 hours. */
static const struct ur_synth_size full = {
	.visitors = 1407580, .items = 235061,
	.views = 2664312, .carts = 69332, .transactions = 22457, .doubles = 460, .sessions = 1761675,
	.catalogue = 417053, .properties = 20275902,
	.begin = 1430622000000, .end = 1442545200000    /* 3 May 03:00 to 18 September 2015 03:00 */
};

/* The first 100,000 rows of the real log; as much is known of each item. */
static const struct ur_synth_size sample = {
	.visitors = 54913, .items = 39559,
	.views = 96754, .carts = 2394, .transactions = 852, .doubles = 8, .sessions = 62191,
	.catalogue = 70188, .properties = 3412293,
	.begin = 1433138400000, .end = 1433507328000    /* 1 June 06:00, 4.27 days */
};

static const double least = .001, most = 100;

static uint64_t
scaled(uint64_t n, double scale)
{
	double x = floor((double)n * scale + .5);

	return x < 1 ? 1 : (uint64_t)x;
}

int
ur_synth_scale(struct ur_synth_size *size, const char *text, char *err)
{
	double scale;

	if (strcmp(text, "full") == 0 || strcmp(text, "sample") == 0) {
		*size = *text == 'f' ? full : sample;
		return 0;
	}
	if (!ur_word_real(text, &scale) || !(scale >= least && scale <= most))
		return ur_fail(err, "'%s' is neither full nor sample nor a number in [%g, %g]", text, least, most);
	*size = full;
	size->visitors = (uint32_t)scaled(full.visitors, scale);
	size->items = (uint32_t)scaled(full.items, scale);
	size->views = scaled(full.views, scale);
	size->carts = scaled(full.carts, scale);
	size->transactions = scaled(full.transactions, scale);
	size->doubles = (uint64_t)((double)full.doubles * scale);
	size->sessions = scaled(full.sessions, scale);
	size->catalogue = (uint32_t)scaled(full.catalogue, scale);
	size->properties = scaled(full.properties, scale);
	return 0;
}
