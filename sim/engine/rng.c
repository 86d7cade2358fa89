/* sim/engine/rng.c — Philox4x64-10 blocks, basic samplers, and a GSL generator over them. */
#include "engine/rng.h"

#include <math.h>
#include <string.h>

#include <Random123/philox.h>

#include "base/wide.h"

/* The first block is made here, out of registers: read back from a struct just written it would wait for the stores. */
struct dp_rng dp_rng_at(uint64_t seed, uint64_t replicate, uint64_t entity, uint64_t stream, uint64_t occasion) {
  philox4x64_ctr_t counter = {{entity, stream, occasion, 0}};
  philox4x64_key_t key = {{seed, replicate}};
  philox4x64_ctr_t out = philox4x64_R(10, counter, key);
  return (struct dp_rng){.key = {seed, replicate},
                         .counter = {entity, stream, occasion, 1},
                         .out = {out.v[0], out.v[1], out.v[2], out.v[3]}};
}

void dp_rng_refill(struct dp_rng *rng) {
  const philox4x64_ctr_t counter = {{rng->counter[0], rng->counter[1], rng->counter[2], rng->counter[3]}};
  const philox4x64_key_t key = {{rng->key[0], rng->key[1]}};
  philox4x64_ctr_t out = philox4x64_R(10, counter, key);
  memcpy(rng->out, out.v, sizeof out.v);
  rng->counter[3]++;
  rng->used = 0;
}

uint64_t dp_rng_below(struct dp_rng *rng, uint64_t n) {
  dp_u128 product = (dp_u128)dp_rng_u64(rng) * n;
  uint64_t low = (uint64_t)product;
  if (low < n) {
    uint64_t threshold = -n % n;
    while (low < threshold) {
      product = (dp_u128)dp_rng_u64(rng) * n;
      low = (uint64_t)product;
    }
  }
  return (uint64_t)(product >> 64);
}

double dp_rng_exponential(struct dp_rng *rng, double mean) { return -mean * log(dp_rng_uniform(rng)); }

double dp_rng_normal(struct dp_rng *rng) {
  for (;;) {
    double u = 2 * dp_rng_uniform(rng) - 1;
    double v = 2 * dp_rng_uniform(rng) - 1;
    double s = u * u + v * v;
    if (s > 0 && s < 1) return u * sqrt(-2 * log(s) / s);
  }
}

/* GSL seeds through this; a counter-based generator is placed by dp_rng_at instead, so a seed goes back to draw 0. */
static void gsl_seed(void *state, unsigned long seed) {
  struct dp_rng *rng = state;
  rng->key[0] = seed;
  rng->counter[3] = 0;
  rng->used = 4;
}

static unsigned long gsl_word(void *state) { return dp_rng_u64(state); }
static double gsl_double(void *state) { return dp_rng_uniform(state); }

static const gsl_rng_type gsl_type = {
    .name = "philox4x64-10",
    .max = UINT64_MAX,
    .min = 0,
    .size = sizeof(struct dp_rng),
    .set = gsl_seed,
    .get = gsl_word,
    .get_double = gsl_double,
};

gsl_rng dp_rng_gsl(struct dp_rng *rng) { return (gsl_rng){.type = &gsl_type, .state = rng}; }
