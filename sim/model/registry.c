/* sim/model/registry.c — every model of the program, in the order in which they clear.
 * Only their names are known here: the domains lie above this layer. */
#include "model/registry.h"

#include <string.h>

/* A model reads `in` what a model above it has written in the same clear. */
#define DP_MODELS(X)                                                                                                 \
  X(dp_books_model)     /* double entry */                                                                           \
  X(dp_place_model)     /* regions and cells */                                                                      \
  X(dp_shock_model)     /* changes from outside */                                                                   \
  X(dp_node_model)      /* machines, failures, energy */                                                             \
  X(dp_fleet_model)     /* operators and their prices */                                                             \
  X(dp_inference_model) /* demand for LLM inference */                                                               \
  X(dp_demand_model)    /* demand as rates */                                                                        \
  X(dp_server_model)    /* service of it */                                                                          \
  X(dp_gateway_model)   /* routing by posted prices */                                                               \
  X(dp_auction_model)   /* leases by reverse auction */                                                              \
  X(dp_token_model)     /* supply, emission, rewards */                                                              \
  X(dp_factor_model)    /* a market's tide: scales outside money */                                                  \
  X(dp_feed_model)      /* what an oracle says a token is worth */                                                   \
  X(dp_stake_model)     /* collateral, delegation, slashing */                                                       \
  X(dp_credit_model)    /* credits that customers pay in a burned token */                                           \
  X(dp_trader_model)    /* speculators */                                                                            \
  X(dp_retail_model)    /* a crowd that follows the price */                                                         \
  X(dp_exchange_model)  /* a token's price, made by trades */                                                        \
  X(dp_chain_model)     /* settlement chains */                                                                      \
  X(dp_payout_model)    /* payouts to hosts on them */                                                               \
  X(dp_sector_model)    /* projects that choose one */                                                               \
  X(dp_coverage_model)  /* hotspots paid for coverage */                                                             \
  X(dp_ov_model)        /* a published model, to compare with */

#define DP_X(name) extern const struct dp_model name;
DP_MODELS(DP_X)
#undef DP_X

#define DP_X(name) &name,
const struct dp_model *const dp_models[] = {DP_MODELS(DP_X) NULL};
#undef DP_X

#define DP_MODEL_N (sizeof dp_models / sizeof dp_models[0] - 1)

const struct dp_model *dp_model_find(const char *name) {
  for (size_t i = 0; i < DP_MODEL_N; i++)
    if (strcmp(dp_models[i]->name, name) == 0) return dp_models[i];
  return NULL;
}

const char *dp_model_suggest(const char *wrong) {
  const char *names[DP_MODEL_N];
  for (size_t i = 0; i < DP_MODEL_N; i++) names[i] = dp_models[i]->name;
  return dp_str_suggest(wrong, names, DP_MODEL_N);
}
