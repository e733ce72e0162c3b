/* ur-dump - show a stream as JSON Lines; see ur-dump(1). */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "cli.h"

static bool csv;
static const struct ur_opt opts[] = {
	{ .letter = 'c', .name = "csv", .value = &csv, .help = "print a CSV row for each shown item instead" },
	{ .name = NULL }
};
static const struct ur_tool tool = {
	"ur-dump", "show sessions, batches or a model as JSON Lines", "[options] [file ...]", opts, NULL
};

/* --- values ------------------------------------------------------------------ */

/* Length of the UTF-8 sequence at s, 0 if it is none. */
static int
utf8(const unsigned char *s)
{
	int n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (int i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates, beyond U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void
put_string(const char *string)
{
	const unsigned char *s = (const unsigned char *)string;
	int n;

	putchar('"');
	for (; *s != 0; s += n > 0 ? n : 1) {
		n = utf8(s);
		if (n == 0)
			fputs("\\ufffd", stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			printf("\\u%04x", *s);
		else
			fwrite(s, 1, (size_t)n, stdout);
	}
	putchar('"');
}

static void
put_u64s(const char *key, const uint64_t *x, size_t n)
{
	printf("\"%s\":[", key);
	for (size_t i = 0; i < n; i++)
		printf("%s%" PRIu64, i > 0 ? "," : "", x[i]);
	putchar(']');
}

static void
put_u32s(const char *key, const uint32_t *x, size_t n)
{
	printf(",\"%s\":[", key);
	for (size_t i = 0; i < n; i++)
		printf("%s%" PRIu32, i > 0 ? "," : "", x[i]);
	putchar(']');
}

static void
put_params(const char *name, const struct ur_params *params)
{
	printf(",\"%s\":{", name);
	for (size_t i = 0; i < params->n; i++) {
		const struct ur_param *param = &params->item[i];

		if (i > 0)
			putchar(',');
		put_string(param->name);
		putchar(':');
		switch (param->type) {
		case UR_P_BOOL: fputs(param->i ? "true" : "false", stdout); break;
		case UR_P_INT: printf("%" PRId64, param->i); break;
		case UR_P_UINT: printf("%" PRIu64, param->u); break;
		case UR_P_REAL: printf("%.9g", param->x); break;
		case UR_P_STR: put_string(param->s); break;
		}
	}
	putchar('}');
}

/* --- the header -------------------------------------------------------------- */

static void
put_history(const struct ur_header *header)
{
	fputs(",\"history\":[", stdout);
	for (size_t i = 0; i < header->stages; i++) {
		const struct ur_stage *stage = &header->stage[i];

		fputs(i > 0 ? ",{\"tool\":" : "{\"tool\":", stdout);
		put_string(stage->tool);
		fputs(",\"version\":", stdout);
		put_string(stage->version);
		put_params("args", &stage->args);
		if (stage->has_seed)
			printf(",\"seed\":%" PRIu64 "}", stage->seed);
		else
			fputs(",\"seed\":null}", stdout);
	}
	putchar(']');
}

/* Those of price and popularity. */
static void
put_scales(const char *name, const struct ur_spec *spec, const double *x)
{
	const char *comma = "";

	printf(",\"%s\":{", name);
	for (int i = 0; i < spec->features; i++) {
		enum ur_feature f = spec->feature[i];

		if (f != UR_F_PRICE && f != UR_F_POPULARITY)
			continue;
		printf("%s\"%s\":%.9g", comma, ur_feature_name[f], x[f]);
		comma = ",";
	}
	putchar('}');
}

static void
put_vocabularies(const struct ur_spec *spec)
{
	const char *comma = "";

	fputs(",\"vocabulary\":{", stdout);
	for (int i = 0; i < spec->features; i++) {
		enum ur_feature f = spec->feature[i];

		if (!ur_feature_onehot(f))
			continue;
		fputs(comma, stdout);
		put_u64s(ur_feature_name[f], spec->vocabulary[f].value, spec->vocabulary[f].n);
		comma = ",";
	}
	putchar('}');
}

static void
put_spec(const struct ur_spec *spec)
{
	fputs(",\"spec\":{\"features\":[", stdout);
	for (int i = 0; i < spec->features; i++)
		printf("%s\"%s\"", i > 0 ? "," : "", ur_feature_name[spec->feature[i]]);
	printf("],\"min_count\":%" PRIu64 ",\"training_steps\":%" PRIu64, spec->min_count, spec->training_steps);
	if (spec->vector > 0)
		printf(",\"vector\":%d", spec->vector);
	put_vocabularies(spec);
	put_scales("mean", spec, spec->mean);
	put_scales("deviation", spec, spec->deviation);
	putchar(',');
	put_u64s("items", spec->item, spec->items);
	put_u32s("shown", spec->shown, spec->items);
	put_u32s("picked", spec->picked, spec->items);
	putchar('}');
}

static void
put_header(const struct ur_header *header)
{
	printf("{\"format\":\"%s\",\"major\":%d,\"minor\":%d", ur_format_name[header->format], header->major, header->minor);
	put_history(header);
	if (header->has_spec)
		put_spec(&header->spec);
	if (header->format == UR_MODEL) {
		put_params("arch", &header->arch);
		put_params("training", &header->training);
		put_params("metrics", &header->metrics);
		fputs(",\"blas\":", stdout);
		put_string(header->blas);
	}
	puts("}");
}

/* --- records ----------------------------------------------------------------- */

static void
put_items(const struct ur_items *items)
{
	size_t D = (size_t)items->dense, C = (size_t)items->onehots;

	for (size_t row = 0; row < items->rows; row++) {
		printf("{\"row\":%zu,\"id\":%" PRIu64 ",\"dense\":[", row, items->id[row]);
		for (size_t d = 0; d < D; d++)
			printf("%s%.9g", d > 0 ? "," : "", (double)items->x[row * D + d]);
		putchar(']');
		put_u32s("code", items->code + row * C, C);
		printf(",\"shown\":%" PRIu32 ",\"picked\":%" PRIu32 "}\n", items->shown[row], items->picked[row]);
	}
}

/* Step s, whose items are those from k on. */
static void
put_step(const struct ur_users *users, size_t s, size_t k, bool rows)
{
	size_t size = users->size[s];

	printf(",\"time\":%" PRId64 ",\"role\":\"%s\",\"pick\":", users->time[s], ur_role_name[users->role[s]]);
	if (users->pick[s] < 0)
		fputs("null", stdout);
	else
		printf("%" PRId32, users->pick[s]);
	if (rows)
		put_u32s("items", users->row + k, size);
	else {
		putchar(',');
		put_u64s("items", users->id + k, size);
	}
	fputs(",\"rank\":[", stdout);
	for (size_t i = k; i < k + size; i++)
		printf("%s%d", i > k ? "," : "", users->rank[i]);
	puts("]}");
}

static void
put_users(const struct ur_users *users, bool rows)
{
	size_t s = 0, k = 0;

	for (size_t u = 0; u < users->users; u++)
		for (size_t end = s + users->nsteps[u]; s < end; k += users->size[s++]) {
			printf("{\"user\":%" PRIu64, users->user[u]);
			put_step(users, s, k, rows);
		}
}

/* A tensor is one line, however many pieces it comes in. */
static void
put_piece(const struct ur_piece *piece)
{
	if (piece->first == 0) {
		fputs("{\"name\":", stdout);
		put_string(piece->name);
		fputs(",\"shape\":[", stdout);
		for (int i = 0; i < piece->rank; i++)
			printf("%s%zu", i > 0 ? "," : "", piece->shape[i]);
		fputs("],\"data\":[", stdout);
	}
	for (size_t i = 0; i < piece->count; i++)
		printf("%s%.9g", piece->first + i > 0 ? "," : "", (double)piece->data[i]);
	if (piece->first + piece->count == piece->total)
		puts("]}");
}

static int
dump_tensors(struct ur_reader *r, uint64_t *tensors)
{
	struct ur_piece piece;
	int more;

	while ((more = ur_reader_tensor(r, &piece)) > 0) {
		*tensors += piece.first == 0;
		put_piece(&piece);
	}
	return more;
}

static int
dump_users(struct ur_reader *r, uint64_t *steps)
{
	bool rows = r->header.format == UR_BATCHES;
	int more = ur_reader_users(r);

	if (more >= 0)
		put_items(&r->items);
	for (; more > 0; more = ur_reader_users(r)) {
		*steps += r->users.steps;
		put_users(&r->users, rows);
	}
	return more;
}

/* --- CSV --------------------------------------------------------------------- */

/* The columns of the item table, each after a comma. */
static void
put_feature_names(FILE *f, const struct ur_spec *spec)
{
	for (int i = 1; i <= spec->vector; i++)
		fprintf(f, ",vector_%d", i);
	for (int i = 0; i < spec->features; i++)
		if (spec->feature[i] == UR_F_PRICE)
			fputs(",price,price_missing", f);
		else if (spec->feature[i] == UR_F_AVAILABLE)
			fputs(",available", f);
	for (int i = 0; i < spec->features; i++)
		if (ur_feature_onehot(spec->feature[i]))
			fprintf(f, ",%s_code", ur_feature_name[spec->feature[i]]);
}

/* Prints the header line once; all files must agree on it. */
static void
csv_header(const struct ur_header *header, const char *name)
{
	static char *first;
	char *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (f == NULL)
		ur_die("out of memory");
	fputs("user,step,time,role,item,rank,picked", f);
	if (header->format == UR_BATCHES) {
		fputs(",row", f);
		put_feature_names(f, &header->spec);
	}
	if (fclose(f) != 0)
		ur_die("out of memory");
	if (first != NULL && strcmp(first, line) != 0)
		ur_die("%s: other columns than the file before, expected %s", name, first);
	if (first == NULL)
		puts(first = line);
	else
		free(line);
}

/* Item k of step s of a user, of whom it is the step-th. */
static void
csv_row(const struct ur_reader *r, size_t u, size_t step, size_t s, size_t k, bool picked)
{
	const struct ur_users *users = &r->users;
	const struct ur_items *items = &r->items;
	bool rows = r->header.format == UR_BATCHES;
	uint32_t row = rows ? users->row[k] : 0;

	printf("%" PRIu64 ",%zu,%" PRId64 ",%s,%" PRIu64 ",%d,%d", users->user[u], step, users->time[s],
	    ur_role_name[users->role[s]], rows ? items->id[row] : users->id[k], users->rank[k], picked);
	if (rows) {
		printf(",%" PRIu32, row);
		for (int d = 0; d < items->dense; d++)
			printf(",%.9g", (double)items->x[(size_t)row * (size_t)items->dense + (size_t)d]);
		for (int c = 0; c < items->onehots; c++)
			printf(",%" PRIu32, items->code[(size_t)row * (size_t)items->onehots + (size_t)c]);
	}
	putchar('\n');
}

static int
csv_users(struct ur_reader *r)
{
	const struct ur_users *users = &r->users;
	size_t step = 0;        /* of the user at hand, who may go on in the next frame */
	int more;

	while ((more = ur_reader_users(r)) > 0) {
		size_t s = 0, k = 0;

		for (size_t u = 0; u < users->users; u++) {
			for (size_t end = s + users->nsteps[u]; s < end; s++, step++)
				for (size_t first = k; k < first + users->size[s]; k++)
					csv_row(r, u, step, s, k, (int64_t)(k - first) == users->pick[s]);
			if (u + 1 < users->users || !users->more)
				step = 0;
		}
	}
	return more;
}

static void
dump_csv(const char *path)
{
	struct ur_reader r;
	int status = ur_reader_open(&r, path, UR_ANY_FORMAT);

	if (status == 0 && r.header.format == UR_MODEL)
		ur_die("%s: a model, expected sessions or batches with --csv", r.in.name);
	if (status == 0) {
		csv_header(&r.header, r.in.name);
		status = csv_users(&r);
	}
	if (status < 0)
		ur_die("%s", r.err);
	ur_reader_close(&r);
}

static void
dump(const char *path)
{
	struct ur_reader r;
	uint64_t records = 0;
	int status = ur_reader_open(&r, path, UR_ANY_FORMAT);

	if (status == 0) {
		put_header(&r.header);
		status = r.header.format == UR_MODEL ? dump_tensors(&r, &records) : dump_users(&r, &records);
	}
	if (status < 0)
		ur_die("%s", r.err);
	printf("{\"end\":true,\"records\":%" PRIu64 "}\n", records);
	ur_reader_close(&r);
}

int
main(int argc, char *argv[])
{
	char **file = ur_options(&tool, argc, argv);

	do
		if (csv)
			dump_csv(*file);
		else
			dump(*file);
	while (*file != NULL && *++file != NULL);
	return ur_finish();
}
