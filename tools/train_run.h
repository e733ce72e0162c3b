/*
 * train_run.h - what ur-pretrain and ur-advtrain share: the loop, and what they write.
 *
 * Included once by each of the two tools; all of it is static.
 */
#ifndef UR_TRAIN_RUN_H
#define UR_TRAIN_RUN_H

#include <math.h>
#include <time.h>

#include "checkpoint.h"
#include "progress.h"
#include "train_options.h"

/* --- the loop ---------------------------------------------------------------- */

struct checkpointing {
	double last, took;      /* seconds: when the last one was done, and its writing */
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
save_checkpoint(const struct ur_train *train, const struct ur_stage *stage, struct checkpointing *c)
{
	double start = seconds();
	struct ur_output out;
	char err[UR_ERR];

	ur_output_open(&out, checkpoint_path, UR_BINARY);
	if (ur_checkpoint_write(train, stage, out.f, err) < 0)
		ur_die("%s: %s", checkpoint_path, err);
	ur_output_commit(&out);
	c->last = seconds();
	c->took = c->last - start;
}

/* At an evaluation, but so that no more than a tenth of the time goes into it. */
static bool
checkpoint_is_due(const struct ur_train *train, const struct checkpointing *c)
{
	return checkpoint_path != NULL && train->evaluated && seconds() - c->last >= 9 * c->took;
}

static void
report(const struct ur_train *train, struct ur_progress *progress)
{
	char text[256] = "";

	if (train->evaluated && ur_verbose) {
		ur_progress_clear(progress);
		ur_figures_say(&train->now, train->model->policy != NULL, text, sizeof text);
		ur_note("iteration %jd: train %.4g %s", (intmax_t)train->iteration, train->now.train, text);
	}
	if (!progress->on)
		return;
	if (train->now.iteration > 0)
		ur_figures_say(&train->now, train->model->policy != NULL, text, sizeof text);
	ur_progress_show(progress, (uint64_t)train->iteration, text);
}

/* Runs the course to its end; 0, or -1 with err when it diverged. */
static int
run_course(struct ur_train *train, const struct ur_stage *stage, char *err)
{
	struct checkpointing c = { 0 };
	struct ur_progress progress;
	int r;

	if (!ur_train_judged(train))
		ur_warn("there are no validation steps to choose by: the last model is kept");
	if (resume && ur_checkpoint_read(train, stage, checkpoint_path, err) < 0)
		ur_die("%s", err);
	if (checkpoint_path != NULL)
		save_checkpoint(train, stage, &c);      /* a path that cannot be written is told now */
	ur_progress_start(&progress, "it", (uint64_t)train->iteration, (uint64_t)set.iterations);
	while ((r = ur_train_step(train, err)) > 0) {
		report(train, &progress);
		if (checkpoint_is_due(train, &c))
			save_checkpoint(train, stage, &c);
	}
	if (r == 0 && checkpoint_path != NULL)
		save_checkpoint(train, stage, &c);
	if (r == 0 && (r = ur_train_last(train, err)) == 0)
		report(train, &progress);
	ur_progress_clear(&progress);
	return r;
}

static void
begin_course(struct ur_train *train, const struct ur_data *data, struct ur_model *model)
{
	char err[UR_ERR];

	if (ur_train_init(train, &set, data, model, err) < 0)
		ur_die("%s: %s", data->name, err);
}

/* --- what is written ---------------------------------------------------------- */

static void
add_settings(struct ur_params *params)
{
	ur_params_real(params, "lr", set.lr);
	ur_params_real(params, "l2", set.l2);
	ur_params_int(params, "batch", set.batch);
	ur_params_int(params, "iterations", set.iterations);
	ur_params_int(params, "eval-every", set.eval_every);
	ur_params_int(params, "patience", set.patience);
	ur_params_str(params, "select", ur_select_name[set.select]);
	ur_params_uint(params, "seed", set.seed);
}

/* A figure of the model kept; one that is not defined is left out. */
static void
add_figure(struct ur_params *params, const char *name, double x)
{
	if (isfinite(x))
		ur_params_real(params, name, x);
}

static void
add_figures(struct ur_params *params, const struct ur_figures *figures)
{
	ur_params_int(params, "iteration", figures->iteration);
	add_figure(params, "train_nll", figures->train);
	add_figure(params, "nll", figures->loss);
	add_figure(params, "prec@1", figures->prec1);
	add_figure(params, "prec@2", figures->prec2);
}

static void
add_game_figures(struct ur_params *params, const struct ur_figures *figures)
{
	add_figure(params, "loss_max", figures->loss_max);
	add_figure(params, "loss_min", figures->loss_min);
	add_figure(params, "gap", figures->gap);
}

/* It gets its name after the model has its own. */
static void
write_log(struct ur_output *out, const struct ur_train *train)
{
	if (log_path == NULL)
		return;
	fputs(ur_train_log_header(train), out->f);
	if (train->log_size > 0)
		fwrite(train->log, 1, train->log_size, out->f);
	ur_output_settle(out);
}

static void
commit_log(struct ur_output *out)
{
	if (log_path != NULL)
		ur_output_commit(out);
}

static void
write_model(struct ur_output *out, const struct ur_model *model, struct ur_header *header)
{
	char err[UR_ERR];

	if (ur_model_save(model, header, out->f, err) < 0)
		ur_die("%s: %s", out->name, err);
	ur_output_commit(out);
}

/* Writes the best model there is; false if there is none. */
static bool
write_kept(struct ur_train *train, struct ur_header *header, struct ur_output *out)
{
	char text[256];

	if (ur_train_keep(train) < 0)
		return false;
	add_settings(&header->training);
	add_figures(&header->metrics, &train->kept);
	if (train->model->policy != NULL)
		add_game_figures(&header->metrics, &train->kept);
	write_model(out, train->model, header);
	ur_figures_say(&train->kept, train->model->policy != NULL, text, sizeof text);
	ur_note("iteration %jd of %jd kept: %s", (intmax_t)train->kept.iteration, (intmax_t)train->iteration, text);
	return true;
}

/* Trains, and writes log and model, also when it diverged; returns the exit status. */
static int
train_and_write(struct ur_train *train, struct ur_header *header, struct ur_output *model_out, struct ur_output *log_out)
{
	char err[UR_ERR];
	int diverged = run_course(train, &header->stage[header->stages - 1], err) < 0;
	bool written;

	write_log(log_out, train);
	written = write_kept(train, header, model_out);
	if (!written)
		ur_output_discard(model_out);
	commit_log(log_out);
	if (diverged)
		ur_warn("training diverged: %s%s", err, written ? "" : "; there is no model yet to write");
	return diverged ? UR_DIVERGED : UR_OK;
}

#endif
