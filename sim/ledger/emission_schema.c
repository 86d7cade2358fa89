/* sim/ledger/emission_schema.c — the parameters of an emission, and which kind uses which. */
#include <config.h>

#include "engine/table.h" /* DP_ROWS */
#include "ledger/emission.h"

static const char *const kind_names[] = {"fixed",         "halving",             "exponential", "epoch_decay", "steps",
                                         "target_bonded", "target_proportional", "baseline",    NULL};

/* Bits of the kinds that use a parameter. */
enum { FIXED = 1, HALVING = 2, EXPONENTIAL = 4, DECAY = 8, STEPS = 16, BONDED = 32, COSMOS = 64, BASELINE = 128 };

struct use {
  const char *name;
  double value;
  unsigned kinds;
  bool optional;
};

/* A wrong word must not be silently without effect. */
static enum dp_status check_uses(int kind, const struct use *of, size_t n, struct dp_err *err) {
  for (size_t i = 0; i < n; i++) {
    const bool used = of[i].kinds >> kind & 1, given = of[i].value != 0;
    if (given && !used)
      return dp_fail(err, DP_SCENARIO, "ledger.emission: %s has no effect on an emission of kind %s (leave it out)",
                     of[i].name, kind_names[kind]);
    if (!given && used && !of[i].optional)
      return dp_fail(err, DP_SCENARIO, "ledger.emission: an emission of kind %s needs %s above 0", kind_names[kind],
                     of[i].name);
  }
  return DP_OK;
}

static enum dp_status check_kind(const struct dp_emission *e, struct dp_err *err) {
  const unsigned rounds = BONDED | COSMOS;
  const struct use of[] = {
      {"per_day", e->per_day, FIXED | HALVING, true},
      {"halve_every_d", e->halve_every_d, HALVING, false},
      {"total", e->total, EXPONENTIAL | BASELINE, e->kind == DP_EMISSION_EXPONENTIAL},
      {"half_life_d", e->half_life_d, EXPONENTIAL, false},
      {"per_epoch", e->per_epoch, DECAY, true},
      {"epoch_s", e->epoch_s, DECAY | rounds, false},
      {"decay_ratio", e->decay_ratio, DECAY, false},
      {"epochs_n", (double)e->epochs_n, DECAY, true},
      {"curve_d", (double)e->curve_d.n, STEPS, true},
      {"curve_tokens", (double)e->curve_tokens.n, STEPS, true},
      {"curve_csv", e->curve_csv && e->curve_csv[0] ? 1 : 0, STEPS, true},
      {"inflation_ratio", e->inflation_ratio, rounds, true},
      {"change_ratio", e->change_ratio, rounds, true},
      {"target_ratio", e->target_ratio, rounds, false},
      {"floor_ratio", e->floor_ratio, rounds, true},
      {"ceiling_ratio", e->ceiling_ratio, rounds, false},
      {"bonded_ratio", e->bonded_ratio, rounds, true},
      {"power_eib", e->power_eib, BASELINE, true},
      {"power_doubling_d", e->power_doubling_d, BASELINE, true},
  };
  return check_uses(e->kind, of, sizeof of / sizeof *of, err);
}

static enum dp_status check_curve(const struct dp_emission *e, struct dp_err *err) {
  const bool file = e->curve_csv && e->curve_csv[0];
  if (e->kind != DP_EMISSION_STEPS) return DP_OK;
  if (e->curve_d.n != e->curve_tokens.n)
    return dp_fail(err, DP_SCENARIO, "ledger.emission: curve_d has %zu numbers and curve_tokens %zu (a day for each sum)",
                   e->curve_d.n, e->curve_tokens.n);
  if (file == (e->curve_d.n > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.emission: an emission of kind steps needs either a curve or curve_csv");
  struct dp_emission_rule rule;
  enum dp_status status = file ? DP_OK : dp_emission_rule_make(e, 0, &rule, err); /* whole tokens: only the order counts */
  if (!file) dp_emission_rule_free(&rule);
  return status;
}

static enum dp_status check_lengths(const struct dp_emission *e, struct dp_err *err) {
  const double doubling_d = e->power_doubling_d < 0 ? -e->power_doubling_d : e->power_doubling_d;
  const double periods_s[] = {e->halve_every_d * 86400, e->half_life_d * 86400, e->epoch_s, doubling_d * 86400,
                              e->remint_epoch_s};
  for (size_t i = 0; i < sizeof periods_s / sizeof *periods_s; i++)
    if (periods_s[i] > 0 && periods_s[i] < 1)
      return dp_fail(err, DP_SCENARIO, "ledger.emission: an era, half-life, epoch, round or doubling must last at least "
                     "1 s, got %g s", periods_s[i]);
  if (e->decay_ratio > 0 && e->decay_ratio < 1e-9)
    return dp_fail(err, DP_SCENARIO, "ledger.emission: decay_ratio must be at least 1e-9, got %g (or use kind fixed)",
                   e->decay_ratio);
  if (e->remint_cap > 0 && (e->remint_epoch_s <= 0 || e->remint_epochs_n < 1))
    return dp_fail(err, DP_SCENARIO, "ledger.emission: remint_cap needs remint_epoch_s above 0 and remint_epochs_n of at "
                   "least 1");
  return DP_OK;
}

static enum dp_status check(void *config, struct dp_err *err) {
  const struct dp_emission *e = config;
  DP_TRY(check_lengths(e, err));
  DP_TRY(check_kind(e, err));
  if (e->floor_ratio > e->ceiling_ratio)
    return dp_fail(err, DP_SCENARIO, "ledger.emission: floor_ratio = %g is above ceiling_ratio = %g", e->floor_ratio,
                   e->ceiling_ratio);
  if (e->ceiling_ratio > 0 && (e->inflation_ratio < e->floor_ratio || e->inflation_ratio > e->ceiling_ratio))
    return dp_fail(err, DP_SCENARIO, "ledger.emission: inflation_ratio = %g is outside floor_ratio and ceiling_ratio, "
                   "[%g, %g]", e->inflation_ratio, e->floor_ratio, e->ceiling_ratio);
  return check_curve(e, err);
}

#define FIELD(f) DP_FIELD(struct dp_emission, f)
#define NUMBER(f, of_unit, most) FIELD(f), .type = DP_PARAM_NUMBER, .unit = of_unit, .value = 0, .min = 0, .max = most
static const struct dp_param params[] = {
    {FIELD(kind), .type = DP_PARAM_CHOICE, .unit = "text", .value = DP_EMISSION_FIXED, .choices = kind_names,
     .doc = "form of the schedule", .source = "none"},
    {NUMBER(per_day, "token/d", 1e12), .log_scale = true,
     .doc = "fixed, halving: tokens minted a day (halving: until the first one)", .source = "none"},
    {NUMBER(halve_every_d, "d", 36500), .doc = "halving: how often the rate halves",
     .source = "none; Helium: two years (HIP-20)"},
    {NUMBER(total, "token", 1e15), .log_scale = true,
     .doc = "exponential: tokens that are ever minted; baseline: by time (3/10 of it) and by baseline (7/10)",
     .source = "none; Filecoin: 330 million by time, 770 million by baseline"},
    {NUMBER(half_life_d, "d", 36500), .doc = "exponential: half of what is left is minted in this time",
     .source = "none; Filecoin: six years"},
    {NUMBER(per_epoch, "token", 1e12), .log_scale = true, .doc = "epoch_decay: tokens minted in the first epoch",
     .source = "none; io.net: 4,566.21 in the first hour"},
    {NUMBER(epoch_s, "s", 3.2e9), .doc = "epoch_decay, target_bonded, target_proportional: length of an epoch or round",
     .source = "none; io.net: an hour; Livepeer: 5,760 blocks of 12 s (migrations.config.ts)"},
    {NUMBER(decay_ratio, "1", 0.99), .doc = "epoch_decay: so much less in each epoch than in the one before, at least 1e-9",
     .source = "none; io.net: 1.38869523959793e-5"},
    {FIELD(epochs_n), .type = DP_PARAM_INT, .unit = "1", .value = 0, .min = 0, .max = 1e12,
     .doc = "epoch_decay: it ends after so many epochs; 0: never", .source = "none; io.net: 175,319"},
    {FIELD(curve_d), .type = DP_PARAM_NUMBERS, .unit = "d", .min = 0, .max = 36500, .doc = "steps: days, rising",
     .source = "none"},
    {FIELD(curve_tokens), .type = DP_PARAM_NUMBERS, .unit = "token", .min = 0, .max = 1e15,
     .doc = "steps: tokens minted by each of curve_d; straight lines between them, nothing after the last",
     .source = "none"},
    {FIELD(curve_csv), .type = DP_PARAM_PATH, .unit = "text",
     .doc = "steps: a file with columns day and tokens (minted by then), in place of a curve", .source = "none"},
    {NUMBER(inflation_ratio, "1", 1),
     .doc = "target_bonded: part of the supply minted in a round, before the first one; target_proportional: in a year",
     .source = "none; Livepeer on Arbitrum: 218,500e-9 (LIP-40)"},
    {NUMBER(change_ratio, "1", 1),
     .doc = "target_bonded: what is added to the inflation in a round below the target and taken off above it; "
            "target_proportional: in a year in which nothing is bonded",
     .source = "none; Livepeer: 500e-9 (LIP-34); cosmos-sdk x/mint: 0.13"},
    {NUMBER(target_ratio, "1", 1), .doc = "target_bonded, target_proportional: bonded part of the supply that is aimed at",
     .source = "none; Livepeer: 0.5; cosmos-sdk x/mint: 0.67"},
    {NUMBER(floor_ratio, "1", 1), .doc = "target_bonded, target_proportional: least inflation",
     .source = "none; LIP-100: 50,000e-9; cosmos-sdk x/mint: 0.07"},
    {NUMBER(ceiling_ratio, "1", 1), .doc = "target_bonded, target_proportional: greatest inflation",
     .source = "none; LIP-100: 750,000e-9; cosmos-sdk x/mint: 0.20"},
    {NUMBER(bonded_ratio, "1", 1),
     .doc = "target_bonded, target_proportional: part of the supply that is bonded, in a run without a model of staking",
     .source = "none"},
    {NUMBER(power_eib, "eib", 1e9), .log_scale = true,
     .doc = "baseline: raw power of the network at the start, EiB, in a run without a model of storage",
     .source = "none; Filecoin: about 8.4 EiB at the end of March 2024"},
    {FIELD(power_doubling_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 0, .min = -36500, .max = 36500,
     .doc = "baseline: time in which that power doubles; negative: halves; 0: it stays", .source = "none"},
    {NUMBER(end_d, "d", 1e5), .doc = "any kind: nothing is minted after this day; 0: it goes on", .source = "none"},
    {NUMBER(remint_cap, "token", 1e12),
     .doc = "any kind, net emissions: of what is burned, at most so many tokens an epoch enter a pool that is minted "
            "again; 0: nothing",
     .source = "none; Helium: 34.24 HNT an epoch (HIP-20)"},
    {FIELD(remint_epoch_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 1800, .min = 0, .max = 3.2e9,
     .doc = "length of such an epoch", .source = "HIP-20: 30 minutes"},
    {FIELD(remint_epochs_n), .type = DP_PARAM_INT, .unit = "1", .value = 336, .min = 1, .max = 1e9,
     .doc = "each epoch mints this part of the pool", .source = "Helium, 2020: a week of epochs"},
};
#undef NUMBER
#undef FIELD

const struct dp_schema dp_emission_schema = {
    .name = "ledger.emission",
    .doc = "how a token is minted over time",
    DP_ROWS(param, params),
    .size = sizeof(struct dp_emission),
    .check = check,
};
