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
  return DP_OK;
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

static dp_time slice_ns(const struct dp_reward_rule *rule) { return rule->hold_ns / DP_HELD_SLICES; }

dp_i128 dp_held_release(const struct dp_reward_rule *rule, struct dp_held *held, dp_time now_ns) {
  const dp_time slice = slice_ns(rule), span = slice * DP_HELD_SLICES;
  dp_i128 sum = 0;
  for (int i = 0; i < DP_HELD_SLOTS; i++) {
    if (held->amount[i] == held->released[i]) continue;
    const dp_time since = now_ns - (held->slice[i] + 1) * slice;
    if (since <= 0) continue;
    const dp_i128 due = dp_token_share_of(held->amount[i], since < span ? since : span, span);
    sum += due - held->released[i];
    held->released[i] = due;
  }
  return sum;
}

void dp_held_add(const struct dp_reward_rule *rule, struct dp_held *held, dp_time now_ns, dp_i128 amount) {
  const int64_t slice = now_ns / slice_ns(rule);
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
