/* adversary.c - one round of the adversarial game; see ur-advtrain(1). */
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

/* The game as it stands on a shard, before anyone moves. */
static struct ur_sums
take_stock(const struct ur_arch *arch, const struct ur_shard *s)
{
	size_t steps = 0, again = 0;
	double loss = ur_loss_nll(&s->batch, TRAIN, UR_NO_CLICK_NONE, s->v, NULL, &again);
	double value = ur_loss_policy(&s->batch, TRAIN, arch->regularizer, arch->eta, false, s->u, s->v, NULL, NULL, &steps);
	double against = value - sum_of_picks(&s->batch, s->u);
	double gap = exact_value(arch, &s->batch, s->u, s->du) - against;

	return (struct ur_sums){ loss, value, against, gap > 0 ? gap : 0 /* but for rounding */, steps };
}

static void
scale(real *d, int n, double factor)
{
	for (int k = 0; k < n; k++)
		d[k] *= (real)factor;
}

/* 1 / steps of the iteration, with a sign. */
static double
mean_factor(const struct ur_train *train, double sign)
{
	return train->drawn.steps > 0 ? sign / (double)train->drawn.steps : 0;
}

static void
policy_forward(struct ur_train *train, struct ur_shard *s)
{
	s->v = ur_net_forward(train->model->policy, s->policy_work, &train->data->items, &s->batch, TRAIN, true);
}

/*
 * A reward that never moves is taken as it will be used, with the running statistics of its batch
 * normalisation; one that is trained, with those of the batch.
 */
static void
reward_forward(struct ur_train *train, struct ur_shard *s)
{
	s->u = ur_net_forward(train->model->reward, s->work, &train->data->items, &s->batch, TRAIN, train->set.min_steps > 0);
}

static void
look(void *arg, int i, int thread)
{
	struct ur_train *train = arg;
	struct ur_shard *s = &train->shards.shard[i];

	(void)thread;
	ur_shard_gather(&train->shards, i);
	reward_forward(train, s);
	policy_forward(train, s);
	s->sums = take_stock(&train->model->arch, s);
}

/* The policy climbs V. */
static void
climb(void *arg, int i, int thread)
{
	struct ur_train *train = arg;
	struct ur_shard *s = &train->shards.shard[i];
	const struct ur_arch *arch = &train->model->arch;
	size_t steps = 0;

	ur_loss_policy(&s->batch, TRAIN, arch->regularizer, arch->eta, false, s->u, s->v, NULL, s->dv, &steps);
	scale(s->dv, s->batch.K, mean_factor(train, -1));
	ur_shard_backward(&train->shards, i, thread, true);
}

/* The reward descends V - u of the pick. */
static void
descend(void *arg, int i, int thread)
{
	struct ur_train *train = arg;
	struct ur_shard *s = &train->shards.shard[i];
	const struct ur_arch *arch = &train->model->arch;
	size_t steps = 0;

	ur_loss_policy(&s->batch, TRAIN, arch->regularizer, arch->eta, true, s->u, s->v, s->du, NULL, &steps);
	scale(s->du, s->batch.K, mean_factor(train, 1));
	ur_shard_backward(&train->shards, i, thread, false);
}

static void
policy_again(void *arg, int i, int thread)
{
	struct ur_train *train = arg;

	(void)thread;
	policy_forward(train, &train->shards.shard[i]);
}

static void
reward_again(void *arg, int i, int thread)
{
	struct ur_train *train = arg;

	(void)thread;
	reward_forward(train, &train->shards.shard[i]);
}

void
ur_train_play(struct ur_train *train)
{
	const struct ur_settings *set = &train->set;
	const struct ur_model *model = train->model;
	struct ur_shards *shards = &train->shards;

	ur_shards_run(shards, look, train);
	train->drawn = ur_shards_sum(shards);
	for (int i = 0; i < set->max_steps; i++) {
		ur_shards_run(shards, climb, train);
		ur_net_track(model->policy, shards->shard[0].policy_work, model->param);
		ur_train_update(train, true);
		if (i + 1 < set->max_steps || set->min_steps > 0)
			ur_shards_run(shards, policy_again, train);
	}
	for (int i = 0; i < set->min_steps; i++) {
		ur_shards_run(shards, descend, train);
		ur_net_track(model->reward, shards->shard[0].work, model->param);
		ur_train_update(train, false);
		if (i + 1 < set->min_steps)
			ur_shards_run(shards, reward_again, train);
	}
}
