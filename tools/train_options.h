/*
 * train_options.h - the options that ur-pretrain and ur-advtrain share, and where a model starts.
 *
 * Included once by each of the two tools; all of it is static.
 */
#ifndef UR_TRAIN_OPTIONS_H
#define UR_TRAIN_OPTIONS_H

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "train.h"

static struct ur_settings set = {
	.lr = 3e-3, .l2 = .01, .batch = 128, .iterations = 1000, .eval_every = 10, .patience = 30,
	.select = UR_BY_LOSS, .seed = 1, .threads = 1, .max_steps = 1, .min_steps = 1
};
static struct ur_arch arch = { .state = UR_LSTM, .hidden = 20, .pw_dim = 4, .pw_band = 20, .eta = 1 };
static int state = UR_LSTM, selection = UR_BY_LOSS;
static const char *dims = "64-64", *policy_dims = "256-32", *preset, *output, *log_path, *checkpoint_path;
static bool resume;

enum { NO_CLICK_AUTO, NO_CLICK_NONE, NO_CLICK_ZERO };
static int no_click = NO_CLICK_AUTO;

#define ARCHITECTURE_OPTIONS \
	{ 's', "state", UR_ENUM, &state, 0, 0, "how a user's past is summarised", "lstm|pw|none", UR_PARAM }, \
	{ 0, "hidden", UR_INT, &arch.hidden, 1, 4096, "units of the LSTM", "N", UR_PARAM }, \
	{ 0, "pw-dim", UR_INT, &arch.pw_dim, 1, 1024, "weighted sums in the position weights", "N", UR_PARAM }, \
	{ 0, "pw-band", UR_INT, &arch.pw_band, 1, 65535, "picks that the position weights look back", "N", UR_PARAM }, \
	{ 'd', "dims", UR_STR, &dims, 0, 0, "widths of the hidden layers; 0 for none", "N-N...", UR_PARAM }, \
	{ 0, "batchnorm", UR_FLAG, &arch.batchnorm, 0, 0, "batch normalisation after each hidden layer", NULL, UR_PARAM }

#define TRAINING_OPTIONS \
	{ 0, "no-click", UR_ENUM, &no_click, 0, 0, "whether a visitor may pick nothing, at reward 0", "auto|none|zero", UR_PARAM }, \
	{ 0, "lr", UR_REAL, &set.lr, 0, 1e30, "learning rate of Adam", "RATE", UR_PARAM }, \
	{ 0, "l2", UR_REAL, &set.l2, 0, 1e30, "add L * w to the gradient of every matrix", "L", UR_PARAM }, \
	{ 0, "lazy-adam", UR_FLAG, &set.lazy, 0, 0, "update the row of a one-hot code only when a batch contains it", NULL, UR_PARAM }, \
	{ 'b', "batch", UR_INT, &set.batch, 1, INT32_MAX, "users in an iteration", "N", UR_PARAM }, \
	{ 'n', "iterations", UR_INT, &set.iterations, 0, INT32_MAX, "iterations in all", "N", UR_PARAM }, \
	{ 0, "eval-every", UR_INT, &set.eval_every, 1, INT32_MAX, "iterations between evaluations", "N", UR_PARAM }, \
	{ 0, "patience", UR_INT, &set.patience, 0, INT32_MAX, "stop after N evaluations without a better figure; 0 never", \
	    "N", UR_PARAM }, \
	{ 0, "select", UR_ENUM, &selection, 0, 0, "validation figure that chooses the model kept", "nll|prec@1|prec@2", UR_PARAM }, \
	{ 0, "seed", UR_U64, &set.seed, 0, 0, "seed of all random numbers", "N", 0 }, \
	{ 0, "threads", UR_INT, &set.threads, 1, 256, "number of threads; the result does not depend on it", "N", 0 }, \
	{ 0, "log", UR_STR, &log_path, 0, 0, "write a row of figures for each evaluation, as TSV", "FILE", 0 }, \
	{ 0, "checkpoint", UR_STR, &checkpoint_path, 0, 0, "keep the state of training in FILE", "FILE", 0 }, \
	{ 0, "resume", UR_FLAG, &resume, 0, 0, "continue from the checkpoint, if there is one", NULL, 0 }, \
	{ 'p', "preset", UR_STR, &preset, 0, 0, "settings of the reference: chen2019", "NAME", UR_PARAM }, \
	{ 'o', "output", UR_STR, &output, 0, 0, "write the model to FILE instead of standard output", "FILE", 0 }

static void
refuse_same_file(const char *input)
{
	ur_output_differs(output, input);
	ur_output_differs(log_path, input);
	ur_output_differs(checkpoint_path, input);
}

/*
 * The table of ur-pretrain.  ur-advtrain --inner exact does the same work, and its history says so
 * in the same words.
 */
static int loss = UR_NLL;
static const char *init_path, *ridge_text = "auto";

static const struct ur_opt pretrain_opts[] = {
	ARCHITECTURE_OPTIONS,
	{ 'l', "loss", UR_ENUM, &loss, 0, 0, "Shannon entropy's nll, or the exact L2 form", "nll|sparsemax", UR_PARAM },
	{ 0, "eta", UR_REAL, &arch.eta, 0, 1e6, "scale of sparsemax", "ETA", UR_PARAM | UR_ABOVE },
	{ 0, "ridge", UR_STR, &ridge_text, 0, 0, "of the logit (--state none --dims 0); none: Adam", "L|auto|none", UR_PARAM },
	{ 'i', "init", UR_STR, &init_path, 0, 0, "start from this model", "MODEL", 0 },
	TRAINING_OPTIONS,
	{ 0 }
};

static const char *const pretrain_presets[] = {
	"chen2019", "lr=5e-4 batch=50 iterations=2000 eval-every=10 l2=0 patience=0 no-click=zero ridge=none",
	NULL
};

static const struct ur_tool pretrain = {
	"ur-pretrain", "fit a user model to recorded choices", "[options] [-o model] [batches]",
	pretrain_opts, pretrain_presets
};

/* The options that go into structs by another type, and the checks that concern several. */
static void
settle_options(char **operands, const char *start)
{
	char err[UR_ERR];

	if (operands[0] != NULL && operands[1] != NULL)
		ur_usage("'%s': one batches file is expected", operands[1]);
	if (resume && checkpoint_path == NULL)
		ur_usage("--resume: there is no --checkpoint to go on from");
	if (ur_dims_parse(dims, &arch.layers, arch.dims, err) < 0)
		ur_usage("--dims: %s", err);
	arch.state = (enum ur_state)state;
	set.select = (enum ur_select)selection;
	refuse_same_file(operands[0]);
	if (start != NULL)
		refuse_same_file(start);
}

/* A no-click asked for in so many words; one that a preset brings just gives way. */
static void
refuse_no_click(bool allowed, const char *why)
{
	if (!allowed && no_click == NO_CLICK_ZERO && ur_given(&no_click))
		ur_usage("--no-click zero: not with %s, which has no no-click", why);
}

static void
settle_no_click(const struct ur_data *data, bool allowed)
{
	bool some = data->role_picks[UR_TRAIN] < data->role_steps[UR_TRAIN];

	if (!allowed)
		no_click = NO_CLICK_NONE;
	else if (no_click == NO_CLICK_AUTO)
		no_click = some ? NO_CLICK_ZERO : NO_CLICK_NONE;
	arch.no_click = no_click == NO_CLICK_ZERO ? UR_NO_CLICK_ZERO : UR_NO_CLICK_NONE;
}

static void
refuse_shared(const char *a, const char *b)
{
	bool standard_a = ur_is_standard(a), standard_b = ur_is_standard(b);

	if (standard_a ? standard_b : !standard_b && strcmp(a, b) == 0)
		ur_usage("%s: one file for two outputs", standard_a ? "<stdout>" : a);
}

/* Outputs are opened before long work begins. */
static void
open_outputs(struct ur_output *model, struct ur_output *log)
{
	if (log_path != NULL)
		refuse_shared(log_path, output);
	if (checkpoint_path != NULL)
		refuse_shared(checkpoint_path, output);
	ur_output_open(model, output, UR_BINARY);
	if (log_path != NULL)
		ur_output_open(log, log_path, UR_TEXT);
}

/* --- where a model starts ------------------------------------------------------ */

static enum ur_start
start_values(void)
{
	return preset != NULL && strcmp(preset, "chen2019") == 0 ? UR_START_CHEN2019 : UR_START_DEFAULT;
}

static void
refuse_other(const void *option, bool same, const char *name, const char *from)
{
	if (ur_given(option) && !same)
		ur_usage("--%s: another than that of the model of %s", name, from);
}

static bool
same_dims(int layers, const int *width, int other_layers, const int *other)
{
	return layers == other_layers && memcmp(width, other, (size_t)layers * sizeof *width) == 0;
}

/* A policy that is there already is trained on. */
static void
adopt_policy(const struct ur_arch *of, const char *from)
{
	static char text[UR_DIMS_TEXT];

	if (!arch.policy || !of->policy)
		return;
	refuse_other(&policy_dims, same_dims(arch.policy_layers, arch.policy_dims, of->policy_layers, of->policy_dims),
	    "policy-dims", from);
	arch.policy_layers = of->policy_layers;
	memcpy(arch.policy_dims, of->policy_dims, sizeof arch.policy_dims);
	ur_dims_format(arch.policy_layers, arch.policy_dims, text);
	policy_dims = text;
}

/* The architecture is the model's; one given besides it must be the same. */
static void
adopt_architecture(const struct ur_arch *of, const char *from)
{
	static char text[UR_DIMS_TEXT];

	refuse_other(&state, arch.state == of->state, "state", from);
	refuse_other(&arch.hidden, arch.hidden == of->hidden, "hidden", from);
	refuse_other(&arch.pw_dim, arch.pw_dim == of->pw_dim, "pw-dim", from);
	refuse_other(&arch.pw_band, arch.pw_band == of->pw_band, "pw-band", from);
	refuse_other(&arch.batchnorm, arch.batchnorm == of->batchnorm, "batchnorm", from);
	refuse_other(&dims, same_dims(arch.layers, arch.dims, of->layers, of->dims), "dims", from);
	adopt_policy(of, from);
	arch.state = of->state;
	state = (int)of->state;
	arch.hidden = of->hidden;
	arch.pw_dim = of->pw_dim;
	arch.pw_band = of->pw_band;
	arch.batchnorm = of->batchnorm;
	arch.layers = of->layers;
	memcpy(arch.dims, of->dims, sizeof arch.dims);
	ur_dims_format(arch.layers, arch.dims, text);
	dims = text;
}

/* Values by name, of the tensors that both have. */
static void
copy_values(struct ur_model *to, const struct ur_model *from)
{
	for (int i = 0; i < to->tensors; i++) {
		const struct ur_tensor *t = &to->tensor[i], *f = ur_model_tensor(from, t->name);

		if (f != NULL)
			memcpy(to->param + t->at, from->param + f->at, t->n * sizeof(real));
	}
}

/* The history of a model goes on with its own; features must be those of the batches. */
static void
adopt_header(struct ur_header *header, struct ur_header *of, const char *path)
{
	char err[UR_ERR];
	struct ur_stage *stage = header->stage;
	size_t stages = header->stages, cap = header->stage_cap;

	if (ur_model_fits(of, header, err) < 0)
		ur_die("%s: %s", path, err);
	header->stage = of->stage;
	header->stages = of->stages;
	header->stage_cap = of->stage_cap;
	of->stage = stage;
	of->stages = stages;
	of->stage_cap = cap;
}

static void
draw_values(struct ur_model *model, bool policy)
{
	struct ur_rng rng;

	ur_rng_seed(&rng, set.seed, policy ? UR_SEED_POLICY : UR_SEED_VALUES);
	ur_model_draw(model, policy, start_values(), &rng);
}

/* A model of the architecture asked for, with drawn values. */
static void
model_from_chance(struct ur_model *model)
{
	ur_model_init(model, &arch);
	draw_values(model, false);
	if (arch.policy)
		draw_values(model, true);
}

/* A model with the values of that at path; `from` is the option that named it. */
static void
model_from_file(struct ur_model *model, struct ur_header *header, const char *path, const char *from)
{
	struct ur_header old_header;
	struct ur_model old;
	char err[UR_ERR];

	if (ur_model_load(&old, &old_header, path, err) < 0)
		ur_die("%s", err);
	adopt_header(header, &old_header, path);
	adopt_architecture(&old.arch, from);
	ur_model_init(model, &arch);
	copy_values(model, &old);
	if (arch.policy && !old.arch.policy)
		draw_values(model, true);
	ur_model_free(&old);
	ur_header_free(&old_header);
}

#endif
