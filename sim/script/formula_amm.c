/* sim/script/formula_amm.c — depin.formula: fees of settlement chains, exchanges and bonding curves. */
#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "ledger/amm.h"
#include "ledger/chain.h"
#include "ledger/ethereum.h"
#include "ledger/solana.h"
#include "script/formula_args.h"

/* ---- settlement ---- */

static int ethereum_next_base_fee(lua_State *L) {
  struct dp_err err = {0};
  int64_t x[4] = {0, 0, 0, DP_ETHEREUM_BASE_FEE_DENOMINATOR}, next = 0;
  for (int i = 0; i < lua_gettop(L); i++) x[i] = dp__arg_int(dp__arg(L, i + 1), 0, INT64_MAX);
  dp__formula_try(L, dp_ethereum_next_base_fee(x[0], x[1], x[2], x[3], &next, &err), &err);
  return dp__push_int(L, next);
}

static int ethereum_blob_base_fee(lua_State *L) {
  struct dp_err err = {0};
  int64_t wei = 0, fraction = DP_ETHEREUM_BLOB_FRACTION, excess = dp__arg_int(dp__arg(L, 1), 0, INT64_MAX);
  if (lua_gettop(L) > 1) fraction = dp__arg_int(dp__arg(L, 2), 1, INT64_MAX);
  dp__formula_try(L, dp_ethereum_blob_base_fee(excess, fraction, &wei, &err), &err);
  return dp__push_int(L, wei);
}

static int solana_fee(lua_State *L) {
  struct dp_err err = {0};
  int64_t x[3], lamports = 0;
  for (int i = 0; i < 3; i++) x[i] = dp__arg_int(dp__arg(L, i + 1), 0, INT64_MAX);
  dp__formula_try(L, dp_solana_fee(x[0], x[1], x[2], &lamports, &err), &err);
  return dp__push_int(L, lamports);
}

/* ---- constant product and concentrated liquidity ---- */

typedef enum dp_status (*swap_fn)(struct dp_u256, struct dp_u256, struct dp_u256, struct dp_u256 *, struct dp_err *);

static int swap(lua_State *L, swap_fn fn) {
  struct dp_err err = {0};
  struct dp_u256 x[3], result = {{0}};
  for (int i = 0; i < 3; i++) x[i] = dp__arg_u256(dp__arg(L, i + 1));
  dp__formula_try(L, fn(x[0], x[1], x[2], &result, &err), &err);
  return dp__push_u256(L, result);
}

static int v2_out(lua_State *L) { return swap(L, dp_amm_v2_out); }
static int v2_in(lua_State *L) { return swap(L, dp_amm_v2_in); }

/* Whether argument `n` is `yes`, and not `no`. */
static bool is_word(lua_State *L, int n, const char *yes, const char *no, const char *wanted) {
  const char *word = lua_type(L, n) == LUA_TSTRING ? lua_tostring(L, n) : "";
  if (strcmp(word, yes) == 0) return true;
  if (strcmp(word, no) != 0) dp__arg_refuse(dp__arg(L, n), wanted);
  return false;
}

static int v3_next_sqrt_price(lua_State *L) {
  struct dp_err err = {0};
  struct dp_u256 x[3], next = {{0}};
  for (int i = 0; i < 3; i++) x[i] = dp__arg_u256(dp__arg(L, i + 1));
  int token = (int)dp__arg_int(dp__arg(L, 4), 0, 1);
  bool into_pool = is_word(L, 5, "in", "out", "\"in\" or \"out\"");
  dp__formula_try(L, dp_amm_v3_next_sqrt_price(x[0], x[1], x[2], token, into_pool, &next, &err), &err);
  return dp__push_u256(L, next);
}

typedef enum dp_status (*amount_fn)(struct dp_u256, struct dp_u256, struct dp_u256, bool, struct dp_u256 *,
                                    struct dp_err *);

static int amount(lua_State *L, amount_fn fn) {
  struct dp_err err = {0};
  struct dp_u256 x[3], result = {{0}};
  for (int i = 0; i < 3; i++) x[i] = dp__arg_u256(dp__arg(L, i + 1));
  bool up = lua_isboolean(L, 4) ? lua_toboolean(L, 4) : is_word(L, 4, "up", "down", "true (up) or false (down)");
  dp__formula_try(L, fn(x[0], x[1], x[2], up, &result, &err), &err);
  return dp__push_u256(L, result);
}

static int v3_amount0(lua_State *L) { return amount(L, dp_amm_v3_amount0); }
static int v3_amount1(lua_State *L) { return amount(L, dp_amm_v3_amount1); }

/* A number, also as a decimal string. */
static double big_number(lua_State *L, int n) {
  if (lua_type(L, n) != LUA_TSTRING) return dp__arg_number(dp__arg(L, n), 0, HUGE_VAL);
  dp_u128 x = dp__arg_u128(dp__arg(L, n));
  return (double)x;
}

static int v3_position(lua_State *L) {
  double price = dp__arg_above(dp__arg(L, 1), 0), low = dp__arg_above(dp__arg(L, 2), 0), amount0, amount1;
  double high = dp__arg_above(dp__arg(L, 3), low);
  dp_amm_v3_position(price, low, high, big_number(L, 4), &amount0, &amount1);
  return dp__push_number(L, amount0) + dp__push_number(L, amount1);
}

/* ---- others ---- */

static int stableswap_out(lua_State *L) {
  struct dp_err err = {0};
  struct dp_u256 balances[DP_AMM_COINS_MAX], out = {{0}};
  int64_t a = dp__arg_int(dp__arg(L, 1), 1, 1000000);
  size_t n = dp__arg_list(L, 2, 2, DP_AMM_COINS_MAX);
  for (size_t k = 0; k < n; k++) {
    balances[k] = dp__arg_u256(dp__arg_element(L, 2, (lua_Integer)k + 1));
    lua_pop(L, 1);
  }
  size_t i = (size_t)dp__arg_int(dp__arg(L, 3), 1, (int64_t)n), j = (size_t)dp__arg_int(dp__arg(L, 4), 1, (int64_t)n);
  struct dp_u256 in = dp__arg_u256(dp__arg(L, 5));
  dp__formula_try(L, dp_amm_stableswap_out(a, balances, n, i - 1, j - 1, in, &out, &err), &err);
  return dp__push_u256(L, out);
}

static int impermanent_loss(lua_State *L) {
  return dp__push_number(L, dp_amm_impermanent_loss(dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL)));
}

static int lmsr_cost(lua_State *L) {
  size_t n;
  double b = dp__arg_above(dp__arg(L, 1), 0);
  const double *q = dp__arg_numbers(L, 2, 1, 100000, &n);
  return dp__push_number(L, dp_amm_lmsr_cost(b, q, n));
}

static int lmsr_price(lua_State *L) {
  size_t n;
  double b = dp__arg_above(dp__arg(L, 1), 0);
  const double *q = dp__arg_numbers(L, 2, 1, 100000, &n);
  int64_t i = dp__arg_int(dp__arg(L, 3), 1, (int64_t)n);
  return dp__push_number(L, dp_amm_lmsr_price(b, q, n, (size_t)i - 1));
}

static int chain_breakeven_d(lua_State *L) {
  const double fee = dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL), income = dp__arg_above(dp__arg(L, 2), 0);
  return dp__push_number(L, dp_chain_breakeven_d(fee, income, dp__arg_above(dp__arg(L, 3), 0)));
}

static int bancor_mint(lua_State *L) {
  double supply = dp__arg_number(dp__arg(L, 1), 0, HUGE_VAL), reserve = dp__arg_above(dp__arg(L, 2), 0);
  double weight = dp__arg_number(dp__arg(L, 3), 0, 1), deposit = dp__arg_number(dp__arg(L, 4), 0, HUGE_VAL);
  return dp__push_number(L, dp_amm_bancor_mint(supply, reserve, weight, deposit));
}

const struct dp_formula_entry dp__formulas_amm[] = {
    {"ethereum.next_base_fee", 3, 4, ethereum_next_base_fee, "base, used, limit, denominator"},
    {"ethereum.blob_base_fee", 1, 2, ethereum_blob_base_fee, "excess_blob_gas, fraction"},
    {"solana.fee", 3, 3, solana_fee, "signatures, cu_limit, cu_price_micro"},
    {"chain.breakeven_d", 3, 3, chain_breakeven_d, "fee_usd, income_usd_per_day, ratio"},
    {"amm.v2_out", 3, 3, v2_out, "in, reserve_in, reserve_out"},
    {"amm.v2_in", 3, 3, v2_in, "out, reserve_in, reserve_out"},
    {"amm.v3_next_sqrt_price", 5, 5, v3_next_sqrt_price, "sqrtP_X96, L, amount, token, \"in\" or \"out\""},
    {"amm.v3_amount0", 4, 4, v3_amount0, "sqrtA_X96, sqrtB_X96, L, round_up"},
    {"amm.v3_amount1", 4, 4, v3_amount1, "sqrtA_X96, sqrtB_X96, L, round_up"},
    {"amm.v3_position", 4, 4, v3_position, "P, Pa, Pb, L"},
    {"amm.impermanent_loss", 1, 1, impermanent_loss, "r"},
    {"amm.stableswap_out", 5, 5, stableswap_out, "A, { balances }, i, j, dx"},
    {"amm.lmsr_cost", 2, 2, lmsr_cost, "b, { q }"},
    {"amm.lmsr_price", 3, 3, lmsr_price, "b, { q }, i"},
    {"amm.bancor_mint", 4, 4, bancor_mint, "S, R, w, d"},
    {0},
};
