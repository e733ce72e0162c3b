#include <math.h>

#include "nn_int.h"
#include "optim.h"

/* The corrections 1 - beta^t are folded into the rate and epsilon: one square root and one division a value. */
static UR_ALWAYS void
adam(real rate, real beta1, real beta2, real epsilon, real l2, real *restrict w, real *restrict m, real *restrict v,
    real *restrict g, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		real d = ur_fma(l2, w[i], g[i]);

		m[i] = ur_fma(beta1, m[i], (1 - beta1) * d);
		v[i] = ur_fma(beta2, v[i], (1 - beta2) * d * d);
		w[i] -= rate * m[i] / (ur_sqrt(v[i]) + epsilon);
		g[i] = 0;
	}
}
static void adam_clones(real, real, real, real, real, real *, real *, real *, real *, size_t);
UR_CLONES(void, , adam_clones, adam, (real rate, real beta1, real beta2, real epsilon, real l2, real *w, real *m, real *v, real *g,
    size_t n), (rate, beta1, beta2, epsilon, l2, w, m, v, g, n))

/* lr m^ / (sqrt(v^) + epsilon) with m^ = m / (1 - beta1^t), v^ = v / correct^2 is rate m / (sqrt(v) + epsilon correct). */
struct step {
	real rate, epsilon;
};

static struct step
step_of(const struct ur_adam *a)
{
	double t = (double)a->t, correct = sqrt(1 - pow(a->beta2, t));

	return (struct step){ (real)(a->lr * correct / (1 - pow(a->beta1, t))), (real)(a->epsilon * correct) };
}

void
ur_adam_step(const struct ur_adam *a, double l2, real *w, real *m, real *v, real *g, size_t n)
{
	struct step s = step_of(a);

	adam_clones(s.rate, (real)a->beta1, (real)a->beta2, s.epsilon, (real)l2, w, m, v, g, n);
}

/* w goes `way` times m / (sqrt(v) + epsilon); m and v shrink. */
static UR_ALWAYS void
coast(real way, real shrink1, real shrink2, real epsilon, real *restrict w, real *restrict m, real *restrict v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		w[i] -= way * m[i] / (ur_sqrt(v[i]) + epsilon);
		m[i] *= shrink1;
		v[i] *= shrink2;
	}
}
static void coast_clones(real, real, real, real, real *, real *, real *, size_t);
UR_CLONES(void, , coast_clones, coast, (real way, real shrink1, real shrink2, real epsilon, real *w, real *m, real *v, size_t n),
    (way, shrink1, shrink2, epsilon, w, m, v, n))

static void
catch_up(const struct ur_adam *a, struct step s, double skipped, real *w, real *m, real *v, size_t n)
{
	double shrink1 = pow(a->beta1, skipped), shrink2 = pow(a->beta2, skipped);
	double ratio = a->beta1 / sqrt(a->beta2), series = ratio * (1 - pow(ratio, skipped)) / (1 - ratio);

	coast_clones((real)(s.rate * series), (real)shrink1, (real)shrink2, s.epsilon, w, m, v, n);
}

struct rows {
	const real *w, *m, *v, *g;
	size_t width;
	const uint32_t *row, *skipped;
	size_t n;
};

static void
fetch_rows(const struct rows *r, size_t i)
{
	size_t at = r->row[i] * r->width;

	ur_fetch(r->w + at, r->width);
	ur_fetch(r->m + at, r->width);
	ur_fetch(r->v + at, r->width);
	ur_fetch(r->g + at, r->width);
}

/* How many of the listed rows from i on follow each other in memory, with nothing to catch up. */
static size_t
run_length(const struct rows *r, size_t i)
{
	size_t n = 1;

	while (i + n < r->n && r->row[i + n] == r->row[i] + n && r->skipped[i + n] == 0)
		n++;
	return n;
}

void
ur_adam_rows(const struct ur_adam *a, double l2, real *w, real *m, real *v, real *g, size_t width,
    const uint32_t *row, const uint32_t *skipped, size_t n)
{
	const struct rows r = { w, m, v, g, width, row, skipped, n };
	struct step s = step_of(a);

	for (size_t i = 0, run; i < n; i += run) {
		size_t at = row[i] * width;

		run = run_length(&r, i);
		for (size_t j = i + UR_AHEAD; j < i + UR_AHEAD + run && j < n && run < UR_AHEAD; j++)
			fetch_rows(&r, j);
		if (skipped[i] > 0)
			catch_up(a, s, skipped[i], w + at, m + at, v + at, width);
		adam_clones(s.rate, (real)a->beta1, (real)a->beta2, s.epsilon, (real)l2, w + at, m + at, v + at, g + at, run * width);
	}
}
