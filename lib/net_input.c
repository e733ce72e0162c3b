/*
 * net_input.c - the first layer and the state, which meet items and states once each instead of once per shown item.
 */
#include <string.h>

#include "mem.h"
#include "net.h"
#include "nn.h"

/* --- items ----------------------------------------------------------------- */

static void
grow_inputs(const struct ur_net *net, struct ur_inputs *in, size_t n)
{
	in->n = n;
	ur_reals_need(&in->x, n * net->dense);
	UR_GROW(in->code, in->code_cap, n * net->onehots + 1);
}

/* What items first .. first + n - 1 give layer 0 or the LSTM: their dense columns, and their rows of the one-hots' tables. */
static void
read_inputs(const struct ur_net *net, const struct ur_items *items, const uint32_t *row, size_t first, size_t n, struct ur_inputs *in)
{
	uint32_t *code = in->code + first * net->onehots;

	ur_gather_rows(in->x.p + first * net->dense, items->x, row + first, n, net->dense);
	for (size_t i = first; i < first + n; i++)
		for (size_t c = 0; c < net->onehots; c++)
			*code++ = (uint32_t)net->onehot_at[c] + items->code[row[i] * net->onehots + c];
}

/* out [n,width] = b + x W of inputs first .. first + n - 1: W's rows are the dense columns, then the tables. */
static void
project(const struct ur_net *net, const struct ur_inputs *in, size_t first, size_t n, const real *W, const real *b,
    real *out, size_t stride, size_t width)
{
	ur_onehot_rows(out, stride, b, W, in->code + first * net->onehots, n, net->onehots, width);
	if (net->dense > 0)
		ur_gemm(out, stride, out, stride, in->x.p + first * net->dense, net->dense, 1, W, width, n, width, net->dense);
}

/* The gradient of rows first .. first + n - 1 of W, dense columns, from that of the projection. */
static void
dense_backward(const struct ur_net *net, const struct ur_inputs *in, size_t first, size_t n, real *dW, const real *dout,
    size_t stride, size_t width)
{
	real *rows = dW + first * width;

	ur_gemm(rows, width, rows, width, in->x.p + first, 1, net->dense, dout, stride, n, width, in->n);
}

static void
project_backward(const struct ur_net *net, const struct ur_inputs *in, real *dW, const real *dout, size_t stride, size_t width)
{
	ur_onehot_rows_backward(dW, in->code, dout, stride, in->n, net->onehots, width);
	dense_backward(net, in, 0, net->dense, dW, dout, stride, width);
}

static size_t
users_at(const struct ur_plan *plan, size_t t)
{
	return plan->time_off.p[t + 1] - plan->time_off.p[t];
}

/* --- LSTM ---------------------------------------------------------------- */

static void
lstm_forward(const struct ur_net *net, struct ur_work *work)
{
	const struct ur_plan *plan = &work->plan;
	size_t H = net->H, width = net->width[0];
	const real *wh = net->param + net->wh;
	real *q = ur_reals_need(&work->q, plan->picks * 4 * H), *gates = ur_reals_need(&work->gates, plan->moves * 4 * H);
	real *c = ur_reals_need(&work->c, plan->moves * H), *tc = ur_reals_need(&work->tc, plan->moves * H);
	real *h = ur_reals_need(&work->h, plan->moves * H), *slot_h = ur_reals_need(&work->slot_h, plan->slots * H);

	project(net, &work->pick_in, 0, plan->picks, net->param + net->wx, net->param + net->b, q, 4 * H, 4 * H);
	ur_gather_rows(gates, q, plan->move_pick.p, plan->moves, 4 * H);
	for (size_t t = 0; t < plan->times; t++) {
		size_t at = plan->time_off.p[t], before = t > 0 ? plan->time_off.p[t - 1] : 0, n = users_at(plan, t);
		real *g = gates + at * 4 * H;

		if (t > 0)
			ur_gemm(g, 4 * H, g, 4 * H, h + before * H, H, 1, wh, 4 * H, n, 4 * H, H);
		ur_lstm_forward(g, c + at * H, tc + at * H, h + at * H, t > 0 ? c + before * H : NULL, n, H);
	}
	ur_gather_rows(slot_h, h, plan->slot_move.p, plan->slots, H);
	ur_gemm(work->state_part.p, width, NULL, 0, slot_h, H, 1, net->param + net->layer[0].w, width, plan->slots, width, H);
}

/* dh [moves,H]: what layer 0 asks of the states it saw. */
static real *
state_gradient(const struct ur_net *net, struct ur_work *work, real *grad)
{
	const struct ur_plan *plan = &work->plan;
	size_t H = net->H, width = net->width[0];
	const real *ds = work->state_part.p;
	real *dw = grad + net->layer[0].w, *turned = ur_reals_need(&work->turned, H * width);
	real *dh = ur_reals_need(&work->dh, plan->moves * H), *dslot = ur_reals_need(&work->dslot_h, plan->slots * H);

	ur_gemm(dw, width, dw, width, work->slot_h.p, 1, H, ds, width, H, width, plan->slots);
	ur_transpose(turned, net->param + net->layer[0].w, H, width);
	ur_gemm(dslot, H, NULL, 0, ds, width, 1, turned, H, plan->slots, H, width);
	memset(dh, 0, plan->moves * H * sizeof *dh);
	for (size_t s = 0; s < plan->slots; s++)
		memcpy(dh + plan->slot_move.p[s] * H, dslot + s * H, H * sizeof *dh);
	return dh;
}

static void
lstm_backward(const struct ur_net *net, struct ur_work *work, real *grad)
{
	const struct ur_plan *plan = &work->plan;
	size_t H = net->H, most = plan->times > 0 ? users_at(plan, 0) : 0;
	real *dh = state_gradient(net, work, grad), *dc = ur_reals_need(&work->dc, most * H), *dwh = grad + net->wh;
	real *turned = ur_reals_need(&work->turned, 4 * H * H);
	const real *c = work->c.p, *h = work->h.p;

	ur_transpose(turned, net->param + net->wh, H, 4 * H);
	memset(dc, 0, most * H * sizeof *dc);
	for (size_t t = plan->times; t-- > 0;) {
		size_t at = plan->time_off.p[t], before = t > 0 ? plan->time_off.p[t - 1] : 0, n = users_at(plan, t);
		real *g = work->gates.p + at * 4 * H;

		ur_lstm_backward(g, dc, dh + at * H, work->tc.p + at * H, t > 0 ? c + before * H : NULL, n, H);
		if (t == 0)
			break;
		ur_gemm(dh + before * H, H, dh + before * H, H, g, 4 * H, 1, turned, H, n, H, 4 * H);
		ur_gemm(dwh, 4 * H, dwh, 4 * H, h + before * H, 1, H, g, 4 * H, H, 4 * H, n);
	}
	ur_sum_rows(work->q.p, work->gates.p, plan->pick_moves.p, plan->pick_off.p, plan->picks, 4 * H);
	ur_column_sums(grad + net->b, work->q.p, plan->picks, 4 * H);
	project_backward(net, &work->pick_in, grad + net->wx, work->q.p, 4 * H, 4 * H);
}

/* --- position weights ---------------------------------------------------- */

static void
pw_forward(const struct ur_net *net, struct ur_work *work)
{
	const struct ur_plan *plan = &work->plan;
	size_t width = net->width[0], stride = net->P * width;
	real *q = ur_reals_need(&work->q, plan->picks * stride);

	for (size_t p = 0; p < net->P; p++)
		project(net, &work->pick_in, 0, plan->picks, net->param + net->layer[0].w + p * net->D * width, NULL,
		    q + p * width, stride, width);
	for (size_t s = 0; s < plan->slots; s++)
		ur_pw_forward(work->state_part.p + s * width, net->param + net->pw, q, plan->history.p + plan->slot_end.p[s],
		    plan->slot_picks.p[s], net->P, net->band, width);
}

static void
pw_backward(const struct ur_net *net, struct ur_work *work, real *grad)
{
	const struct ur_plan *plan = &work->plan;
	size_t width = net->width[0], stride = net->P * width;
	real *dq = ur_reals_need(&work->dq, plan->picks * stride);

	memset(dq, 0, plan->picks * stride * sizeof *dq);
	for (size_t s = 0; s < plan->slots; s++)
		ur_pw_backward(grad + net->pw, dq, work->state_part.p + s * width, net->param + net->pw, work->q.p,
		    plan->history.p + plan->slot_end.p[s], plan->slot_picks.p[s], net->P, net->band, width);
	for (size_t p = 0; p < net->P; p++)
		project_backward(net, &work->pick_in, grad + net->layer[0].w + p * net->D * width, dq + p * width, stride, width);
}

/* --- layer 0 ------------------------------------------------------------- */

enum {
	ITEMS = 256,            /* items that a thread takes at a time */
	COLUMNS = 16            /* dense columns, whose gradients are sums over all items */
};

struct input {
	const struct ur_net *net;
	struct ur_work *work;
	const real *dz;         /* backward: of layer 0 */
	real *grad;
	int blocks, parts;      /* of items; of dense columns */
};

static size_t
share(size_t first, size_t all, size_t most)
{
	return all - first < most ? all - first : most;
}

static bool
has_state(const struct ur_net *net, const struct ur_work *work)
{
	return net->state != UR_NO_STATE && work->plan.slots > 0;
}

static void
state_forward(const struct ur_net *net, struct ur_work *work)
{
	const struct ur_plan *plan = &work->plan;

	if (!has_state(net, work))
		return;
	grow_inputs(net, &work->pick_in, plan->picks);
	read_inputs(net, work->items, plan->pick.p, 0, plan->picks, &work->pick_in);
	if (net->state == UR_LSTM)
		lstm_forward(net, work);
	else
		pw_forward(net, work);
}

/* Job 0 is the state, which takes longest; the others are blocks of items. */
static void
forward_job(void *arg, int i, int thread)
{
	const struct input *input = arg;
	const struct ur_net *net = input->net;
	struct ur_work *work = input->work;
	size_t width = net->width[0], first = (size_t)(i - 1) * ITEMS, n;
	const real *w = net->param + net->layer[0].w + net->state_rows * width;

	(void)thread;
	if (i == 0) {
		state_forward(net, work);
		return;
	}
	n = share(first, work->plan.items, ITEMS);
	read_inputs(net, work->items, work->plan.item.p, first, n, &work->item_in);
	project(net, &work->item_in, first, n, w, net->param + net->layer[0].b, work->item_part.p + first * width, width, width);
}

void
ur_input_forward(const struct ur_net *net, struct ur_work *work)
{
	const struct ur_plan *plan = &work->plan;
	struct input input = { .net = net, .work = work, .blocks = (int)((plan->items + ITEMS - 1) / ITEMS) };

	ur_reals_need(&work->item_part, plan->items * net->width[0]);
	ur_reals_need(&work->state_part, plan->slots * net->width[0]);
	grow_inputs(net, &work->item_in, plan->items);
	ur_pool_run(work->pool, forward_job, &input, 1 + input.blocks);
}

static void
state_backward(const struct input *input)
{
	const struct ur_net *net = input->net;
	struct ur_work *work = input->work;
	const struct ur_plan *plan = &work->plan;

	if (!has_state(net, work))
		return;
	ur_sum_rows(work->state_part.p, input->dz, NULL, plan->slot_off.p, plan->slots, net->width[0]);
	if (net->state == UR_LSTM)
		lstm_backward(net, work, input->grad);
	else
		pw_backward(net, work, input->grad);
}

/* item_part becomes its gradient, a block at a time. */
static void
sum_block(const struct input *input, size_t first)
{
	const struct ur_plan *plan = &input->work->plan;
	size_t width = input->net->width[0];

	ur_sum_rows(input->work->item_part.p + first * width, input->dz, plan->item_rows.p, plan->item_off.p + first,
	    share(first, plan->items, ITEMS), width);
	atomic_fetch_add(&input->work->summed, 1);
}

/* The gradients of layer 0 that are not of dense columns: b, one-hots, page features. */
static void
sparse_backward(const struct input *input, real *dw)
{
	const struct ur_net *net = input->net;
	struct ur_work *work = input->work;
	size_t width = net->width[0];
	real *dpage = dw + net->D * width;

	ur_column_sums(input->grad + net->layer[0].b, work->item_part.p, work->plan.items, width);
	ur_onehot_rows_backward(dw, work->item_in.code, work->item_part.p, width, work->plan.items, net->onehots, width);
	ur_gemm(dpage, width, dpage, width, work->page.p, 1, net->page, input->dz, width, net->page, width, work->plan.rows);
}

/* Job 0 is the state; then blocks of items are summed; what needs all of these waits for them. */
static void
backward_job(void *arg, int i, int thread)
{
	const struct input *input = arg;
	const struct ur_net *net = input->net;
	struct ur_work *work = input->work;
	size_t width = net->width[0];
	real *dw = input->grad + net->layer[0].w + net->state_rows * width;

	(void)thread;
	if (i == 0) {
		state_backward(input);
		return;
	}
	if (i <= input->blocks) {
		sum_block(input, (size_t)(i - 1) * ITEMS);
		return;
	}
	for (int spins = 0; atomic_load(&work->summed) < input->blocks; spins++)
		ur_pool_wait(spins);
	if (i == 1 + input->blocks)
		sparse_backward(input, dw);
	else {
		size_t first = (size_t)(i - 2 - input->blocks) * COLUMNS;

		dense_backward(net, &work->item_in, first, share(first, net->dense, COLUMNS), dw, work->item_part.p, width, width);
	}
}

/* Takes dz of layer 0 from act[0] (row_u where there is no hidden layer). */
void
ur_input_backward(const struct ur_net *net, struct ur_work *work, real *grad)
{
	struct input input = {
		net, work, net->layers > 0 ? work->act[0].p : work->row_u.p, grad,
		(int)((work->plan.items + ITEMS - 1) / ITEMS), (int)((net->dense + COLUMNS - 1) / COLUMNS)
	};

	atomic_store(&work->summed, 0);
	ur_pool_run(work->pool, backward_job, &input, 2 + input.blocks + input.parts);
}
