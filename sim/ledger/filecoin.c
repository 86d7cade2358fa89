#include "ledger/filecoin.h"

#include <math.h>

#define SIMPLE_FIL 330e6
#define BASELINE_FIL 770e6
#define HALF_LIFE_DAYS (6 * 365.0)
#define DOUBLING_DAYS 365.0
#define B0_BYTES 2888888880000000000u

/* ---- closed form ---- */

double dp_filecoin_simple_minted(double days) { return -SIMPLE_FIL * expm1(-M_LN2 * (days / HALF_LIFE_DAYS)); }

double dp_filecoin_baseline_eib(double days) { return ldexp((double)B0_BYTES, -60) * exp2(days / DOUBLING_DAYS); }

void dp_filecoin_baseline_minted(double power_eib, int64_t days, double *theta_days, double *minted_fil) {
  const double g = M_LN2 / DOUBLING_DAYS;
  double realised = 0;
  for (int64_t day = 1; day <= days; day++) realised += fmin(power_eib, dp_filecoin_baseline_eib((double)day));
  *theta_days = log1p(g * realised / dp_filecoin_baseline_eib(0)) / g;
  *minted_fil = -BASELINE_FIL * expm1(-M_LN2 * (*theta_days / HALF_LIFE_DAYS));
}

/* ---- Q.128: X stands for X / 2^128; all fit 256 bits between operations, products have 512 ---- */

static const struct dp_u256 one = {{0, 0, 1}};
static const struct dp_u256 lambda = {{0xef5c72e0c734a252, 0x1d801deb781}};     /* ln 2 / (6 · 1051200) an epoch */
static const struct dp_u256 exp_lambda_1 = {{0x630bf8e3d6dd1f05, 0x1d801e06aa5}}; /* e^λ − 1 */
static const struct dp_u256 simple_atto = {{0xd8942a518a000000, 0x110f837}};    /* 330e6 · 10^18 */
static const struct dp_u256 baseline_atto = {{0xa40462be42000000, 0x27cedd7}};  /* 770e6 · 10^18 */
/* 2^(1/1051200) − 1, the growth of the baseline in an epoch */
static const dp_u128 growth = (dp_u128)0xb100b757e08 << 64 | 0x9ce37c31f850b675;

/* Powers of x, the highest first; those of odd powers in the numerator are negative. */
static const struct dp_u256 numerator[] = {
    {{0x5aab1dd040171ae0, 0x83049f993}},
    {{0xd8864986fa3a8000, 0x35395a6927e}},
    {{0x9acec8f1ec310000, 0x9da73a97c02d}},
    {{0xdedc79ba27d00000, 0x113019bbee5d7d}},
    {{0x3943f1e944000000, 0x1303b0fdbe817b0}},
    {{0x538d3c67c0000000, 0xd4e1a469caccc86}},
    {{0xddae7e3500000000, 0x5707a811230b6625}},
    {{0, 0, 1}},
};
static const struct dp_u256 denominator[] = {
    {{0xcc8ea1290f060ad9, 0x10383}},
    {{0x73c24632ef32f3fa, 0x5e60ae}},
    {{0x1b615e68c04c2963, 0x124e7334}},
    {{0xb39dc8fd875d810, 0x2744d6132}},
    {{0xce96e9e035df1800, 0x3ff874bb7d}},
    {{0xebb69a1e81c35000, 0x529b685b71b}},
    {{0x70f9fd08e5143000, 0x563322e27026}},
    {{0x824d14004c700000, 0x490bacd18ea79}},
    {{0xc3969eb83e000000, 0x31f46d18d65c19}},
    {{0x7fc1c84f00000000, 0x1b1662a53301b0a}},
    {{0xd61cba0730000000, 0xb44b5d8d9e9ac6d}},
    {{0x75debe1600000000, 0x3646723579a16660}},
    {{0x225181cc00000000, 0xa8f857eedcf499da}},
    {{0, 0, 1}},
};

struct signed_u256 {
  struct dp_u256 size;
  bool negative;
};

static bool add_signed(struct signed_u256 a, struct signed_u256 b, struct signed_u256 *out) {
  out->negative = a.negative;
  if (a.negative == b.negative) return dp_u256_add(a.size, b.size, &out->size);
  if (dp_u256_sub(a.size, b.size, &out->size)) return true;
  out->negative = b.negative;
  return dp_u256_sub(b.size, a.size, &out->size);
}

/* ⌊a b / 2^128⌋, or one more when `up` and something is cut off. Numbers near 1 have three limbs: the rest costs nothing. */
static bool times(struct dp_u256 a, struct dp_u256 b, bool up, struct dp_u256 *out) {
  uint64_t product[8] = {0};
  const int a_n = a.limb[3] ? 4 : 3, b_n = b.limb[3] ? 4 : 3;
  for (int i = 0; i < a_n; i++) {
    uint64_t carry = 0;
    for (int k = 0; k < b_n; k++) {
      const dp_u128 sum = (dp_u128)a.limb[i] * b.limb[k] + product[i + k] + carry;
      product[i + k] = (uint64_t)sum;
      carry = (uint64_t)(sum >> 64);
    }
    product[i + b_n] = carry;
  }
  if (product[6] | product[7]) return false;
  *out = (struct dp_u256){{product[2], product[3], product[4], product[5]}};
  return !(up && (product[0] | product[1])) || dp_u256_add(*out, (struct dp_u256){{1}}, out);
}

/* Horner; the shift after each product goes towards −∞. */
static bool polynomial(const struct dp_u256 *c, int n, bool alternating, struct dp_u256 x, struct signed_u256 *out) {
  struct signed_u256 acc = {{{0}}, false};
  for (int i = 0; i < n; i++) {
    struct signed_u256 term = {c[i], alternating && (n - 1 - i) % 2 == 1};
    if (!times(acc.size, x, acc.negative, &acc.size)) return false;
    if (!add_signed(acc, term, &acc)) return false;
  }
  *out = acc;
  return true;
}

/* e^−x for 0 ≤ x < 5. */
static bool exp_negative(struct dp_u256 x, struct dp_u256 *out) {
  struct signed_u256 top, bottom;
  if (!polynomial(numerator, sizeof numerator / sizeof *numerator, true, x, &top)) return false;
  if (!polynomial(denominator, sizeof denominator / sizeof *denominator, false, x, &bottom)) return false;
  return !top.negative && dp_u256_mul_div(top.size, one, bottom.size, DP_ROUND_DOWN, out);
}

/* attoFIL in Q.128 minted by baseline up to network time t. */
static bool baseline_supply(struct dp_u256 t, struct dp_u256 *out) {
  struct dp_u256 x, rest;
  return times(t, lambda, false, &x) && exp_negative(x, &rest) &&
         dp_u256_sub(one, rest, &rest) && dp_u256_mul(rest, baseline_atto, out);
}

/* attoFIL in Q.128 minted by time in an epoch. */
static bool simple_supply(int64_t epoch, struct dp_u256 *out) {
  struct dp_u256 x, rate;
  return dp_u256_mul(lambda, dp_u256_from_u128((dp_u128)epoch), &x) && exp_negative(x, &x) &&
         dp_u256_mul(simple_atto, exp_lambda_1, &rate) && times(rate, x, false, out);
}

/* Of an epoch in which the baseline's supply goes from `before` to `after`. */
static bool mint(int64_t epoch, struct dp_u256 before, struct dp_u256 after, dp_i128 *atto) {
  const struct signed_u256 old = {before, true}, new = {after, false};
  struct signed_u256 sum = {.negative = false};
  dp_u128 whole;
  if (!simple_supply(epoch, &sum.size) || !add_signed(sum, new, &sum) || !add_signed(sum, old, &sum)) return false;
  enum dp_round floor = sum.negative ? DP_ROUND_UP : DP_ROUND_DOWN; /* of the size */
  if (!dp_u256_mul_div(sum.size, (struct dp_u256){{1}}, one, floor, &sum.size)) return false;
  if (!dp_u256_to_u128(sum.size, &whole) || whole > DP_I128_MAX) return false;
  *atto = sum.negative ? -(dp_i128)whole : (dp_i128)whole;
  return true;
}

static bool reward(int64_t epoch, struct dp_u256 before, struct dp_u256 after, dp_i128 *atto) {
  struct dp_u256 old, new;
  return baseline_supply(before, &old) && baseline_supply(after, &new) && mint(epoch, old, new, atto);
}

static enum dp_status check_epoch(int64_t epoch, struct dp_err *err) {
  if (epoch >= 0 && epoch <= DP_FILECOIN_EPOCH_MAX) return DP_OK;
  return dp_fail(err, DP_RANGE, "an epoch must lie in [0, %d], got %lld", DP_FILECOIN_EPOCH_MAX, (long long)epoch);
}

enum dp_status dp_filecoin_reward(int64_t epoch, struct dp_u256 before, struct dp_u256 after, dp_i128 *atto,
                                  struct dp_err *err) {
  const struct dp_u256 last = {{0, 0, DP_FILECOIN_EPOCH_MAX}};
  DP_TRY(check_epoch(epoch, err));
  if (dp_u256_cmp(before, last) > 0 || dp_u256_cmp(after, last) > 0)
    return dp_fail(err, DP_RANGE, "a network time must lie in [0, %d] epochs", DP_FILECOIN_EPOCH_MAX);
  if (!reward(epoch, before, after, atto)) return dp_fail(err, DP_RANGE, "a reward does not fit 128 bits");
  return DP_OK;
}

enum dp_status dp_filecoin_simple_reward(int64_t epoch, dp_i128 *atto, struct dp_err *err) {
  const struct dp_u256 zero = {{0}};
  return dp_filecoin_reward(epoch, zero, zero, atto, err);
}

/* ---- network time ---- */

/* One epoch's growth, floored: below 2^104 up to DP_FILECOIN_EPOCH_MAX. */
static dp_u128 grow(dp_u128 bytes) {
  dp_u128 more = 0;
  if (!dp_u256_to_u128(dp_u256_shr(dp_u256_product(bytes, growth), 128), &more)) more = 0; /* growth < 2^128 */
  return bytes + more;
}

struct dp_filecoin_network dp_filecoin_genesis(void) {
  /* the baseline one step before B0: ⌊(B0 · 2^256 / growth) / 2^128⌋ */
  return (struct dp_filecoin_network){.epoch = -1, .baseline = 2888886975106048385u, .effective_baseline = B0_BYTES};
}

enum dp_status dp_filecoin_baseline_bytes(int64_t epochs, dp_u128 *bytes, struct dp_err *err) {
  DP_TRY(check_epoch(epochs, err));
  dp_u128 baseline = dp_filecoin_genesis().baseline;
  for (int64_t i = 0; i < epochs; i++) baseline = grow(baseline);
  *bytes = baseline;
  return DP_OK;
}

struct dp_u256 dp_filecoin_network_time(const struct dp_filecoin_network *n) {
  struct dp_u256 whole = {{0, 0, (uint64_t)n->effective_n}}, ahead, time = {{0}};
  if (n->effective_n == 0 || !dp_u256_sub(n->baseline_sum, n->realised_sum, &ahead)) return time;
  if (!dp_u256_mul_div(ahead, one, dp_u256_from_u128(n->effective_baseline), DP_ROUND_DOWN, &ahead)) return time;
  return dp_u256_sub(whole, ahead, &time) ? time : (struct dp_u256){{0}};
}

enum dp_status dp_filecoin_step(struct dp_filecoin_network *network, dp_u128 power, dp_i128 *atto,
                                struct dp_err *err) {
  struct dp_filecoin_network n = *network;
  DP_TRY(check_epoch(++n.epoch, err));
  n.baseline = grow(n.baseline);
  struct dp_u256 realised = dp_u256_from_u128(power < n.baseline ? power : n.baseline);
  bool good = dp_u256_add(n.realised_sum, realised, &n.realised_sum);
  while (good && dp_u256_cmp(n.realised_sum, n.baseline_sum) > 0) {
    n.effective_n++;
    n.effective_baseline = grow(n.effective_baseline);
    good = dp_u256_add(n.baseline_sum, dp_u256_from_u128(n.effective_baseline), &n.baseline_sum);
  }
  if (!good) return dp_fail(err, DP_RANGE, "a sum of power does not fit 256 bits");
  if (atto != NULL)
    DP_TRY(dp_filecoin_reward(n.epoch, dp_filecoin_network_time(network), dp_filecoin_network_time(&n), atto, err));
  *network = n;
  return DP_OK;
}

enum dp_status dp_filecoin_run(struct dp_filecoin_network *network, dp_u128 power, int64_t epochs, dp_i128 *atto,
                               struct dp_err *err) {
  struct dp_u256 before, after;
  dp_i128 sum = 0, now;
  if (!baseline_supply(dp_filecoin_network_time(network), &before))
    return dp_fail(err, DP_RANGE, "a network time must lie in [0, %d] epochs", DP_FILECOIN_EPOCH_MAX);
  for (int64_t i = 0; i < epochs; i++) {
    DP_TRY(dp_filecoin_step(network, power, NULL, err));
    if (!baseline_supply(dp_filecoin_network_time(network), &after) || !mint(network->epoch, before, after, &now))
      return dp_fail(err, DP_RANGE, "a reward does not fit 128 bits");
    sum += now;
    before = after;
  }
  *atto = sum;
  return DP_OK;
}
