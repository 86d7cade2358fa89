/* sim/engine/rng.h — randomness without state: a counter-based generator keyed by who decides what.
 * Layer: engine. Not collective.
 *
 * Philox4x64-10 (Salmon et al., SC 2011; Random123). Key = (seed, replicate); counter = (entity, stream, occasion, block).
 * The occasion is the ordinal of what is decided (this request, this failure, this settlement); every occasion starts
 * at draw 0, so a sampler may take as many draws as it likes without moving anyone else's luck. */
#ifndef DP_ENGINE_RNG_H
#define DP_ENGINE_RNG_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

struct dp_rng {
  uint64_t key[2];
  uint64_t counter[4]; /* of the next block */
  uint64_t out[4];
  unsigned used; /* of out[4]; 4 = a new block is needed */
};

/** A generator at draw 0 of (seed, replicate; entity, stream, occasion). `stream` comes from one enum of the program. */
struct dp_rng dp_rng_at(uint64_t seed, uint64_t replicate, uint64_t entity, uint64_t stream, uint64_t occasion);

/** The same generator, but its first block is made when it is drawn from: for who may not draw. */
static inline struct dp_rng dp_rng_later(uint64_t seed, uint64_t replicate, uint64_t entity, uint64_t stream,
                                         uint64_t occasion) {
  return (struct dp_rng){.key = {seed, replicate}, .counter = {entity, stream, occasion, 0}, .used = 4};
}

/** Fills `out` with the next block of four words. */
void dp_rng_refill(struct dp_rng *rng);

/** Uniform 64-bit word. */
static inline uint64_t dp_rng_u64(struct dp_rng *rng) {
  if (rng->used == 4) dp_rng_refill(rng);
  return rng->out[rng->used++];
}

/** Uniform double in the open interval (0, 1), a multiple of 2^-52 plus 2^-53 (exact in a double): log() of it is
 *  finite and not 0. */
static inline double dp_rng_uniform(struct dp_rng *rng) { return ((double)(dp_rng_u64(rng) >> 12) + 0.5) * 0x1p-52; }

/** Uniform integer in [0, n), n > 0, without bias (Lemire 2019). */
uint64_t dp_rng_below(struct dp_rng *rng, uint64_t n);

/** Exponential variate of the given mean. */
double dp_rng_exponential(struct dp_rng *rng, double mean);

/** Standard normal variate (polar method; two draws or more). */
double dp_rng_normal(struct dp_rng *rng);

/** A gsl_rng over `rng`, for gsl_ran_*; valid while `rng` lives. */
gsl_rng dp_rng_gsl(struct dp_rng *rng);

#endif
