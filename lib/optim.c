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

void
ur_adam_step(const struct ur_adam *a, double l2, real *w, real *m, real *v, real *g, size_t n)
{
	double t = (double)a->t, correct = sqrt(1 - pow(a->beta2, t));

	/* lr m^ / (sqrt(v^) + epsilon) with m^ = m / (1 - beta1^t), v^ = v / correct^2 */
	adam_clones((real)(a->lr * correct / (1 - pow(a->beta1, t))), (real)a->beta1, (real)a->beta2,
	    (real)(a->epsilon * correct), (real)l2, w, m, v, g, n);
}
