/* The payload of a HEADER.  What is read is written again, and reads the same. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ur_header header = { 0 }, again = { 0 };
	struct ur_pack p = { 0 }, q = { 0 };
	char err[UR_ERR];

	if (ur_header_unpack(&header, data, n, err) == 0) {
		MUST(ur_header_pack(&p, &header, err) == 0);
		MUST(ur_header_unpack(&again, p.data, p.n, err) == 0);
		MUST(ur_header_pack(&q, &again, err) == 0);
		MUST(p.n == q.n && memcmp(p.data, q.data, p.n) == 0);
	}
	ur_pack_free(&p);
	ur_pack_free(&q);
	ur_header_free(&header);
	ur_header_free(&again);
	return 0;
}
