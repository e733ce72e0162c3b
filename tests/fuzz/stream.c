/* A whole stream of any format: frames, headers, order, END. */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes b = { (uint8_t *)data, n };

	for (int format = UR_SESSIONS; format <= UR_MODEL; format++)
		fuzz_read(b, (enum ur_format)format);
	return 0;
}
