/*
 * draw.h - the users of an iteration, drawn among those with training steps.
 *
 * The caller owns the struct; the data is borrowed.
 */
#ifndef UR_DRAW_H
#define UR_DRAW_H

#include "data.h"
#include "rng.h"

struct ur_draw {
	uint32_t *user;         /* [users] positions in the stream; the first n are those drawn */
	size_t users, n;
	uint32_t *swap;         /* [n] how the draw disturbed `user` */
};

/* A draw has `batch` users, or all if there are fewer. */
void ur_draw_init(struct ur_draw *draw, const struct ur_data *data, int batch);
/* Draws n different users. */
void ur_draw_users(struct ur_draw *draw, struct ur_rng *rng);
void ur_draw_free(struct ur_draw *draw);

#endif
