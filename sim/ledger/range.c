#include <config.h>

#include "ledger/range.h"

#define MILLION 1000000
#define AMOUNT_MAX ((dp_i128)1 << 120)

static const struct dp_u256 one = {{1}};
static const struct dp_u256 q96 = {{0, (uint64_t)1 << 32}};

/* ---- ticks ---- */

/* 2^128 / √(1.0001^(2^i)), to the nearest: TickMath.sol */
static const struct dp_u256 powers[] = {
    {{0xaa2d162d1a594001u, 0xfffcb933bd6fad37u}}, {{0x59a46990580e213au, 0xfff97272373d4132u}},
    {{0xef12357cf3c7fdccu, 0xfff2e50f5f656932u}}, {{0x1c3624eaa0941cd0u, 0xffe5caca7e10e4e6u}},
    {{0xc9db58835c926644u, 0xffcb9843d60f6159u}}, {{0x472e6896dfb254c0u, 0xff973b41fa98c081u}},
    {{0x43ec78b326b52861u, 0xff2ea16466c96a38u}}, {{0x11c461f1969c3053u, 0xfe5dee046a99a2a8u}},
    {{0xdcffc83b479aa3a4u, 0xfcbe86c7900a88aeu}}, {{0x6f2b074cf7815e54u, 0xf987a7253ac41317u}},
    {{0x940c7a398e4b70f3u, 0xf3392b0822b70005u}}, {{0x43b29c7fa6e889d9u, 0xe7159475a2c29b74u}},
    {{0x845ad8f792aa5825u, 0xd097f3bdfd2022b8u}}, {{0x8a65dc1f90e061e5u, 0xa9f746462d870fdfu}},
    {{0x90bb3df62baf32f7u, 0x70d869a156d2a1b8u}}, {{0x81231505542fcfa6u, 0x31be135f97d08fd9u}},
    {{0xc677de54f3e99bc9u, 0x09aa508b5b7a84e1u}}, {{0x6699c329225ee604u, 0x005d6af8dedb8119u}},
    {{0x1ea926041bedfe98u, 0x00002216e584f5fau}}, {{0x91f7dc42444e8fa2u, 0x00000000048a1703u}},
};

struct dp_u256 dp_tick_root(int32_t tick) {
  const struct dp_u256 all_ones = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
  const uint32_t steps = (uint32_t)(tick < 0 ? -tick : tick);
  struct dp_u256 ratio = dp_u256_shl(one, 128), root, up;
  for (unsigned i = 0; i < sizeof powers / sizeof *powers; i++)
    if (steps >> i & 1 && dp_u256_mul(ratio, powers[i], &ratio)) ratio = dp_u256_shr(ratio, 128);
  if (tick > 0 && !dp_u256_mul_div(all_ones, one, ratio, DP_ROUND_DOWN, &ratio)) return one;
  root = dp_u256_shr(ratio, 32); /* rounded up, as in the contract */
  return (uint32_t)ratio.limb[0] != 0 && dp_u256_add(root, one, &up) ? up : root;
}

int32_t dp_tick_at(struct dp_u256 root) {
  int32_t low = -DP_TICK_MAX, high = DP_TICK_MAX + 1;
  while (high - low > 1) {
    const int32_t middle = low + (high - low) / 2;
    if (dp_u256_cmp(dp_tick_root(middle), root) <= 0) low = middle;
    else high = middle;
  }
  return low;
}

/* ---- positions ---- */

static struct dp_u256 least(struct dp_u256 a, struct dp_u256 b) { return dp_u256_cmp(a, b) < 0 ? a : b; }
static struct dp_u256 most(struct dp_u256 a, struct dp_u256 b) { return dp_u256_cmp(a, b) > 0 ? a : b; }

static bool narrow(struct dp_u256 a, dp_u128 *out) { return dp_u256_to_u128(a, out) && !(*out >> 127); }

/* x √a √b / (√b − √a) */
static bool by_token(struct dp_u256 a, struct dp_u256 b, dp_i128 token, dp_u128 *out) {
  struct dp_u256 product, gap, liquidity;
  return dp_u256_mul_div(a, b, q96, DP_ROUND_DOWN, &product) && dp_u256_sub(b, a, &gap) &&
         dp_u256_mul_div(dp_u256_from_u128((dp_u128)token), product, gap, DP_ROUND_DOWN, &liquidity) &&
         narrow(liquidity, out);
}

/* y / (√b − √a) */
static bool by_usd(struct dp_u256 a, struct dp_u256 b, dp_i128 usd, dp_u128 *out) {
  struct dp_u256 gap, liquidity;
  return dp_u256_sub(b, a, &gap) &&
         dp_u256_mul_div(dp_u256_from_u128((dp_u128)usd), q96, gap, DP_ROUND_DOWN, &liquidity) && narrow(liquidity, out);
}

bool dp_position_liquidity(struct dp_u256 root, int32_t lower, int32_t upper, dp_i128 token, dp_i128 usd,
                           dp_u128 *liquidity) {
  const struct dp_u256 low = dp_tick_root(lower), high = dp_tick_root(upper);
  dp_u128 first, second;
  if (dp_u256_cmp(root, low) <= 0) return by_token(low, high, token, liquidity);
  if (dp_u256_cmp(root, high) >= 0) return by_usd(low, high, usd, liquidity);
  if (!by_token(root, high, token, &first) || !by_usd(low, root, usd, &second)) return false;
  *liquidity = first < second ? first : second;
  return true;
}

static void add_edge(struct dp_range *curve, struct dp_u256 root) {
  size_t at = 0;
  while (at < curve->edge_n && dp_u256_cmp(curve->edge[at], root) < 0) at++;
  if (at < curve->edge_n && dp_u256_cmp(curve->edge[at], root) == 0) return;
  for (size_t i = curve->edge_n; i > at; i--) curve->edge[i] = curve->edge[i - 1];
  curve->edge[at] = root;
  curve->edge_n++;
}

void dp_range_make(const struct dp_position *positions, size_t n, struct dp_range *out) {
  *out = (struct dp_range){0};
  for (size_t i = 0; i < n; i++) {
    add_edge(out, dp_tick_root(positions[i].lower));
    add_edge(out, dp_tick_root(positions[i].upper));
  }
  for (size_t i = 0; i < n; i++) {
    const struct dp_u256 low = dp_tick_root(positions[i].lower), high = dp_tick_root(positions[i].upper);
    for (size_t k = 0; k + 1 < out->edge_n; k++)
      if (dp_u256_cmp(out->edge[k], low) >= 0 && dp_u256_cmp(out->edge[k], high) < 0)
        out->liquidity[k] += positions[i].liquidity;
  }
}

bool dp_range_between(const struct dp_range *curve, struct dp_u256 low, struct dp_u256 high, bool round_up,
                      dp_i128 *token, dp_i128 *usd) {
  struct dp_u256 tokens = {{0}}, money = {{0}}, part;
  struct dp_err err;
  dp_u128 sums[2];
  for (size_t i = 0; i + 1 < curve->edge_n; i++) {
    const struct dp_u256 a = most(curve->edge[i], low), b = least(curve->edge[i + 1], high);
    const struct dp_u256 liquidity = dp_u256_from_u128(curve->liquidity[i]);
    if (curve->liquidity[i] == 0 || dp_u256_cmp(a, b) >= 0) continue;
    if (dp_amm_v3_amount0(a, b, liquidity, round_up, &part, &err) != DP_OK || !dp_u256_add(tokens, part, &tokens) ||
        dp_amm_v3_amount1(a, b, liquidity, round_up, &part, &err) != DP_OK || !dp_u256_add(money, part, &money))
      return false;
  }
  if (!narrow(tokens, &sums[0]) || !narrow(money, &sums[1])) return false;
  *token = (dp_i128)sums[0];
  *usd = (dp_i128)sums[1];
  return true;
}

/* ---- trades ---- */

/* One segment of a move towards `edge`: all of it when `left` reaches so far. */
static enum dp_status step(dp_u128 liquidity_n, struct dp_u256 edge, int token, struct dp_u256 *left,
                           struct dp_u256 *root, struct dp_u256 *out, struct dp_err *err) {
  const struct dp_u256 liquidity = dp_u256_from_u128(liquidity_n);
  struct dp_u256 need, next = edge, part;
  DP_TRY(token == 0 ? dp_amm_v3_amount0(edge, *root, liquidity, true, &need, err)
                    : dp_amm_v3_amount1(*root, edge, liquidity, true, &need, err));
  if (dp_u256_cmp(*left, need) >= 0) {
    if (!dp_u256_sub(*left, need, left)) return dp_fail(err, DP_INVARIANT, "a segment takes more than there is");
  } else {
    DP_TRY(dp_amm_v3_next_sqrt_price(*root, liquidity, *left, token, true, &next, err));
    next = token == 0 ? most(next, edge) : least(next, edge);
    *left = (struct dp_u256){{0}};
  }
  DP_TRY(token == 0 ? dp_amm_v3_amount1(next, *root, liquidity, false, &part, err)
                    : dp_amm_v3_amount0(*root, next, liquidity, false, &part, err));
  *root = next;
  return dp_u256_add(*out, part, out) ? DP_OK : dp_fail(err, DP_INVARIANT, "a trade passes 2^256");
}

enum dp_status dp_range_move(const struct dp_range *curve, int token, dp_i128 in, struct dp_u256 *root, dp_i128 *out,
                             struct dp_err *err) {
  struct dp_u256 left = dp_u256_from_u128((dp_u128)in), sum = {{0}};
  dp_u128 total;
  for (size_t k = 0; k + 1 < curve->edge_n && !dp_u256_is_zero(left); k++) {
    const size_t i = token == 0 ? curve->edge_n - 2 - k : k;
    const struct dp_u256 edge = token == 0 ? curve->edge[i] : curve->edge[i + 1];
    if (curve->liquidity[i] == 0) continue;
    if (token == 0 ? dp_u256_cmp(edge, *root) < 0 : dp_u256_cmp(edge, *root) > 0)
      DP_TRY(step(curve->liquidity[i], edge, token, &left, root, &sum, err));
  }
  if (!narrow(sum, &total)) return dp_fail(err, DP_INVARIANT, "a trade passes 2^127 base units");
  *out = (dp_i128)total;
  return DP_OK;
}

/* The heavy side brings `heavy` of `token` (0 or 1), the light one `light` of the other: the largest part q of `heavy`
 * that goes to the curve at no worse an average than light / (heavy − q). */
static enum dp_status split(const struct dp_range *curve, struct dp_u256 root, int token, dp_i128 heavy, dp_i128 light,
                            dp_i128 *q, struct dp_err *err) {
  dp_i128 low = 0, high = heavy + 1, out;
  if (light == 0) low = heavy;
  while (high - low > 1) {
    const dp_i128 middle = low + (high - low) / 2;
    struct dp_u256 moved = root;
    DP_TRY(dp_range_move(curve, token, middle, &moved, &out, err));
    const struct dp_u256 gets = dp_u256_product((dp_u128)out, (dp_u128)(heavy - middle));
    if (dp_u256_cmp(gets, dp_u256_product((dp_u128)light, (dp_u128)middle)) >= 0) low = middle;
    else high = middle;
  }
  *q = low;
  return DP_OK;
}

/* USD that the tokens are worth at the spot price, rounded down; false when that passes 2^127. */
static bool worth(struct dp_u256 root, dp_i128 token, dp_i128 *usd) {
  struct dp_u256 part;
  dp_u128 value;
  if (!dp_u256_mul_div(dp_u256_from_u128((dp_u128)token), root, q96, DP_ROUND_DOWN, &part) ||
      !dp_u256_mul_div(part, root, q96, DP_ROUND_DOWN, &part) || !narrow(part, &value))
    return false;
  *usd = (dp_i128)value;
  return true;
}

enum dp_status dp_range_fill(const struct dp_range *curve, int64_t fee_ppm, struct dp_u256 *root, struct dp_swap *batch,
                             struct dp_err *err) {
  dp_i128 usd, token, value, q, out;
  batch->token_out = batch->usd_out = batch->usd_back = 0;
  if (batch->usd_in < 0 || batch->token_in < 0 || batch->usd_in > AMOUNT_MAX || batch->token_in > AMOUNT_MAX)
    return dp_fail(err, DP_INVARIANT, "a trade is negative or passes 2^120 base units");
  if (!dp_i128_mul_div(batch->usd_in, MILLION - fee_ppm, MILLION, DP_ROUND_DOWN, &usd) ||
      !dp_i128_mul_div(batch->token_in, MILLION - fee_ppm, MILLION, DP_ROUND_DOWN, &token))
    return dp_fail(err, DP_INVARIANT, "a trade passes 2^120 base units");
  if (!worth(*root, token, &value) || value >= usd) { /* more for sale */
    DP_TRY(split(curve, *root, 0, token, usd, &q, err));
    DP_TRY(dp_range_move(curve, 0, q, root, &out, err));
    batch->usd_out = usd + out;
    batch->token_out = token - q;
  } else {
    DP_TRY(split(curve, *root, 1, usd, token, &q, err));
    DP_TRY(dp_range_move(curve, 1, q, root, &out, err));
    batch->token_out = token + out;
    batch->usd_out = usd - q;
  }
  return DP_OK;
}
