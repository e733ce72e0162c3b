/*
 * prepare - what preparing the batches of a training costs, and how much arithmetic they are.
 *
 * usage: prepare batches users-in-a-batch hidden first-layer second-layer
 *
 * Draws and gathers batches as a trainer does and prints name<TAB>value lines: users with training
 * steps; dense columns; seconds of one batch; means per batch of its steps, items (shown), rows (distinct among
 * them) and picks (that a later step's state depends on); flops of one iteration of an LSTM with these layers, the
 * least there are: an item row meets a weight matrix once, nothing is computed for the gradient of a feature.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "data.h"
#include "mem.h"
#include "rng.h"

enum { BATCHES = 2000 };

struct sums {
	double steps, items, rows, picks, picked_rows;
};

/* Processor time: one thread that never waits, so nothing is lost but the noise of others. */
static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* Moves `batch` different users to the front. */
static void
draw(uint32_t *user, size_t users, size_t batch, struct ur_rng *rng)
{
	for (size_t i = 0; i < batch; i++) {
		size_t j = i + ur_rng_below(rng, users - i);
		uint32_t u = user[i];

		user[i] = user[j];
		user[j] = u;
	}
}

/* Was the row not yet seen in this batch? */
static int
is_new(uint32_t *seen, uint32_t row, uint32_t batch)
{
	if (seen[row] == batch)
		return 0;
	seen[row] = batch;
	return 1;
}

static void
count(struct sums *sums, const struct ur_batch *b, uint32_t *shown, uint32_t *picked, uint32_t number)
{
	sums->steps += b->N;
	sums->items += b->K;
	for (int k = 0; k < b->K; k++)
		sums->rows += is_new(shown, b->item[k], number);
	for (int u = 0; u < b->U; u++)
		for (int s = b->user_off[u]; s < b->user_off[u + 1] - 1; s++)
			if (b->pick[s] >= 0) {
				sums->picks++;
				sums->picked_rows += is_new(picked, b->item[b->item_off[s] + b->pick[s]], number);
			}
}

/* Products of one iteration: forward, and backward to weights and, but for features, to inputs. */
static double
flops(const struct sums *mean, double D, double H, double first, double second)
{
	double features = mean->rows * D * first + mean->picked_rows * D * 4 * H;
	double rest = mean->steps * H * first + mean->items * first * second + mean->items * second +
	    mean->picks * H * 4 * H;

	return 2 * (2 * features + 3 * rest);
}

int
main(int argc, char **argv)
{
	struct ur_data data;
	struct ur_batch batch = { 0 };
	struct ur_rng rng;
	struct sums sums = { 0 };
	uint32_t *user, *shown, *picked;
	size_t users = 0, size;
	double start, taken;
	char err[UR_ERR];

	if (argc != 6 || ur_data_load(&data, argv[1], err) < 0) {
		fprintf(stderr, "prepare: %s\n", argc == 6 ? err : "usage: prepare batches users hidden first second");
		return 1;
	}
	user = ur_alloc(data.users, sizeof *user);
	for (size_t u = 0; u < data.users; u++)
		if (ur_data_steps(&data, u, 1 << UR_TRAIN) > 0)
			user[users++] = (uint32_t)u;
	size = strtoul(argv[2], NULL, 10);
	size = size < users ? size : users;
	shown = ur_calloc(data.items.rows, sizeof *shown);
	picked = ur_calloc(data.items.rows, sizeof *picked);
	ur_rng_seed(&rng, 1, 0);
	start = now();
	for (int i = 0; i < BATCHES; i++) {
		draw(user, users, size, &rng);
		ur_data_gather(&data, user, size, &batch);
	}
	taken = (now() - start) / BATCHES;
	for (uint32_t i = 0; i < BATCHES; i++) {
		draw(user, users, size, &rng);
		ur_data_gather(&data, user, size, &batch);
		count(&sums, &batch, shown, picked, i + 1);
	}
	sums.steps /= BATCHES;
	sums.items /= BATCHES;
	sums.rows /= BATCHES;
	sums.picks /= BATCHES;
	sums.picked_rows /= BATCHES;
	printf("users\t%zu\ndense\t%d\n", users, data.items.dense);
	printf("seconds\t%.9f\nsteps\t%.1f\nitems\t%.1f\nrows\t%.1f\npicks\t%.1f\nflops\t%.0f\n", taken, sums.steps,
	    sums.items, sums.rows, sums.picks,
	    flops(&sums, data.items.dense, atof(argv[3]), atof(argv[4]), atof(argv[5])));
	ur_batch_free(&batch);
	ur_data_free(&data);
	free(user);
	free(shown);
	free(picked);
	return 0;
}
