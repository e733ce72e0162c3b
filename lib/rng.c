#include <math.h>

#include "rng.h"

static uint64_t
rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t
ur_hash64(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void
ur_rng_seed(struct ur_rng *rng, uint64_t seed, uint64_t stream)
{
	uint64_t x = seed ^ ur_hash64(stream + 0x9e3779b97f4a7c15u);

	for (int i = 0; i < 4; i++)
		rng->s[i] = ur_hash64(x += 0x9e3779b97f4a7c15u);
}

uint64_t
ur_rng_next(struct ur_rng *rng)
{
	uint64_t *s = rng->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t
ur_rng_below(struct ur_rng *rng, uint64_t n)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)ur_rng_next(rng) * n;

	if ((uint64_t)m < n)
		for (uint64_t low = -n % n; (uint64_t)m < low;)
			m = (u128)ur_rng_next(rng) * n;
	return (uint64_t)(m >> 64);
}

double
ur_rng_uniform(struct ur_rng *rng)
{
	return (double)(ur_rng_next(rng) >> 11) * 0x1p-53;
}

/* Marsaglia's polar method; the second number of a pair is dropped, so that the state is the four words alone. */
double
ur_rng_normal(struct ur_rng *rng)
{
	double x, y, r;

	do {
		x = 2 * ur_rng_uniform(rng) - 1;
		y = 2 * ur_rng_uniform(rng) - 1;
		r = x * x + y * y;
	} while (r >= 1 || r == 0);
	return x * sqrt(-2 * log(r) / r);
}
