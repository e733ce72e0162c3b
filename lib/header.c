/* header.c - named values, the history, and the HEADER frame that carries them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "mem.h"

/* Bounds on what hostile bytes can grow into: stages, values of a map; values of all stages. */
enum { MANY = 1000, MANY_ARGS = 100000 };

const char *const ur_format_name[] = { "ur-sessions", "ur-batches", "ur-model" };

/* --- named values ------------------------------------------------------------ */

static struct ur_param *
add_param(struct ur_params *params, const char *name)
{
	struct ur_param *param;

	UR_GROW(params->item, params->cap, params->n + 1);
	param = &params->item[params->n++];
	memset(param, 0, sizeof *param);
	param->name = ur_strdup(name);
	return param;
}

void
ur_params_int(struct ur_params *params, const char *name, int64_t i)
{
	struct ur_param *param = add_param(params, name);

	param->type = UR_P_INT;
	param->i = i;
}

void
ur_params_uint(struct ur_params *params, const char *name, uint64_t u)
{
	struct ur_param *param;

	if (u <= INT64_MAX) {
		ur_params_int(params, name, (int64_t)u);
		return;
	}
	param = add_param(params, name);
	param->type = UR_P_UINT;
	param->u = u;
}

void
ur_params_bool(struct ur_params *params, const char *name, bool b)
{
	struct ur_param *param = add_param(params, name);

	param->type = UR_P_BOOL;
	param->i = b;
}

void
ur_params_real(struct ur_params *params, const char *name, double x)
{
	struct ur_param *param = add_param(params, name);

	param->type = UR_P_REAL;
	param->x = x;
}

void
ur_params_str(struct ur_params *params, const char *name, const char *s)
{
	struct ur_param *param = add_param(params, name);

	param->type = UR_P_STR;
	param->s = ur_strdup(s);
}

const struct ur_param *
ur_params_find(const struct ur_params *params, const char *name)
{
	for (size_t i = 0; i < params->n; i++)
		if (strcmp(params->item[i].name, name) == 0)
			return &params->item[i];
	return NULL;
}

void
ur_params_free(struct ur_params *params)
{
	for (size_t i = 0; i < params->n; i++) {
		free(params->item[i].name);
		free(params->item[i].s);
	}
	free(params->item);
	memset(params, 0, sizeof *params);
}

/* --- the header -------------------------------------------------------------- */

struct ur_stage *
ur_header_add_stage(struct ur_header *header, const char *tool, const char *version)
{
	struct ur_stage *stage;

	UR_GROW(header->stage, header->stage_cap, header->stages + 1);
	stage = &header->stage[header->stages++];
	memset(stage, 0, sizeof *stage);
	stage->tool = ur_strdup(tool);
	stage->version = ur_strdup(version);
	return stage;
}

void
ur_header_free(struct ur_header *header)
{
	for (size_t i = 0; i < header->stages; i++) {
		free(header->stage[i].tool);
		free(header->stage[i].version);
		ur_params_free(&header->stage[i].args);
	}
	free(header->stage);
	ur_spec_free(&header->spec);
	ur_params_free(&header->arch);
	ur_params_free(&header->training);
	ur_params_free(&header->metrics);
	free(header->blas);
	memset(header, 0, sizeof *header);
}

/* --- writing --------------------------------------------------------------- */

static void
pack_params(struct ur_pack *p, const struct ur_params *params)
{
	ur_pack_map(p, params->n);
	for (size_t i = 0; i < params->n; i++) {
		const struct ur_param *param = &params->item[i];

		ur_pack_str(p, param->name);
		switch (param->type) {
		case UR_P_BOOL: ur_pack_bool(p, param->i); break;
		case UR_P_INT: ur_pack_int(p, param->i); break;
		case UR_P_UINT: ur_pack_uint(p, param->u); break;
		case UR_P_REAL: ur_pack_real(p, param->x); break;
		case UR_P_STR: ur_pack_str(p, param->s); break;
		}
	}
}

void
ur_history_pack(struct ur_pack *p, const struct ur_header *header)
{
	ur_pack_array(p, header->stages);
	for (size_t i = 0; i < header->stages; i++) {
		const struct ur_stage *stage = &header->stage[i];

		ur_pack_map(p, 4);
		ur_pack_str(p, "tool");
		ur_pack_str(p, stage->tool);
		ur_pack_str(p, "version");
		ur_pack_str(p, stage->version);
		ur_pack_str(p, "args");
		pack_params(p, &stage->args);
		ur_pack_str(p, "seed");
		if (stage->has_seed)
			ur_pack_uint(p, stage->seed);
		else
			ur_pack_nil(p);
	}
}

static int
check_finite(const char *where, const struct ur_params *params, char *err)
{
	for (size_t i = 0; i < params->n; i++)
		if (params->item[i].type == UR_P_REAL && !isfinite(params->item[i].x))
			return ur_fail(err, "%s \"%s\" is not finite", where, params->item[i].name);
	return 0;
}

/* What is written can be read. */
static int
check_history(const struct ur_header *header, char *err)
{
	size_t args = 0;

	for (size_t i = 0; i < header->stages; i++)
		args += header->stage[i].args.n;
	if (header->stages > MANY || args > MANY_ARGS)
		return ur_fail(err, "a history of %zu stages with %zu args, at most %d and %d are read", header->stages, args,
		    MANY, MANY_ARGS);
	return 0;
}

static int
check_header(const struct ur_header *header, char *err)
{
	if (check_history(header, err) < 0)
		return -1;
	for (size_t i = 0; i < header->stages; i++)
		if (check_finite("args", &header->stage[i].args, err) < 0)
			return -1;
	for (int f = 0; f < UR_F_COUNT; f++)
		if (!isfinite(header->spec.mean[f]) || !isfinite(header->spec.deviation[f]))
			return ur_fail(err, "mean or deviation of %s is not finite", ur_feature_name[f]);
	if (check_finite("arch", &header->arch, err) < 0 || check_finite("training", &header->training, err) < 0)
		return -1;
	return check_finite("metrics", &header->metrics, err);
}

int
ur_header_pack(struct ur_pack *p, const struct ur_header *header, char *err)
{
	bool model = header->format == UR_MODEL;

	if (check_header(header, err) < 0)
		return -1;
	ur_pack_map(p, 4 + (size_t)header->has_spec + (model ? 4 : 0));
	ur_pack_str(p, "format");
	ur_pack_str(p, ur_format_name[header->format]);
	ur_pack_str(p, "major");
	ur_pack_uint(p, UR_MAJOR);
	ur_pack_str(p, "minor");
	ur_pack_uint(p, UR_MINOR);
	ur_pack_str(p, "history");
	ur_history_pack(p, header);
	if (header->has_spec) {
		ur_pack_str(p, "spec");
		ur_spec_pack(p, &header->spec);
	}
	if (!model)
		return 0;
	ur_pack_str(p, "arch");
	pack_params(p, &header->arch);
	ur_pack_str(p, "training");
	pack_params(p, &header->training);
	ur_pack_str(p, "metrics");
	pack_params(p, &header->metrics);
	ur_pack_str(p, "blas");
	ur_pack_str(p, header->blas == NULL ? "" : header->blas);
	return 0;
}

/* --- reading --------------------------------------------------------------- */

static int
unpack_param(struct ur_params *params, const char *name, const struct ur_mp *v, const char *where, char *err)
{
	char *s;

	if (ur_params_find(params, name) != NULL)
		return ur_fail(err, "%s \"%s\" is there twice", where, name);
	switch (v->type) {
	case UR_MP_BOOL:
		ur_params_bool(params, name, v->u);
		return 0;
	case UR_MP_UINT:
		ur_params_uint(params, name, v->u);
		return 0;
	case UR_MP_INT:
		ur_params_int(params, name, v->i);
		return 0;
	case UR_MP_REAL:
		if (!isfinite(v->x))
			return ur_fail(err, "%s \"%s\" is not finite", where, name);
		ur_params_real(params, name, v->x);
		return 0;
	case UR_MP_STR:
		if ((s = ur_mp_strdup(v)) == NULL)
			break;
		ur_params_str(params, name, s);
		free(s);
		return 0;
	default:
		break;
	}
	return ur_fail(err, "%s \"%s\" is no truth value, number or text", where, name);
}

static int
unpack_params(struct ur_params *params, const struct ur_mp *map, const char *where, char *err)
{
	struct ur_cursor c = ur_mp_inside(map);
	struct ur_mp key, value;
	char *name;
	int r;

	if (map->type != UR_MP_MAP || map->n > MANY)
		return ur_fail(err, "\"%s\" is not a map of at most %d values", where, MANY);
	for (size_t i = 0; i < map->n; i++) {
		if (ur_mp_next(&c, &key) < 0 || ur_mp_next(&c, &value) < 0 || (name = ur_mp_strdup(&key)) == NULL)
			return ur_fail(err, "malformed \"%s\"", where);
		r = unpack_param(params, name, &value, where, err);
		free(name);
		if (r < 0)
			return -1;
	}
	return 0;
}

static int
unpack_stage(struct ur_header *header, const struct ur_mp *map, char *err)
{
	enum { TOOL, VERSION, ARGS, SEED, FIELDS };
	static const char *const name[FIELDS] = { "tool", "version", "args", "seed" };
	struct ur_mp v[FIELDS];
	struct ur_stage *stage;
	char *tool, *version;

	if (ur_mp_fields(map, name, v, FIELDS, err) < 0)
		return -1;
	tool = ur_mp_strdup(&v[TOOL]);
	version = ur_mp_strdup(&v[VERSION]);
	stage = ur_header_add_stage(header, tool == NULL ? "" : tool, version == NULL ? "" : version);
	free(tool);
	free(version);
	if (tool == NULL || version == NULL)
		return ur_fail(err, "history: a stage without tool and version");
	if (v[SEED].type != UR_MP_NONE && v[SEED].type != UR_MP_NIL && v[SEED].type != UR_MP_UINT)
		return ur_fail(err, "history: \"seed\" is not a number");
	stage->has_seed = v[SEED].type == UR_MP_UINT;
	stage->seed = v[SEED].u;
	return unpack_params(&stage->args, &v[ARGS], "args", err);
}

static int
unpack_history(struct ur_header *header, const struct ur_mp *v, char *err)
{
	struct ur_cursor c = ur_mp_inside(v);
	struct ur_mp map;

	if (v->type != UR_MP_ARRAY || v->n > MANY)
		return ur_fail(err, "\"history\" is not an array of at most %d stages", MANY);
	for (size_t i = 0; i < v->n; i++) {
		if (ur_mp_next(&c, &map) < 0)
			return ur_fail(err, "malformed msgpack");
		if (unpack_stage(header, &map, err) < 0 || check_history(header, err) < 0)
			return -1;
	}
	return 0;
}

static int
unpack_format(struct ur_header *header, const struct ur_mp *format, const struct ur_mp *major,
    const struct ur_mp *minor, char *err)
{
	int f = UR_SESSIONS;

	while (f <= UR_MODEL && !ur_mp_is(format, ur_format_name[f]))
		f++;
	if (f > UR_MODEL)
		return ur_fail(err, "unknown format, expected ur-sessions, ur-batches or ur-model");
	header->format = (enum ur_format)f;
	if (major->type != UR_MP_UINT || minor->type != UR_MP_UINT)
		return ur_fail(err, "\"%s\" is not a number", major->type != UR_MP_UINT ? "major" : "minor");
	if (major->u != UR_MAJOR)
		return ur_fail(err, "%s version %ju, this program reads version %d",
		    ur_format_name[header->format], (uintmax_t)major->u, UR_MAJOR);
	header->major = UR_MAJOR;
	header->minor = minor->u > INT32_MAX ? INT32_MAX : (int)minor->u;
	return 0;
}

int
ur_header_unpack(struct ur_header *header, const uint8_t *payload, size_t n, char *err)
{
	enum { FORMAT, MAJOR, MINOR, HISTORY, SPEC, ARCH, TRAINING, METRICS, BLAS, FIELDS };
	static const char *const name[FIELDS] = {
		"format", "major", "minor", "history", "spec", "arch", "training", "metrics", "blas"
	};
	struct ur_mp map, v[FIELDS];

	if (ur_mp_whole(&map, payload, n) < 0)
		return ur_fail(err, "malformed msgpack");
	if (ur_mp_fields(&map, name, v, FIELDS, err) < 0 ||
	    unpack_format(header, &v[FORMAT], &v[MAJOR], &v[MINOR], err) < 0 ||
	    unpack_history(header, &v[HISTORY], err) < 0)
		return -1;
	if (header->format == UR_SESSIONS)
		return 0;
	header->has_spec = true;
	if (ur_spec_unpack(&header->spec, &v[SPEC], err) < 0)
		return -1;
	if (header->format == UR_BATCHES)
		return 0;
	if (unpack_params(&header->arch, &v[ARCH], "arch", err) < 0 ||
	    unpack_params(&header->training, &v[TRAINING], "training", err) < 0 ||
	    unpack_params(&header->metrics, &v[METRICS], "metrics", err) < 0)
		return -1;
	if ((header->blas = ur_mp_strdup(&v[BLAS])) == NULL)
		return ur_fail(err, "\"blas\" is not text");
	return 0;
}
