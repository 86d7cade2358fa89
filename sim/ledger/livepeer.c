#include "ledger/livepeer.h"

static enum dp_status check_rate(const char *name, int64_t rate, int64_t denominator, struct dp_err *err) {
  if (rate >= 0 && rate <= denominator) return DP_OK;
  return dp_fail(err, DP_RANGE, "%s must lie in [0, %lld], the denominator, got %lld", name, (long long)denominator,
                 (long long)rate);
}

static enum dp_status check_round(const struct dp_livepeer_round *r, struct dp_err *err) {
  if (r->denominator < 1) return dp_fail(err, DP_RANGE, "denominator must be 1 or more");
  DP_TRY(check_rate("inflation", r->inflation, r->denominator, err));
  DP_TRY(check_rate("target", r->target, r->denominator, err));
  DP_TRY(check_rate("change", r->change, r->denominator, err));
  DP_TRY(check_rate("floor", r->floor, r->denominator, err));
  DP_TRY(check_rate("ceiling", r->ceiling, r->denominator, err));
  if (r->floor > r->ceiling) return dp_fail(err, DP_RANGE, "floor is above ceiling");
  if (r->bonded > r->supply) return dp_fail(err, DP_RANGE, "bonded is more than supply");
  return DP_OK;
}

enum dp_status dp_livepeer_next_inflation(const struct dp_livepeer_round *r, int64_t *inflation, struct dp_err *err) {
  DP_TRY(check_round(r, err));
  dp_u128 share = 0;
  if (r->supply > 0 && !dp_u128_mul_div(r->bonded, (dp_u128)r->denominator, r->supply, DP_ROUND_DOWN, &share))
    return dp_fail(err, DP_RANGE, "the bonded share does not fit 128 bits");
  int64_t next = r->inflation;
  if (share == (dp_u128)r->target) {
    *inflation = next;
    return DP_OK;
  }
  if (share < (dp_u128)r->target) next = r->change > r->ceiling - next ? r->ceiling : next + r->change;
  else next -= r->change;
  *inflation = next < r->floor ? r->floor : next > r->ceiling ? r->ceiling : next;
  return DP_OK;
}

enum dp_status dp_livepeer_mintable(dp_u128 supply, int64_t inflation, int64_t denominator, dp_u128 *minted,
                                    struct dp_err *err) {
  if (denominator < 1) return dp_fail(err, DP_RANGE, "denominator must be 1 or more");
  DP_TRY(check_rate("inflation", inflation, denominator, err));
  if (!dp_u128_mul_div(supply, (dp_u128)inflation, (dp_u128)denominator, DP_ROUND_DOWN, minted))
    return dp_fail(err, DP_RANGE, "the minted amount does not fit 128 bits");
  return DP_OK;
}
