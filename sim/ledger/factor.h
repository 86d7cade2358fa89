/* sim/ledger/factor.h — the tide of a whole market: one random factor that scales the outside money of a token's buyers.
 * Layer: domain. Model "ledger.factor" (section "factors"); README.md of this folder has the equations.
 *
 * It never touches a price: exchanges (outside buyers), traders and retail cohorts that name it multiply the USD that
 * they bring by it. F(0) = 1; it steps once a day, whatever the settlement, with the day's own luck. */
#ifndef DP_LEDGER_FACTOR_H
#define DP_LEDGER_FACTOR_H

#include "model/sim.h"

enum dp_factor_kind { DP_FACTOR_GBM, DP_FACTOR_JUMP, DP_FACTOR_BOOTSTRAP };

struct dp_factor_config {
  int kind;                    /* enum dp_factor_kind */
  double drift_per_year;       /* GBM, JUMP: E F(t) = e^(drift t) */
  double volatility_per_year;  /* GBM, JUMP */
  double jumps_per_year;       /* JUMP: Poisson */
  double jump_mean;            /* JUMP: of the logarithm */
  double jump_deviation;       /* JUMP: of the logarithm */
  const char *csv;             /* BOOTSTRAP: table with columns date, symbol, `column` */
  const char *symbol, *column;
  int64_t block_d;             /* BOOTSTRAP */
  const char *as_of;           /* BOOTSTRAP: only rows dated before it; "": before the scenario's start */
};

/** Row 0 of the replicated table "ledger.factor factor". */
struct dp_factor_state {
  double value;
  int64_t day_n; /* steps taken */
};

extern const struct dp_model dp_factor_model;

/** F now: as of the day that has begun, once the factor has cleared. */
double dp_factor_value(const struct dp_ctx *ctx, const struct dp_instance *factor);

/** The instance that a reference names, or NULL when it names none. */
const struct dp_instance *dp_factor_of(const struct dp_sim *sim, const struct dp_ref *ref);

/** ⌊amount · F⌋, F quantised to billionths; `amount` itself without a factor. DP_INVARIANT beyond 127 bits. */
enum dp_status dp_factor_scale(struct dp_ctx *ctx, const struct dp_instance *factor, dp_i128 amount, dp_i128 *out);

/** One day's multiplier of GBM and JUMP, drawn from `rng`. */
double dp_factor_step(const struct dp_factor_config *config, struct dp_rng *rng);

/** Close over the close of the day before, for every pair of consecutive dates of a symbol that both lie before
 *  `before_ns`; malloc'ed in *ratios, the caller frees it. DP_SCENARIO when there are fewer than two dates. */
enum dp_status dp_factor_read(const struct dp_factor_config *config, int64_t before_ns, double **ratios, size_t *n,
                              struct dp_err *err);

#endif
