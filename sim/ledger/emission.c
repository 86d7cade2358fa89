#include <config.h>

#include "ledger/emission.h"

#define ONE ((dp_u128)1 << 127) /* 1 in Q127 */
#define HALVINGS_MAX 126        /* what is left then is below 2^-126 of an era's emission */
#define KEEP_LEAST ((dp_u128)1 << 67) /* an epoch below 2^-60 of the first one mints nothing any more */

static dp_u128 low(struct dp_u256 a) { return ((dp_u128)a.limb[1] << 64) | a.limb[0]; }

/* a · b in Q127, floored; both at most 1. */
static dp_u128 times(dp_u128 a, dp_u128 b) { return low(dp_u256_shr(dp_u256_product(a, b), 127)); }

/* 2^−x for x in Q64: a shift for the whole part, a root for each bit of the fraction. */
static dp_u128 half_power(const struct dp_emission_rule *rule, dp_u128 x) {
  dp_u128 power = ONE, whole = x >> 64;
  for (unsigned i = 0; i < 64; i++)
    if ((uint64_t)x >> i & 1) power = times(power, rule->roots[i]);
  return whole < 128 ? power >> (unsigned)whole : 0;
}

dp_u128 dp_emission_half_power(const struct dp_emission_rule *rule, dp_time t_ns) {
  return half_power(rule, ((dp_u128)t_ns << 64) / (dp_u128)rule->period_ns);
}

/* keep^n by squaring. */
static dp_u128 power_of(dp_u128 keep, int64_t n) {
  dp_u128 power = ONE;
  for (; n > 0; n >>= 1) {
    if (n & 1) power = times(power, keep);
    keep = times(keep, keep);
  }
  return power > KEEP_LEAST ? power : KEEP_LEAST;
}

/* ---- the kinds ---- */

/* Eras of length H: ⌊r (2H (2^n − 1) + (t − nH)) / (2^n · 1 day)⌋ in era n. */
static bool halving(const struct dp_emission_rule *r, dp_time t_ns, dp_i128 *out) {
  dp_time era = t_ns / r->period_ns, inside = t_ns % r->period_ns;
  if (era > HALVINGS_MAX) era = HALVINGS_MAX, inside = r->period_ns;
  const dp_i128 two_eras = 2 * (dp_i128)r->period_ns, left = two_eras - inside;
  dp_u128 minted;
  struct dp_u256 time, quotient, amount = dp_u256_from_u128((dp_u128)r->amount);
  struct dp_u256 unit = dp_u256_shl(dp_u256_from_u128(DP_DAY), (unsigned)era);
  if (!dp_u256_sub(dp_u256_shl(dp_u256_from_u128((dp_u128)two_eras), (unsigned)era),
                   dp_u256_from_u128((dp_u128)left), &time) ||
      !dp_u256_mul_div(amount, time, unit, DP_ROUND_DOWN, &quotient) || !dp_u256_to_u128(quotient, &minted) ||
      minted > (dp_u128)DP_I128_MAX)
    return false;
  *out = (dp_i128)minted;
  return true;
}

/* ⌊total (1 − 2^(−t / half-life))⌋ */
static bool exponential(const struct dp_emission_rule *r, dp_time t_ns, dp_i128 *out) {
  dp_u128 minted, left = dp_emission_half_power(r, t_ns);
  if (!dp_u128_mul_div((dp_u128)r->amount, ONE - left, ONE, DP_ROUND_DOWN, &minted)) return false;
  *out = (dp_i128)minted;
  return true;
}

/* ⌊first (1 − keep^n) / (1 − keep)⌋ after n epochs. */
static bool epochs(const struct dp_emission_rule *r, int64_t n, dp_u128 *out) {
  if (n > r->epochs_n) n = r->epochs_n;
  return dp_u128_mul_div((dp_u128)r->amount, ONE - power_of(r->keep, n), ONE - r->keep, DP_ROUND_DOWN, out) &&
         *out <= (dp_u128)DP_I128_MAX;
}

/* Evenly within an epoch, exact at its ends. */
static bool epoch_decay(const struct dp_emission_rule *r, dp_time t_ns, dp_i128 *out) {
  int64_t n = t_ns / r->period_ns;
  dp_u128 before, after, part;
  if (!epochs(r, n, &before) || !epochs(r, n + 1, &after) ||
      !dp_u128_mul_div(after - before, (dp_u128)(t_ns % r->period_ns), (dp_u128)r->period_ns, DP_ROUND_DOWN, &part))
    return false;
  *out = (dp_i128)(before + part);
  return true;
}

bool dp_emission_minted(const struct dp_emission_rule *rule, dp_time t_ns, dp_i128 *out) {
  if (t_ns < 0) return false;
  switch (rule->kind) {
    case DP_EMISSION_FIXED: return dp_token_schedule(rule->amount, t_ns, out);
    case DP_EMISSION_HALVING: return halving(rule, t_ns, out);
    case DP_EMISSION_EXPONENTIAL: return exponential(rule, t_ns, out);
    case DP_EMISSION_EPOCH_DECAY: return epoch_decay(rule, t_ns, out);
    case DP_EMISSION_STEPS: *out = dp_curve_line(&rule->curve, t_ns); return true;
    default: return false;
  }
  return false;
}

/* ---- from the scenario ---- */

static void make_roots(dp_u128 roots[64]) {
  dp_u128 root = ONE >> 1; /* 2^−1 */
  for (int i = 63; i >= 0; i--) {
    root = dp_u256_isqrt(dp_u256_shl(dp_u256_from_u128(root), 127));
    roots[i] = root;
  }
}

static enum dp_status make_curve(const struct dp_emission *e, int64_t decimals, struct dp_curve *curve,
                                 struct dp_err *err) {
  struct dp_err why = {0};
  if (e->curve_csv && e->curve_csv[0]) return dp_curve_read(e->curve_csv, decimals, curve, err);
  for (size_t i = 0; i < e->curve_d.n; i++)
    if (dp_curve_add(curve, e->curve_d.v[i], e->curve_tokens.v[i], decimals, &why) != DP_OK)
      return dp_fail(err, why.status, "ledger.emission: curve: point %zu: %s", i + 1, why.text);
  return DP_OK;
}

enum dp_status dp_emission_rule_make(const struct dp_emission *e, int64_t decimals, struct dp_emission_rule *out,
                                     struct dp_err *err) {
  *out = (struct dp_emission_rule){.kind = DP_EMISSION_FIXED};
  if (!e) return DP_OK;
  static const char *const names[] = {"per_day", "per_day", "total", "per_epoch", "", "", "", "total"};
  const double tokens[] = {e->per_day, e->per_day, e->total, e->per_epoch, 0, 0, 0, e->total};
  const double doubling_d = e->power_doubling_d < 0 ? -e->power_doubling_d : e->power_doubling_d;
  const double period_s[] = {86400,      e->halve_every_d * 86400, e->half_life_d * 86400, e->epoch_s, 86400,
                             e->epoch_s, e->epoch_s,               doubling_d * 86400};
  out->kind = (enum dp_emission_kind)e->kind;
  out->period_ns = (dp_time)(period_s[e->kind] * 1e9);
  out->keep = ONE - (dp_u128)(e->decay_ratio * 0x1p127);
  out->epochs_n = e->epochs_n > 0 ? e->epochs_n : INT64_MAX;
  if (out->kind == DP_EMISSION_EXPONENTIAL || out->kind == DP_EMISSION_BASELINE) make_roots(out->roots);
  if (!dp_token_base_units(tokens[e->kind], decimals, &out->amount))
    return dp_fail(err, DP_SCENARIO, "ledger.emission: %s = %g does not fit 126 bits with %lld decimals (take fewer)",
                   names[e->kind], tokens[e->kind], (long long)decimals);
  return out->kind == DP_EMISSION_STEPS ? make_curve(e, decimals, &out->curve, err) : DP_OK;
}

void dp_emission_rule_free(struct dp_emission_rule *rule) { dp_curve_free(&rule->curve); }
