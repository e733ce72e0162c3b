/* The course of a training: passes, draws, checkpoints at every iteration, the game and its value. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "checkpoint.h"
#include "choices.h"
#include "train.h"

static const struct ur_settings quick = {
	.lr = .01, .l2 = .01, .batch = 7, .iterations = 20, .eval_every = 4, .seed = 1, .threads = 1,
	.max_steps = 2, .min_steps = 1
};

static const struct ur_arch small = {
	.state = UR_LSTM, .hidden = 3, .pw_dim = 2, .pw_band = 3, .layers = 1, .dims = { 5 },
	.policy_layers = 1, .policy_dims = { 4 }
};

static void
make_model_of(struct ur_arch arch, struct ur_model *model, const struct ur_data *data, bool policy, double eta)
{
	struct ur_rng rng;

	arch.policy = policy;
	arch.eta = eta;

	ur_arch_input(&arch, &data->header.spec);
	ur_model_init(model, &arch);
	ur_rng_seed(&rng, 2, UR_SEED_VALUES);
	ur_model_draw(model, false, UR_START_DEFAULT, &rng);
	if (policy)
		ur_model_draw(model, true, UR_START_DEFAULT, &rng);
}

static void
make_model(struct ur_model *model, const struct ur_data *data, bool policy, double eta)
{
	make_model_of(small, model, data, policy, eta);
}

static void
begin(struct ur_train *train, const struct ur_settings *set, const struct ur_data *data, struct ur_model *model)
{
	char err[UR_ERR];

	if (ur_train_init(train, set, data, model, err) < 0)
		fail_msg("%s", err);
}

static void
run(struct ur_train *train)
{
	char err[UR_ERR];
	int r;

	while ((r = ur_train_step(train, err)) > 0)
		;
	if (r < 0)
		fail_msg("%s", err);
}

static void
test_a_pass_meets_every_user_once(void **state)
{
	enum { USERS = 600 };
	struct ur_data data;
	struct ur_batch spare = { 0 };
	struct ur_pass pass;
	uint64_t last = 0;
	size_t users = 0;

	(void)state;
	make_choices(&data, USERS, true, 0);
	ur_pass_init(&pass, &data, 1 << UR_TRAIN);
	assert_true(pass.chunks > 1);
	for (size_t i = 0; i < pass.chunks; i++) {
		const struct ur_batch *batch = ur_pass_chunk(&pass, i, &spare);

		for (int u = 0; u < batch->U; u++) {
			assert_true(batch->user[u] > last);
			last = batch->user[u];
		}
		users += (size_t)batch->U;
	}
	assert_int_equal(users, USERS * 4 / 5);
	ur_batch_free(&spare);
	ur_pass_free(&pass);
	ur_data_free(&data);
}

static int
ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Different users in every batch, all of them met in the long run, none for validation. */
static void
test_draws(void **state)
{
	struct ur_settings set = quick;
	struct ur_data data;
	struct ur_model model;
	struct ur_train train;
	bool met[41] = { false };
	char err[UR_ERR];

	(void)state;
	make_choices(&data, 40, true, 0);
	make_model(&model, &data, false, 1);
	set.iterations = 60;
	begin(&train, &set, &data, &model);
	while (ur_train_step(&train, err) > 0) {
		const struct ur_batch *batch = &train.batch;

		qsort(batch->user, (size_t)batch->U, sizeof *batch->user, ascending);
		assert_int_equal(batch->U, set.batch);
		for (int u = 0; u < set.batch; u++) {
			assert_true(u == 0 || batch->user[u] > batch->user[u - 1]);
			assert_true(batch->user[u] % 5 != 0);
			met[batch->user[u]] = true;
		}
	}
	for (int u = 1; u <= 40; u++)
		assert_int_equal(met[u], u % 5 != 0);
	ur_train_free(&train);
	ur_model_free(&model);
	ur_data_free(&data);
}

/* --- threads and lazy Adam ------------------------------------------------------ */

/* The values after some iterations on all of the data, to be freed. */
static real *
values_after(const struct ur_arch *arch, const struct ur_data *data, const struct ur_settings *set, bool policy, size_t *n)
{
	struct ur_model model;
	struct ur_train train;
	real *values;

	make_model_of(*arch, &model, data, policy, 1);
	begin(&train, set, data, &model);
	run(&train);
	*n = model.params;
	values = memcpy(ur_alloc(model.params, sizeof(real)), model.param, model.params * sizeof(real));
	ur_train_free(&train);
	ur_model_free(&model);
	return values;
}

static void
test_threads_change_no_byte(void **state)
{
	struct ur_settings set = quick;
	struct ur_data data;
	size_t n;

	(void)state;
	make_choices(&data, 700, true, 1);
	set.batch = 400;        /* more than one tile of rows */
	for (int kind = 0; kind < 16; kind++) {
		struct ur_arch arch = small;
		real *one, *three;

		arch.state = kind / 4 == 1 ? UR_PW : UR_LSTM;
		arch.layers = kind / 4 == 2 ? 0 : 2;
		arch.dims[1] = 4;
		arch.batchnorm = kind / 4 == 3;
		set.lazy = kind / 2 % 2;
		set.threads = 1;
		one = values_after(&arch, &data, &set, kind % 2, &n);
		set.threads = 3;
		three = values_after(&arch, &data, &set, kind % 2, &n);
		assert_memory_equal(one, three, n * sizeof(real));
		free(one);
		free(three);
	}
	ur_data_free(&data);
}

/* Without l2 a row that is never met is skipped, which Adam would have left as it was. */
static void
test_rows_never_met(void **state)
{
	struct ur_adam adam = { .01, .9, .999, 1e-8, 1 };
	real w[2] = { (real).3, (real)-.7 }, m[2] = { 0 }, v[2] = { 0 }, g[2] = { 0 };

	(void)state;
	ur_adam_step(&adam, 0, w, m, v, g, 2);
	assert_true(w[0] == (real).3 && w[1] == (real)-.7 && m[0] == 0 && v[1] == 0);
}

/* Where every batch meets every row that is ever met, nothing is skipped, and lazy Adam is Adam. */
static void
test_lazy_adam_is_adam_when_all_is_met(void **state)
{
	struct ur_settings set = quick;
	struct ur_data data;
	real *exact, *lazy;
	size_t n;

	(void)state;
	make_choices(&data, 60, true, 0);
	set.batch = 60;
	set.l2 = 0;             /* it would shrink the rows that are never met */
	exact = values_after(&small, &data, &set, true, &n);
	set.lazy = true;
	lazy = values_after(&small, &data, &set, true, &n);
	assert_memory_equal(exact, lazy, n * sizeof(real));
	free(exact);
	free(lazy);
	ur_data_free(&data);
}

/* A row that missed steps ends near where Adam would have taken it with gradient 0, .08 from where it was met last. */
static void
test_a_row_catches_up(void **state)
{
	enum { WIDTH = 5, MISSED = 20 };
	struct ur_adam adam = { .01, .9, .999, 1e-8, 0 };
	real w[2][WIDTH] = { { 0 } }, m[2][WIDTH] = { { 0 } }, v[2][WIDTH] = { { 0 } }, g[2][WIDTH];

	(void)state;
	for (int step = 0; step < 60 + MISSED + 1; step++) {
		bool met = step < 60 || step == 60 + MISSED;

		adam.t++;
		for (int i = 0; i < WIDTH; i++)
			g[0][i] = g[1][i] = met ? (real)(i - 1.5) : 0;
		ur_adam_step(&adam, 0, w[0], m[0], v[0], g[0], WIDTH);
		if (met)
			ur_adam_rows(&adam, 0, w[1], m[1], v[1], g[1], WIDTH, &(uint32_t){ 0 }, &(uint32_t){ step < 60 ? 0 : MISSED }, 1);
	}
	for (int i = 0; i < WIDTH; i++) {
		assert_true(fabs((double)(m[0][i] - m[1][i])) < 1e-5 && fabs((double)(v[0][i] - v[1][i])) < 1e-5);
		assert_true(fabs((double)(w[0][i] - w[1][i])) < .015 && fabs((double)w[0][i]) > .5);
	}
}

/* --- divergence --------------------------------------------------------------- */

/* A value that is not finite ends the course; what was kept before is finite. */
static void
test_divergence(void **state)
{
	struct ur_data data;
	struct ur_model model;
	struct ur_train train;
	char err[UR_ERR];
	int r;

	(void)state;
	make_choices(&data, 30, true, 0);
	make_model(&model, &data, false, 1);
	begin(&train, &quick, &data, &model);
	assert_int_equal(ur_train_keep(&train), -1);
	while ((r = ur_train_step(&train, err)) > 0)
		if (train.iteration == 9)
			model.param[ur_model_tensor(&model, "mlp.0.b")->at] = (real)INFINITY;
	assert_int_equal(r, -1);
	assert_non_null(strstr(err, "iteration 10: "));
	assert_int_equal(ur_train_keep(&train), 0);
	assert_true(train.kept.iteration == 4 || train.kept.iteration == 8);
	for (size_t i = 0; i < model.params; i++)
		assert_true(isfinite(model.param[i]));
	ur_train_free(&train);
	ur_model_free(&model);
	ur_data_free(&data);
}

/* --- checkpoints ------------------------------------------------------------ */

struct course {
	struct ur_data data;
	struct ur_model model;
	struct ur_train train;
	struct ur_stage stage;
};

static void
course_begin(struct course *c, bool policy, const struct ur_settings *set)
{
	c->stage = (struct ur_stage){ .tool = (char *)"test", .version = (char *)"1", .seed = 7 };
	ur_params_int(&c->stage.args, "iterations", set->iterations);
	ur_params_real(&c->stage.args, "lr", set->lr);
	make_choices(&c->data, 30, true, 1);
	make_model(&c->model, &c->data, policy, 1);
	begin(&c->train, set, &c->data, &c->model);
}

static void
course_end(struct course *c)
{
	ur_train_free(&c->train);
	ur_model_free(&c->model);
	ur_data_free(&c->data);
	ur_params_free(&c->stage.args);
}

static const char *
checkpoint_path(FILE *f)
{
	static char path[32];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(f));
	return path;
}

static FILE *
checkpoint_file(void)
{
	return fdopen(memfd_create("checkpoint", 0), "w+b");
}

static void
assert_same_course(const struct ur_train *a, const struct ur_train *b)
{
	size_t n = a->model->params * sizeof(real);

	assert_int_equal(a->iteration, b->iteration);
	assert_memory_equal(a->model->param, b->model->param, n);
	assert_memory_equal(a->at.m, b->at.m, n);
	assert_memory_equal(a->at.v, b->at.v, n);
	assert_memory_equal(a->best, b->best, n);
	assert_int_equal(a->kept.iteration, b->kept.iteration);
	assert_int_equal(a->stale, b->stale);
	assert_int_equal(a->log_size, b->log_size);
	assert_memory_equal(a->log, b->log, a->log_size);
}

/* Stopped after any iteration and gone on in a new course, it ends as one that never stopped. */
static void
test_resume_anywhere(void **state)
{
	char err[UR_ERR];

	(void)state;
	for (int kind = 0; kind < 6; kind++) {
		struct ur_settings all = quick;
		bool policy = kind % 2;
		struct course whole;

		all.lazy = kind / 2 == 1;
		all.l2 = kind / 2 == 2 ? 0 : .01;       /* without l2 rows never met are skipped */
		course_begin(&whole, policy, &all);
		run(&whole.train);
		for (int stop = 0; stop <= all.iterations; stop += 3) {
			struct ur_settings set = all;
			struct course first, second;
			FILE *f = checkpoint_file();

			set.iterations = stop;
			course_begin(&first, policy, &set);
			run(&first.train);
			assert_int_equal(ur_checkpoint_write(&first.train, &first.stage, f, err), 0);
			assert_int_equal(fflush(f), 0);
			course_begin(&second, policy, &all);
			if (ur_checkpoint_read(&second.train, &second.stage, checkpoint_path(f), err) != 1)
				fail_msg("%s", err);
			run(&second.train);
			assert_same_course(&second.train, &whole.train);
			course_end(&first);
			course_end(&second);
			fclose(f);
		}
		course_end(&whole);
	}
}

static void
assert_refused(struct course *c, FILE *f)
{
	char err[UR_ERR];

	assert_int_equal(ur_checkpoint_read(&c->train, &c->stage, checkpoint_path(f), err), -1);
	assert_null(strchr(err, '\n'));
}

/* Every prefix, and one bit of each byte, in turn each of the eight. */
static void
test_every_damage_of_a_checkpoint_is_refused(void **state)
{
	char err[UR_ERR];
	struct course c;
	FILE *f = checkpoint_file();
	long size;

	(void)state;
	course_begin(&c, false, &quick);
	run(&c.train);
	assert_int_equal(ur_checkpoint_write(&c.train, &c.stage, f, err), 0);
	assert_int_equal(fflush(f), 0);
	size = ftell(f);
	for (long at = 0; at < size; at++) {
		uint8_t byte, flipped;

		assert_int_equal(pread(fileno(f), &byte, 1, at), 1);
		flipped = byte ^ (uint8_t)(1 << at % 8);
		assert_int_equal(pwrite(fileno(f), &flipped, 1, at), 1);
		assert_refused(&c, f);
		assert_int_equal(pwrite(fileno(f), &byte, 1, at), 1);
	}
	assert_int_equal(ur_checkpoint_read(&c.train, &c.stage, checkpoint_path(f), err), 1);
	while (size-- > 0) {
		assert_int_equal(ftruncate(fileno(f), size), 0);
		assert_refused(&c, f);
	}
	fclose(f);
	course_end(&c);
}

/* --- the game ----------------------------------------------------------------- */

/*
 * With min_steps 0 the reward is frozen to the bit, and the policy comes near the best one.  At this eta that is to
 * choose the largest reward; where several items share the choice, one score per item cannot always say how.
 */
static void
test_policy_alone_closes_the_gap(void **state)
{
	struct ur_settings set = quick;
	struct ur_data data;
	struct ur_model model;
	struct ur_train train;
	real *before;

	(void)state;
	make_choices(&data, 8, false, 0);
	make_model(&model, &data, true, 20);
	before = ur_alloc(model.params, sizeof(real));
	memcpy(before, model.param, model.params * sizeof(real));
	set.min_steps = 0;
	set.max_steps = 1;
	set.l2 = 0;
	set.batch = 8;
	set.iterations = 3000;
	set.eval_every = 100;
	begin(&train, &set, &data, &model);
	run(&train);
	assert_true(train.now.gap >= 0 && train.now.gap < 1e-3);
	for (int i = 0; i < model.tensors; i++) {
		const struct ur_tensor *t = &model.tensor[i];
		bool same = memcmp(before + t->at, model.param + t->at, t->n * sizeof(real)) == 0;

		assert_int_equal(same, strncmp(t->name, "policy.", 7) != 0);
	}
	free(before);
	ur_train_free(&train);
	ur_model_free(&model);
	ur_data_free(&data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pass_meets_every_user_once),
		cmocka_unit_test(test_draws),
		cmocka_unit_test(test_threads_change_no_byte),
		cmocka_unit_test(test_rows_never_met),
		cmocka_unit_test(test_lazy_adam_is_adam_when_all_is_met),
		cmocka_unit_test(test_a_row_catches_up),
		cmocka_unit_test(test_divergence),
		cmocka_unit_test(test_resume_anywhere),
		cmocka_unit_test(test_every_damage_of_a_checkpoint_is_refused),
		cmocka_unit_test(test_policy_alone_closes_the_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
