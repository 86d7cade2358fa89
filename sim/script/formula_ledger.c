/* sim/script/formula_ledger.c — depin.formula: emission and burns of the networks. */
#include <lauxlib.h>
#include <math.h>

#include "ledger/akash.h"
#include "ledger/arweave.h"
#include "ledger/dimo.h"
#include "ledger/filecoin.h"
#include "ledger/helium.h"
#include "ledger/io_net.h"
#include "ledger/livepeer.h"
#include "ledger/render.h"
#include "script/formula_args.h"

#define DAYS_MAX 36500 /* 100 years */

/* ---- Filecoin ---- */

static int filecoin_simple_minted(lua_State *L) {
  return dp__push_number(L, dp_filecoin_simple_minted(dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL)));
}

static int filecoin_baseline_eib(lua_State *L) {
  return dp__push_number(L, dp_filecoin_baseline_eib(dp__arg_number(dp__arg(L, 1), 0, DAYS_MAX)));
}

static int filecoin_baseline_minted(lua_State *L) {
  double theta, minted, power_eib = dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL);
  dp_filecoin_baseline_minted(power_eib, dp__arg_int(dp__arg(L, 2), 0, DAYS_MAX), &theta, &minted);
  return dp__push_number(L, theta) + dp__push_number(L, minted);
}

/* An integer that is not negative. */
static int push_atto(lua_State *L, dp_i128 atto) { return dp__push_u128(L, (dp_u128)atto); }

static int filecoin_simple_reward_atto(lua_State *L) {
  struct dp_err err = {0};
  dp_i128 atto = 0;
  int64_t epoch = dp__arg_int(dp__arg(L, 1), 0, DP_FILECOIN_EPOCH_MAX);
  dp__formula_try(L, dp_filecoin_simple_reward(epoch, &atto, &err), &err);
  return push_atto(L, atto);
}

static int filecoin_reward_atto(lua_State *L) {
  struct dp_err err = {0};
  dp_i128 atto = 0;
  int64_t epoch = dp__arg_int(dp__arg(L, 1), 0, DP_FILECOIN_EPOCH_MAX);
  struct dp_u256 before = dp__arg_u256(dp__arg(L, 2)), after = dp__arg_u256(dp__arg(L, 3));
  if (dp_u256_cmp(before, after) > 0) dp__arg_refuse(dp__arg(L, 3), "a network time not before argument 2");
  dp__formula_try(L, dp_filecoin_reward(epoch, before, after, &atto, &err), &err);
  return push_atto(L, atto);
}

static int filecoin_baseline_bytes(lua_State *L) {
  struct dp_err err = {0};
  dp_u128 bytes = 0;
  int64_t epochs = dp__arg_int(dp__arg(L, 1), 0, DP_FILECOIN_EPOCH_MAX);
  dp__formula_try(L, dp_filecoin_baseline_bytes(epochs, &bytes, &err), &err);
  return dp__push_u128(L, bytes);
}

/* ---- Helium ---- */

static int helium_minted(lua_State *L) {
  return dp__push_number(L, dp_helium_minted_in_year(dp__arg_int(dp__arg(L, 1), 1, INT64_MAX)));
}

static void push_list(lua_State *L, const double *x, size_t n) {
  lua_createtable(L, (int)n, 0);
  for (size_t i = 0; i < n; i++) {
    lua_pushnumber(L, x[i]);
    lua_seti(L, -2, (lua_Integer)i + 1);
  }
}

static int helium_net_emission_pool(lua_State *L) {
  size_t n;
  double *burn = dp__arg_numbers(L, 1, 0, 10000000, &n);
  for (size_t i = 0; i < n; i++)
    if (burn[i] < 0) dp__arg_number(dp__arg_element(L, 1, (lua_Integer)i + 1), 0, HUGE_VAL);
  double *emitted = lua_newuserdatauv(L, (n + 1) * sizeof *emitted, 0);
  double *pool = lua_newuserdatauv(L, (n + 1) * sizeof *pool, 0);
  dp_helium_net_emission(burn, n, emitted, pool);
  push_list(L, emitted, n);
  push_list(L, pool, n);
  return 2;
}

static int helium_data_credits(lua_State *L) {
  struct dp_err err = {0};
  int64_t credits = 0;
  dp_u128 hnt = dp__arg_u128(dp__arg(L, 1)), price = dp__arg_u128(dp__arg(L, 2));
  dp__formula_try(L, dp_helium_data_credits(hnt, price, &credits, &err), &err);
  return dp__push_int(L, credits);
}

static int helium_hip15_units(lua_State *L) {
  double transmitter, witness;
  dp_helium_hip15_units(dp__arg_int(dp__arg(L, 1), 0, INT64_MAX), &transmitter, &witness);
  return dp__push_number(L, transmitter) + dp__push_number(L, witness);
}

static int helium_hip17_limit(lua_State *L) {
  int64_t x[4];
  for (int i = 0; i < 4; i++) x[i] = dp__arg_int(dp__arg(L, i + 1), 0, INT32_MAX);
  return dp__push_int(L, dp_helium_hip17_limit(x[0], x[1], x[2], x[3]));
}

static int helium_hip149_top_up(lua_State *L) {
  double top_up, earned, price = dp__arg_above(dp__arg(L, 1), 0), burn = dp__arg_number(dp__arg(L, 2), 0, HUGE_VAL);
  dp_helium_top_up(&dp_helium_hip149, price, burn, &top_up, &earned);
  return dp__push_number(L, top_up) + dp__push_number(L, earned);
}

/* ---- Render, Akash ---- */

static int render_job(lua_State *L) {
  double usd = dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL);
  struct dp_render_job job = dp_render_pay(usd, dp__arg_above(dp__arg(L, 2), 0));
  return dp__push_number(L, job.tokens) + dp__push_number(L, job.fee) + dp__push_number(L, job.burned);
}

static int akash_inflation_pct(lua_State *L) {
  return dp__push_number(L, dp_akash_inflation_pct(dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL)));
}

static int akash_take(lua_State *L) {
  int64_t amount = dp__arg_int(dp__arg(L, 1), 0, INT64_MAX);
  return dp__push_int(L, dp_akash_take(amount, dp__arg_int(dp__arg(L, 2), 0, 100)));
}

static int akash_bme_mint(lua_State *L) {
  struct dp_err err = {0};
  struct dp_akash_mint mint = {0};
  int64_t uakt = dp__arg_int(dp__arg(L, 1), 0, INT64_MAX);
  dp_u128 price = dp__arg_decimal18(dp__arg(L, 2));
  dp__formula_try(L, dp_akash_bme_mint(uakt, price, dp__arg_int(dp__arg(L, 3), 0, 10000), &mint, &err), &err);
  return dp__push_int(L, mint.minted) + dp__push_int(L, mint.spread) + dp__push_int(L, mint.to_user);
}

static int akash_bme_net_supply(lua_State *L) {
  double usd = dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL), mint = dp__arg_above(dp__arg(L, 2), 0);
  return dp__push_number(L, dp_akash_bme_net_supply(usd, mint, dp__arg_above(dp__arg(L, 3), 0)));
}

static int akash_bme_backoff(lua_State *L) {
  return dp__push_int(L, dp_akash_bme_backoff_blocks(dp__arg_int(dp__arg(L, 1), 0, INT64_MAX)));
}

/* ---- io.net, DIMO, Livepeer, Arweave ---- */

static int io_net_emission(lua_State *L) {
  return dp__push_number(L, dp_io_net_emission(dp__arg_int(dp__arg(L, 1), 0, INT64_MAX)));
}

static int dimo_weekly(lua_State *L) {
  return dp__push_number(L, dp_dimo_weekly(dp__arg_int(dp__arg(L, 1), 0, INT64_MAX)));
}

static int64_t rate(lua_State *L, const char *key, int64_t fallback) {
  struct dp_arg a = dp__arg_field(L, key);
  return fallback >= 0 && dp__arg_absent(a) ? fallback : dp__arg_int(a, 0, INT64_MAX);
}

static int livepeer_next_inflation(lua_State *L) {
  static const char *const keys[] = {"inflation", "bonded", "supply",  "target", "change",
                                     "floor",     "ceiling", "denominator", NULL};
  struct dp_err err = {0};
  struct dp_livepeer_round r = {0};
  int64_t next = 0;
  dp__arg_table(L, keys);
  r.denominator = rate(L, "denominator", 1000000);
  r.inflation = rate(L, "inflation", -1);
  r.target = rate(L, "target", -1);
  r.change = rate(L, "change", -1);
  r.floor = rate(L, "floor", 0);
  r.ceiling = rate(L, "ceiling", r.denominator);
  r.bonded = dp__arg_u128(dp__arg_field(L, "bonded"));
  r.supply = dp__arg_u128(dp__arg_field(L, "supply"));
  dp__formula_try(L, dp_livepeer_next_inflation(&r, &next, &err), &err);
  return dp__push_int(L, next);
}

static int livepeer_mintable(lua_State *L) {
  struct dp_err err = {0};
  dp_u128 minted = 0, supply = dp__arg_u128(dp__arg(L, 1));
  int64_t inflation = dp__arg_int(dp__arg(L, 2), 0, INT64_MAX);
  int64_t denominator = lua_gettop(L) < 3 ? 1000000 : dp__arg_int(dp__arg(L, 3), 1, INT64_MAX);
  dp__formula_try(L, dp_livepeer_mintable(supply, inflation, denominator, &minted, &err), &err);
  return dp__push_u128(L, minted);
}

static int arweave_block_reward(lua_State *L) {
  return dp__push_number(L, dp_arweave_block_reward(dp__arg_int(dp__arg(L, 1), 0, INT64_MAX)));
}

const struct dp_formula_entry dp__formulas_ledger[] = {
    {"filecoin.simple_minted", 1, 1, filecoin_simple_minted, "days"},
    {"filecoin.baseline_eib", 1, 1, filecoin_baseline_eib, "days"},
    {"filecoin.baseline_minted", 2, 2, filecoin_baseline_minted, "power_eib, days"},
    {"filecoin.simple_reward_atto", 1, 1, filecoin_simple_reward_atto, "epoch"},
    {"filecoin.reward_atto", 3, 3, filecoin_reward_atto, "epoch, time_before_q128, time_after_q128"},
    {"filecoin.baseline_bytes", 1, 1, filecoin_baseline_bytes, "epochs"},
    {"helium.hnt_minted_in_year", 1, 1, helium_minted, "year"},
    {"helium.net_emission_pool", 1, 1, helium_net_emission_pool, "{ burn, … }"},
    {"helium.data_credits", 2, 2, helium_data_credits, "hnt_1e8, usd_per_hnt_1e8"},
    {"helium.hip15_units", 1, 1, helium_hip15_units, "witnesses"},
    {"helium.hip17_limit", 4, 4, helium_hip17_limit, "occupied, N, target, max"},
    {"helium.hip149_top_up", 2, 2, helium_hip149_top_up, "usd_per_hnt, smoothed_burn"},
    {"render.job", 2, 2, render_job, "usd, usd_per_token"},
    {"akash.inflation_pct", 1, 1, akash_inflation_pct, "years"},
    {"akash.take", 2, 2, akash_take, "amount, pct"},
    {"akash.bme_mint", 3, 3, akash_bme_mint, "uakt, price, spread_bps"},
    {"akash.bme_net_supply", 3, 3, akash_bme_net_supply, "usd, p_mint, p_settle"},
    {"akash.bme_backoff", 1, 1, akash_bme_backoff, "cr_bps"},
    {"io_net.emission", 1, 1, io_net_emission, "hour"},
    {"dimo.weekly", 1, 1, dimo_weekly, "week"},
    {"livepeer.next_inflation", 1, 1, livepeer_next_inflation,
     "{ inflation, bonded, supply, target, change, floor, ceiling, denominator }"},
    {"livepeer.mintable", 2, 3, livepeer_mintable, "supply, inflation, denominator"},
    {"arweave.block_reward", 1, 1, arweave_block_reward, "height"},
    {0},
};
