/* truth.c - the user model behind a made-up log. */
#include <math.h>

#include "rec.h"
#include "mem.h"
#include "rng.h"
#include "synth.h"

enum { TRUTH_STREAM = 5 };      /* of the seed */
enum { DENSE = 3, ROOTS = UR_SHOP_ROOTS + 1, PAGE = 2, WEIGHTS = DENSE + ROOTS + PAGE };

static const double spread = .8;        /* deviation of the weights */

void
ur_truth_draw(struct ur_truth *truth, uint64_t seed)
{
	struct ur_rng rng;

	ur_rng_seed(&rng, seed, TRUTH_STREAM);
	for (int c = 0; c < ROOTS; c++)
		truth->root[c] = spread * ur_rng_normal(&rng);
	truth->price = spread * ur_rng_normal(&rng);
	truth->no_price = spread * ur_rng_normal(&rng);
	truth->available = spread * ur_rng_normal(&rng);
	truth->shown = spread * ur_rng_normal(&rng);
	truth->picked = spread * ur_rng_normal(&rng);
}

double
ur_truth_reward(const struct ur_truth *truth, const struct ur_shop *shop, uint32_t item, int64_t time,
    bool shown, bool picked)
{
	struct ur_shop_item now = ur_shop_at(shop, item, time);
	double u = truth->shown * shown + truth->picked * picked;

	if (now.category < 0)
		return u + truth->root[0] + truth->no_price;
	return u + truth->root[shop->root[now.category] + 1] + truth->available * now.available +
	    truth->price * (log1p(now.price) - UR_SHOP_PRICE_MEAN) / UR_SHOP_PRICE_DEVIATION;
}

static void
describe(struct ur_header *header, const struct ur_shop *shop)
{
	struct ur_spec *spec = &header->spec;
	struct ur_vocabulary *roots = &spec->vocabulary[UR_F_ROOT];

	header->format = UR_MODEL;
	header->has_spec = true;
	spec->feature[spec->features++] = UR_F_ROOT;
	spec->feature[spec->features++] = UR_F_PRICE;
	spec->feature[spec->features++] = UR_F_AVAILABLE;
	spec->feature[spec->features++] = UR_F_REPEAT;
	spec->min_count = 1;
	spec->mean[UR_F_PRICE] = UR_SHOP_PRICE_MEAN;
	spec->deviation[UR_F_PRICE] = UR_SHOP_PRICE_DEVIATION;
	roots->n = UR_SHOP_ROOTS;
	roots->value = ur_alloc(roots->n, sizeof *roots->value);
	for (int i = 0; i < UR_SHOP_ROOTS; i++)
		roots->value[i] = shop->category[i];
	ur_params_str(&header->arch, "state", "none");
	ur_params_int(&header->arch, "hidden", 20);
	ur_params_int(&header->arch, "pw-dim", 4);
	ur_params_int(&header->arch, "pw-band", 20);
	ur_params_str(&header->arch, "dims", "0");
	ur_params_bool(&header->arch, "batchnorm", false);
	ur_params_str(&header->arch, "loss", "nll");
	ur_params_str(&header->arch, "no-click", "none");
	ur_params_str(&header->arch, "regularizer", "l2");
	ur_params_real(&header->arch, "eta", 1);
	ur_params_bool(&header->arch, "policy", false);
}

int
ur_truth_write(const struct ur_truth *truth, const struct ur_shop *shop, struct ur_header *header, FILE *f, char *err)
{
	float w[WEIGHTS] = { (float)truth->price, (float)truth->no_price, (float)truth->available }, none = 0;
	struct ur_writer *out;

	for (int c = 0; c < ROOTS; c++)
		w[DENSE + c] = (float)truth->root[c];
	w[DENSE + ROOTS] = (float)truth->shown;
	w[DENSE + ROOTS + 1] = (float)truth->picked;
	describe(header, shop);
	out = ur_writer_open(f, header);
	ur_writer_tensor(out, "mlp.0.w", (size_t[]){ WEIGHTS, 1 }, 2, w);
	ur_writer_tensor(out, "mlp.0.b", (size_t[]){ 1 }, 1, &none);
	return ur_writer_close(out, err);
}
