/* ur-pretrain - fit a user model to recorded choices by maximum likelihood; see ur-pretrain(1). */
#include "field.h"
#include "ridge.h"
#include "train_run.h"

enum { GRID = 11 };

static double ridge = -1;               /* L; -1: to be chosen */

/* The logit is fitted to its optimum unless asked not to be. */
static bool
wants_ridge(void)
{
	return arch.state == UR_NO_STATE && arch.layers == 0 && loss == UR_NLL && strcmp(ridge_text, "none") != 0;
}

static void
settle_ridge(void)
{
	if (strcmp(ridge_text, "auto") == 0 || strcmp(ridge_text, "none") == 0)
		return;
	if (!ur_word_real(ridge_text, &ridge) || !(ridge > 0) || !(ridge <= 1e6))
		ur_usage("--ridge: '%s' is neither a number in (0, 1e+06] nor auto nor none", ridge_text);
}

static void
load_data(struct ur_data *data, const char *path)
{
	char err[UR_ERR];

	if (ur_data_load(data, path, err) < 0)
		ur_die("%s", err);
	settle_no_click(data, loss == UR_NLL);
	ur_arch_input(&arch, &data->header.spec);
	arch.loss = (enum ur_loss)loss;
}

static void
start_model(struct ur_model *model, struct ur_header *header)
{
	if (init_path != NULL)
		model_from_file(model, header, init_path, "--init");
	else
		model_from_chance(model);
}

/* One fit of the logit, judged; was it better than those before? */
static bool
try_ridge(struct ur_ridge *logit, double lambda, struct ur_train *train)
{
	char err[UR_ERR], text[256];
	int r;

	if (ur_ridge_fit(logit, lambda, err) < 0)
		ur_die("%s", err);
	ur_ridge_store(logit, train->model);
	train->iteration += logit->iterations;
	train->sums = (struct ur_sums){ .loss = logit->nll, .steps = 1 };
	if ((r = ur_train_evaluate(train, err)) < 0)
		ur_die("%s", err);
	ur_figures_say(&train->now, false, text, sizeof text);
	ur_note("ridge %.3g: objective %.9f train %.4g %s", lambda, logit->objective, logit->nll, text);
	return r > 0;
}

/* From strong to weak, each fit starting where the last one ended; ties keep the stronger. */
static double
choose_ridge(struct ur_ridge *logit, struct ur_train *train)
{
	double best = 0;

	if (!ur_train_judged(train)) {
		ur_warn("there are no validation steps to choose the ridge by: it is 0.01");
		try_ridge(logit, .01, train);
		return .01;
	}
	for (int i = 0; i < GRID; i++) {
		double lambda = pow(10, -.5 * i);

		if (try_ridge(logit, lambda, train))
			best = lambda;
	}
	return best;
}

static int
fit_logit(struct ur_train *train, struct ur_header *header, struct ur_output *model_out, struct ur_output *log_out)
{
	struct ur_pass pass;
	struct ur_ridge logit;

	ur_pass_init(&pass, train->data, 1 << UR_TRAIN);
	ur_ridge_init(&logit, &pass, train->model);
	if (ridge > 0)
		try_ridge(&logit, ridge, train);
	else
		ridge = choose_ridge(&logit, train);
	ur_ridge_free(&logit);
	ur_pass_free(&pass);
	ur_params_real(&header->training, "ridge", ridge);
	write_log(log_out, train);
	write_kept(train, header, model_out);
	commit_log(log_out);
	return UR_OK;
}

int
main(int argc, char *argv[])
{
	struct ur_output model_out, log_out = { 0 };
	struct ur_data data;
	struct ur_header *header = &data.header;        /* becomes the model's */
	struct ur_model model;
	struct ur_train train;
	char **operands = ur_options(&pretrain, argc, argv);
	int status;

	settle_options(operands, init_path);
	settle_ridge();
	refuse_no_click(loss == UR_NLL, "--loss sparsemax");
	open_outputs(&model_out, &log_out);
	load_data(&data, operands[0]);
	start_model(&model, header);
	ur_history_add(header, &set.seed);
	begin_course(&train, &data, &model);
	status = (wants_ridge() ? fit_logit : train_and_write)(&train, header, &model_out, &log_out);
	ur_train_free(&train);
	ur_model_free(&model);
	ur_data_free(&data);
	return status != UR_OK ? status : ur_finish();
}
