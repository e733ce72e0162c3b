#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "mem.h"

void
ur_catalogue_build(struct ur_catalogue *catalogue, const struct ur_store *store)
{
	catalogue->versions = store->item.n;
	catalogue->version = ur_alloc(store->item.n, sizeof *catalogue->version);
	for (size_t i = 0; i < store->item.n; i++)
		catalogue->version[i] = (struct ur_version){ INT64_MIN, (uint32_t)i, UR_NO_ID, UR_NO_ID, 0 };
}

void
ur_catalogue_join(const struct ur_catalogue *catalogue, struct ur_store *store)
{
	(void)catalogue;
	(void)store;
}

double
ur_catalogue_price(const struct ur_catalogue *catalogue, uint32_t i)
{
	double x;

	memcpy(&x, &catalogue->price.id[i], sizeof x);
	return x;
}

void
ur_catalogue_free(struct ur_catalogue *catalogue)
{
	free(catalogue->version);
	ur_ids_free(&catalogue->category);
	free(catalogue->root);
	ur_ids_free(&catalogue->price);
	*catalogue = (struct ur_catalogue){ 0 };
}
