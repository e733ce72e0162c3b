/* The conditional logit: it reaches the optimum, from anywhere, with and without no-click. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "choices.h"
#include "ridge.h"

enum { TRAIN = 1 << UR_TRAIN };

static void
make_logit(struct ur_model *model, const struct ur_data *data, enum ur_no_click no_click, double size)
{
	struct ur_arch arch = { .state = UR_NO_STATE, .no_click = no_click, .eta = 1 };
	struct ur_rng rng;

	ur_arch_input(&arch, &data->header.spec);
	ur_model_init(model, &arch);
	ur_rng_seed(&rng, 3, 0);
	for (size_t i = 0; i < model->params; i++)
		model->param[i] = (real)(size * ur_rng_normal(&rng));
}

/* mean nll + lambda/2 |w|^2, by the network itself. */
static double
objective(const struct ur_model *model, const struct ur_data *data, double lambda)
{
	struct ur_work *work = ur_work_new();
	struct ur_batch spare = { 0 };
	struct ur_pass pass;
	double loss = 0, square = 0;
	size_t steps = 0;

	ur_pass_init(&pass, data, TRAIN);
	for (size_t i = 0; i < pass.chunks; i++) {
		const struct ur_batch *batch = ur_pass_chunk(&pass, i, &spare);
		const real *u = ur_net_forward(model->reward, work, &data->items, batch, TRAIN, false);

		loss += ur_loss_nll(batch, TRAIN, model->arch.no_click, u, NULL, &steps);
	}
	for (int i = 0; i < model->tensors; i++)
		for (size_t j = 0; model->tensor[i].matrix && j < model->tensor[i].n; j++)
			square += pow((double)model->param[model->tensor[i].at + j], 2);
	ur_batch_free(&spare);
	ur_pass_free(&pass);
	ur_work_free(work);
	return loss / (double)steps + lambda / 2 * square;
}

/* Fits from a start of the given size; returns the optimum's value. */
static double
fit(struct ur_model *model, const struct ur_data *data, enum ur_no_click no_click, double size, double lambda)
{
	struct ur_ridge ridge;
	struct ur_pass pass;
	char err[UR_ERR];
	double value;

	make_logit(model, data, no_click, size);
	ur_pass_init(&pass, data, TRAIN);
	ur_ridge_init(&ridge, &pass, model);
	if (ur_ridge_fit(&ridge, lambda, err) < 0)
		fail_msg("%s", err);
	ur_ridge_store(&ridge, model);
	value = ridge.objective;
	ur_ridge_free(&ridge);
	ur_pass_free(&pass);
	return value;
}

static void
test_equal_from_any_start(void **state)
{
	struct ur_data data;

	(void)state;
	make_choices(&data, 60, false, 2);
	for (int no_click = 0; no_click < 2; no_click++)
		for (double lambda = 1; lambda > 1e-6; lambda /= 100) {
			struct ur_model a, b;
			double near = fit(&a, &data, (enum ur_no_click)no_click, .01, lambda);
			double far = fit(&b, &data, (enum ur_no_click)no_click, 10, lambda);

			assert_true(fabs(near - far) < 1e-8);
			ur_model_free(&a);
			ur_model_free(&b);
		}
	ur_data_free(&data);
}

/* The network agrees with the value told, and no step along a parameter lowers it. */
static void
test_it_is_the_optimum(void **state)
{
	const double lambda = .01, h = 1e-2, rounding = sizeof(real) == 4 ? 1e-6 : 1e-12;
	struct ur_data data;

	(void)state;
	make_choices(&data, 60, false, 2);
	for (int no_click = 0; no_click < 2; no_click++) {
		struct ur_model model;
		double best = fit(&model, &data, (enum ur_no_click)no_click, .1, lambda);

		assert_true(fabs(objective(&model, &data, lambda) - best) < rounding);
		for (size_t i = 0; i < model.params; i++)
			for (int sign = -1; sign <= 1; sign += 2) {
				real before = model.param[i];

				model.param[i] += (real)(sign * h);
				assert_true(objective(&model, &data, lambda) > best - rounding);
				model.param[i] = before;
			}
		ur_model_free(&model);
	}
	ur_data_free(&data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_from_any_start),
		cmocka_unit_test(test_it_is_the_optimum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
