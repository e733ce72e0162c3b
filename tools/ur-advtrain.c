/* ur-advtrain - train a user model against a policy that seeks its rewards; see ur-advtrain(1). */
#include "train_run.h"

enum { NETWORK, EXACT };

static int regularizer = UR_L2, inner = NETWORK;
static const char *model_path;

static const struct ur_opt opts[] = {
	{ 'm', "model", UR_STR, &model_path, 0, 0, "start from this model; without it, from random values", "MODEL", 0 },
	{ 0, "inner", UR_ENUM, &inner, 0, 0, "what finds the inner maximum", "network|exact", UR_PARAM },
	{ 0, "regularizer", UR_ENUM, &regularizer, 0, 0, "regulariser of the policy's choice", "l2|shannon", UR_PARAM },
	{ 0, "eta", UR_REAL, &arch.eta, 0, 1e6, "weight of rewards against the regulariser", "ETA", UR_PARAM | UR_ABOVE },
	{ 0, "max-steps", UR_INT, &set.max_steps, 1, 1000, "updates of the policy in an iteration", "N", UR_PARAM },
	{ 0, "min-steps", UR_INT, &set.min_steps, 0, 1000, "updates of the reward in an iteration; 0 freezes it", "N", UR_PARAM },
	{ 0, "policy-dims", UR_STR, &policy_dims, 0, 0, "hidden layers of the policy; 0 for none", "N-N...", UR_PARAM },
	ARCHITECTURE_OPTIONS,
	TRAINING_OPTIONS,
	{ 0 }
};

static const char *const presets[] = {
	"chen2019", "lr=5e-4 batch=100 iterations=5000 eval-every=100 l2=0 patience=0 min-steps=0",
	NULL
};

static const struct ur_tool tool = {
	"ur-advtrain", "train a user model against a policy", "[options] [-m model] [-o model] [batches]", opts, presets
};

static void
settle_game(void)
{
	char err[UR_ERR];

	arch.policy = inner == NETWORK;
	if (inner == NETWORK && !ur_given(&selection))  /* a policy under L2 is not fitted to be a probability */
		selection = UR_BY_PREC1;
	set.select = (enum ur_select)selection;
	arch.regularizer = (enum ur_regularizer)regularizer;
	if (inner == EXACT && regularizer != UR_L2)
		ur_usage("--inner exact: not with --regularizer shannon, whose exact form is ur-pretrain's nll");
	if (ur_dims_parse(policy_dims, &arch.policy_layers, arch.policy_dims, err) < 0)
		ur_usage("--policy-dims: %s", err);
	if (inner == EXACT && preset != NULL)           /* its history speaks as ur-pretrain, whose preset sets this too */
		ridge_text = "none";
	/* how the reward alone chooses: the form that the regulariser gives */
	loss = regularizer == UR_L2 ? UR_SPARSEMAX : UR_NLL;
	arch.loss = (enum ur_loss)loss;
}

/* With -m the architecture is that of the model. */
static void
refuse_architecture(void)
{
	static const struct ur_opt table[] = { ARCHITECTURE_OPTIONS, { 0 } };

	for (const struct ur_opt *o = table; model_path != NULL && o->name != NULL; o++)
		if (ur_given(o->value))
			ur_usage("--%s: not with -m, whose model brings its own", o->name);
}

static void
load_data(struct ur_data *data, const char *path)
{
	char err[UR_ERR];

	if (ur_data_load(data, path, err) < 0)
		ur_die("%s", err);
	settle_no_click(data, false);
	ur_arch_input(&arch, &data->header.spec);
}

int
main(int argc, char *argv[])
{
	struct ur_output model_out, log_out = { 0 };
	struct ur_data data;
	struct ur_header *header = &data.header;        /* becomes the model's */
	struct ur_model model;
	struct ur_train train;
	char **operands = ur_options(&tool, argc, argv);
	int status;

	settle_options(operands, model_path);
	settle_game();
	refuse_architecture();
	refuse_no_click(false, "an adversary");
	open_outputs(&model_out, &log_out);
	load_data(&data, operands[0]);
	if (model_path != NULL)
		model_from_file(&model, header, model_path, "-m");
	else
		model_from_chance(&model);
	ur_history_add_as(header, inner == EXACT ? &pretrain : &tool, &set.seed);
	begin_course(&train, &data, &model);
	status = train_and_write(&train, header, &model_out, &log_out);
	ur_train_free(&train);
	ur_model_free(&model);
	ur_data_free(&data);
	return status != UR_OK ? status : ur_finish();
}
