/* A log of display sets; the first byte says whether ids are text. */
#include "fuzz.h"
#include "impressions.h"

static struct ur_csv_column columns[UR_SHOWN_COLUMNS] = {
	{ .name = "user" }, { .name = "time" }, { .name = "item" }, { .name = "clicked" },
	{ .name = "set", .optional = true }, { .name = "position", .optional = true }, { .name = "role", .optional = true }
};

static void
write_sets(struct ur_impressions *im)
{
	struct ur_header header;
	struct ur_counts counts = { 0 };
	struct ur_writer *w;
	struct bytes b;
	char err[UR_ERR];
	int status;
	FILE *f = open_memstream((char **)&b.p, &b.n);

	make_header(&header, UR_SESSIONS);
	w = ur_writer_open(f, &header);
	status = ur_impressions_write(im, &counts, w, err);
	MUST(ur_writer_close(w, err) == 0);
	fclose(f);
	if (status == 0)
		MUST(read_all(file_of_bytes(b), UR_SESSIONS, err) >= 0);
	ur_header_free(&header);
	ur_counts_free(&counts);
	free(b.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ur_dialect dialect = { .column = columns, .columns = UR_SHOWN_COLUMNS };
	struct ur_impressions im = { 0 };
	struct ur_csv csv;
	int r;

	if (n < 1)
		return 0;
	dialect.hash_ids = data[0] & 1;
	r = ur_dialect_open(&dialect, &csv, file_of(data + 1, n - 1));
	csv.skip = 3;
	if (r == 0 && ur_impressions_read(&im, &dialect, &csv, "log") == 0)
		write_sets(&im);
	ur_csv_close(&csv);
	ur_impressions_free(&im);
	return 0;
}
