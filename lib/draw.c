#include <stdlib.h>

#include "draw.h"
#include "mem.h"

void
ur_draw_init(struct ur_draw *draw, const struct ur_data *data, int batch)
{
	*draw = (struct ur_draw){ .user = ur_alloc(data->users, sizeof *draw->user) };
	for (size_t u = 0; u < data->users; u++)
		if (ur_data_steps(data, u, 1 << UR_TRAIN) > 0)
			draw->user[draw->users++] = (uint32_t)u;
	draw->n = draw->users < (size_t)batch ? draw->users : (size_t)batch;
	draw->swap = ur_alloc(draw->n, sizeof *draw->swap);
	for (size_t i = 0; i < draw->n; i++)
		draw->swap[i] = (uint32_t)i;
}

static void
swap(uint32_t *a, uint32_t *b)
{
	uint32_t t = *a;

	*a = *b;
	*b = t;
}

/*
 * The first steps of Fisher and Yates' shuffle, undone before the next draw, so that a draw depends on the
 * generator's state alone.
 */
void
ur_draw_users(struct ur_draw *draw, struct ur_rng *rng)
{
	for (size_t i = draw->n; i-- > 0;)
		swap(&draw->user[i], &draw->user[draw->swap[i]]);
	for (size_t i = 0; i < draw->n; i++) {
		draw->swap[i] = (uint32_t)(i + ur_rng_below(rng, draw->users - i));
		swap(&draw->user[i], &draw->user[draw->swap[i]]);
	}
}

void
ur_draw_free(struct ur_draw *draw)
{
	free(draw->user);
	free(draw->swap);
	*draw = (struct ur_draw){ 0 };
}
