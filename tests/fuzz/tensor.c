/* The payloads of two TENSOR frames; the first two bytes say where to cut. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const enum ur_kind kind[] = { UR_K_TENSOR, UR_K_TENSOR };
	struct ur_pack header = fuzz_header(UR_MODEL), payload[2];
	size_t cut;

	if (n >= 2) {
		cut = ((size_t)data[0] << 8 | data[1]) % (n - 1);
		payload[0] = (struct ur_pack){ (uint8_t *)data + 2, cut, 0 };
		payload[1] = (struct ur_pack){ (uint8_t *)data + 2 + cut, n - 2 - cut, 0 };
		for (uint64_t records = 1; records <= 2; records++) {
			struct bytes b = fuzz_stream(&header, kind, payload, cut > 0 ? 2 : 1, records);

			fuzz_read(b, UR_MODEL);
			free(b.p);
		}
	}
	ur_pack_free(&header);
	return 0;
}
