#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "checkpoint.h"
#include "frame.h"
#include "mem.h"
#include "mp.h"

enum { VERSION = 1, PIECE = 8 << 20 };

/* The header's fields, in the order of `field`. */
enum { FORMAT, MAJOR, OPTIONS, BATCHES, START, WIDTH, PARAMS, LOG, ITERATION, STALE, RNG, STEPS, SUMS, KEPT, FIELDS };
static const char *const field[FIELDS] = {
	"format", "major", "options", "batches", "start", "width", "params", "log", "iteration", "stale", "rng", "steps",
	"sums", "kept"
};

/* --- what a checkpoint is bound to ------------------------------------------ */

static char *
append(char *text, const char *name, const char *value)
{
	size_t n = text == NULL ? 0 : strlen(text), size = n + strlen(name) + strlen(value) + 3;

	text = ur_realloc(text, size, 1);
	snprintf(text + n, size - n, "%s=%s\n", name, value);
	return text;
}

/* The shortest text that reads back as x. */
static void
real_text(double x, char *text, size_t size)
{
	int digits = 1;

	do
		snprintf(text, size, "%.*g", digits, x);
	while (strtod(text, NULL) != x && ++digits <= 17);
}

static void
value_of(const struct ur_param *p, char *text, size_t size)
{
	switch (p->type) {
	case UR_P_BOOL:	snprintf(text, size, "%s", p->i ? "yes" : "no"); break;
	case UR_P_INT:	snprintf(text, size, "%jd", (intmax_t)p->i); break;
	case UR_P_UINT:	snprintf(text, size, "%ju", (uintmax_t)p->u); break;
	case UR_P_REAL:	real_text(p->x, text, size); break;
	case UR_P_STR:	snprintf(text, size, "%s", p->s); break;
	}
}

/* "name=value" lines of the options that must not change, malloced. */
static char *
options_text(const struct ur_stage *stage)
{
	char value[256], *text = append(NULL, "tool", stage->tool);

	text = append(text, "version", stage->version);
	for (size_t i = 0; i < stage->args.n; i++) {
		const struct ur_param *p = &stage->args.item[i];

		if (strcmp(p->name, "iterations") == 0)
			continue;
		value_of(p, value, sizeof value);
		text = append(text, p->name, value);
	}
	snprintf(value, sizeof value, "%ju", (uintmax_t)stage->seed);
	return append(text, "seed", value);
}

/* The first line in which two texts differ; both [size]. */
static void
first_difference(const char *a, const char *b, char *line_a, char *line_b, size_t size)
{
	const char *pa = a, *pb = b;

	for (; *a != '\0' && *a == *b; a++, b++)
		if (*a == '\n')
			pa = a + 1, pb = b + 1;
	snprintf(line_a, size, "%.*s", (int)strcspn(pa, "\n"), pa);
	snprintf(line_b, size, "%.*s", (int)strcspn(pb, "\n"), pb);
}

/* --- writing ------------------------------------------------------------------ */

static void
pack_reals(struct ur_pack *p, const double *x, size_t n)
{
	ur_pack_array(p, n);
	for (size_t i = 0; i < n; i++)
		ur_pack_real(p, x[i]);
}

static void
pack_uints(struct ur_pack *p, const uint64_t *u, size_t n)
{
	ur_pack_array(p, n);
	for (size_t i = 0; i < n; i++)
		ur_pack_uint(p, u[i]);
}

static void
pack_bound(struct ur_pack *p, const struct ur_train *train, const struct ur_stage *stage)
{
	char *options = options_text(stage);

	ur_pack_str(p, field[FORMAT]), ur_pack_str(p, "ur-checkpoint");
	ur_pack_str(p, field[MAJOR]), ur_pack_uint(p, VERSION);
	ur_pack_str(p, field[OPTIONS]), ur_pack_str(p, options);
	ur_pack_str(p, field[BATCHES]), ur_pack_uint(p, train->data->hash);
	ur_pack_str(p, field[START]), ur_pack_uint(p, train->start);
	ur_pack_str(p, field[WIDTH]), ur_pack_uint(p, sizeof(real));
	ur_pack_str(p, field[PARAMS]), ur_pack_uint(p, train->model->params);
	free(options);
}

static void
pack_state(struct ur_pack *p, const struct ur_train *train)
{
	const struct ur_figures *k = &train->kept;
	const struct ur_sums *s = &train->sums;

	ur_pack_str(p, field[LOG]), ur_pack_uint(p, train->log_size);
	ur_pack_str(p, field[ITERATION]), ur_pack_uint(p, (uint64_t)train->iteration);
	ur_pack_str(p, field[STALE]), ur_pack_uint(p, (uint64_t)train->stale);
	ur_pack_str(p, field[RNG]), pack_uints(p, train->rng.s, 4);
	ur_pack_str(p, field[STEPS]), pack_uints(p, (uint64_t[]){ train->adam.t, train->policy_adam.t, s->steps }, 3);
	ur_pack_str(p, field[SUMS]), pack_reals(p, (double[]){ s->loss, s->loss_max, s->loss_min, s->gap }, 4);
	ur_pack_str(p, field[KEPT]), pack_reals(p, (double[]){ (double)k->iteration, k->train, k->loss, k->prec1,
	    k->prec2, k->loss_max, k->loss_min, k->gap }, 8);
}

static int
put_header(struct ur_frame_writer *w, const struct ur_train *train, const struct ur_stage *stage, char *err)
{
	struct ur_pack p = { 0 };
	int r;

	ur_pack_map(&p, FIELDS);
	pack_bound(&p, train, stage);
	pack_state(&p, train);
	r = ur_frames_put(w, UR_K_HEADER, p.data, p.n, err);
	ur_pack_free(&p);
	return r;
}

/* An array in pieces; their order says what they are. */
static int
put_bytes(struct ur_frame_writer *w, const void *data, size_t n, char *err)
{
	const uint8_t *bytes = data;

	for (size_t at = 0; at < n; at += PIECE) {
		size_t piece = n - at < PIECE ? n - at : PIECE;

		if (ur_frames_put(w, UR_K_TENSOR, bytes + at, piece, err) < 0)
			return -1;
	}
	return 0;
}

/* When the rows of lazy Adam were last met. */
static int
put_lazy(struct ur_frame_writer *w, const struct ur_tables *tables, char *err)
{
	for (int i = 0; i < tables->tables && tables->lazy; i++)
		if (put_bytes(w, tables->table[i].last, tables->table[i].tensor->table_rows * sizeof(uint32_t), err) < 0)
			return -1;
	return 0;
}

int
ur_checkpoint_write(const struct ur_train *train, const struct ur_stage *stage, FILE *f, char *err)
{
	size_t n = train->model->params * sizeof(real);
	struct ur_frame_writer w;
	int r;

	ur_frames_begin(&w, f);
	r = put_header(&w, train, stage, err) < 0 || put_bytes(&w, train->model->param, n, err) < 0 ||
	    put_bytes(&w, train->at.m, n, err) < 0 || put_bytes(&w, train->at.v, n, err) < 0 ||
	    put_bytes(&w, train->best, n, err) < 0 || put_lazy(&w, &train->tables, err) < 0 ||
	    put_bytes(&w, train->log, train->log_size, err) < 0 ? -1 : 0;
	ur_frames_end(&w, 0);
	return r;
}

/* --- reading ------------------------------------------------------------------ */

/* An array of n numbers: whole ones into u, or reals into x; the other is NULL. */
static int
numbers(const struct ur_mp *array, uint64_t *u, double *x, size_t n)
{
	struct ur_cursor c;
	struct ur_mp v;

	if (array->type != UR_MP_ARRAY || array->n != n)
		return -1;
	c = ur_mp_inside(array);
	for (size_t i = 0; i < n; i++) {
		if (ur_mp_next(&c, &v) < 0 || v.type != (u != NULL ? UR_MP_UINT : UR_MP_REAL))
			return -1;
		if (u != NULL)
			u[i] = v.u;
		else
			x[i] = v.x;
	}
	return 0;
}

static int
check_kind(const struct ur_mp *v, const char *path, char *err)
{
	static const int counts[] = { MAJOR, BATCHES, START, WIDTH, PARAMS, LOG, ITERATION, STALE };

	if (!ur_mp_is(&v[FORMAT], "ur-checkpoint"))
		return ur_fail(err, "%s: not a checkpoint of ur-pretrain or ur-advtrain", path);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (v[counts[i]].type != UR_MP_UINT)
			return ur_fail(err, "%s: header: no number \"%s\"", path, field[counts[i]]);
	if (v[MAJOR].u != VERSION)
		return ur_fail(err, "%s: a checkpoint of version %ju, expected %d", path, (uintmax_t)v[MAJOR].u, VERSION);
	return 0;
}

static int
check_options(const struct ur_mp *v, const struct ur_stage *stage, const char *path, char *err)
{
	char then[256], now[256], *stored = ur_mp_strdup(v), *here = options_text(stage);
	bool equal = stored != NULL && strcmp(stored, here) == 0;

	if (!equal)
		first_difference(stored != NULL ? stored : "", here, then, now, sizeof then);
	free(stored);
	free(here);
	return equal ? 0 : ur_fail(err, "%s: it was made with %s, expected %s as now", path, then, now);
}

static int
check_bound(const struct ur_mp *v, const struct ur_train *train, const struct ur_stage *stage, const char *path, char *err)
{
	if (check_kind(v, path, err) < 0 || check_options(&v[OPTIONS], stage, path, err) < 0)
		return -1;
	if (v[BATCHES].u != train->data->hash)
		return ur_fail(err, "%s: it was made with other batches, expected these", path);
	if (v[WIDTH].u != sizeof(real) || v[PARAMS].u != train->model->params || v[START].u != train->start)
		return ur_fail(err, "%s: it was made from another starting model, expected this one", path);
	return 0;
}

static int
read_state(struct ur_train *train, const struct ur_mp *v, const char *path, char *err)
{
	uint64_t steps[3];
	double s[4], k[8];

	if (numbers(&v[RNG], train->rng.s, NULL, 4) < 0 || numbers(&v[STEPS], steps, NULL, 3) < 0 ||
	    numbers(&v[SUMS], NULL, s, 4) < 0 || numbers(&v[KEPT], NULL, k, 8) < 0 ||
	    !(k[0] >= -1 && k[0] <= INT32_MAX) || v[STALE].u > INT32_MAX)
		return ur_fail(err, "%s: header: malformed state", path);
	if (v[ITERATION].u > (uint64_t)train->set.iterations)
		return ur_fail(err, "%s: it has done %ju iterations, expected %d at most, as in --iterations", path,
		    (uintmax_t)v[ITERATION].u, train->set.iterations);
	train->iteration = (int64_t)v[ITERATION].u;
	train->stale = (int)v[STALE].u;
	train->adam.t = steps[0];
	train->policy_adam.t = steps[1];
	train->sums = (struct ur_sums){ s[0], s[1], s[2], s[3], steps[2] };
	train->kept = (struct ur_figures){ (int64_t)k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7] };
	train->log_size = v[LOG].u;
	return 0;
}

static int
read_header(struct ur_train *train, const struct ur_stage *stage, struct ur_frame_reader *r, const char *path, char *err)
{
	struct ur_frame frame;
	struct ur_mp map, v[FIELDS];
	char what[UR_ERR];
	int got = ur_frames_next(r, &frame, err);

	if (got < 0)
		return -1;
	if (got == 0 || frame.kind != UR_K_HEADER || ur_mp_whole(&map, frame.data, frame.n) < 0)
		return ur_fail(err, "%s: it does not begin with a header", path);
	if (ur_mp_fields(&map, field, v, FIELDS, what) < 0)
		return ur_fail(err, "%s: header: %s", path, what);
	if (check_bound(v, train, stage, path, err) < 0)
		return -1;
	return read_state(train, v, path, err);
}

static int
get_bytes(struct ur_frame_reader *r, void *data, size_t n, const char *path, char *err)
{
	uint8_t *bytes = data;
	struct ur_frame frame;

	for (size_t at = 0; at < n; at += frame.n) {
		int got = ur_frames_next(r, &frame, err);

		if (got < 0)
			return -1;
		if (got == 0 || frame.kind != UR_K_TENSOR || frame.n == 0 || frame.n > n - at)
			return ur_fail(err, "%s: frame %ju: not the piece that was expected", path, (uintmax_t)r->number);
		memcpy(bytes + at, frame.data, frame.n);
	}
	return 0;
}

static int
read_lazy(const struct ur_tables *tables, struct ur_frame_reader *r, const char *path, char *err)
{
	for (int i = 0; i < tables->tables && tables->lazy; i++)
		if (get_bytes(r, tables->table[i].last, tables->table[i].tensor->table_rows * sizeof(uint32_t), path, err) < 0)
			return -1;
	return 0;
}

/* Memory grows with the bytes that are there, not with what the header claims. */
static int
read_log(struct ur_train *train, struct ur_frame_reader *r, const char *path, char *err)
{
	size_t n = train->log_size, piece;

	for (train->log_size = 0; train->log_size < n; train->log_size += piece) {
		piece = n - train->log_size < PIECE ? n - train->log_size : PIECE;
		UR_GROW(train->log, train->log_cap, train->log_size + piece);
		if (get_bytes(r, train->log + train->log_size, piece, path, err) < 0)
			return -1;
	}
	return 0;
}

static int
read_all(struct ur_train *train, const struct ur_stage *stage, struct ur_input *in, char *err)
{
	size_t n = train->model->params * sizeof(real);
	struct ur_frame_reader r = { 0 };
	struct ur_frame frame;
	int bad = ur_frames_open(&r, in, false, err) < 0 || read_header(train, stage, &r, in->name, err) < 0 ||
	    get_bytes(&r, train->model->param, n, in->name, err) < 0 || get_bytes(&r, train->at.m, n, in->name, err) < 0 ||
	    get_bytes(&r, train->at.v, n, in->name, err) < 0 || get_bytes(&r, train->best, n, in->name, err) < 0 ||
	    read_lazy(&train->tables, &r, in->name, err) < 0 || read_log(train, &r, in->name, err) < 0 ? -1 : ur_frames_next(&r, &frame, err);

	ur_frames_close(&r);
	if (bad == 0 && !train->tables.lazy)
		ur_tables_recall(&train->tables, &train->at);
	return bad > 0 ? ur_fail(err, "%s: more frames than expected", in->name) : bad;
}

int
ur_checkpoint_read(struct ur_train *train, const struct ur_stage *stage, const char *path, char *err)
{
	struct ur_input in;
	int r;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (ur_input_open(&in, path) < 0) {
		memcpy(err, in.err, UR_ERR);
		return -1;
	}
	r = read_all(train, stage, &in, err);
	ur_input_close(&in);
	return r < 0 ? -1 : 1;
}
