/* sim/ledger/render.h — Render's burn for a job. Layer: domain. Not collective.
 * Source: rendernetwork/RNPs RNP-001, RNP-006: priced in fiat, 5 % transaction fee, the rest is burned. */
#ifndef DP_LEDGER_RENDER_H
#define DP_LEDGER_RENDER_H

#define DP_RENDER_FEE_RATIO 0.05

/** What becomes of the tokens paid for a job. tokens = fee + burned. */
struct dp_render_job {
  double tokens, fee, burned;
};

/** A job of `usd` ≥ 0 at `usd_per_token` > 0. */
struct dp_render_job dp_render_pay(double usd, double usd_per_token);

#endif
