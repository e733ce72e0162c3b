/*
 * net_input.c - the first layer and the state, which meet items and states once each instead of once per shown item.
 */
#include <string.h>

#include "mem.h"
#include "net.h"
#include "nn.h"

/* What an item gives layer 0 or the LSTM: its dense columns, and its rows of the one-hots' tables. */
static void
read_inputs(const struct ur_net *net, const struct ur_items *items, const uint32_t *row, size_t n, struct ur_inputs *in)
{
	real *x = ur_reals_need(&in->x, n * net->dense);
	uint32_t *code;

	UR_GROW(in->code, in->code_cap, n * net->onehots + 1);
	code = in->code;
	in->n = n;
	ur_gather_rows(x, items->x, row, n, net->dense);
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < net->onehots; c++)
			*code++ = (uint32_t)net->onehot_at[c] + items->code[row[i] * net->onehots + c];
}

/* out [n,width] = b + x W: W's rows are the dense columns, then the tables. */
static void
project(const struct ur_net *net, const struct ur_inputs *in, const real *W, const real *b, real *out, size_t stride, size_t width)
{
	ur_onehot_rows(out, stride, b, W, in->code, in->n, net->onehots, width);
	if (net->dense > 0)
		ur_gemm(out, stride, out, stride, in->x.p, net->dense, 1, W, width, in->n, width, net->dense);
}

/* The gradient of W from that of the projection. */
static void
project_backward(const struct ur_net *net, const struct ur_inputs *in, real *dW, const real *dout, size_t stride, size_t width)
{
	ur_onehot_rows_backward(dW, in->code, dout, stride, in->n, net->onehots, width);
	if (net->dense > 0)
		ur_gemm(dW, width, dW, width, in->x.p, 1, net->dense, dout, stride, net->dense, width, in->n);
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

	project(net, &work->pick_in, net->param + net->wx, net->param + net->b, q, 4 * H, 4 * H);
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
		project(net, &work->pick_in, net->param + net->layer[0].w + p * net->D * width, NULL, q + p * width, stride, width);
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

void
ur_input_forward(const struct ur_net *net, struct ur_work *work)
{
	const struct ur_plan *plan = &work->plan;
	size_t width = net->width[0];
	const real *w = net->param + net->layer[0].w + net->state_rows * width;
	real *part = ur_reals_need(&work->item_part, plan->items * width);

	ur_reals_need(&work->state_part, plan->slots * width);
	read_inputs(net, work->items, plan->item.p, plan->items, &work->item_in);
	project(net, &work->item_in, w, net->param + net->layer[0].b, part, width, width);
	if (net->state == UR_NO_STATE || plan->slots == 0)
		return;
	read_inputs(net, work->items, plan->pick.p, plan->picks, &work->pick_in);
	if (net->state == UR_LSTM)
		lstm_forward(net, work);
	else
		pw_forward(net, work);
}

/* Takes dz of layer 0 from act[0] (row_u where there is no hidden layer). */
void
ur_input_backward(const struct ur_net *net, struct ur_work *work, real *grad)
{
	const struct ur_plan *plan = &work->plan;
	size_t width = net->width[0];
	const real *dz = net->layers > 0 ? work->act[0].p : work->row_u.p;
	real *dw = grad + net->layer[0].w + net->state_rows * width, *dpage = dw + net->D * width;

	ur_sum_rows(work->item_part.p, dz, plan->item_rows.p, plan->item_off.p, plan->items, width);
	ur_column_sums(grad + net->layer[0].b, work->item_part.p, plan->items, width);
	project_backward(net, &work->item_in, dw, work->item_part.p, width, width);
	ur_gemm(dpage, width, dpage, width, work->page.p, 1, net->page, dz, width, net->page, width, plan->rows);
	if (net->state == UR_NO_STATE || plan->slots == 0)
		return;
	ur_sum_rows(work->state_part.p, dz, NULL, plan->slot_off.p, plan->slots, width);
	if (net->state == UR_LSTM)
		lstm_backward(net, work, grad);
	else
		pw_backward(net, work, grad);
}
