/* metrics.c - see metrics.h. */
#include "metrics.h"

/* Other items with u >= the pick's: ties count against the model, and so does a NaN. */
static int
rank_of(const real *u, int n, int pick)
{
	int better = 0;

	for (int k = 0; k < n; k++)
		better += !(u[k] < u[pick]);
	return better - 1;
}

void
ur_brief_add(struct ur_brief *brief, const struct ur_batch *batch, unsigned roles, const real *u)
{
	for (int n = 0; n < batch->N; n++) {
		int first = batch->item_off[n], size = batch->item_off[n + 1] - first, rank;

		if (!(roles >> batch->role[n] & 1) || batch->pick[n] < 0)
			continue;
		rank = rank_of(u + first, size, batch->pick[n]);
		brief->hit1 += rank < 1;
		brief->hit2 += rank < 2;
		brief->picks++;
	}
}
