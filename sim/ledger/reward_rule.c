#include <config.h>

#include "ledger/reward_rule.h"

#include <math.h>

#include "ledger/emission.h"

static void weights_of(const struct dp_reward_config *c, double w[DP_REWARD_UNIT_N]) {
  static const enum dp_reward_unit alone[] = {[DP_REWARD_WORK] = DP_UNIT_WORK, [DP_REWARD_STAKE] = DP_UNIT_STAKE,
                                              [DP_REWARD_UPTIME] = DP_UNIT_UPTIME};
  for (int i = 0; i < DP_REWARD_UNIT_N; i++) w[i] = 0;
  if (c->reward_by != DP_REWARD_MIXTURE) {
    w[alone[c->reward_by]] = 1;
    return;
  }
  w[DP_UNIT_WORK] = c->work_weight;
  w[DP_UNIT_STAKE] = c->stake_weight;
  w[DP_UNIT_UPTIME] = c->uptime_weight;
}

/** Held amounts by age of the host. */
static enum dp_status hold_by_age(const struct dp_reward_config *c, struct dp_reward_rule *out, struct dp_err *err) {
  const struct dp_numbers *age = &c->hold_age_d, *ratio = &c->hold_age_ratio;
  if (age->n != ratio->n || age->n > DP_HOLD_STEPS)
    return dp_fail(err, DP_SCENARIO, "ledger.token: hold_age_d has %zu ages and hold_age_ratio %zu parts (one each, at "
                   "most %d)", age->n, ratio->n, DP_HOLD_STEPS);
  if (age->n == 0 && (c->hold_return_d > 0 || c->hold_return_ratio > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.token: hold_return_d and hold_return_ratio belong to hold_age_d (give ages "
                   "and parts, or leave them out)");
  if (age->n > 0 && c->hold_ratio > 0)
    return dp_fail(err, DP_SCENARIO, "ledger.token: both hold_ratio and hold_age_ratio say what is held (leave one out)");
  for (size_t i = 0; i < age->n; i++) {
    if (i > 0 && !(age->v[i] > age->v[i - 1]))
      return dp_fail(err, DP_SCENARIO, "ledger.token: hold_age_d must rise, got %g after %g", age->v[i], age->v[i - 1]);
    out->hold_from_ns[i] = llround(age->v[i] * (double)DP_DAY);
    out->hold_step_ppb[i] = dp_token_ppb(ratio->v[i]);
    if (out->hold_step_ppb[i] > out->hold_ppb) out->hold_ppb = out->hold_step_ppb[i];
  }
  out->hold_step_n = (unsigned)age->n;
  out->return_ns = llround(c->hold_return_d * (double)DP_DAY);
  out->return_ppb = dp_token_ppb(c->hold_return_ratio);
  return DP_OK;
}

enum dp_status dp_reward_rule_make(const struct dp_reward_config *c, struct dp_reward_rule *out, struct dp_err *err) {
  double w[DP_REWARD_UNIT_N], sum = c->work_weight + c->stake_weight + c->uptime_weight;
  if (c->reward_by != DP_REWARD_MIXTURE && sum > 0)
    return dp_fail(err, DP_SCENARIO, "ledger.token: work_weight, stake_weight and uptime_weight belong to reward_by = "
                   "\"mixture\" (leave them out)");
  if (c->reward_by == DP_REWARD_MIXTURE && !(sum > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.token: reward_by = \"mixture\" needs work_weight, stake_weight or "
                   "uptime_weight above 0");
  if (c->hold_ratio > 0 && !(c->hold_d > 0))
    return dp_fail(err, DP_SCENARIO, "ledger.token: hold_ratio = %g needs hold_d, over which it is released",
                   c->hold_ratio);
  weights_of(c, w);
  sum = w[0] + w[1] + w[2];
  *out = (struct dp_reward_rule){.points_ns = llround(c->points_until_d * (double)DP_DAY), .forfeit = c->forfeit_held,
                                 .hold_ns = llround(c->hold_d * (double)DP_DAY), .hold_ppb = dp_token_ppb(c->hold_ratio)};
  for (int i = 0; i < DP_REWARD_UNIT_N; i++) out->ppb[i] = dp_token_ppb(w[i] / sum);
  if (out->hold_ns < DP_HELD_SLICES) out->hold_ppb = 0;
  return hold_by_age(c, out, err);
}

void dp_reward_split(const struct dp_reward_rule *rule, dp_i128 amount, dp_i128 out[DP_REWARD_UNIT_N]) {
  int last = DP_REWARD_UNIT_N - 1;
  dp_i128 rest = amount;
  while (last > 0 && rule->ppb[last] == 0) last--;
  for (int i = 0; i < DP_REWARD_UNIT_N; i++) {
    out[i] = i < last ? dp_token_part(amount, rule->ppb[i]) : i == last ? rest : 0;
    rest -= out[i];
  }
}

int64_t dp_reward_uptime(dp_time up_ns, uint32_t quality_ppm) {
  return (int64_t)((dp_i128)(up_ns / 1000000) * quality_ppm / 1000000);
}

/* ---- held rewards ---- */

int64_t dp_reward_hold_ppb(const struct dp_reward_rule *rule, dp_time clock_ns) {
  unsigned i = rule->hold_step_n;
  if (i == 0) return rule->hold_ppb;
  while (i > 0 && rule->hold_from_ns[i - 1] > clock_ns) i--;
  return i > 0 ? rule->hold_step_ppb[i - 1] : 0;
}

/** By age: the host's part of all that was ever held of it. */
static dp_i128 release_by_age(const struct dp_reward_rule *rule, struct dp_held *held, dp_time age_ns) {
  if (age_ns < rule->return_ns) return 0;
  const dp_i128 due = dp_token_part(held->amount[0], rule->return_ppb) - held->released[0];
  held->released[0] += due;
  return due;
}

static dp_time slice_ns(const struct dp_reward_rule *rule) { return rule->hold_ns / DP_HELD_SLICES; }

dp_i128 dp_held_release(const struct dp_reward_rule *rule, struct dp_held *held, dp_time clock_ns) {
  if (rule->hold_step_n > 0) return release_by_age(rule, held, clock_ns);
  const dp_time slice = slice_ns(rule), span = slice * DP_HELD_SLICES;
  dp_i128 sum = 0;
  for (int i = 0; i < DP_HELD_SLOTS; i++) {
    if (held->amount[i] == held->released[i]) continue;
    const dp_time since = clock_ns - (held->slice[i] + 1) * slice;
    if (since <= 0) continue;
    const dp_i128 due = dp_token_share_of(held->amount[i], since < span ? since : span, span);
    sum += due - held->released[i];
    held->released[i] = due;
  }
  return sum;
}

void dp_held_add(const struct dp_reward_rule *rule, struct dp_held *held, dp_time clock_ns, dp_i128 amount) {
  const int64_t slice = rule->hold_step_n > 0 ? 0 : clock_ns / slice_ns(rule);
  const int i = (int)(slice % DP_HELD_SLOTS);
  if (held->slice[i] != slice) { /* the slot's last slice was released in full a slice ago */
    held->slice[i] = slice;
    held->amount[i] = held->released[i] = 0;
  }
  held->amount[i] += amount;
}

dp_i128 dp_held_sum(const struct dp_held *held) {
  dp_i128 sum = 0;
  for (int i = 0; i < DP_HELD_SLOTS; i++) sum += held->amount[i] - held->released[i];
  return sum;
}

bool dp_reward_sees(const struct dp_instance *in, const char *table, const char *column) {
  for (size_t i = 0; i < in->model->table_n; i++)
    if (strcmp(in->model->tables[i].name, table) == 0 && dp_table_column(&in->model->tables[i], column)) return true;
  return false;
}
