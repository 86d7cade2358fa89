/* sim/ledger/token_host.c — the cells' side of "ledger.token": what hosts have a claim to, and how they take it. */
#include <config.h>

#include "books/books.h"
#include "ledger/stake.h"
#include "ledger/token_priv.h"

enum dp_status dp__token_init_cell(struct dp_ctx *ctx) {
  const struct dp__token_shared *s = ctx->self->shared;
  uint32_t row, account;
  DP_TRY(dp_table_add(dp_own_table(ctx, CLAIM_TABLE), &row, ctx->err));
  if (s->reward.hold_ppb == 0) return DP_OK;
  DP_TRY(dp_books_open(ctx, DP_ACCOUNT_LOCKED, s->asset, dp_entity_of_cell(ctx->cell->id), &account));
  dp__token_claim_of(ctx)->account = account;
  return DP_OK;
}

/* ---- what a host has a claim to ---- */

static dp_time up_time_ns(const struct dp_ctx *ctx, const struct dp__token_shared *s, uint32_t node) {
  const dp_time before = *(const int64_t *)dp_view_at(ctx, &s->up_ns, node);
  if (!*(const uint8_t *)dp_view_at(ctx, &s->up, node)) return before;
  return before + ctx->now_ns - *(const int64_t *)dp_view_at(ctx, &s->up_since, node);
}

/** What a host has a claim to besides its work. */
static enum dp_status count_presence(struct dp_ctx *ctx, const struct dp__token_shared *s,
                                     struct dp_token_share *share, uint32_t i, bool counts) {
  if (s->reward.ppb[DP_UNIT_STAKE] && counts &&
      __builtin_add_overflow(share->stake_units, dp_stake_units(ctx, s->bond, i), &share->stake_units))
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: points by stake of %s pass 2^63", ctx->self->name);
  if (s->reward.ppb[DP_UNIT_UPTIME] == 0) return DP_OK;
  const dp_time up = up_time_ns(ctx, s, i);
  const uint32_t quality = 1000000 - (s->has_quality ? *(const uint32_t *)dp_view_at(ctx, &s->quality, i) : 0);
  if (counts) share->uptime_ms += dp_reward_uptime(up - share->up_seen_ns, quality);
  share->up_seen_ns = up;
  return DP_OK;
}

static inline enum dp_status count_host(struct dp_ctx *ctx, const struct dp__token_shared *s, uint32_t i,
                                        struct dp_token_share *share, struct dp__token_units *sum) {
  const int64_t work = s->network ? *(const int64_t *)dp_view_at(ctx, &s->work, i) : 0;
  const bool counts = !s->bond || dp_stake_eligible(ctx, s->bond, i);
  if (work < share->work_seen_tok)
    return dp_fail(ctx->err, DP_INVARIANT, "ledger.token: work of host %016llx went down",
                   (unsigned long long)dp_table_entity(dp_own_table(ctx, SHARE_TABLE), i));
  if (counts) share->work_tok += work - share->work_seen_tok;
  share->work_seen_tok = work;
  if (s->reward.ppb[DP_UNIT_STAKE] | s->reward.ppb[DP_UNIT_UPTIME])
    DP_TRY(count_presence(ctx, s, share, i, counts));
  sum->of[DP_UNIT_WORK] += share->work_tok;
  sum->of[DP_UNIT_STAKE] += share->stake_units;
  sum->of[DP_UNIT_UPTIME] += share->uptime_ms;
  return DP_OK;
}

enum dp_status dp__token_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__token_shared *s = ctx->self->shared;
  const struct dp_table *shares = dp_own_table(ctx, SHARE_TABLE);
  struct dp__token_claim *claim = dp__token_claim_of(ctx);
  struct dp__token_units sum = {0};
  if (!beat->settlement) return DP_OK;
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_REWARDED, claim->rewarded));
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_HELD, claim->held));
  DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_FORFEITED, claim->forfeited));
  claim->forfeited = 0;
  for (uint32_t i = dp_table_next(shares, 0); i != DP_NO_ROW; i = dp_table_next(shares, i + 1))
    DP_TRY(count_host(ctx, s, i, DP_ROW(shares, struct dp_token_share, i), &sum));
  for (unsigned k = 0; k < DP_REWARD_UNIT_N; k++) DP_TRY(dp_flow_add(ctx, ctx->self, FLOW_WORK + k, sum.of[k]));
  return DP_OK;
}

/* ---- hosts take it ---- */

/** Opens the wallet with the first reward. */
static enum dp_status find_wallet(struct dp_ctx *ctx, const struct dp__token_shared *s, struct dp_token_share *share,
                                  uint32_t row) {
  if (share->account) return DP_OK;
  return dp_books_open(ctx, DP_ACCOUNT_WALLET, s->asset, dp_table_entity(dp_own_table(ctx, SHARE_TABLE), row),
                       &share->account);
}

/** The clock that holding goes by: the host's age, or the time. */
static dp_time hold_clock(const struct dp_ctx *ctx, const struct dp__token_shared *s, uint32_t row) {
  return ctx->now_ns - (s->reward.hold_step_n > 0 ? *(const int64_t *)dp_view_at(ctx, &s->joined, row) : 0);
}

static struct dp_held *held_at(const struct dp_ctx *ctx, const struct dp_token_share *share) {
  return DP_ROW(dp_own_table(ctx, HELD_TABLE), struct dp_held, share->held - 1);
}

/** A part of a reward that waits on the bridge is held back. */
static enum dp_status hold(struct dp_ctx *ctx, const struct dp__token_shared *s, struct dp_token_share *share,
                           dp_time clock_ns, dp_i128 amount) {
  uint32_t row;
  if (amount == 0) return DP_OK;
  if (!share->held) {
    DP_TRY(dp_table_add(dp_own_table(ctx, HELD_TABLE), &row, ctx->err));
    share->held = row + 1;
  }
  dp_held_add(&s->reward, held_at(ctx, share), clock_ns, amount);
  dp__token_claim_of(ctx)->held += amount;
  return dp_books_post(ctx, DP_REASON_REWARD_HELD, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset),
                       dp__token_claim_of(ctx)->account, amount);
}

/** Whether a host is on its way out, and what is held is its own. */
static bool goes(const struct dp_ctx *ctx, const struct dp__token_shared *s, uint32_t row) {
  if (!s->left) return false;
  const struct dp_view *left = &s->left[*(const uint16_t *)dp_view_at(ctx, &s->provider, row)];
  return left->type == DP_TYPE_I64 && *(const int64_t *)dp_view_at(ctx, left, row) > 0;
}

static enum dp_status release_held(struct dp_ctx *ctx, const struct dp__token_shared *s, struct dp_token_share *share,
                                   uint32_t row) {
  if (!share->held) return DP_OK;
  struct dp_held *held = held_at(ctx, share);
  const bool all = goes(ctx, s, row);
  const dp_i128 due = all ? dp_held_sum(held) : dp_held_release(&s->reward, held, hold_clock(ctx, s, row));
  if (all) *held = (struct dp_held){0};
  if (due == 0) return DP_OK;
  DP_TRY(find_wallet(ctx, s, share, row));
  dp__token_claim_of(ctx)->held -= due;
  share->rewarded += due;
  return dp_books_post(ctx, DP_REASON_HELD_OUT, dp__token_claim_of(ctx)->account, share->account, due);
}

/** Of a reward a part is bonded where stake is earned, a part is held, the rest reaches the wallet. */
static enum dp_status reward(struct dp_books_run *run, const struct dp__token_shared *s, struct dp_token_share *share,
                             uint32_t row, dp_i128 amount) {
  struct dp_ctx *ctx = run->ctx;
  dp_i128 bonded = 0;
  if (amount == 0) return DP_OK;
  dp__token_claim_of(ctx)->rewarded += amount;
  if (s->bond) DP_TRY(dp_stake_keep(ctx, s->bond, row, amount, &bonded));
  const dp_time clock = s->reward.hold_ppb ? hold_clock(ctx, s, row) : 0;
  const bool holds = s->reward.hold_ppb && !goes(ctx, s, row);
  const dp_i128 held = holds ? dp_token_part(amount - bonded, dp_reward_hold_ppb(&s->reward, clock)) : 0;
  const dp_i128 paid = amount - bonded - held;
  DP_TRY(hold(ctx, s, share, clock, held));
  if (paid == 0) return DP_OK;
  DP_TRY(find_wallet(ctx, s, share, row));
  share->rewarded += paid;
  return dp_books_run_add(run, share->account, paid);
}

/** What a settlement shares. */
struct shares {
  struct dp__token_units sent, units;
};

static dp_i128 reward_of(const struct shares *all, const struct dp_token_share *share) {
  const int64_t units[] = {share->work_tok, share->stake_units, share->uptime_ms};
  dp_i128 sum = 0;
  for (unsigned k = 0; k < DP_REWARD_UNIT_N; k++)
    if (units[k]) sum += dp_token_reward(units[k], all->sent.of[k], all->units.of[k]);
  return sum;
}

static struct shares published(const struct dp_ctx *ctx) {
  static const unsigned at[] = {VALUE_EMISSION, VALUE_STAKE_EMISSION, VALUE_UPTIME_EMISSION};
  static const unsigned by[] = {VALUE_WORK, VALUE_STAKE, VALUE_UPTIME};
  struct shares all;
  for (unsigned k = 0; k < DP_REWARD_UNIT_N; k++) {
    all.sent.of[k] = dp_value_integer(ctx, ctx->self, at[k]);
    all.units.of[k] = dp_value_integer(ctx, ctx->self, by[k]);
  }
  return all;
}

enum dp_status dp__token_apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp__token_shared *s = ctx->self->shared;
  const struct dp_table *rows = dp_own_table(ctx, SHARE_TABLE);
  if (!beat->settlement) return DP_OK;
  const struct shares all = published(ctx);
  dp__token_claim_of(ctx)->rewarded = 0;
  if (ctx->now_ns < s->reward.points_ns) return DP_OK;
  int64_t work = 0, stake = 0, uptime = 0; /* of the host before: most are like it */
  dp_i128 amount = 0;
  struct dp_books_run run;
  DP_TRY(dp_books_run_begin(ctx, DP_REASON_REWARD_IN, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, s->asset), true, &run));
  for (uint32_t i = dp_table_next(rows, 0); i != DP_NO_ROW; i = dp_table_next(rows, i + 1)) {
    struct dp_token_share *share = DP_ROW(rows, struct dp_token_share, i);
    DP_TRY(release_held(ctx, s, share, i));
    if ((share->work_tok | share->stake_units | share->uptime_ms) == 0) continue;
    if (share->work_tok != work || share->stake_units != stake || share->uptime_ms != uptime)
      amount = reward_of(&all, share);
    work = share->work_tok, stake = share->stake_units, uptime = share->uptime_ms;
    DP_TRY(reward(&run, s, share, i, amount));
    share->work_tok = share->stake_units = share->uptime_ms = 0;
  }
  return dp_books_run_end(&run);
}

/** A host is gone. What was still held of it, for it did not leave by itself, goes where the rule says. */
enum dp_status dp__token_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct dp__token_shared *s = ctx->self->shared;
  const uint32_t row = dp_table_find(dp_own_table(ctx, SHARE_TABLE), event->dest);
  struct dp__token_claim *claim = dp__token_claim_of(ctx);
  if (row == DP_NO_ROW) return DP_OK;
  struct dp_token_share *share = DP_ROW(dp_own_table(ctx, SHARE_TABLE), struct dp_token_share, row);
  if (!share->held) return DP_OK;
  const dp_i128 left = dp_held_sum(held_at(ctx, share));
  dp_table_remove(dp_own_table(ctx, HELD_TABLE), share->held - 1);
  share->held = 0;
  claim->held -= left;
  if (s->reward.forfeit) claim->forfeited += left;
  return dp_books_post(ctx, s->reward.forfeit ? DP_REASON_HELD_FORFEIT : DP_REASON_HELD_LEFT, claim->account,
                       dp_books_own(ctx, s->reward.forfeit ? DP_ACCOUNT_BRIDGE : DP_ACCOUNT_HOLDERS, s->asset), left);
}
