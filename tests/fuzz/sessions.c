/* The payload of a SESSIONS frame, read by its reader and by ur-featurize's. */
#include "fuzz.h"
#include "store.h"

static void
store(const char *path)
{
	struct ur_store s = { 0 };
	char err[UR_ERR];

	if (ur_store_read(&s, path, err) == 0 && ur_store_sort(&s, err) == 0)
		for (size_t k = 0; k < s.all.items; k++)
			MUST(s.all.row[k] < s.item.n);
	ur_store_free(&s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum ur_kind kind = UR_K_SESSIONS;
	struct ur_pack header = fuzz_header(UR_SESSIONS), payload = { (uint8_t *)data, n, 0 };
	struct ur_columns c = { 0 };
	char err[UR_ERR];
	bool good = ur_columns_read(&c, UR_SESSIONS, 0, data, n, err) == 0;
	struct bytes b = fuzz_stream(&header, &kind, &payload, 1, good ? c.steps : 0);

	fuzz_read(b, UR_SESSIONS);
	store(file_of_bytes(b));
	free(b.p);
	ur_pack_free(&header);
	return 0;
}
