/* join.h - properties and trees joined to the usual sessions, for the two targets that read them. */
#ifndef FUZZ_JOIN_H
#define FUZZ_JOIN_H

#include <math.h>

#include "catalogue.h"
#include "feature.h"
#include "fuzz.h"

/* Items 10, 20 and 30, shown at -5, 1000 and 2000 ms, all features. */
static inline void
fuzz_join(const char *properties, const char *tree)
{
	struct bytes b = make_stream(UR_SESSIONS);
	struct ur_catalogue catalogue = { .want = { true, true, true }, .skip = 3 };
	struct ur_store store = { 0 };
	struct ur_spec spec = { .min_count = 1 };
	struct ur_items items = { 0 };
	char err[UR_ERR];

	MUST(ur_store_read(&store, file_of_bytes(b), err) == 0 && ur_store_sort(&store, err) == 0);
	MUST(ur_features_parse(&spec, "id,category,root,price,available,repeat", err) == 0);
	if (ur_catalogue_categories(&catalogue, tree, err) == 0 &&
	    ur_catalogue_properties(&catalogue, &store, properties, err) == 0 &&
	    ur_catalogue_build(&catalogue, &store, err) == 0) {
		ur_catalogue_join(&catalogue, &store);
		MUST(ur_features_learn(&spec, &store, &catalogue, err) == 0);
		ur_features_items(&items, &spec, &store, &catalogue);
		for (size_t i = 0; i < items.rows * (size_t)items.dense; i++)
			MUST(isfinite(items.x[i]));
		for (size_t k = 0; k < store.all.items; k++)
			MUST(store.all.row[k] < items.rows);
	}
	ur_items_free(&items);
	ur_spec_free(&spec);
	ur_catalogue_free(&catalogue);
	ur_store_free(&store);
	free(b.p);
}

/* A file of these bytes beside that of file_of, which the sessions take; its path is good until the next call. */
static inline const char *
fuzz_file(const uint8_t *data, size_t n)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("table", 0);
	MUST(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, n, 0) == (ssize_t)n);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

/* A file of a fixed text; its path, for the caller to copy. */
static inline const char *
fuzz_text(const char *text)
{
	static char path[32];
	int fd = memfd_create("text", 0);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

#endif
