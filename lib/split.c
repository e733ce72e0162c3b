#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "mem.h"
#include "rng.h"
#include "sort.h"
#include "split.h"

__extension__ typedef unsigned __int128 u128;

int
ur_split_parse(struct ur_split *split, const char *text, char *err)
{
	const char *p = text;
	uint64_t sum = 0;

	for (int i = 0; i < 3; i++) {
		char *end;
		unsigned long long part;

		errno = 0;
		part = strtoull(p, &end, 10);
		if (!isdigit((unsigned char)*p) || errno != 0 || part > UINT32_MAX || *end != (i < 2 ? ':' : '\0'))
			return ur_fail(err, "'%s' is not three whole numbers like 8:1:1", text);
		split->part[i] = (uint32_t)part;
		sum += part;
		p = end + 1;
	}
	if (sum == 0)
		return ur_fail(err, "'%s' is nothing, expected a part above 0", text);
	return 0;
}

static bool
takes_role(const struct ur_split *split, uint8_t role)
{
	return role != UR_CONTEXT && (split->again || role == UR_NO_ROLE);
}

/* The role in whose share x falls, x in [0, sum of the parts). */
static enum ur_role
role_at(const struct ur_split *split, uint64_t x)
{
	if (x < split->part[0])
		return UR_TRAIN;
	return x - split->part[0] < split->part[1] ? UR_VALIDATION : UR_TEST;
}

static uint64_t
parts(const struct ur_split *split)
{
	return (uint64_t)split->part[0] + split->part[1] + split->part[2];
}

void
ur_split_by_user(const struct ur_split *split, struct ur_store *store, uint64_t seed)
{
	struct ur_users *all = &store->all;
	uint64_t key = ur_hash64(seed + 0x9e3779b97f4a7c15u);

	for (size_t u = 0; u < all->users; u++) {
		u128 x = (u128)ur_hash64(all->user[u] ^ key) * parts(split);
		enum ur_role role = role_at(split, (uint64_t)(x >> 64));
		uint8_t *r = all->role + store->step_off[u];

		for (uint32_t s = 0; s < all->nsteps[u]; s++)
			if (takes_role(split, r[s]))
				r[s] = role;
	}
}

/* What ur_sort orders: by time, then by place in the order of (user, position). */
struct dated {
	uint64_t time, place, step;
};

static size_t
collect(const struct ur_split *split, const struct ur_store *store, struct dated *steps)
{
	const struct ur_users *all = &store->all;
	size_t n = 0;

	for (size_t i = 0; i < all->users; i++) {
		size_t u = store->order[i], s = store->step_off[u];

		for (size_t end = s + all->nsteps[u]; s < end; s++)
			if (takes_role(split, all->role[s])) {
				steps[n] = (struct dated){ (uint64_t)all->time[s] ^ 1ull << 63, n, s };
				n++;
			}
	}
	return n;
}

void
ur_split_by_time(const struct ur_split *split, struct ur_store *store)
{
	struct dated *steps = ur_alloc(store->all.steps, sizeof *steps);
	size_t n = collect(split, store, steps), cut[2];
	uint64_t first = split->part[0], both = first + split->part[1];

	ur_sort(&steps->time, n, sizeof *steps / sizeof steps->time);
	cut[0] = (size_t)((u128)n * first / parts(split));
	cut[1] = (size_t)((u128)n * both / parts(split));
	for (size_t i = 0; i < n; i++)
		store->all.role[steps[i].step] = i < cut[0] ? UR_TRAIN : i < cut[1] ? UR_VALIDATION : UR_TEST;
	free(steps);
}
