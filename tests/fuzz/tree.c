/* A category tree, joined with a few properties. */
#include "join.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *properties;
	static char path[32];

	if (properties == NULL) {
		strcpy(path, fuzz_text("timestamp,itemid,property,value\n0,10,categoryid,1\n500,10,categoryid,2\n"
		    "0,20,categoryid,3\n0,30,categoryid,18446744073709551615\n"));
		properties = path;
	}
	fuzz_join(properties, fuzz_file(data, n));
	return 0;
}
