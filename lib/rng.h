/*
 * rng.h - random numbers from an explicit state: xoshiro256** (Blackman and Vigna,
 * "Scrambled linear pseudorandom number generators", 2021), seeded by splitmix64.
 * The same seed and stream give the same numbers on every machine.
 */
#ifndef UR_RNG_H
#define UR_RNG_H

#include <stdint.h>

struct ur_rng {
	uint64_t s[4];
};

/* Streams of one seed are independent: initial values, draws of users, bootstrap, ... */
void ur_rng_seed(struct ur_rng *rng, uint64_t seed, uint64_t stream);
uint64_t ur_rng_next(struct ur_rng *rng);
/* A whole number in [0, n), n > 0, without bias (Lemire's multiply and reject). */
uint64_t ur_rng_below(struct ur_rng *rng, uint64_t n);
double ur_rng_uniform(struct ur_rng *rng);      /* [0, 1), 53 bits */
double ur_rng_normal(struct ur_rng *rng);       /* mean 0, deviation 1 */
/* The splitmix64 finalizer: a hash of one number, for splits by user. */
uint64_t ur_hash64(uint64_t x);

#endif
