/* model_draw.c - initial values. */
#include <math.h>

#include "net.h"

static void
fill(real *w, size_t n, double x)
{
	for (size_t i = 0; i < n; i++)
		w[i] = (real)x;
}

static void
draw_uniform(real *w, size_t n, double limit, struct ur_rng *rng)
{
	for (size_t i = 0; i < n; i++)
		w[i] = (real)(limit * (2 * ur_rng_uniform(rng) - 1));
}

/* Normal, drawn again beyond two deviations. */
static void
draw_normal(real *w, size_t n, double deviation, struct ur_rng *rng)
{
	for (size_t i = 0; i < n; i++) {
		double x;

		do
			x = ur_rng_normal(rng);
		while (fabs(x) > 2);
		w[i] = (real)(deviation * x);
	}
}

/* Inputs of an item that are not 0: a one-hot counts once. */
static double
active(const struct ur_net *net)
{
	return (double)(net->dense + net->onehots);
}

static void
draw_state(const struct ur_net *net, enum ur_start start, struct ur_rng *rng)
{
	real *param = net->param;
	double inputs = start == UR_START_CHEN2019 ? (double)net->D : active(net);

	if (net->state == UR_LSTM) {
		/* Glorot and Bengio (2010) over [D + H, 4H] as one matrix */
		double limit = sqrt(6 / (inputs + (double)(net->H + 4 * net->H)));

		draw_uniform(param + net->wx, net->D * 4 * net->H, limit, rng);
		draw_uniform(param + net->wh, net->H * 4 * net->H, limit, rng);
		fill(param + net->b, 4 * net->H, 0);
		fill(param + net->b + net->H, net->H, 1);       /* forget gate: keep at first */
	} else if (net->state == UR_PW)
		fill(param + net->pw, net->P * net->band, start == UR_START_CHEN2019 ? 1e-4 : 1 / (double)net->band);
}

/* Deviation of layer l: He et al. (2015) by the inputs that are not 0; a linear model begins at 0. */
static double
he_deviation(const struct ur_net *net, size_t l)
{
	double in = l > 0 ? (double)net->width[l - 1] : active(net) + (double)net->page +
	    (net->state == UR_PW ? (double)net->P * active(net) : (double)net->state_rows);

	if (net->layers == 0 || in == 0)
		return 0;
	return sqrt((l < net->layers ? 2 : 1) / in);
}

static void
scale(real *w, size_t n, double by)
{
	for (size_t i = 0; i < n; i++)
		w[i] *= (real)by;
}

/*
 * The first layer's rows of the state and of the one-hots begin at a tenth of the others: what an item
 * met once or never drew by chance would stay in its reward as noise, and a state that says
 * nothing yet would hide what the item says (ur-study(1) and its table).
 */
static void
quieten(const struct ur_net *net)
{
	size_t width = net->width[0], onehots = net->D - net->dense;
	real *w = net->param + net->layer[0].w;

	scale(w, net->state_rows * width, .1);
	scale(w + (net->state_rows + net->dense) * width, onehots * width, .1);
}

void
ur_model_draw(struct ur_model *model, bool policy, enum ur_start start, struct ur_rng *rng)
{
	const struct ur_net *net = policy ? model->policy : model->reward;
	size_t in = net->state_rows + net->D + net->page;
	double chen2019 = policy ? .01 : net->state == UR_PW ? .001 : .1;

	draw_state(net, start, rng);
	for (size_t l = 0; l <= net->layers; in = net->width[l++]) {
		const struct ur_layer *layer = &net->layer[l];

		draw_normal(net->param + layer->w, in * net->width[l],
		    start == UR_START_CHEN2019 ? chen2019 : he_deviation(net, l), rng);
		fill(net->param + layer->b, net->width[l], 0);
		if (net->batchnorm && l < net->layers) {
			fill(net->param + layer->gamma, net->width[l], 1);
			fill(net->param + layer->beta, net->width[l], 0);
			fill(net->param + layer->mean, net->width[l], 0);
			fill(net->param + layer->var, net->width[l], 1);
		}
	}
	if (start == UR_START_DEFAULT && !policy)       /* a policy follows rewards, not single picks */
		quieten(net);
}
