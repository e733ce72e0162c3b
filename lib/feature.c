#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feature.h"
#include "mem.h"

/* --- the list of features -------------------------------------------------- */

static int
add_feature(struct ur_spec *spec, const char *name, size_t n, char *err)
{
	int f;

	for (f = 0; f < UR_F_COUNT; f++)
		if (strlen(ur_feature_name[f]) == n && memcmp(ur_feature_name[f], name, n) == 0)
			break;
	if (f == UR_F_COUNT)
		return ur_fail(err, "'%.*s' is no feature; there are id, category, root, price, available, repeat, "
		    "popularity", (int)n, name);
	if (ur_spec_has(spec, (enum ur_feature)f))
		return ur_fail(err, "%s is given twice", ur_feature_name[f]);
	spec->feature[spec->features++] = (enum ur_feature)f;
	return 0;
}

int
ur_features_parse(struct ur_spec *spec, const char *list, char *err)
{
	spec->features = 0;
	for (const char *p = list;; p++) {
		size_t n = strcspn(p, ",");

		if (add_feature(spec, p, n, err) < 0)
			return -1;
		p += n;
		if (*p == '\0')
			return 0;
	}
}

const char *
ur_features_list(const struct ur_spec *spec)
{
	static char list[UR_F_COUNT * 16];
	size_t n = 0;

	list[0] = '\0';
	for (int i = 0; i < spec->features; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : ",",
		    ur_feature_name[spec->feature[i]]);
	return list;
}

/* --- learning -------------------------------------------------------------- */

/* How often each version was shown, and picked, in training steps. */
struct counts {
	uint32_t *shown, *picked;       /* [versions] */
	uint64_t steps;
};

static void
count(struct counts *counts, const struct ur_users *all, size_t versions)
{
	const uint32_t *set = all->row;

	counts->shown = ur_calloc(versions, sizeof *counts->shown);
	counts->picked = ur_calloc(versions, sizeof *counts->picked);
	counts->steps = 0;
	for (size_t s = 0; s < all->steps; set += all->size[s++]) {
		if (all->role[s] != UR_TRAIN)
			continue;
		counts->steps++;
		for (int k = 0; k < all->size[s]; k++)
			counts->shown[set[k]]++;
		if (all->pick[s] >= 0)
			counts->picked[set[all->pick[s]]]++;
	}
}

/* Items of training steps: all versions of an item follow each other. */
static void
learn_items(struct ur_spec *spec, const struct counts *counts, const struct ur_store *store,
    const struct ur_catalogue *catalogue)
{
	uint32_t *shown = ur_calloc(store->item.n, sizeof *shown), *picked = ur_calloc(store->item.n, sizeof *picked);
	size_t n = 0;

	for (size_t v = 0; v < catalogue->versions; v++) {
		shown[catalogue->version[v].item] += counts->shown[v];
		picked[catalogue->version[v].item] += counts->picked[v];
	}
	spec->item = ur_alloc(store->item.n, sizeof *spec->item);
	for (size_t i = 0; i < store->item.n; i++)
		if (shown[i] != 0) {
			spec->item[n] = store->item.id[i];
			shown[n] = shown[i];
			picked[n++] = picked[i];
		}
	spec->items = n;
	spec->shown = shown;
	spec->picked = picked;
	spec->training_steps = counts->steps;
}

/* The number of a version's category or root, or UR_NO_ID. */
static uint32_t
category_of(const struct ur_catalogue *catalogue, size_t v, enum ur_feature feature)
{
	uint32_t category = catalogue->version[v].category;

	return category == UR_NO_ID || feature == UR_F_CATEGORY ? category : catalogue->root[category];
}

static void
learn_categories(struct ur_spec *spec, const struct counts *counts, const struct ur_catalogue *catalogue,
    enum ur_feature feature)
{
	struct ur_vocabulary *vocabulary = &spec->vocabulary[feature];
	size_t n = catalogue->category.n;
	bool *seen = ur_calloc(n, sizeof *seen);

	for (size_t v = 0; v < catalogue->versions; v++)
		if (counts->shown[v] != 0 && category_of(catalogue, v, feature) != UR_NO_ID)
			seen[category_of(catalogue, v, feature)] = true;
	vocabulary->value = ur_alloc(n, sizeof *vocabulary->value);
	vocabulary->n = 0;
	for (size_t i = 0; i < n; i++)
		if (seen[i])
			vocabulary->value[vocabulary->n++] = catalogue->category.id[i];
	free(seen);
}

/* Mean and deviation of x [n], x[i] occurring weight[i] times; 0 and 1 where nothing occurs. */
static void
moments(const double *x, const uint64_t *weight, size_t n, double *mean, double *deviation)
{
	double sum = 0, squares = 0, low = INFINITY, high = -INFINITY, total = 0;

	for (size_t i = 0; i < n; i++)
		if (weight[i] != 0) {
			total += (double)weight[i];
			sum += (double)weight[i] * x[i];
			low = fmin(low, x[i]);
			high = fmax(high, x[i]);
		}
	*mean = total == 0 ? 0 : low == high ? low : sum / total;
	*deviation = 1;
	if (low >= high)
		return;
	for (size_t i = 0; i < n; i++)
		squares += (double)weight[i] * (x[i] - *mean) * (x[i] - *mean);
	*deviation = sqrt(squares / total);
}

/* Summed over distinct prices in ascending order, so that the order of anything else does not matter. */
static void
learn_price(struct ur_spec *spec, const struct counts *counts, const struct ur_catalogue *catalogue)
{
	size_t n = catalogue->price.n;
	double *x = ur_alloc(n, sizeof *x);
	uint64_t *weight = ur_calloc(n, sizeof *weight);

	for (size_t i = 0; i < n; i++)
		x[i] = log1p(ur_catalogue_price(catalogue, (uint32_t)i));
	for (size_t v = 0; v < catalogue->versions; v++)
		if (catalogue->version[v].price != UR_NO_ID)
			weight[catalogue->version[v].price] += counts->shown[v];
	moments(x, weight, n, &spec->mean[UR_F_PRICE], &spec->deviation[UR_F_PRICE]);
	free(x);
	free(weight);
}

static void
learn_popularity(struct ur_spec *spec)
{
	double *x = ur_alloc(spec->items, sizeof *x);
	uint64_t *weight = ur_alloc(spec->items, sizeof *weight);

	for (size_t i = 0; i < spec->items; i++) {
		x[i] = log1p((double)spec->shown[i] - 1);
		weight[i] = spec->shown[i];
	}
	moments(x, weight, spec->items, &spec->mean[UR_F_POPULARITY], &spec->deviation[UR_F_POPULARITY]);
	free(x);
	free(weight);
}

static void
learn_feature(struct ur_spec *spec, enum ur_feature feature, const struct counts *counts,
    const struct ur_catalogue *catalogue)
{
	switch (feature) {
	case UR_F_ID:		ur_spec_id_vocabulary(spec); break;
	case UR_F_CATEGORY:
	case UR_F_ROOT:		learn_categories(spec, counts, catalogue, feature); break;
	case UR_F_PRICE:	learn_price(spec, counts, catalogue); break;
	case UR_F_POPULARITY:	learn_popularity(spec); break;
	default:		break;
	}
}

int
ur_features_learn(struct ur_spec *spec, const struct ur_store *store, const struct ur_catalogue *catalogue, char *err)
{
	struct counts counts;

	count(&counts, &store->all, catalogue->versions);
	if (counts.steps != 0) {
		learn_items(spec, &counts, store, catalogue);
		for (int i = 0; i < spec->features; i++)
			learn_feature(spec, spec->feature[i], &counts, catalogue);
	}
	free(counts.shown);
	free(counts.picked);
	return counts.steps != 0 ? 0 : ur_fail(err, "no training steps to learn the features from");
}
