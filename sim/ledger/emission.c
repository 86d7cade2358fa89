#include <config.h>

#include "ledger/emission.h"

#include "engine/table.h" /* DP_ROWS */

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
  dp_u128 x = ((dp_u128)t_ns << 64) / (dp_u128)r->period_ns, minted;
  if (!dp_u128_mul_div((dp_u128)r->amount, ONE - half_power(r, x), ONE, DP_ROUND_DOWN, &minted)) return false;
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

enum dp_status dp_emission_rule_make(const struct dp_emission *e, int64_t decimals, struct dp_emission_rule *out,
                                     struct dp_err *err) {
  *out = (struct dp_emission_rule){.kind = DP_EMISSION_FIXED};
  if (!e) return DP_OK;
  const double tokens[] = {e->per_day, e->per_day, e->total, e->per_epoch};
  const double period_s[] = {86400, e->halve_every_d * 86400, e->half_life_d * 86400, e->epoch_s};
  static const char *const names[] = {"per_day", "per_day", "total", "per_epoch"};
  out->kind = (enum dp_emission_kind)e->kind;
  out->period_ns = (dp_time)(period_s[e->kind] * 1e9);
  out->keep = ONE - (dp_u128)(e->decay_ratio * 0x1p127);
  out->epochs_n = e->epochs_n > 0 ? e->epochs_n : INT64_MAX;
  if (out->kind == DP_EMISSION_EXPONENTIAL) make_roots(out->roots);
  if (!dp_token_base_units(tokens[e->kind], decimals, &out->amount))
    return dp_fail(err, DP_SCENARIO, "ledger.emission: %s = %g does not fit 126 bits with %lld decimals (take fewer)",
                   names[e->kind], tokens[e->kind], (long long)decimals);
  return DP_OK;
}

/* What a kind needs and what belongs to another one, so that a wrong word is not silently without effect. */
static enum dp_status check(void *config, struct dp_err *err) {
  const struct dp_emission *e = config;
  static const char *const kinds[] = {"fixed", "halving", "exponential", "epoch_decay"};
  const struct {
    const char *name;
    double value;
    unsigned kinds; /* bits of those that use it */
    bool optional;
  } of[] = {
      {"per_day", e->per_day, 3, true},          {"halve_every_d", e->halve_every_d, 2, false},
      {"total", e->total, 4, true},              {"half_life_d", e->half_life_d, 4, false},
      {"per_epoch", e->per_epoch, 8, true},      {"epoch_s", e->epoch_s, 8, false},
      {"decay_ratio", e->decay_ratio, 8, false}, {"epochs_n", (double)e->epochs_n, 8, true},
  };
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    bool used = of[i].kinds >> e->kind & 1, given = of[i].value > 0;
    if (given && !used)
      return dp_fail(err, DP_SCENARIO, "ledger.emission: %s has no effect on an emission of kind %s (leave it out)",
                     of[i].name, kinds[e->kind]);
    if (!given && used && !of[i].optional)
      return dp_fail(err, DP_SCENARIO, "ledger.emission: an emission of kind %s needs %s above 0", kinds[e->kind],
                     of[i].name);
  }
  return DP_OK;
}

static const char *const kind_names[] = {"fixed", "halving", "exponential", "epoch_decay", NULL};

#define FIELD(f) DP_FIELD(struct dp_emission, f)
static const struct dp_param params[] = {
    {FIELD(kind), .type = DP_PARAM_CHOICE, .unit = "text", .value = DP_EMISSION_FIXED, .choices = kind_names,
     .doc = "form of the schedule", .source = "none"},
    {FIELD(per_day), .type = DP_PARAM_NUMBER, .unit = "token/d", .value = 0, .min = 0, .max = 1e12, .log_scale = true,
     .doc = "fixed, halving: tokens minted a day (halving: until the first one)", .source = "none"},
    {FIELD(halve_every_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 36500,
     .doc = "halving: how often the rate halves", .source = "none; Helium: two years (HIP-20)"},
    {FIELD(total), .type = DP_PARAM_NUMBER, .unit = "token", .value = 0, .min = 0, .max = 1e15, .log_scale = true,
     .doc = "exponential: tokens that are ever minted", .source = "none; Filecoin's simple minting: 330 million"},
    {FIELD(half_life_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = 0, .max = 36500,
     .doc = "exponential: half of what is left is minted in this time", .source = "none; Filecoin: six years"},
    {FIELD(per_epoch), .type = DP_PARAM_NUMBER, .unit = "token", .value = 0, .min = 0, .max = 1e12, .log_scale = true,
     .doc = "epoch_decay: tokens minted in the first epoch", .source = "none; io.net: 4,566.21 in the first hour"},
    {FIELD(epoch_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 0, .min = 0, .max = 3.2e9,
     .doc = "epoch_decay: length of an epoch", .source = "none; io.net: an hour"},
    {FIELD(decay_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 0.99,
     .doc = "epoch_decay: so much less in each epoch than in the one before, at least 1e-9",
     .source = "none; io.net: 1.38869523959793e-5"},
    {FIELD(epochs_n), .type = DP_PARAM_INT, .unit = "1", .value = 0, .min = 0, .max = 1e12,
     .doc = "epoch_decay: it ends after so many epochs; 0: never", .source = "none; io.net: 175,319"},
};

static enum dp_status check_all(void *config, struct dp_err *err) {
  const struct dp_emission *e = config;
  if (e->decay_ratio > 0 && e->decay_ratio < 1e-9)
    return dp_fail(err, DP_SCENARIO, "ledger.emission: decay_ratio must be at least 1e-9, got %g (or use kind fixed)",
                   e->decay_ratio);
  const double periods_s[] = {e->halve_every_d * 86400, e->half_life_d * 86400, e->epoch_s};
  for (int i = 0; i < 3; i++)
    if (periods_s[i] > 0 && periods_s[i] < 1)
      return dp_fail(err, DP_SCENARIO, "ledger.emission: an era, half-life or epoch must last at least 1 s, got %g s",
                     periods_s[i]);
  return check(config, err);
}

const struct dp_schema dp_emission_schema = {
    .name = "ledger.emission",
    .doc = "how a token is minted over time",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_emission),
    .check = check_all,
};
