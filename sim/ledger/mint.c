#include <config.h>

#include "ledger/mint.h"

#include <math.h>

#include "ledger/livepeer.h"

#define NANO INT64_C(1000000000)
#define ATTO INT64_C(1000000000000000000)
#define YEAR_NS (INT64_C(31557600) * DP_S) /* cosmos-sdk x/mint: 365.25 days */
#define FILECOIN_EPOCH_NS (30 * DP_S)
#define FILECOIN_EPOCHS_A_DAY 2880
#define FILECOIN_ATTO ((dp_i128)1100000000 * ATTO) /* simple and baseline minting */
#define POWER_BITS_MAX 100 /* far above any baseline that the chain's integers hold */

/* ---- from the scenario ---- */

static void make_rates(const struct dp_emission *e, struct dp_mint_rule *r) {
  const double unit = e->kind == DP_EMISSION_PROPORTIONAL ? 1e18 : 1e9;
  r->inflation = llround(e->inflation_ratio * unit);
  r->change = llround(e->change_ratio * unit);
  r->target = llround(e->target_ratio * unit);
  r->floor = llround(e->floor_ratio * unit);
  r->ceiling = llround(e->ceiling_ratio * unit);
  r->bonded = llround(e->bonded_ratio * 1e9);
}

enum dp_status dp_mint_rule_make(const struct dp_emission *e, int64_t decimals, struct dp_mint_rule *out,
                                 struct dp_err *err) {
  *out = (struct dp_mint_rule){.emission = e, .end_ns = DP_TIME_MAX};
  DP_TRY(dp_emission_rule_make(e, decimals, &out->schedule, err));
  if (!e) return DP_OK;
  make_rates(e, out);
  if (e->end_d > 0) out->end_ns = (dp_time)(e->end_d * (double)DP_DAY);
  out->power = (dp_u128)(e->power_eib * 0x1p60);
  out->remint_epoch_ns = (dp_time)(e->remint_epoch_s * 1e9);
  if (!dp_token_base_units(e->remint_cap, decimals, &out->remint_cap))
    return dp_fail(err, DP_SCENARIO, "ledger.emission: remint_cap = %g does not fit 126 bits with %lld decimals",
                   e->remint_cap, (long long)decimals);
  return DP_OK;
}

void dp_mint_rule_free(struct dp_mint_rule *rule) { dp_emission_rule_free(&rule->schedule); }

struct dp_mint_state dp_mint_start(const struct dp_mint_rule *rule) {
  return (struct dp_mint_state){.inflation = rule->inflation, .chain = dp_filecoin_genesis()};
}

/* ---- inflation that steers the bonded share ---- */

static enum dp_status step_livepeer(const struct dp_mint_rule *r, struct dp_mint_state *s, dp_i128 supply,
                                    dp_i128 bonded, struct dp_err *err) {
  const struct dp_livepeer_round round = {.inflation = s->inflation, .target = r->target, .change = r->change,
                                          .floor = r->floor, .ceiling = r->ceiling, .denominator = NANO,
                                          .bonded = (dp_u128)bonded, .supply = (dp_u128)supply};
  dp_u128 amount;
  DP_TRY(dp_livepeer_next_inflation(&round, &s->inflation, err));
  DP_TRY(dp_livepeer_mintable((dp_u128)supply, s->inflation, NANO, &amount, err));
  s->round_amount = (dp_i128)amount;
  return DP_OK;
}

/* Inflation of a year moves by change (1 − bonded / target) a year, floored each round. */
static enum dp_status step_cosmos(const struct dp_mint_rule *r, struct dp_mint_state *s, dp_i128 supply, dp_i128 bonded,
                                  struct dp_err *err) {
  const dp_time round_ns = r->schedule.period_ns;
  dp_i128 share = 0, change, yearly;
  bool good = supply == 0 || dp_i128_mul_div(bonded, ATTO, supply, DP_ROUND_DOWN, &share);
  good = good && share <= ATTO && dp_i128_mul_div(r->target - share, r->change, r->target, DP_ROUND_DOWN, &change) &&
         dp_i128_mul_div(change, round_ns, YEAR_NS, DP_ROUND_DOWN, &change);
  if (!good) return dp_fail(err, DP_RANGE, "the bonded part of the supply is beyond what inflation can follow");
  const dp_i128 next = s->inflation + change;
  s->inflation = next < r->floor ? r->floor : next > r->ceiling ? r->ceiling : (int64_t)next;
  if (!dp_i128_mul_div(supply, s->inflation, ATTO, DP_ROUND_DOWN, &yearly) ||
      !dp_i128_mul_div(yearly, round_ns, YEAR_NS, DP_ROUND_DOWN, &s->round_amount))
    return dp_fail(err, DP_RANGE, "the minted amount does not fit 127 bits");
  return DP_OK;
}

/* What the rounds have minted by now, evenly within the current one. */
static dp_i128 rounds_total(const struct dp_mint_rule *r, const struct dp_mint_state *s, dp_time now_ns) {
  const dp_time round_ns = r->schedule.period_ns, inside = now_ns - (s->rounds_n - 1) * round_ns;
  return s->rounds_n ? s->before + dp_token_share_of(s->round_amount, inside, round_ns) : 0;
}

/* Rounds that have begun by now; the supply at the start of each holds what those before it minted. */
static enum dp_status advance_rounds(const struct dp_mint_rule *r, struct dp_mint_state *s,
                                     const struct dp_mint_input *in, struct dp_err *err) {
  const int64_t begun = in->now_ns / r->schedule.period_ns + 1;
  for (; s->rounds_n < begun; s->rounds_n++) {
    s->before += s->round_amount;
    s->round_amount = 0;
    const dp_i128 supply = in->supply + (s->before - s->counted);
    const dp_i128 bonded = in->staked >= 0 ? in->staked : dp_token_part(supply, r->bonded);
    if (r->schedule.kind == DP_EMISSION_TARGET_BONDED) DP_TRY(step_livepeer(r, s, supply, bonded, err));
    else DP_TRY(step_cosmos(r, s, supply, bonded, err));
  }
  s->counted = rounds_total(r, s, in->now_ns);
  return DP_OK;
}

/* ---- Filecoin ---- */

dp_u128 dp_mint_power(const struct dp_mint_rule *r, dp_time t_ns) {
  const double doubling_d = r->emission->power_doubling_d;
  const dp_time day_ns = t_ns - t_ns % DP_DAY, period_ns = r->schedule.period_ns;
  const dp_u128 most = (dp_u128)1 << POWER_BITS_MAX;
  dp_u128 power = r->power;
  if (period_ns == 0 || power == 0) return power;
  const dp_time into = day_ns % period_ns;
  const int64_t whole = day_ns / period_ns;
  /* 2^x = 2^(whole + 1) · 2^−(1 − fraction) */
  const dp_u128 part = doubling_d < 0 ? dp_emission_half_power(&r->schedule, day_ns)
                                      : dp_emission_half_power(&r->schedule, into ? period_ns - into : 0);
  if (!dp_u128_mul_div(power, part, (dp_u128)1 << 127, DP_ROUND_DOWN, &power)) return most;
  if (doubling_d < 0) return power;
  for (int64_t i = 0; i < whole + (into ? 1 : 0) && power < most; i++) power <<= 1;
  return power < most ? power : most;
}

static enum dp_status advance_chain(const struct dp_mint_rule *r, struct dp_mint_state *s,
                                    const struct dp_mint_input *in, struct dp_err *err) {
  const int64_t last = in->now_ns / FILECOIN_EPOCH_NS; /* epochs that have ended */
  while (s->chain.epoch + 1 < last) {
    const int64_t next = s->chain.epoch + 1, day_end = (next / FILECOIN_EPOCHS_A_DAY + 1) * FILECOIN_EPOCHS_A_DAY;
    const int64_t n = (day_end < last ? day_end : last) - next;
    dp_i128 atto;
    const dp_u128 power = in->power_bytes >= 0 ? (dp_u128)in->power_bytes : dp_mint_power(r, next * FILECOIN_EPOCH_NS);
    DP_TRY(dp_filecoin_run(&s->chain, power, n, &atto, err));
    s->atto += atto;
  }
  return DP_OK;
}

/* ---- net emissions ---- */

/* Each epoch mints ⌊pool / n⌋ of the pool that the ones before left, then the pool gains min(burn, cap). What was burned
 * since the last epoch that was stepped is spread evenly over those that have ended since. */
static void advance_remint(const struct dp_mint_rule *r, struct dp_mint_state *s, const struct dp_mint_input *in) {
  if (r->remint_cap == 0) return;
  const int64_t n = in->now_ns / r->remint_epoch_ns - s->remint_epochs_n, parts = r->emission->remint_epochs_n;
  const dp_i128 burn = in->burned - s->burn_seen;
  if (n <= 0) return;
  for (int64_t i = 0; i < n; i++) {
    const dp_i128 of_epoch = dp_token_share_of(burn, i + 1, n) - dp_token_share_of(burn, i, n);
    const dp_i128 out = s->pool / parts;
    s->reminted += out;
    s->pool += (of_epoch < r->remint_cap ? of_epoch : r->remint_cap) - out;
  }
  s->remint_epochs_n += n;
  s->burn_seen = in->burned;
}

/* ---- all ---- */

enum dp_status dp_mint_advance(const struct dp_mint_rule *r, struct dp_mint_state *s, const struct dp_mint_input *in,
                               struct dp_err *err) {
  struct dp_mint_input upto = *in;
  if (!r->emission) return DP_OK;
  if (upto.now_ns > r->end_ns) upto.now_ns = r->end_ns;
  switch (r->schedule.kind) {
    case DP_EMISSION_TARGET_BONDED:
    case DP_EMISSION_PROPORTIONAL: DP_TRY(advance_rounds(r, s, &upto, err)); break;
    case DP_EMISSION_BASELINE: DP_TRY(advance_chain(r, s, &upto, err)); break;
    default: break;
  }
  advance_remint(r, s, &upto);
  return DP_OK;
}

bool dp_mint_total(const struct dp_mint_rule *r, const struct dp_mint_state *s, dp_time now_ns, dp_i128 *out) {
  dp_i128 minted = 0;
  if (!r->emission) return *out = 0, true;
  if (now_ns > r->end_ns) now_ns = r->end_ns;
  if (r->schedule.kind == DP_EMISSION_BASELINE) minted = dp_token_share_of(r->schedule.amount, s->atto, FILECOIN_ATTO);
  else if (!dp_emission_timed(&r->schedule)) minted = rounds_total(r, s, now_ns);
  else if (!dp_emission_minted(&r->schedule, now_ns, &minted)) return false;
  return dp_i128_add(minted, s->reminted, out);
}
