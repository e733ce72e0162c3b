/* A file of item properties, joined with a small tree. */
#include "join.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *tree;
	static char path[32];

	if (tree == NULL) {
		strcpy(path, fuzz_text("categoryid,parentid\n1,2\n2,\n3,2\n4,4711\n"));
		tree = path;
	}
	fuzz_join(fuzz_file(data, n), tree);
	return 0;
}
