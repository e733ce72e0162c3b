/*
 * rec.h - session and batch streams; see ur-streams(5).
 *
 * The caller owns the structs and the FILE of a writer; the library fills the buffers
 * inside them, which a reader reuses.  Every open and init has a close or free that
 * accepts zeros.  Writers and readers remember their first error.
 */
#ifndef UR_REC_H
#define UR_REC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "input.h"
#include "real.h"

enum ur_role { UR_TRAIN, UR_VALIDATION, UR_TEST, UR_CONTEXT, UR_NO_ROLE };
extern const char *const ur_role_name[];        /* "train", "validation", "test", "context", "none" */

/* --- header ----------------------------------------------------------- */

/* One named value: an option in a history, a setting or a figure in a model. */
struct ur_param {
	char *name;
	enum { UR_P_BOOL, UR_P_INT, UR_P_UINT, UR_P_REAL, UR_P_STR } type;
	int64_t i;              /* UR_P_BOOL, UR_P_INT */
	uint64_t u;             /* UR_P_UINT: beyond what i can hold */
	double x;               /* UR_P_REAL */
	char *s;                /* UR_P_STR */
};

struct ur_params {
	struct ur_param *item;
	size_t n, cap;
};

void ur_params_int(struct ur_params *params, const char *name, int64_t i);
void ur_params_uint(struct ur_params *params, const char *name, uint64_t u);
void ur_params_bool(struct ur_params *params, const char *name, bool b);
void ur_params_real(struct ur_params *params, const char *name, double x);
void ur_params_str(struct ur_params *params, const char *name, const char *s);
const struct ur_param *ur_params_find(const struct ur_params *params, const char *name);       /* NULL if there is none */
void ur_params_free(struct ur_params *params);

/* What one stage did: tool, version, the options that change its result. */
struct ur_stage {
	char *tool, *version;
	struct ur_params args;
	bool has_seed;
	uint64_t seed;
};

/*
 * spec - the features of a batches stream and all that was learned from training steps
 * to make them, so that they can be made again for other sessions.
 */
enum ur_feature {
	UR_F_ID, UR_F_CATEGORY, UR_F_ROOT,      /* one-hot: one `code` column each */
	UR_F_PRICE, UR_F_AVAILABLE,             /* dense: value and missing flag; flag */
	UR_F_REPEAT, UR_F_POPULARITY,           /* page features: two flags; one column */
	UR_F_COUNT
};
extern const char *const ur_feature_name[UR_F_COUNT];

struct ur_vocabulary {          /* of a one-hot: value[c - 1] has code c, code 0 is all others */
	uint64_t *value;        /* ascending */
	size_t n;
};

struct ur_spec {
	enum ur_feature feature[UR_F_COUNT];    /* in the order of --features */
	int features;
	int vector;             /* dense columns that came with the items, made by no feature; they go first */
	uint64_t min_count;
	struct ur_vocabulary vocabulary[UR_F_COUNT];    /* of the one-hot features */
	double mean[UR_F_COUNT], deviation[UR_F_COUNT]; /* of price and popularity */
	/* items shown in training steps, by id: in how many, and how often picked there */
	uint64_t *item;
	uint32_t *shown, *picked;
	size_t items;
	uint64_t training_steps;
};

bool ur_feature_onehot(enum ur_feature f);              /* id, category, root */
bool ur_spec_has(const struct ur_spec *spec, enum ur_feature f);
int ur_spec_dense(const struct ur_spec *spec);          /* dense columns: vector, price 2, available 1 */
int ur_spec_onehots(const struct ur_spec *spec);        /* one-hot columns */
int ur_spec_page(const struct ur_spec *spec);           /* page columns: repeat 2, popularity 1 */
/* Rows of the c-th one-hot's table: its vocabulary and code 0. */
uint32_t ur_spec_onehot_size(const struct ur_spec *spec, int c);
/* x minus the mean of price or popularity, divided by the deviation, or by 1 where that is 0. */
double ur_spec_scaled(const struct ur_spec *spec, enum ur_feature f, double x);
/* Fills the vocabulary of id, which follows from item, shown and min_count. */
void ur_spec_id_vocabulary(struct ur_spec *spec);
void ur_spec_free(struct ur_spec *spec);

enum ur_format { UR_SESSIONS, UR_BATCHES, UR_MODEL, UR_ANY_FORMAT };   /* any: for readers only */
extern const char *const ur_format_name[];      /* "ur-sessions", "ur-batches", "ur-model" */

struct ur_header {
	enum ur_format format;
	int major, minor;
	struct ur_stage *stage;         /* the history */
	size_t stages, stage_cap;
	bool has_spec;
	struct ur_spec spec;            /* batches and models */
	struct ur_params arch, training, metrics;       /* models */
	char *blas;                     /* models: core type of the BLAS that made it */
};

struct ur_stage *ur_header_add_stage(struct ur_header *header, const char *tool, const char *version);
void ur_header_free(struct ur_header *header);

/* --- users and their steps -------------------------------------------- */

/*
 * Some users and their steps in order, as in a SESSIONS or BATCH frame.
 * user, nsteps [users]; time (ms), role, pick (index into the set, -1 none), size [steps];
 * rank (0 = last viewed, or page position) and id (sessions) or row (batches) [items].
 * Filled for writing with the ur_users_* calls; readers fill it a frame at a time.
 */
struct ur_users {
	size_t users, steps, items;
	uint64_t *user;
	uint32_t *nsteps;
	int64_t *time;
	uint8_t *role;
	int32_t *pick;
	uint16_t *size;
	uint64_t *id;
	uint32_t *row;
	uint16_t *rank;
	bool more;              /* the last user goes on in the next frame */
	size_t user_cap, nsteps_cap, time_cap, role_cap, pick_cap, size_cap, id_cap, row_cap, rank_cap;
};

void ur_users_add_user(struct ur_users *users, uint64_t user);
/* A step of the last user; its items follow by ur_users_add_id or ur_users_add_row. */
void ur_users_add_step(struct ur_users *users, int64_t time, enum ur_role role, int32_t pick);
void ur_users_add_id(struct ur_users *users, uint64_t id, uint16_t rank);
void ur_users_add_row(struct ur_users *users, uint32_t row, uint16_t rank);
void ur_users_clear(struct ur_users *users);            /* empties it, keeps its memory */
void ur_users_free(struct ur_users *users);

/* The item table: a row per distinct (item, features). */
struct ur_items {
	uint32_t rows;
	int dense, onehots;
	uint64_t *id;           /* [rows] */
	real *x;                /* [rows, dense], z-scored; f32 in the stream, whatever real is */
	uint32_t *code;         /* [rows, onehots] */
	uint32_t *shown, *picked;       /* [rows], of the row's id, in training steps */
	size_t row_cap;
};

void ur_items_free(struct ur_items *items);

/* --- writing ----------------------------------------------------------- */

struct ur_writer;

/* Writes magic and header to f.  Errors of f are kept by stdio and found when it is closed. */
struct ur_writer *ur_writer_open(FILE *f, const struct ur_header *header);
/*
 * Takes what is gathered in users and empties it.  Frames are cut at 256 users and at about 1 MiB,
 * wherever the calls are.  With users->more the last user goes on in the next call; a user without
 * steps is not written.
 */
void ur_writer_users(struct ur_writer *w, struct ur_users *users);
void ur_writer_items(struct ur_writer *w, const struct ur_items *items);        /* all, before the first users */
/* A tensor of a model; large ones are cut into several frames. */
void ur_writer_tensor(struct ur_writer *w, const char *name, const size_t *shape, int rank, const float *data);
/* Writes END and frees w.  0, or -1 with err: the header does not fit in 16 MiB or has a number that is not finite. */
int ur_writer_close(struct ur_writer *w, char *err);

/* --- reading ----------------------------------------------------------- */

struct ur_stream;

struct ur_reader {
	struct ur_input in;
	struct ur_header header;
	struct ur_users users;          /* filled by ur_reader_users */
	struct ur_items items;          /* batches: filled before the first users */
	struct ur_stream *stream;
	char err[UR_ERR];
};

/*
 * Reads magic and header.  Streams of another format are refused, naming both; with UR_ANY_FORMAT
 * header.format says what it is.  Tensors of a model are read with blob.h.
 */
int ur_reader_open(struct ur_reader *r, const char *path, enum ur_format format);
/*
 * The next SESSIONS or BATCH frame into r->users: 1, 0 at the end (after END has been
 * checked; session streams of equal history may follow each other), -1 with r->err.
 */
int ur_reader_users(struct ur_reader *r);
void ur_reader_close(struct ur_reader *r);

#endif
