/* sim/market/record.c — how a host's jobs have ended, and what follows for its requests. */
#include <config.h>

#include "market/gateway.h"

#define PPM 1000000u

/* Whole millionths; a step is rounded up, so that a good record becomes perfect in the end. */
static uint32_t towards_zero(uint32_t ppm, int64_t n) { return ppm - (uint32_t)((ppm + n - 1) / n); }

void dp_record_hear(struct dp_ctx *ctx, const struct dp_instance *network, uint32_t node, bool good) {
  const int64_t n = ((const struct dp_gateway_config *)network->config)->reputation_jobs_n;
  struct dp_record *r = dp_record_at(ctx, network, node);
  if (good) r->done_n++, r->distrust_ppm = towards_zero(r->distrust_ppm, n);
  else r->lost_n++, r->distrust_ppm = PPM - towards_zero(PPM - r->distrust_ppm, n);
}

bool dp_record_bars(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp_gateway_config *config = ctx->self->config;
  const uint32_t distrust = dp_record_at(ctx, ctx->self, node)->distrust_ppm;
  return distrust > 0 && (double)(PPM - distrust) < config->min_reputation_ratio * PPM;
}

void dp_record_forgive(struct dp_ctx *ctx) {
  const struct dp_gateway_config *config = ctx->self->config;
  const struct dp_table *listings = dp_own_table(ctx, DP_GATEWAY_LISTING);
  if (config->min_reputation_ratio <= 0) return;
  for (uint32_t i = dp_table_next(listings, 0); i != DP_NO_ROW; i = dp_table_next(listings, i + 1)) {
    struct dp_listing l = *dp_listing_at(ctx, i);
    struct dp_record *r = dp_record_at(ctx, ctx->self, i);
    if (!l.barred) continue;
    r->distrust_ppm = towards_zero(r->distrust_ppm, config->reputation_jobs_n);
    if (dp_record_bars(ctx, i)) continue;
    l.barred = 0;
    dp_index_put(ctx, i, &l);
  }
}
