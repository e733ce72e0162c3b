/* adversary.c - one round of the adversarial game; see ur-advtrain(1). */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "train.h"

enum { TRAIN = 1 << UR_TRAIN };

static double
sum_of_picks(const struct ur_batch *batch, const real *u)
{
	double sum = 0;

	for (int n = 0; n < batch->N; n++)
		if (batch->role[n] == UR_TRAIN && batch->pick[n] >= 0)
			sum += (double)u[batch->item_off[n] + batch->pick[n]];
	return sum;
}

/*
 * Sum over steps of max V - u of the pick.  Under L2 the sparsemax loss is max V - V(pick), and V(pick) = u -
 * 1/(2 eta); under Shannon max V = log(sum exp(eta u)) / eta.  scratch [batch->K].
 */
static double
exact_value(const struct ur_arch *arch, const struct ur_batch *batch, const real *u, real *scratch)
{
	size_t steps = 0;
	double loss;

	if (arch->regularizer == UR_L2) {
		loss = ur_loss_sparsemax(batch, TRAIN, arch->eta, u, NULL, &steps);
		return loss - (double)steps / (2 * arch->eta);
	}
	for (int k = 0; k < batch->K; k++)
		scratch[k] = (real)arch->eta * u[k];
	return ur_loss_nll(batch, TRAIN, UR_NO_CLICK_NONE, scratch, NULL, &steps) / arch->eta;
}

/* The game as it stands on this batch, before anyone moves. */
static struct ur_sums
take_stock(const struct ur_train *train, const real *u, const real *v)
{
	const struct ur_arch *arch = &train->model->arch;
	const struct ur_batch *batch = &train->batch;
	size_t steps = 0, again = 0;
	double loss = ur_loss_nll(batch, TRAIN, UR_NO_CLICK_NONE, v, NULL, &again);
	double value = ur_loss_policy(batch, TRAIN, arch->regularizer, arch->eta, false, u, v, NULL, NULL, &steps);
	double against = value - sum_of_picks(batch, u);
	double gap = exact_value(arch, batch, u, train->du) - against;

	return (struct ur_sums){ loss, value, against, gap > 0 ? gap : 0 /* but for rounding */, steps };
}

static const real *
policy_forward(struct ur_train *train)
{
	return ur_net_forward(train->model->policy, train->policy_work, &train->data->items, &train->batch, TRAIN, true);
}

/* --- a reward that never moves ------------------------------------------------ */

/* It is taken as it will be used, with the running statistics of its batch normalisation. */
static const real *
frozen_forward(struct ur_train *train, const struct ur_batch *batch)
{
	return ur_net_forward(train->model->reward, train->work, &train->data->items, batch, TRAIN, false);
}

static void
freeze(struct ur_train *train)
{
	struct ur_frozen *frozen = &train->frozen;
	struct ur_batch spare = { 0 };
	struct ur_pass pass;
	size_t n = 0;

	frozen->at = ur_calloc(train->data->users, sizeof *frozen->at);
	ur_pass_init(&pass, train->data, TRAIN);
	for (size_t i = 0, user = 0; i < pass.chunks; i++) {
		const struct ur_batch *batch = ur_pass_chunk(&pass, i, &spare);
		const real *u = frozen_forward(train, batch);

		UR_GROW(frozen->all, frozen->all_cap, n + (size_t)batch->K);
		memcpy(frozen->all + n, u, (size_t)batch->K * sizeof *u);
		for (int k = 0; k < batch->U; k++)
			frozen->at[pass.user[user++]] = n + (size_t)batch->item_off[batch->user_off[k]];
		n += (size_t)batch->K;
	}
	ur_batch_free(&spare);
	ur_pass_free(&pass);
}

static const real *
look_up(struct ur_train *train)
{
	struct ur_frozen *frozen = &train->frozen;
	const struct ur_batch *batch = &train->batch;

	UR_GROW(frozen->u, frozen->u_cap, (size_t)batch->K);
	for (int i = 0; i < batch->U; i++) {
		size_t first = (size_t)batch->item_off[batch->user_off[i]], end = (size_t)batch->item_off[batch->user_off[i + 1]];

		memcpy(frozen->u + first, frozen->all + frozen->at[train->draw.user[i]], (end - first) * sizeof *frozen->u);
	}
	return frozen->u;
}

void
ur_frozen_free(struct ur_frozen *frozen)
{
	free(frozen->all);
	free(frozen->at);
	free(frozen->u);
	*frozen = (struct ur_frozen){ 0 };
}

/* Are so many users drawn in the whole course that one pass over all of them is less work? */
static bool
meets_all(const struct ur_train *train)
{
	return (double)train->set.iterations * (double)train->draw.n >= (double)train->draw.users;
}

static const real *
reward_forward(struct ur_train *train)
{
	if (train->set.min_steps > 0)
		return ur_net_forward(train->model->reward, train->work, &train->data->items, &train->batch, TRAIN, true);
	if (!meets_all(train))
		return frozen_forward(train, &train->batch);
	if (train->frozen.at == NULL)
		freeze(train);
	return look_up(train);
}

/* --- the steps ------------------------------------------------------------------ */

static void
scale(real *d, int n, double factor)
{
	for (int k = 0; k < n; k++)
		d[k] *= (real)factor;
}

/* The policy climbs V. */
static void
max_step(struct ur_train *train, const real *u, const real *v)
{
	const struct ur_model *model = train->model;
	size_t steps = 0;

	ur_loss_policy(&train->batch, TRAIN, model->arch.regularizer, model->arch.eta, false, u, v, NULL, train->dv, &steps);
	scale(train->dv, train->batch.K, steps > 0 ? -1 / (double)steps : 0);
	ur_net_backward(model->policy, train->policy_work, train->dv, train->at.g);
	ur_net_track(model->policy, train->policy_work, model->param);
	ur_train_update(train, true);
}

/* The reward descends V - u of the pick. */
static void
min_step(struct ur_train *train, const real *u, const real *v)
{
	const struct ur_model *model = train->model;
	size_t steps = 0;

	ur_loss_policy(&train->batch, TRAIN, model->arch.regularizer, model->arch.eta, true, u, v, train->du, NULL, &steps);
	scale(train->du, train->batch.K, steps > 0 ? 1 / (double)steps : 0);
	ur_net_backward(model->reward, train->work, train->du, train->at.g);
	ur_net_track(model->reward, train->work, model->param);
	ur_train_update(train, false);
}

void
ur_train_play(struct ur_train *train)
{
	const struct ur_settings *set = &train->set;
	const real *u = reward_forward(train), *v = policy_forward(train);

	train->drawn = take_stock(train, u, v);
	for (int i = 0; i < set->max_steps; i++) {
		max_step(train, u, v);
		if (i + 1 < set->max_steps || set->min_steps > 0)
			v = policy_forward(train);
	}
	for (int i = 0; i < set->min_steps; i++) {
		min_step(train, u, v);
		if (i + 1 < set->min_steps)
			u = reward_forward(train);
	}
}
