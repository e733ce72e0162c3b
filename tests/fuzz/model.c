/* A model's file, as ur-eval and the trainers read it.  What is read is written again, and reads the same. */
#include "fuzz.h"
#include "model.h"

static struct bytes
save(const struct ur_model *model, struct ur_header *header)
{
	struct bytes b;
	char err[UR_ERR];
	FILE *f = open_memstream((char **)&b.p, &b.n);

	MUST(ur_model_save(model, header, f, err) == 0);
	fclose(f);
	return b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ur_model model, again;
	struct ur_header header, header_again;
	char err[UR_ERR];

	if (ur_model_load(&model, &header, file_of(data, n), err) == 0) {
		struct bytes b = save(&model, &header), c;

		MUST(ur_model_load(&again, &header_again, file_of_bytes(b), err) == 0);
		c = save(&again, &header_again);
		MUST(b.n == c.n && memcmp(b.p, c.p, b.n) == 0);
		MUST(ur_model_fits(&header, &header_again, err) == 0);
		ur_model_free(&again);
		ur_header_free(&header_again);
		free(b.p);
		free(c.p);
	}
	ur_model_free(&model);
	ur_header_free(&header);
	return 0;
}
