/* The payload of an ITEMS frame, before the usual users. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum ur_kind kind[] = { UR_K_ITEMS, UR_K_BATCH };
	struct ur_pack header = fuzz_header(UR_BATCHES), payload[2] = { { (uint8_t *)data, n, 0 }, { 0 } };
	struct ur_users users = { 0 };
	struct bytes b;

	make_users(&users, true);
	ur_users_pack(&payload[1], &users, UR_BATCHES);
	b = fuzz_stream(&header, kind, payload, 2, users.steps);
	fuzz_read(b, UR_BATCHES);
	free(b.p);
	ur_users_free(&users);
	ur_pack_free(&payload[1]);
	ur_pack_free(&header);
	return 0;
}
