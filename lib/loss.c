/* loss.c - losses over the selected steps of a batch; the formulas are in nn_loss.c. */
#include <math.h>
#include <string.h>

#include "model.h"
#include "nn.h"

static bool
selected(const struct ur_batch *b, int n, unsigned roles)
{
	return roles >> b->role[n] & 1;
}

static void
clear(const struct ur_batch *b, real *du)
{
	if (du != NULL)
		memset(du, 0, (size_t)b->K * sizeof *du);
}

static real *
at(real *p, int k)
{
	return p != NULL ? p + k : NULL;
}

/* Steps whose exponentials are taken together: most sets are much smaller than a vector is wide. */
enum { GROUP = 512, GROUP_STEPS = 128 };

struct group {
	int step[GROUP_STEPS], first[GROUP_STEPS], steps, used;
	real top[GROUP_STEPS], e[GROUP];
};

/* The loss of the gathered steps, which are forgotten. */
static double
group_nll(struct group *g, const struct ur_batch *b, bool no_click, const real *u, real *du)
{
	double sum = 0;

	ur_exp(g->e, g->e, (size_t)g->used);
	for (int i = 0; i < g->steps; i++) {
		int n = g->step[i], k = b->item_off[n];

		sum += ur_nll_end(g->e + g->first[i], g->top[i], u + k, at(du, k), (size_t)(b->item_off[n + 1] - k), b->pick[n], no_click);
	}
	g->steps = g->used = 0;
	return sum;
}

static void
group_add(struct group *g, const struct ur_batch *b, int n, bool no_click, const real *u)
{
	int k = b->item_off[n], size = b->item_off[n + 1] - k;

	g->step[g->steps] = n;
	g->first[g->steps] = g->used;
	g->top[g->steps++] = ur_nll_begin(g->e + g->used, u + k, (size_t)size, no_click);
	g->used += size + no_click;
}

double
ur_loss_nll(const struct ur_batch *b, unsigned roles, enum ur_no_click rule, const real *u, real *du, size_t *steps)
{
	bool no_click = rule == UR_NO_CLICK_ZERO;
	struct group g;
	double sum = 0;

	g.steps = g.used = 0;
	clear(b, du);
	for (int n = 0; n < b->N; n++) {
		int k = b->item_off[n], size = b->item_off[n + 1] - k;

		if (!selected(b, n, roles) || (b->pick[n] < 0 && !no_click))
			continue;
		++*steps;
		if (g.steps == GROUP_STEPS || g.used + size >= GROUP)
			sum += group_nll(&g, b, no_click, u, du);
		if (size >= GROUP)
			sum += ur_nll(u + k, at(du, k), (size_t)size, b->pick[n], no_click);
		else
			group_add(&g, b, n, no_click, u);
	}
	return sum + group_nll(&g, b, no_click, u, du);
}

double
ur_loss_sparsemax(const struct ur_batch *b, unsigned roles, double eta, const real *u, real *du, size_t *steps)
{
	double sum = 0;

	clear(b, du);
	for (int n = 0; n < b->N; n++) {
		int k = b->item_off[n];

		if (!selected(b, n, roles) || b->pick[n] < 0)
			continue;
		sum += ur_sparsemax(u + k, at(du, k), (size_t)(b->item_off[n + 1] - k), b->pick[n], eta);
		++*steps;
	}
	return sum;
}

double
ur_loss_policy(const struct ur_batch *b, unsigned roles, enum ur_regularizer regularizer, double eta,
    bool minus_pick, const real *u, const real *v, real *du, real *dv, size_t *steps)
{
	double sum = 0;

	clear(b, du);
	clear(b, dv);
	for (int n = 0; n < b->N; n++) {
		int k = b->item_off[n];

		if (!selected(b, n, roles) || b->pick[n] < 0)
			continue;
		sum += ur_policy_value(u + k, v + k, at(du, k), at(dv, k), (size_t)(b->item_off[n + 1] - k),
		    regularizer == UR_L2, eta);
		if (minus_pick) {
			sum -= (double)u[k + b->pick[n]];
			if (du != NULL)
				du[k + b->pick[n]] -= 1;
		}
		++*steps;
	}
	return sum;
}
