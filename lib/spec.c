/* spec.c - the features of a batches stream: their columns, and their map in a header. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "mem.h"

const char *const ur_feature_name[UR_F_COUNT] = {
	"id", "category", "root", "price", "available", "repeat", "popularity"
};

enum { MAX_VECTOR = 1 << 16 };          /* columns in a vector */

static const int dense_columns[UR_F_COUNT] = { [UR_F_PRICE] = 2, [UR_F_AVAILABLE] = 1 };
static const int page_columns[UR_F_COUNT] = { [UR_F_REPEAT] = 2, [UR_F_POPULARITY] = 1 };

bool
ur_feature_onehot(enum ur_feature f)
{
	return f == UR_F_ID || f == UR_F_CATEGORY || f == UR_F_ROOT;
}

static bool
is_scaled(enum ur_feature f)
{
	return f == UR_F_PRICE || f == UR_F_POPULARITY;
}

bool
ur_spec_has(const struct ur_spec *spec, enum ur_feature f)
{
	for (int i = 0; i < spec->features; i++)
		if (spec->feature[i] == f)
			return true;
	return false;
}

static int
count_features(const struct ur_spec *spec, bool (*has)(enum ur_feature))
{
	int n = 0;

	for (int i = 0; i < spec->features; i++)
		n += has(spec->feature[i]);
	return n;
}

static int
sum_columns(const struct ur_spec *spec, const int *columns)
{
	int n = 0;

	for (int i = 0; i < spec->features; i++)
		n += columns[spec->feature[i]];
	return n;
}

int
ur_spec_dense(const struct ur_spec *spec)
{
	return spec->vector + sum_columns(spec, dense_columns);
}

int
ur_spec_page(const struct ur_spec *spec)
{
	return sum_columns(spec, page_columns);
}

int
ur_spec_onehots(const struct ur_spec *spec)
{
	return count_features(spec, ur_feature_onehot);
}

uint32_t
ur_spec_onehot_size(const struct ur_spec *spec, int c)
{
	int i = 0;

	for (;; i++)
		if (ur_feature_onehot(spec->feature[i]) && c-- == 0)
			return (uint32_t)spec->vocabulary[spec->feature[i]].n + 1;
}

double
ur_spec_scaled(const struct ur_spec *spec, enum ur_feature f, double x)
{
	return (x - spec->mean[f]) / (spec->deviation[f] == 0 ? 1 : spec->deviation[f]);
}

void
ur_spec_id_vocabulary(struct ur_spec *spec)
{
	struct ur_vocabulary *vocabulary = &spec->vocabulary[UR_F_ID];

	vocabulary->value = ur_alloc(spec->items, sizeof *vocabulary->value);
	for (size_t i = 0; i < spec->items; i++)
		if (spec->shown[i] >= spec->min_count)
			vocabulary->value[vocabulary->n++] = spec->item[i];
}

void
ur_spec_free(struct ur_spec *spec)
{
	for (int f = 0; f < UR_F_COUNT; f++)
		free(spec->vocabulary[f].value);
	free(spec->item);
	free(spec->shown);
	free(spec->picked);
	memset(spec, 0, sizeof *spec);
}

/* --- writing --------------------------------------------------------------- */

/* That of `id` is left out: it follows from items, shown and min_count, and a million items must fit in a frame. */
static bool
has_vocabulary(enum ur_feature f)
{
	return ur_feature_onehot(f) && f != UR_F_ID;
}

static void
pack_vocabularies(struct ur_pack *p, const struct ur_spec *spec)
{
	ur_pack_str(p, "vocabulary");
	ur_pack_map(p, (size_t)count_features(spec, has_vocabulary));
	for (int i = 0; i < spec->features; i++) {
		enum ur_feature f = spec->feature[i];

		if (!has_vocabulary(f))
			continue;
		ur_pack_str(p, ur_feature_name[f]);
		ur_pack_bin(p, spec->vocabulary[f].value, spec->vocabulary[f].n, sizeof(uint64_t));
	}
}

static void
pack_scales(struct ur_pack *p, const char *name, const struct ur_spec *spec, const double *x)
{
	ur_pack_str(p, name);
	ur_pack_map(p, (size_t)count_features(spec, is_scaled));
	for (int i = 0; i < spec->features; i++) {
		if (!is_scaled(spec->feature[i]))
			continue;
		ur_pack_str(p, ur_feature_name[spec->feature[i]]);
		ur_pack_real(p, x[spec->feature[i]]);
	}
}

void
ur_spec_pack(struct ur_pack *p, const struct ur_spec *spec)
{
	ur_pack_map(p, spec->vector > 0 ? 10 : 9);
	ur_pack_str(p, "features");
	ur_pack_array(p, (size_t)spec->features);
	for (int i = 0; i < spec->features; i++)
		ur_pack_str(p, ur_feature_name[spec->feature[i]]);
	ur_pack_str(p, "min_count");
	ur_pack_uint(p, spec->min_count);
	ur_pack_str(p, "training_steps");
	ur_pack_uint(p, spec->training_steps);
	pack_vocabularies(p, spec);
	pack_scales(p, "mean", spec, spec->mean);
	pack_scales(p, "deviation", spec, spec->deviation);
	ur_pack_str(p, "items");
	ur_pack_bin(p, spec->item, spec->items, sizeof *spec->item);
	ur_pack_str(p, "shown");
	ur_pack_bin(p, spec->shown, spec->items, sizeof *spec->shown);
	ur_pack_str(p, "picked");
	ur_pack_bin(p, spec->picked, spec->items, sizeof *spec->picked);
	if (spec->vector > 0) {
		ur_pack_str(p, "vector");
		ur_pack_uint(p, (uint64_t)spec->vector);
	}
}

/* --- reading --------------------------------------------------------------- */

static int
unpack_features(struct ur_spec *spec, const struct ur_mp *v, char *err)
{
	struct ur_cursor c = ur_mp_inside(v);
	struct ur_mp name;
	unsigned seen = 0;
	int f;

	if (v->type != UR_MP_ARRAY)
		return ur_fail(err, "spec: \"features\" is not an array");
	for (size_t i = 0; i < v->n; i++) {
		if (ur_mp_next(&c, &name) < 0)
			return ur_fail(err, "malformed msgpack");
		for (f = 0; f < UR_F_COUNT && !ur_mp_is(&name, ur_feature_name[f]); f++)
			;
		if (f == UR_F_COUNT)
			return ur_fail(err, "spec: unknown feature");
		if (seen & 1u << f)
			return ur_fail(err, "spec: feature \"%s\" is there twice", ur_feature_name[f]);
		seen |= 1u << f;
		spec->feature[spec->features++] = (enum ur_feature)f;
	}
	return 0;
}

/* A bin of u64, ascending. */
static int
unpack_ids(const char *name, const struct ur_mp *v, uint64_t **ids, size_t *n, char *err)
{
	if (v->type != UR_MP_BIN || v->n % sizeof **ids != 0)
		return ur_fail(err, "spec: \"%s\" is not a column of u64", name);
	*n = v->n / sizeof **ids;
	*ids = ur_alloc(*n, sizeof **ids);
	memcpy(*ids, v->data, v->n);
	for (size_t i = 1; i < *n; i++)
		if ((*ids)[i - 1] >= (*ids)[i])
			return ur_fail(err, "spec: \"%s\" is not ascending", name);
	return 0;
}

static int
unpack_counts(const char *name, const struct ur_mp *v, uint32_t **counts, size_t n, char *err)
{
	if (v->type != UR_MP_BIN || v->n != n * sizeof **counts)
		return ur_fail(err, "spec: \"%s\" is not a column of %zu u32", name, n);
	*counts = ur_alloc(n, sizeof **counts);
	memcpy(*counts, v->data, v->n);
	return 0;
}

/* The values of a map by the features that are its keys; v [UR_F_COUNT]. */
static int
by_feature(const char *name, const struct ur_mp *map, struct ur_mp *v, char *err)
{
	if (map->type != UR_MP_MAP)
		return ur_fail(err, "spec: \"%s\" is not a map", name);
	return ur_mp_fields(map, ur_feature_name, v, UR_F_COUNT, err);
}

static int
unpack_vocabularies(struct ur_spec *spec, const struct ur_mp *map, char *err)
{
	struct ur_mp v[UR_F_COUNT];

	if (by_feature("vocabulary", map, v, err) < 0)
		return -1;
	for (int i = 0; i < spec->features; i++) {
		enum ur_feature f = spec->feature[i];
		struct ur_vocabulary *vocabulary = &spec->vocabulary[f];

		if (f == UR_F_ID)
			ur_spec_id_vocabulary(spec);
		else if (ur_feature_onehot(f) &&
		    unpack_ids(ur_feature_name[f], &v[f], &vocabulary->value, &vocabulary->n, err) < 0)
			return -1;
	}
	return 0;
}

/* Whole numbers are numbers, too: some packers write 1.0 as 1. */
static bool
finite_number(const struct ur_mp *v, double *x)
{
	*x = v->type == UR_MP_REAL ? v->x : v->type == UR_MP_INT ? (double)v->i : (double)v->u;
	return (v->type == UR_MP_REAL || v->type == UR_MP_INT || v->type == UR_MP_UINT) && isfinite(*x);
}

static int
unpack_scales(const char *name, const struct ur_spec *spec, const struct ur_mp *map, double *x, char *err)
{
	struct ur_mp v[UR_F_COUNT];

	if (by_feature(name, map, v, err) < 0)
		return -1;
	for (int i = 0; i < spec->features; i++) {
		enum ur_feature f = spec->feature[i];

		if (!is_scaled(f))
			continue;
		if (!finite_number(&v[f], &x[f]))
			return ur_fail(err, "spec: %s of %s is not a finite number", name, ur_feature_name[f]);
	}
	return 0;
}

/* What is scaled are logarithms, which are below 710 for any double; scaled they have to be finite floats. */
static int
check_scales(const struct ur_spec *spec, char *err)
{
	for (int f = 0; f < UR_F_COUNT; f++) {
		if (spec->deviation[f] < 0)
			return ur_fail(err, "spec: deviation of %s is negative", ur_feature_name[f]);
		if (!(fabs(ur_spec_scaled(spec, (enum ur_feature)f, -710)) <= FLT_MAX &&
		    fabs(ur_spec_scaled(spec, (enum ur_feature)f, 710)) <= FLT_MAX))
			return ur_fail(err, "spec: mean and deviation of %s make values too large", ur_feature_name[f]);
	}
	return 0;
}

int
ur_spec_unpack(struct ur_spec *spec, const struct ur_mp *map, char *err)
{
	enum { FEATURES, MIN_COUNT, STEPS, VOCABULARY, MEAN, DEVIATION, ITEMS, SHOWN, PICKED, VECTOR, FIELDS };
	static const char *const name[FIELDS] = {
		"features", "min_count", "training_steps", "vocabulary", "mean", "deviation", "items", "shown", "picked",
		"vector"
	};
	struct ur_mp v[FIELDS];

	if (map->type != UR_MP_MAP)
		return ur_fail(err, "\"spec\" is not a map");
	if (ur_mp_fields(map, name, v, FIELDS, err) < 0 || unpack_features(spec, &v[FEATURES], err) < 0)
		return -1;
	if (v[MIN_COUNT].type != UR_MP_UINT || v[STEPS].type != UR_MP_UINT)
		return ur_fail(err, "spec: \"%s\" is not a number", name[v[MIN_COUNT].type != UR_MP_UINT ? MIN_COUNT : STEPS]);
	spec->min_count = v[MIN_COUNT].u;
	spec->training_steps = v[STEPS].u;
	if (v[VECTOR].type != UR_MP_NONE && (v[VECTOR].type != UR_MP_UINT || v[VECTOR].u > MAX_VECTOR))
		return ur_fail(err, "spec: \"vector\" is not a number of columns up to %d", MAX_VECTOR);
	spec->vector = v[VECTOR].type == UR_MP_UINT ? (int)v[VECTOR].u : 0;
	if (unpack_ids("items", &v[ITEMS], &spec->item, &spec->items, err) < 0 ||
	    unpack_counts("shown", &v[SHOWN], &spec->shown, spec->items, err) < 0 ||
	    unpack_counts("picked", &v[PICKED], &spec->picked, spec->items, err) < 0 ||
	    unpack_vocabularies(spec, &v[VOCABULARY], err) < 0 ||
	    unpack_scales("mean", spec, &v[MEAN], spec->mean, err) < 0 ||
	    unpack_scales("deviation", spec, &v[DEVIATION], spec->deviation, err) < 0)
		return -1;
	return check_scales(spec, err);
}
