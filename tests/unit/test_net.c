/* The user model on batches made by hand: gradients by differences, what must not matter, and Adam. */
#include "numbers.h"

#include "mem.h"
#include "model.h"
#include "nn.h"
#include "optim.h"
#include "pool.h"

enum { ITEMS = 11, USERS = 7, MOST_STEPS = 6, MOST_ITEMS = 5 };

static const unsigned TRAINING = 1 << UR_TRAIN, ALL = 15;

static struct ur_arch
arch_of(enum ur_state state, bool batchnorm, int page)
{
	struct ur_arch arch = {
		.state = state, .hidden = 5, .pw_dim = 2, .pw_band = 3, .layers = 2, .dims = { 7, 6 }, .batchnorm = batchnorm, .eta = 1,
		.dense = 3, .onehots = 2, .page = page, .onehot_size = { 4, 6 }
	};

	return arch;
}

static void
make_items(struct ur_items *items, const struct ur_arch *arch)
{
	memset(items, 0, sizeof *items);
	items->rows = ITEMS;
	items->dense = arch->dense;
	items->onehots = arch->onehots;
	items->x = ur_alloc(ITEMS * (size_t)arch->dense, sizeof *items->x);
	items->code = ur_alloc(ITEMS * (size_t)arch->onehots, sizeof *items->code);
	fill(items->x, ITEMS * (size_t)arch->dense, 1);
	for (int i = 0; i < ITEMS * arch->onehots; i++)
		items->code[i] = (uint32_t)ur_rng_below(&rng, arch->onehot_size[i % arch->onehots]);
}

static void
free_items(struct ur_items *items)
{
	free(items->x);
	free(items->code);
}

static void
room(struct ur_batch *b, int users, int page)
{
	size_t steps = (size_t)users * MOST_STEPS, items = steps * MOST_ITEMS;

	memset(b, 0, sizeof *b);
	b->P = page;
	b->user_off = ur_calloc((size_t)users + 1, sizeof *b->user_off);
	b->item_off = ur_calloc(steps + 1, sizeof *b->item_off);
	b->role = ur_calloc(steps, sizeof *b->role);
	b->pick = ur_calloc(steps, sizeof *b->pick);
	b->item = ur_calloc(items, sizeof *b->item);
	b->page = ur_calloc(items * (size_t)page, sizeof *b->page);
}

/* Users with 0 to 5 steps of 1 to 5 items, all roles, some without a pick, page features of few values. */
static void
make_batch(struct ur_batch *b, int users, int page)
{
	room(b, users, page);
	for (b->U = 0; b->U < users; b->user_off[++b->U] = b->N)
		for (uint64_t left = ur_rng_below(&rng, MOST_STEPS); left > 0; left--) {
			int size = 1 + (int)ur_rng_below(&rng, MOST_ITEMS);

			for (int k = 0; k < size; k++, b->K++) {
				b->item[b->K] = (uint32_t)ur_rng_below(&rng, ITEMS);
				for (int p = 0; p < page; p++)
					b->page[b->K * page + p] = (real)ur_rng_below(&rng, 2);
			}
			b->pick[b->N] = (int32_t)ur_rng_below(&rng, (uint64_t)size + 1) - 1;
			b->role[b->N] = ur_rng_below(&rng, 2) ? UR_TRAIN : (uint8_t)ur_rng_below(&rng, 4);
			b->item_off[++b->N] = b->K;
		}
}

static void
free_batch(struct ur_batch *b)
{
	free(b->user_off);
	free(b->item_off);
	free(b->role);
	free(b->pick);
	free(b->item);
	free(b->page);
}

struct fixture {
	struct ur_model model;
	struct ur_items items;
	struct ur_batch batch;
	struct ur_work *work;
	bool training;
	real *du, *grad;
};

static void
set_up(struct fixture *f, enum ur_state state, bool batchnorm, int page, int users)
{
	struct ur_arch arch = arch_of(state, batchnorm, page);

	memset(f, 0, sizeof *f);
	ur_model_init(&f->model, &arch);
	fill(f->model.param, f->model.params, .7);
	for (int i = 0; i < f->model.tensors; i++)
		if (strstr(f->model.tensor[i].name, "bn.var") != NULL)
			for (size_t k = 0; k < f->model.tensor[i].n; k++)
				f->model.param[f->model.tensor[i].at + k] = (real)(.5 + ur_rng_uniform(&rng));
	make_items(&f->items, &arch);
	make_batch(&f->batch, users, page);
	f->work = ur_work_new();
	f->training = true;
	f->du = ur_calloc((size_t)f->batch.K, sizeof *f->du);
	f->grad = ur_calloc(f->model.params, sizeof *f->grad);
	fill(f->du, (size_t)f->batch.K, 1);
}

static void
tear_down(struct fixture *f)
{
	ur_model_free(&f->model);
	free_items(&f->items);
	free_batch(&f->batch);
	ur_work_free(f->work);
	free(f->du);
	free(f->grad);
}

static const real *
forward(struct fixture *f, unsigned roles)
{
	return ur_net_forward(f->model.reward, f->work, &f->items, &f->batch, roles, f->training);
}

static double
weighted_sum(void *context)
{
	struct fixture *f = context;
	const real *u = forward(f, TRAINING);
	double sum = 0;

	for (int k = 0; k < f->batch.K; k++)
		sum += f->du[k] * u[k];
	return sum;
}

static void
check_gradient(enum ur_state state, bool batchnorm, int page, bool training)
{
	struct fixture f;

	set_up(&f, state, batchnorm, page, USERS);
	f.training = training;
	weighted_sum(&f);
	ur_net_backward(f.model.reward, f.work, f.du, f.grad);
	for (int i = 0; i < f.model.tensors; i++) {
		const struct ur_tensor *t = f.model.tensor + i;

		if (t->trained)
			gradient(weighted_sum, &f, f.model.param + t->at, f.grad + t->at, t->n, t->name);
	}
	tear_down(&f);
}

static void
test_gradient(void **state)
{
	(void)state;
	for (enum ur_state s = UR_LSTM; s <= UR_NO_STATE; s++)
		for (int page = 0; page < 3; page++) {
			check_gradient(s, false, page, true);
			check_gradient(s, true, page, true);
			check_gradient(s, true, page, false);
		}
}

/* A linear model, and one with a single wide layer and more rows than a tile. */
static void
test_gradient_shapes(void **state)
{
	(void)state;
	for (enum ur_state s = UR_LSTM; s <= UR_NO_STATE; s++)
		for (int layers = 0; layers < 2; layers++) {
			struct fixture f;
			struct ur_arch arch = arch_of(s, false, 1);

			set_up(&f, s, false, 1, 40);
			ur_model_free(&f.model);
			free(f.grad);
			arch.layers = layers;
			arch.dims[0] = 19;
			ur_model_init(&f.model, &arch);
			fill(f.model.param, f.model.params, .7);
			f.grad = ur_calloc(f.model.params, sizeof *f.grad);
			weighted_sum(&f);
			ur_net_backward(f.model.reward, f.work, f.du, f.grad);
			for (int i = 0; i < f.model.tensors; i++)
				gradient(weighted_sum, &f, f.model.param + f.model.tensor[i].at, f.grad + f.model.tensor[i].at,
				    f.model.tensor[i].n, f.model.tensor[i].name);
			tear_down(&f);
		}
}

/* A gradient is added to what is there. */
static void
test_gradient_adds(void **state)
{
	struct fixture f;
	real *once;

	(void)state;
	set_up(&f, UR_LSTM, false, 2, USERS);
	forward(&f, TRAINING);
	ur_net_backward(f.model.reward, f.work, f.du, f.grad);
	once = ur_alloc(f.model.params, sizeof *once);
	memcpy(once, f.grad, f.model.params * sizeof *once);
	forward(&f, TRAINING);
	ur_net_backward(f.model.reward, f.work, f.du, f.grad);
	for (size_t i = 0; i < f.model.params; i++)
		close(f.grad[i], 2 * once[i], 1e-5);
	free(once);
	tear_down(&f);
}

/* The gradient of users first .. first + n - 1 of the batch, scores of theirs compared with u. */
static void
part_gradient(struct fixture *f, int first, int n, const real *u)
{
	struct ur_batch whole = f->batch;
	const real *part;

	f->batch.user_off += first;
	f->batch.U = n;
	part = forward(f, ALL);
	for (int k = whole.item_off[f->batch.user_off[0]]; k < whole.item_off[f->batch.user_off[n]]; k++)
		assert_true(part[k] == u[k]);
	ur_net_backward(f->model.reward, f->work, f->du, f->grad);
	f->batch = whole;
}

/* A batch whose values are not all kept for the way back: scores and gradient are those of its parts, whatever the threads. */
static void
test_large_batch(void **state)
{
	enum { MANY = 20000, PARTS = 5 };
	const double tolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-4;
	struct ur_pool *pool = ur_pool_new(2);
	struct fixture f;
	double most;
	real *u, *grad;

	(void)state;
	set_up(&f, UR_LSTM, false, 1, MANY);
	u = ur_alloc((size_t)f.batch.K, sizeof *u);
	memcpy(u, forward(&f, ALL), (size_t)f.batch.K * sizeof *u);
	ur_net_backward(f.model.reward, f.work, f.du, f.grad);
	grad = ur_calloc(f.model.params, sizeof *grad);
	ur_work_share(f.work, pool, 2);
	assert_memory_equal(forward(&f, ALL), u, (size_t)f.batch.K * sizeof *u);
	ur_net_backward(f.model.reward, f.work, f.du, grad);
	assert_memory_equal(grad, f.grad, f.model.params * sizeof *grad);
	ur_work_share(f.work, NULL, 1);
	memset(f.grad, 0, f.model.params * sizeof *f.grad);
	for (int part = 0; part < PARTS; part++)
		part_gradient(&f, part * (MANY / PARTS), MANY / PARTS, u);
	most = largest(grad, f.model.params);
	for (size_t i = 0; i < f.model.params; i++)
		assert_true(fabs(grad[i] - f.grad[i]) <= tolerance * most);
	free(u);
	free(grad);
	tear_down(&f);
	ur_pool_free(pool);
}

static int
step_of(const struct ur_batch *b, int k)
{
	int n = 0;

	while (b->item_off[n + 1] <= k)
		n++;
	return n;
}

/* Steps of other roles hold 0 and change nothing; the selected ones have the bytes they have among all. */
static void
test_roles(void **state)
{
	(void)state;
	for (enum ur_state s = UR_LSTM; s <= UR_NO_STATE; s++) {
		struct fixture f;
		real *all;

		set_up(&f, s, true, 1, 30);
		f.training = false;
		all = ur_alloc((size_t)f.batch.K, sizeof *all);
		memcpy(all, forward(&f, ALL), (size_t)f.batch.K * sizeof *all);
		for (unsigned role = UR_TRAIN; role <= UR_CONTEXT; role++) {
			const real *u = forward(&f, 1u << role);

			for (int k = 0; k < f.batch.K; k++)
				assert_true(u[k] == (f.batch.role[step_of(&f.batch, k)] == role ? all[k] : 0));
		}
		free(all);
		tear_down(&f);
	}
}

/* The pick of a step does not touch its own scores, bit for bit; it does touch later ones of the same user. */
static void
test_pick(void **state)
{
	(void)state;
	for (enum ur_state s = UR_LSTM; s < UR_NO_STATE; s++) {
		struct fixture f;
		real *before;
		int later = 0;

		set_up(&f, s, false, 1, 10);
		before = ur_alloc((size_t)f.batch.K, sizeof *before);
		memcpy(before, forward(&f, ALL), (size_t)f.batch.K * sizeof *before);
		for (int i = 0; i < f.batch.U; i++)
			for (int n = f.batch.user_off[i]; n < f.batch.user_off[i + 1]; n++) {
				int32_t old = f.batch.pick[n];
				int end = f.batch.item_off[n + 1];
				const real *u;

				for (int32_t pick = -1; pick < end - f.batch.item_off[n]; pick++) {
					f.batch.pick[n] = pick;
					u = forward(&f, ALL);
					assert_memory_equal(u, before, (size_t)end * sizeof *u);
					later += memcmp(u, before, (size_t)f.batch.K * sizeof *u) != 0;
					for (int k = f.batch.item_off[f.batch.user_off[i + 1]]; k < f.batch.K; k++)
						assert_true(u[k] == before[k]);
				}
				f.batch.pick[n] = old;
			}
		assert_true(later > 0);
		free(before);
		tear_down(&f);
	}
}

/* A user's scores have the same bytes alone as among others. */
static void
test_alone(void **state)
{
	(void)state;
	for (enum ur_state s = UR_LSTM; s <= UR_NO_STATE; s++) {
		struct fixture f;
		struct ur_batch whole;
		real *all;

		set_up(&f, s, false, 2, 25);
		whole = f.batch;
		all = ur_alloc((size_t)whole.K, sizeof *all);
		memcpy(all, forward(&f, ALL), (size_t)whole.K * sizeof *all);
		for (int i = 0; i < whole.U; i++) {
			int n = whole.user_off[i], k = whole.item_off[n], user_off[2] = { 0, whole.user_off[i + 1] - n };
			int item_off[MOST_STEPS + 1];

			for (int j = 0; j <= user_off[1]; j++)
				item_off[j] = whole.item_off[n + j] - k;
			f.batch = (struct ur_batch){
				.U = 1, .N = user_off[1], .K = item_off[user_off[1]], .P = 2, .user_off = user_off, .item_off = item_off,
				.role = whole.role + n, .pick = whole.pick + n, .item = whole.item + k, .page = whole.page + 2 * k
			};
			assert_memory_equal(forward(&f, ALL), all + k, (size_t)f.batch.K * sizeof *all);
		}
		f.batch = whole;
		free(all);
		tear_down(&f);
	}
}

/* No users, and no step of a role. */
static void
test_nothing(void **state)
{
	(void)state;
	for (enum ur_state s = UR_LSTM; s <= UR_NO_STATE; s++) {
		struct fixture f;

		set_up(&f, s, true, 1, 0);
		forward(&f, ALL);
		ur_net_backward(f.model.reward, f.work, f.du, f.grad);
		ur_net_track(f.model.reward, f.work, f.model.param);
		for (size_t i = 0; i < f.model.params; i++)
			assert_true(f.grad[i] == 0 && isfinite(f.model.param[i]));
		tear_down(&f);
		set_up(&f, s, true, 1, 5);
		memset(f.batch.role, UR_CONTEXT, (size_t)f.batch.N);
		forward(&f, TRAINING);
		ur_net_backward(f.model.reward, f.work, f.du, f.grad);
		for (size_t i = 0; i < f.model.params; i++)
			assert_true(f.grad[i] == 0);
		tear_down(&f);
	}
}

/* NaN in one item's features reaches the steps that show it or come after its pick, and no other. */
static void
test_nan(void **state)
{
	struct fixture f;
	const real *u;

	(void)state;
	set_up(&f, UR_NO_STATE, false, 0, 20);
	f.items.x[4 * f.items.dense] = NAN;
	u = forward(&f, ALL);
	for (int k = 0; k < f.batch.K; k++)
		assert_true(!isnan(u[k]) == (f.batch.item[k] != 4));
	tear_down(&f);
}

/* Items alike share a row; two equal steps in a batch weigh as two. */
static void
test_repeats(void **state)
{
	struct ur_batch b;
	struct fixture f;
	const real *u;

	(void)state;
	set_up(&f, UR_LSTM, true, 1, 1);
	free_batch(&f.batch);
	room(&b, 3, 1);
	b.U = 3, b.N = 3, b.K = 6;
	for (int n = 0; n < 3; n++) {
		b.user_off[n + 1] = n + 1;
		b.item_off[n + 1] = 2 * n + 2;
		b.item[2 * n] = 1, b.item[2 * n + 1] = 2;
	}
	b.page[5] = 1;
	f.batch = b;
	u = forward(&f, TRAINING);
	assert_true(u[0] == u[2] && u[2] == u[4] && u[1] == u[3] && u[1] != u[5]);
	free(f.du);
	f.du = ur_calloc(6, sizeof *f.du);
	fill(f.du, 6, 1);
	ur_net_backward(f.model.reward, f.work, f.du, f.grad);
	gradient(weighted_sum, &f, f.model.param, f.grad, ur_model_tensor(&f.model, "mlp.0.bn.mean")->at, "param");
	tear_down(&f);
}

/* Running statistics come to those of the batch, and evaluation then gives what training gave. */
static void
test_track(void **state)
{
	struct fixture f;
	real *training;

	(void)state;
	set_up(&f, UR_LSTM, true, 1, USERS);
	training = ur_alloc((size_t)f.batch.K, sizeof *training);
	memcpy(training, forward(&f, TRAINING), (size_t)f.batch.K * sizeof *training);
	for (int i = 0; i < 4000; i++)
		ur_net_track(f.model.reward, f.work, f.model.param);
	f.training = false;
	for (int k = 0; k < f.batch.K; k++)
		close(forward(&f, TRAINING)[k], training[k], 1e-4);
	free(training);
	tear_down(&f);
}

/* --- losses over batches -------------------------------------------------------- */

static void
test_losses(void **state)
{
	struct fixture f;
	real *u, *du;
	size_t steps = 0, picks = 0, want = 0, want_picks = 0;
	double sum = 0;

	(void)state;
	set_up(&f, UR_NO_STATE, false, 0, 20);
	u = ur_alloc((size_t)f.batch.K, sizeof *u);
	du = ur_alloc((size_t)f.batch.K, sizeof *du);
	fill(u, (size_t)f.batch.K, 2);
	for (int n = 0; n < f.batch.N; n++) {
		bool in = f.batch.role[n] == UR_TRAIN;
		double each = 1;

		for (int k = f.batch.item_off[n]; k < f.batch.item_off[n + 1]; k++)
			each += exp((double)u[k]);
		sum += in ? log(each) - (f.batch.pick[n] < 0 ? 0 : u[f.batch.item_off[n] + f.batch.pick[n]]) : 0;
		want += in;
		want_picks += in && f.batch.pick[n] >= 0;
	}
	close(ur_loss_nll(&f.batch, TRAINING, UR_NO_CLICK_ZERO, u, du, &steps), sum, 1e-5);
	assert_int_equal(steps, want);
	for (int k = 0; k < f.batch.K; k++)
		assert_true((f.batch.role[step_of(&f.batch, k)] == UR_TRAIN) == (du[k] != 0));
	ur_loss_nll(&f.batch, TRAINING, UR_NO_CLICK_NONE, u, NULL, &picks);
	assert_int_equal(picks, want_picks);
	ur_loss_sparsemax(&f.batch, TRAINING, 1, u, du, &picks);
	ur_loss_policy(&f.batch, TRAINING, UR_SHANNON, 1, true, u, u, NULL, du, &picks);
	assert_int_equal(picks, 3 * want_picks);
	free(u);
	free(du);
	tear_down(&f);
}

/* Sets of many sizes in a row, some too wide to share their exponentials with others. */
static void
test_wide_sets(void **state)
{
	enum { STEPS = 300, MOST = 700 };
	static int item_off[STEPS + 1];
	static int32_t pick[STEPS];
	static uint8_t role[STEPS];
	static real u[STEPS * MOST], du[STEPS * MOST], one[MOST];
	struct ur_batch b = { .U = 1, .N = STEPS, .item_off = item_off, .pick = pick, .role = role };

	(void)state;
	for (int n = 0; n < STEPS; n++) {
		static const int size[] = { 1, 4, 511, 2, 700, 33, 512, 1, 3, 1, 1 };

		item_off[n + 1] = item_off[n] + size[n % 11];
		pick[n] = n % 5 == 4 ? -1 : n % size[n % 11];
	}
	b.K = item_off[STEPS];
	fill(u, (size_t)b.K, 3);
	for (int rule = UR_NO_CLICK_NONE; rule <= UR_NO_CLICK_ZERO; rule++) {
		double sum = 0, alone = 0;
		size_t steps = 0, want = 0;

		sum = ur_loss_nll(&b, TRAINING, (enum ur_no_click)rule, u, du, &steps);
		for (int n = 0; n < STEPS; n++) {
			int k = item_off[n], K = item_off[n + 1] - k;
			struct ur_batch step = { .U = 1, .N = 1, .K = K, .item_off = (int[]){ 0, K }, .pick = pick + n, .role = role };

			alone += ur_loss_nll(&step, TRAINING, (enum ur_no_click)rule, u + k, one, &want);
			assert_memory_equal(one, du + k, (size_t)K * sizeof *one);
		}
		close(sum, alone, 1e-12);
		assert_int_equal(steps, want);
		close(ur_loss_nll(&b, TRAINING, (enum ur_no_click)rule, u, NULL, &steps), sum, 1e-15);
	}
}

static void
test_probabilities(void **state)
{
	real u[3] = { 1, 2, -1e4f };
	double p[3];

	(void)state;
	ur_project(p, u, 3, .5);
	close(p[0], .25, 1e-12);
	close(p[1], .75, 1e-12);
	assert_true(p[2] == 0);
}

/* --- Adam ------------------------------------------------------------------------- */

static void
test_adam(void **state)
{
	enum { N = 37 };
	struct ur_adam adam = { .lr = 1e-2, .beta1 = .9, .beta2 = .999, .epsilon = 1e-8 };
	real w[N], g[N], m[N] = { 0 }, v[N] = { 0 };
	double x[N], mean[N] = { 0 }, square[N] = { 0 };

	(void)state;
	fill(w, N, 1);
	for (int i = 0; i < N; i++)
		x[i] = w[i];
	for (adam.t = 1; adam.t <= 20; adam.t++) {
		fill(g, N, 1);
		g[3] = 0;
		for (int i = 0; i < N; i++) {
			double d = g[i] + .1 * x[i];

			mean[i] = .9 * mean[i] + .1 * d;
			square[i] = .999 * square[i] + .001 * d * d;
			x[i] -= 1e-2 * mean[i] / (1 - pow(.9, (double)adam.t)) / (sqrt(square[i] / (1 - pow(.999, (double)adam.t))) + 1e-8);
		}
		ur_adam_step(&adam, .1, w, m, v, g, N);
		for (int i = 0; i < N; i++) {
			close(w[i], x[i], 1e-5);
			assert_true(g[i] == 0);
		}
	}
}

/* One call or many, the bytes are the same; a value whose gradient was never anything stays. */
static void
test_adam_cut(void **state)
{
	enum { N = 41 };
	struct ur_adam adam = { .lr = 1e-2, .beta1 = .9, .beta2 = .999, .epsilon = 1e-8, .t = 1 };
	real w[2][N], g[2][N], m[2][N] = { { 0 } }, v[2][N] = { { 0 } }, old;

	(void)state;
	fill(w[0], N, 1);
	fill(g[0], N, 1);
	g[0][5] = 0;
	old = w[0][5];
	memcpy(w[1], w[0], sizeof w[0]);
	memcpy(g[1], g[0], sizeof g[0]);
	ur_adam_step(&adam, 0, w[0], m[0], v[0], g[0], N);
	ur_adam_step(&adam, 0, w[1], m[1], v[1], g[1], 9);
	ur_adam_step(&adam, 0, w[1] + 9, m[1] + 9, v[1] + 9, g[1] + 9, N - 9);
	assert_memory_equal(w[0], w[1], sizeof w[0]);
	assert_memory_equal(v[0], v[1], sizeof v[0]);
	assert_true(w[0][5] == old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gradient), cmocka_unit_test(test_gradient_shapes), cmocka_unit_test(test_gradient_adds),
		cmocka_unit_test(test_large_batch), cmocka_unit_test(test_roles), cmocka_unit_test(test_pick), cmocka_unit_test(test_alone),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_nan), cmocka_unit_test(test_repeats), cmocka_unit_test(test_track), cmocka_unit_test(test_losses),
		cmocka_unit_test(test_wide_sets), cmocka_unit_test(test_probabilities), cmocka_unit_test(test_adam), cmocka_unit_test(test_adam_cut)
	};

	ur_rng_seed(&rng, 2, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
