/* synth_log.c - a made-up log: how active each visitor is, and the disorder of the file. */
#include <math.h>
#include <stdlib.h>

#include "mem.h"
#include "sort.h"
#include "text.h"
#include "visit.h"

enum { LOG_STREAM = 6 };        /* of the seed */
enum { MAX_VIEWS = 8000, MAX_VIEWS_A_DAY = 100 };

static const int64_t day = 86400000;
static const int64_t first_block = 1433138400000;       /* 1 June 2015 06:00, where the real file begins */
static const double repeats = .0505, orphans = .262;    /* of carts; of the others */

/* Sum over n of P(at least n views) = sum of n^-a, up to `most`. */
static double
mean_views(double a, int most)
{
	double sum = 0;

	for (int n = most; n > 0; n--)
		sum += pow(n, -a);
	return sum;
}

/* Views of each visitor: P(at least n) = n^-a, which fits the real log well; a by the mean, the rest by chance. */
static uint32_t *
draw_views(const struct ur_synth_size *size, struct ur_rng *rng)
{
	uint64_t total = size->views - size->doubles, sum = 0, n = size->visitors;
	double days = (double)(size->end - size->begin) / (double)day, low = 1.01, high = 20;
	uint32_t most = days * MAX_VIEWS_A_DAY < MAX_VIEWS ? (uint32_t)(days * MAX_VIEWS_A_DAY) : MAX_VIEWS;
	uint32_t *views = ur_alloc(n, sizeof *views);

	while (high - low > 1e-9) {
		double a = (low + high) / 2;

		*(mean_views(a, (int)most) * (double)n > (double)total ? &low : &high) = a;
	}
	for (uint64_t i = 0; i < n; i++) {
		double x = pow(1 - ur_rng_uniform(rng), -1 / low);

		sum += views[i] = x < most ? (uint32_t)x : most;
	}
	while (sum != total) {
		uint64_t i = ur_rng_below(rng, n);

		if (sum < total && views[i] < most) {
			views[i]++;
			sum++;
		} else if (sum > total && views[i] > 1) {
			views[i]--;
			sum--;
		}
	}
	return views;
}

static uint32_t *
permutation(uint32_t n, struct ur_rng *rng)
{
	uint32_t *a = ur_alloc(n, sizeof *a);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = (uint32_t)ur_rng_below(rng, i + 1ull);

		a[i] = a[j];
		a[j] = i;
	}
	return a;
}

static void
set_quotas(struct ur_visits *log)
{
	const struct ur_synth_size *size = &log->shop->size;
	uint64_t views = size->views - size->doubles, again = (uint64_t)((double)size->carts * repeats);
	uint64_t others = size->carts - again, lost = (uint64_t)((double)others * orphans);

	log->cover = (struct ur_quota){ size->items, views };
	log->session = (struct ur_quota){ size->sessions - size->visitors, views - size->visitors };
	log->pick = (struct ur_quota){ others - lost, views };
	log->orphan = (struct ur_quota){ lost, views };
	log->repeat = (struct ur_quota){ again, others };
	log->transaction = (struct ur_quota){ size->transactions, others };
	log->twice = (struct ur_quota){ size->doubles, views };
}

/* Days from 06:00 to 06:00, from the block the real file begins with, those before it at the end. */
static void
place_events(struct ur_visits *log)
{
	for (size_t i = 0; i < log->clicks; i++) {
		int64_t block = ((int64_t)log->click[i].time - first_block + 10000 * day) / day - 10000;

		log->click[i].place |= (uint64_t)(block < 0 ? block + 10000 : block) << 40;
	}
	ur_sort(&log->click->place, log->clicks, sizeof *log->click / sizeof log->click->place);
}

static void
write_events(const struct ur_visits *log, FILE *f)
{
	static const char *const name[] = { ",view,", ",addtocart,", ",transaction," };
	struct ur_text t = { 0 };
	uint64_t transactions = 0;

	fprintf(f, "timestamp,visitorid,event,itemid,transactionid\n");
	for (const struct ur_click *e = log->click; e < log->click + log->clicks; e++) {
		int kind = (int)(e->place & 3);

		t.n = 0;
		ur_text_u64(&t, e->time);
		ur_text_put(&t, ",");
		ur_text_u64(&t, e->who >> 32);
		ur_text_put(&t, name[kind]);
		ur_text_u64(&t, log->shop->id[e->who & UINT32_MAX]);
		ur_text_put(&t, ",");
		if (kind == UR_TRANSACTION)
			ur_text_u64(&t, transactions++);
		ur_text_put(&t, "\n");
		fwrite(t.p, 1, t.n, f);
	}
	free(t.p);
}

static void
free_log(struct ur_visits *log)
{
	struct ur_bag *bags[] = { &log->before, &log->shown, &log->picked, &log->open, &log->gone, &log->set };

	for (size_t i = 0; i < sizeof bags / sizeof *bags; i++)
		free(bags[i]->item);
	free(log->click);
	free(log->popular);
	free(log->fresh);
}

void
ur_synth_log(const struct ur_shop *shop, const struct ur_truth *truth, FILE *f)
{
	struct ur_visits log = { .shop = shop, .truth = truth };
	uint32_t *views, *id;

	ur_rng_seed(&log.rng, shop->seed, LOG_STREAM);
	log.popular = permutation(shop->size.items, &log.rng);
	log.fresh = permutation(shop->size.items, &log.rng);
	views = draw_views(&shop->size, &log.rng);
	id = permutation(shop->size.visitors, &log.rng);
	set_quotas(&log);
	for (uint32_t i = 0; i < shop->size.visitors; i++)
		ur_visit(&log, id[i], views[i]);
	free(views);
	free(id);
	place_events(&log);
	write_events(&log, f);
	free_log(&log);
}
