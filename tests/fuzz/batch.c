/* The payload of a BATCH frame, behind the usual item table of four rows. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum ur_kind kind[] = { UR_K_ITEMS, UR_K_BATCH };
	struct ur_pack header = fuzz_header(UR_BATCHES), payload[2] = { { 0 }, { (uint8_t *)data, n, 0 } };
	struct ur_columns c = { 0 };
	char err[UR_ERR];
	bool good = ur_columns_read(&c, UR_BATCHES, item_table.rows, data, n, err) == 0;
	struct bytes b;

	ur_items_pack(&payload[0], &item_table, 0, item_table.rows);
	b = fuzz_stream(&header, kind, payload, 2, good ? c.steps : 0);
	fuzz_read(b, UR_BATCHES);
	free(b.p);
	ur_pack_free(&payload[0]);
	ur_pack_free(&header);
	return 0;
}
