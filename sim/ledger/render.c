#include "ledger/render.h"

struct dp_render_job dp_render_pay(double usd, double usd_per_token) {
  struct dp_render_job job = {.tokens = usd / usd_per_token};
  job.fee = job.tokens * DP_RENDER_FEE_RATIO;
  job.burned = job.tokens - job.fee;
  return job;
}
