/* tests/unit/t_mechanisms.c — properties of the mechanisms over random and extreme arguments, and GMP's unbounded
 * integers as the second opinion on every exact one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <config.h>
#include <gmp.h>
#include <math.h>
#include <string.h>

#include "base/growth.h"
#include "finance/derivatives.h"
#include "finance/lending.h"
#include "hardware/reliability.h"
#include "ledger/akash.h"
#include "ledger/amm.h"
#include "ledger/arweave.h"
#include "ledger/dimo.h"
#include "ledger/ethereum.h"
#include "ledger/filecoin.h"
#include "ledger/helium.h"
#include "ledger/io_net.h"
#include "ledger/livepeer.h"
#include "ledger/render.h"
#include "ledger/solana.h"
#include "privacy/accounting.h"

#define ROUNDS 20000

/* ---- luck, and numbers of any size ---- */

/* Steele, Lea, Flood 2014. */
static uint64_t next_u64(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static double uniform(uint64_t *state) { return (double)(next_u64(state) >> 11) * 0x1p-53; }

/* A number of 1 to `bits` bits, every length as likely; never 0. */
static struct dp_u256 of_bits(uint64_t *state, unsigned bits) {
  struct dp_u256 x;
  unsigned keep = 1 + (unsigned)(next_u64(state) % bits);
  for (int i = 0; i < 4; i++) x.limb[i] = next_u64(state);
  x = dp_u256_shr(x, 256 - keep);
  if (dp_u256_is_zero(x)) x.limb[0] = 1;
  return x;
}

static void to_mpz(mpz_t z, struct dp_u256 x) { mpz_import(z, 4, -1, 8, 0, 0, x.limb); }

static void assert_equal(struct dp_u256 x, const mpz_t z) {
  char text[DP_U256_TEXT], *want = mpz_get_str(NULL, 10, z);
  void (*release)(void *, size_t);
  assert_string_equal(dp_u256_text(x, text), want);
  mp_get_memory_functions(NULL, NULL, &release);
  release(want, strlen(want) + 1);
}

static void near(double got, double want, double within) {
  if (!(fabs(got - want) <= within)) fail_msg("got %.17g, not %.17g ± %g", got, want, within);
}

static struct dp_u256 small(uint64_t a) { return (struct dp_u256){{a}}; }

/* ---- exchanges ---- */

static void test_a_constant_product_pool_gives_what_gmp_says_and_never_loses(void **state) {
  (void)state;
  uint64_t luck = 1;
  mpz_t a, x, y, out, top, k0, k1;
  mpz_inits(a, x, y, out, top, k0, k1, NULL);
  for (int i = 0; i < ROUNDS; i++) {
    struct dp_u256 in = of_bits(&luck, 112), rx = of_bits(&luck, 112), ry = of_bits(&luck, 112), got, back;
    struct dp_err err = {0};
    assert_int_equal(dp_amm_v2_out(in, rx, ry, &got, &err), DP_OK);
    to_mpz(a, in), to_mpz(x, rx), to_mpz(y, ry);
    mpz_mul(k0, x, y);
    mpz_mul_ui(top, a, 997);
    mpz_mul_ui(out, x, 1000);
    mpz_add(out, out, top);
    mpz_mul(top, top, y);
    mpz_fdiv_q(out, top, out);
    assert_equal(got, out);
    mpz_add(x, x, a);
    mpz_sub(y, y, out);
    mpz_mul(k1, x, y);
    assert_true(mpz_cmp(k1, k0) >= 0);
    if (dp_u256_is_zero(got)) continue;
    assert_int_equal(dp_amm_v2_in(got, rx, ry, &back, &err), DP_OK); /* never asks more than gave it */
    assert_true(dp_u256_cmp(back, in) <= 0);
    assert_int_equal(dp_amm_v2_out(back, rx, ry, &back, &err), DP_OK);
    assert_true(dp_u256_cmp(back, got) >= 0);
  }
  mpz_clears(a, x, y, out, top, k0, k1, NULL);
}

/* ⌈or⌊ a · b / c ⌋or⌉ */
static void mul_div(mpz_t out, const mpz_t a, const mpz_t b, const mpz_t c, bool up) {
  mpz_mul(out, a, b);
  if (up) mpz_cdiv_q(out, out, c);
  else mpz_fdiv_q(out, out, c);
}

static void test_concentrated_liquidity_agrees_with_gmp_and_rounds_for_the_pool(void **state) {
  (void)state;
  uint64_t luck = 2;
  mpz_t l, a, b, want, gap, q96;
  mpz_inits(l, a, b, want, gap, q96, NULL);
  mpz_ui_pow_ui(q96, 2, 96);
  int compared = 0;
  for (int i = 0; i < ROUNDS; i++) {
    struct dp_u256 liquidity = of_bits(&luck, 128), low = of_bits(&luck, 160), high = of_bits(&luck, 160);
    struct dp_u256 down, up, down1, up1;
    struct dp_err err = {0};
    if (dp_u256_cmp(low, high) > 0) {
      struct dp_u256 swap = low;
      low = high;
      high = swap;
    }
    to_mpz(l, liquidity), to_mpz(a, low), to_mpz(b, high);
    mpz_sub(gap, b, a);
    assert_int_equal(dp_amm_v3_amount1(high, low, liquidity, true, &up1, &err), DP_OK);
    mul_div(want, l, gap, q96, true);
    assert_equal(up1, want);
    assert_int_equal(dp_amm_v3_amount1(low, high, liquidity, false, &down1, &err), DP_OK);
    mul_div(want, l, gap, q96, false);
    assert_equal(down1, want);
    if (dp_amm_v3_amount0(low, high, liquidity, true, &up, &err) != DP_OK) continue;
    assert_int_equal(dp_amm_v3_amount0(low, high, liquidity, false, &down, &err), DP_OK);
    mpz_mul(l, l, q96);
    mul_div(want, l, gap, b, true);
    mpz_cdiv_q(want, want, a);
    assert_equal(up, want);
    mul_div(want, l, gap, b, false);
    mpz_fdiv_q(want, want, a);
    assert_equal(down, want);
    compared++;
    /* there by what was rounded up: at or past the target; by what was rounded down: not past it */
    struct dp_u256 there;
    if (dp_u256_is_zero(up1)) continue;
    assert_int_equal(dp_amm_v3_next_sqrt_price(low, liquidity, down1, 1, true, &there, &err), DP_OK);
    assert_true(dp_u256_cmp(there, high) <= 0);
  }
  assert_true(compared > ROUNDS / 2);
  mpz_clears(l, a, b, want, gap, q96, NULL);
}

static void test_a_price_moves_as_gmp_says_on_both_sides(void **state) {
  (void)state;
  uint64_t luck = 3;
  mpz_t l, p, x, want, part, most;
  mpz_inits(l, p, x, want, part, most, NULL);
  mpz_ui_pow_ui(most, 2, 160);
  int moved[4] = {0};
  for (int i = 0; i < 4 * ROUNDS; i++) {
    struct dp_u256 liquidity = of_bits(&luck, 128), root = of_bits(&luck, 160), amount = of_bits(&luck, 90), next;
    struct dp_err err = {0};
    int token = i & 1;
    bool in = (i & 2) != 0, possible;
    to_mpz(l, liquidity), to_mpz(p, root), to_mpz(x, amount);
    mpz_mul(part, x, p); /* at most 250 bits: the contract's first branch */
    if (token == 0) {
      mpz_mul_2exp(l, l, 96);
      if (in) mpz_add(part, l, part);
      else mpz_sub(part, l, part);
      possible = mpz_sgn(part) > 0;
      if (possible) mul_div(want, l, p, part, true);
    } else {
      mpz_mul_2exp(x, x, 96);
      if (in) mpz_fdiv_q(part, x, l);
      else mpz_cdiv_q(part, x, l);
      if (in) mpz_add(want, p, part);
      else mpz_sub(want, p, part);
      possible = true;
    }
    possible = possible && mpz_sgn(want) > 0 && mpz_cmp(want, most) < 0;
    assert_int_equal(dp_amm_v3_next_sqrt_price(root, liquidity, amount, token, in, &next, &err) == DP_OK, possible);
    if (!possible) continue;
    assert_equal(next, want);
    moved[i & 3]++;
    assert_true(in == (token == 1) ? dp_u256_cmp(next, root) >= 0 : dp_u256_cmp(next, root) <= 0);
  }
  for (int k = 0; k < 4; k++) assert_true(moved[k] > ROUNDS / 20);
  mpz_clears(l, p, x, want, part, most, NULL);
}

static void test_a_stable_pool_favours_nobody_and_never_pays_more_than_par_when_balanced(void **state) {
  (void)state;
  uint64_t luck = 4;
  int traded = 0;
  for (int i = 0; i < ROUNDS / 4; i++) {
    size_t n = 2 + next_u64(&luck) % 3;
    struct dp_u256 balances[4], dx = of_bits(&luck, 70), out, back, same = of_bits(&luck, 80);
    struct dp_err err = {0};
    for (size_t k = 0; k < n; k++) balances[k] = i % 2 ? dp_u256_shl(same, 4) : of_bits(&luck, 80);
    int64_t a = 1 + (int64_t)(next_u64(&luck) % 5000);
    if (dp_amm_stableswap_out(a, balances, n, 0, 1, dx, &out, &err) != DP_OK) {
      assert_true(i % 2 == 0); /* only wildly uneven pools go beyond 256 bits */
      continue;
    }
    traded++;
    assert_true(dp_u256_cmp(out, balances[1]) <= 0);
    if (i % 2) assert_true(dp_u256_cmp(out, dx) <= 0);
    assert_true(dp_u256_add(balances[0], dx, &balances[0]) && dp_u256_sub(balances[1], out, &balances[1]));
    struct dp_err again = {0};
    if (dp_u256_is_zero(balances[1]) || dp_u256_is_zero(out)) continue;
    if (dp_amm_stableswap_out(a, balances, n, 1, 0, out, &back, &again) != DP_OK) continue;
    struct dp_u256 most; /* there and back loses, but for Newton, which stops within one unit of D and of y */
    if (i % 2) assert_true(dp_u256_add(dx, small(4), &most) && dp_u256_cmp(back, most) <= 0);
  }
  assert_true(traded > ROUNDS / 8);
}

static void test_scoring_rules_and_curves_keep_their_identities(void **state) {
  (void)state;
  uint64_t luck = 5;
  for (int i = 0; i < ROUNDS / 10; i++) {
    double q[5], b = 1 + 100 * uniform(&luck), sum = 0, r = exp(8 * uniform(&luck) - 4);
    for (int k = 0; k < 5; k++) q[k] = 1e4 * uniform(&luck);
    for (size_t k = 0; k < 5; k++) sum += dp_amm_lmsr_price(b, q, 5, k);
    near(sum, 1, 1e-12);
    double cost = dp_amm_lmsr_cost(b, q, 5);
    for (int k = 0; k < 5; k++) q[k] += 10;
    near(dp_amm_lmsr_cost(b, q, 5), cost + 10, 1e-9);
    near(dp_amm_impermanent_loss(r), dp_amm_impermanent_loss(1 / r), 1e-12);
    near(dp_amm_impermanent_loss(r), 2 * sqrt(r) / (1 + r) - 1, 1e-14);
    double first = dp_amm_bancor_mint(1000, 250, 0.3, 50), both = dp_amm_bancor_mint(1000, 250, 0.3, 120);
    near(first + dp_amm_bancor_mint(1000 + first, 300, 0.3, 70), both, 1e-9);
  }
}

/* ---- fees of chains ---- */

static void test_a_base_fee_moves_by_an_eighth_at_most_and_settles_at_the_target(void **state) {
  (void)state;
  uint64_t luck = 6;
  for (int i = 0; i < ROUNDS; i++) {
    int64_t base = (int64_t)(next_u64(&luck) >> (4 + next_u64(&luck) % 59)), next;
    int64_t limit = 2 + (int64_t)(next_u64(&luck) >> (1 + next_u64(&luck) % 60)) / 2 * 2, target = limit / 2;
    int64_t used = (int64_t)(next_u64(&luck) % ((uint64_t)limit + 1));
    struct dp_err err = {0};
    assert_int_equal(dp_ethereum_next_base_fee(base, used, limit, 8, &next, &err), DP_OK);
    int64_t eighth = base / 8 > 1 ? base / 8 : 1;
    assert_true(next >= base - base / 8 && next <= base + eighth);
    if (used > target) assert_true(next > base);
    if (used < target) assert_true(next <= base);
    if (used == target) assert_true(next == base);
  }
  int64_t fee = 0, last = 1;
  struct dp_err err = {0};
  assert_int_equal(dp_ethereum_next_base_fee(INT64_MAX, INT64_MAX, INT64_MAX, 8, &fee, &err), DP_RANGE);
  for (int64_t excess = 0; excess < 140000000; excess += 1000003) {
    err = (struct dp_err){0};
    assert_int_equal(dp_ethereum_blob_base_fee(excess, DP_ETHEREUM_BLOB_FRACTION, &fee, &err), DP_OK);
    double exact = exp((double)excess / DP_ETHEREUM_BLOB_FRACTION);
    assert_true(fee >= last && (double)fee <= exact && (double)fee > exact * (1 - 1e-4) - 2);
    last = fee;
  }
  assert_int_equal(dp_ethereum_blob_base_fee(INT64_MAX, INT64_MAX, &fee, &err), DP_OK);
  assert_int_equal(fee, 2); /* ⌊e⌋ */
  assert_int_equal(dp_solana_fee(INT64_MAX, INT64_MAX, INT64_MAX, &fee, &err), DP_RANGE);
  assert_int_equal(dp_solana_fee(0, 1, 1, &fee, &err), DP_OK);
  assert_int_equal(fee, 1); /* rounded up */
}

/* ---- emission ---- */

static void test_schedules_fall_and_add_up(void **state) {
  (void)state;
  double sum = 0;
  for (int64_t y = 1; y <= 60; y++) sum += dp_helium_minted_in_year(y);
  near(sum, 240e6, 1); /* HIP-20's theoretical maximum */
  assert_true(dp_helium_minted_in_year(INT64_MAX) == 0);
  for (int64_t h = 1; h < 262800 * 4; h += 4999)
    assert_true(dp_arweave_block_reward(h) < dp_arweave_block_reward(h - 1));
  sum = 0;
  for (int64_t h = 0; h < 262800; h++) sum += dp_arweave_block_reward(h);
  near(sum, 5.5e6, 10); /* half of the 11 million in the first year */
  for (int64_t h = 1; h <= DP_IO_NET_HOURS; h += 97) assert_true(dp_io_net_emission(h) < dp_io_net_emission(h - 1));
  assert_true(dp_io_net_emission(DP_IO_NET_HOURS) == 0 && dp_io_net_emission(-1) == 0 && dp_dimo_weekly(-1) == 0);
  for (int64_t w = 1; w <= DP_DIMO_WEEKS; w++) assert_true(dp_dimo_weekly(w) <= dp_dimo_weekly(w - 1));
  assert_true(dp_akash_inflation_pct(1e9) == 0 && dp_filecoin_simple_minted(1e9) == 330e6);
  for (int64_t cr = 10000; cr > 0; cr--)
    assert_true(dp_akash_bme_backoff_blocks(cr - 1) >= dp_akash_bme_backoff_blocks(cr));
}

static void test_net_emissions_return_what_was_burned_below_the_cap(void **state) {
  (void)state;
  uint64_t luck = 7;
  enum { EPOCHS = 20000, BURNING = 5000 };
  static double burn[EPOCHS], emitted[EPOCHS], pool[EPOCHS];
  double in = 0, out = 0;
  for (int i = 0; i < EPOCHS; i++) {
    burn[i] = i < BURNING ? 50 * uniform(&luck) : 0;
    in += fmin(burn[i], DP_HELIUM_NET_EMISSION_CAP);
  }
  dp_helium_net_emission(burn, EPOCHS, emitted, pool);
  for (int i = 0; i < EPOCHS; i++) {
    out += emitted[i];
    assert_true(emitted[i] >= 0 && emitted[i] <= DP_HELIUM_NET_EMISSION_CAP && pool[i] >= 0);
  }
  near(out + pool[EPOCHS - 1], in, 1e-6);
  assert_true(pool[EPOCHS - 1] < 1e-12 * in);
}

static void test_livepeer_stays_within_its_bounds_and_mints_what_gmp_says(void **state) {
  (void)state;
  uint64_t luck = 8;
  mpz_t z;
  mpz_init(z);
  for (int i = 0; i < ROUNDS; i++) {
    struct dp_livepeer_round r = {.denominator = i % 2 ? 1000000 : 1000000000};
    uint64_t d = (uint64_t)r.denominator;
    r.floor = (int64_t)(next_u64(&luck) % (d / 2));
    r.ceiling = r.floor + (int64_t)(next_u64(&luck) % (d / 2));
    r.inflation = r.floor + (int64_t)(next_u64(&luck) % (uint64_t)(r.ceiling - r.floor + 1));
    r.change = (int64_t)(next_u64(&luck) % d);
    r.target = (int64_t)(next_u64(&luck) % (d + 1));
    r.supply = (dp_u128)next_u64(&luck) * (1 + next_u64(&luck) % 1000000);
    r.bonded = r.supply / 1000 * (next_u64(&luck) % 1001);
    struct dp_err err = {0};
    int64_t next;
    dp_u128 minted;
    assert_int_equal(dp_livepeer_next_inflation(&r, &next, &err), DP_OK);
    assert_true(next >= r.floor && next <= r.ceiling);
    assert_true(next <= r.inflation + r.change && next >= r.inflation - r.change);
    assert_int_equal(dp_livepeer_mintable(r.supply, next, r.denominator, &minted, &err), DP_OK);
    to_mpz(z, dp_u256_from_u128(r.supply));
    mpz_mul_ui(z, z, (unsigned long)next);
    mpz_fdiv_q_ui(z, z, (unsigned long)r.denominator);
    assert_equal(dp_u256_from_u128(minted), z);
  }
  struct dp_livepeer_round nobody = {.inflation = 5, .target = 1, .change = 2, .ceiling = INT64_MAX,
                                     .denominator = INT64_MAX};
  int64_t next;
  struct dp_err err = {0};
  assert_int_equal(dp_livepeer_next_inflation(&nobody, &next, &err), DP_OK); /* no supply: nothing is bonded */
  assert_int_equal(next, 7);
  mpz_clear(z);
}

/* ---- Filecoin: check figures of the specification, restated in shared/reference ---- */

static struct dp_u256 u256(const char *text) {
  struct dp_u256 x;
  assert_true(dp_u256_parse(text, &x));
  return x;
}

static void baseline_part(const char *before, const char *after, const char *want) {
  struct dp_err err = {0};
  dp_i128 with = 0, without = 0;
  char text[DP_I128_TEXT];
  assert_int_equal(dp_filecoin_reward(0, u256(before), u256(after), &with, &err), DP_OK);
  assert_int_equal(dp_filecoin_reward(0, small(0), small(0), &without, &err), DP_OK);
  assert_string_equal(dp_i128_text(with - without, text), want);
}

static void test_filecoin_pays_the_baseline_part_to_the_last_atto(void **state) {
  (void)state;
  baseline_part("0", "340282366920938463463374607398434878123", "84621274052457285111");
  baseline_part("1701411834604692317316873037158763279502223", "1701752116971613255780336411766161714380346",
                "84574788381047331439");
  baseline_part("869421447482997774148922121988128035825635953", "869421787765364695087385585362735434260514076",
                "63904955735320338264");
}

static void test_filecoin_network_time_follows_the_specification(void **state) {
  (void)state;
  static const struct {
    int64_t h;
    const char *baseline, *effective, *sum, *time, *reward;
  } want[] = {
      {0, "2888888879999999999", "1", "2888890784895207676", "117789972781294308588762791098991935281",
       "65558225601276277567"},
      {1, "2888890784895207675", "1", "2888890784895207676", "235579945562588617177525582197983870561",
       "65558220501384736135"},
      {2, "2888892689791671414", "2", "5777783474686879091", "353369909714129902171961640406768473568",
       "65558213255450496286"},
      {2880, "2894380188828447322", "997", "2881170111939675523611", "339241495494707426301003912503556705454950",
       "65524311912943601176"},
  };
  struct dp_filecoin_network n = dp_filecoin_genesis();
  dp_i128 total = 0, reward = 0;
  char text[DP_U256_TEXT];
  size_t at = 0;
  for (int64_t h = 0; h <= 2880; h++) {
    struct dp_err err = {0};
    assert_int_equal(dp_filecoin_step(&n, 1000000000000000000u, &reward, &err), DP_OK);
    total += reward;
    if (h != want[at].h) continue;
    assert_string_equal(dp_u128_text(n.baseline, text), want[at].baseline);
    assert_string_equal(dp_u128_text((dp_u128)n.effective_n, text), want[at].effective);
    assert_string_equal(dp_u256_text(n.baseline_sum, text), want[at].sum);
    assert_string_equal(dp_u256_text(dp_filecoin_network_time(&n), text), want[at].time);
    assert_string_equal(dp_i128_text(reward, text), want[at].reward);
    at++;
  }
  assert_int_equal(at, 4);
  assert_string_equal(dp_i128_text(total, text), "188824388384767979401779");
}

static void test_filecoin_rewards_follow_the_closed_form_and_end_without_harm(void **state) {
  (void)state;
  struct dp_err err = {0};
  dp_i128 reward = 0, last = DP_I128_MAX;
  double sum = 0;
  for (int64_t h = 0; h < 2880; h++) {
    assert_int_equal(dp_filecoin_simple_reward(h, &reward, &err), DP_OK);
    assert_true(reward < last);
    last = reward;
    sum += (double)reward * 1e-18;
  }
  near(sum, dp_filecoin_simple_minted(1) * exp(M_LN2 / 6307200), 1e-12 * sum); /* (e^λ − 1) e^−λh: an epoch ahead */
  assert_int_equal(dp_filecoin_simple_reward(DP_FILECOIN_EPOCH_MAX, &reward, &err), DP_OK);
  assert_true(reward > 0 && reward < last);
  struct dp_u256 end = {{0, 0, DP_FILECOIN_EPOCH_MAX}};
  assert_int_equal(dp_filecoin_reward(0, small(0), end, &reward, &err), DP_OK);
  near((double)reward * 1e-18, 36.27 + 770e6 * (1 - exp(-M_LN2 * DP_FILECOIN_EPOCH_MAX / 6307200.0)), 1);
  assert_int_equal(dp_filecoin_reward(0, end, small(0), &reward, &err), DP_OK); /* time never runs back, but no harm */
  assert_true(reward < 0);
  assert_int_equal(dp_filecoin_simple_reward(-1, &reward, &err), DP_RANGE);
  struct dp_filecoin_network idle = dp_filecoin_genesis();
  err = (struct dp_err){0};
  for (int i = 0; i < 100; i++) assert_int_equal(dp_filecoin_step(&idle, 0, NULL, &err), DP_OK);
  assert_true(idle.effective_n == 0 && dp_u256_is_zero(dp_filecoin_network_time(&idle)));
  /* all power there is counts up to the baseline, which has grown a little in 100 epochs: one epoch of network time */
  assert_int_equal(dp_filecoin_step(&idle, DP_U128_MAX, &reward, &err), DP_OK);
  struct dp_u256 over_one = dp_filecoin_network_time(&idle);
  assert_true(over_one.limb[2] == 1 && over_one.limb[1] < (uint64_t)1 << 52);
}

/* ---- burns, credits, finance ---- */

static void test_credits_and_mints_are_exact_and_refuse_what_does_not_fit(void **state) {
  (void)state;
  uint64_t luck = 9;
  mpz_t z;
  mpz_init(z);
  for (int i = 0; i < ROUNDS; i++) {
    struct dp_err err = {0};
    uint64_t hnt = next_u64(&luck) >> 8, price = next_u64(&luck) >> 30;
    int64_t credits = 0;
    mpz_set_ui(z, hnt);
    mpz_mul_ui(z, z, price);
    mpz_fdiv_q_ui(z, z, 100000000000);
    bool fits = mpz_sizeinbase(z, 2) <= 63;
    assert_int_equal(dp_helium_data_credits(hnt, price, &credits, &err) == DP_OK, fits);
    if (fits) assert_int_equal(credits, mpz_get_si(z));
    struct dp_akash_mint mint;
    int64_t uakt = (int64_t)(next_u64(&luck) >> 20), bps = (int64_t)(next_u64(&luck) % 10001);
    assert_int_equal(dp_akash_bme_mint(uakt, (dp_u128)price * 1000000000, bps, &mint, &err), DP_OK);
    assert_true(mint.spread >= 0 && mint.to_user >= 0 && mint.spread + mint.to_user == mint.minted);
    struct dp_render_job job = dp_render_pay(uniform(&luck) * 1000, 0.1 + uniform(&luck));
    near(job.fee + job.burned, job.tokens, 1e-12 * job.tokens);
  }
  struct dp_akash_mint mint;
  struct dp_err err = {0};
  int64_t credits;
  assert_int_equal(dp_akash_bme_mint(INT64_MAX, DP_U128_MAX, 1, &mint, &err), DP_RANGE);
  assert_int_equal(dp_akash_bme_mint(-1, 1, 1, &mint, &err), DP_RANGE);
  assert_int_equal(dp_helium_data_credits(DP_U128_MAX, DP_U128_MAX, &credits, &err), DP_RANGE);
  assert_int_equal(dp_akash_take(INT64_MAX, 100), INT64_MAX);
  mpz_clear(z);
}

static void test_interest_is_continuous_at_the_kink_and_the_index_grows_as_e(void **state) {
  (void)state;
  struct dp_lending_curve c = {.optimal = 0.9, .slope1 = 0.04, .slope2 = 0.6, .reserve_factor = 0.1};
  double borrow, supply, last = -1, below, above;
  for (int i = 0; i <= 1000; i++) {
    dp_lending_kinked_rate(&c, i / 1000.0, &borrow, &supply);
    assert_true(borrow > last && supply <= borrow);
    last = borrow;
  }
  dp_lending_kinked_rate(&c, nextafter(0.9, 0), &below, &supply);
  dp_lending_kinked_rate(&c, nextafter(0.9, 1), &above, &supply);
  near(below, above, 1e-14);
  struct dp_u256 ray = u256("1000000000000000000000000000"), index, before = {{0}};
  struct dp_err err = {0};
  for (int64_t s = 0; s < 31536000; s += 86399) { /* never above e^rt, below by the fourth term */
    assert_int_equal(dp_lending_compounded_index(dp_u256_shr(ray, 3), s, &index, &err), DP_OK);
    double x = 0.125 * (double)s / 31536000, got = (double)index.limb[1] * 0x1p64 + (double)index.limb[0];
    assert_true(dp_u256_cmp(index, before) >= 0 && got * 1e-27 <= exp(x) + 1e-12);
    near(got * 1e-27, exp(x), x * x * x * x / 23 + x * x * x / 600 + 1e-9); /* r³ has two digits */
    before = index;
  }
  assert_int_equal(dp_lending_compounded_index((struct dp_u256){{~0ull, ~0ull, ~0ull, ~0ull}}, INT64_MAX, &index, &err),
                   DP_RANGE);
}

static void test_options_keep_parity_and_their_limits(void **state) {
  (void)state;
  uint64_t luck = 10;
  for (int i = 0; i < ROUNDS / 10; i++) {
    struct dp_option o = {1 + 9 * uniform(&luck), 1 + 9 * uniform(&luck), 3 * uniform(&luck), 2 * uniform(&luck),
                          0.2 * uniform(&luck) - 0.1};
    double call, put, discount = exp(-o.rate * o.years);
    dp_derivatives_black76(&o, &call, &put);
    near(call - put, discount * (o.forward - o.strike), 1e-12);
    assert_true(call >= discount * fmax(0, o.forward - o.strike) - 1e-12 && call <= discount * o.forward);
    o.volatility = 0;
    dp_derivatives_black76(&o, &call, &put);
    near(call - put, discount * (o.forward - o.strike), 1e-12);
  }
}

static void test_privacy_growth_and_reliability_behave_at_their_ends(void **state) {
  (void)state;
  double last = 0, epsilon, share;
  int order;
  for (int a = 2; a <= 256; a++) {
    double spent = dp_privacy_rdp(0.01, 1.1, a), full = dp_privacy_rdp(1, 1.1, a);
    assert_true(spent > last && spent < full);
    last = spent;
  }
  near(dp_privacy_rdp(1 - 1e-9, 2, 10), dp_privacy_rdp(1, 2, 10), 1e-6);
  assert_true(dp_privacy_rdp(0, 1, 5) == 0 && isfinite(dp_privacy_rdp(0.5, 1e-3, 256)) &&
              dp_privacy_rdp(1e-300, 1e300, 256) >= 0);
  struct dp_privacy_training none = {0.01, 1, 0, 1e-5};
  dp_privacy_epsilon(&none, false, &epsilon, &order);
  assert_int_equal(order, DP_PRIVACY_ORDER_MAX);
  near(epsilon, -log(1e-5) / 255, 1e-12);
  assert_true(dp_growth_bass_share(0.03, 0.38, 0) == 0 && dp_growth_bass_share(0.03, 0.38, 1e6) == 1);
  for (int t = 0; t < 40; t++) { /* F' = (p + q F)(1 − F) */
    double f = dp_growth_bass_share(0.03, 0.38, t);
    double slope = (dp_growth_bass_share(0.03, 0.38, t + 1e-5) - dp_growth_bass_share(0.03, 0.38, t)) / 1e-5;
    near(slope, (0.03 + 0.38 * f) * (1 - f), 1e-5);
  }
  near(pow(1 + dp_growth_implied_rate(120, 4.7), 4.7), 120, 1e-9);
  double best = dp_reliability_young_interval_s(30, 11124);
  share = dp_reliability_useful_share(30, 11124, 0, best);
  assert_true(share > dp_reliability_useful_share(30, 11124, 0, best * 2) &&
              share > dp_reliability_useful_share(30, 11124, 0, best / 2) &&
              share > dp_reliability_useful_share(30, 11124, 600, best));
  near(dp_reliability_useful_share(0, 1e12, 0, 1), 1, 1e-9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_constant_product_pool_gives_what_gmp_says_and_never_loses),
      cmocka_unit_test(test_concentrated_liquidity_agrees_with_gmp_and_rounds_for_the_pool),
      cmocka_unit_test(test_a_price_moves_as_gmp_says_on_both_sides),
      cmocka_unit_test(test_a_stable_pool_favours_nobody_and_never_pays_more_than_par_when_balanced),
      cmocka_unit_test(test_scoring_rules_and_curves_keep_their_identities),
      cmocka_unit_test(test_a_base_fee_moves_by_an_eighth_at_most_and_settles_at_the_target),
      cmocka_unit_test(test_schedules_fall_and_add_up),
      cmocka_unit_test(test_net_emissions_return_what_was_burned_below_the_cap),
      cmocka_unit_test(test_livepeer_stays_within_its_bounds_and_mints_what_gmp_says),
      cmocka_unit_test(test_filecoin_pays_the_baseline_part_to_the_last_atto),
      cmocka_unit_test(test_filecoin_network_time_follows_the_specification),
      cmocka_unit_test(test_filecoin_rewards_follow_the_closed_form_and_end_without_harm),
      cmocka_unit_test(test_credits_and_mints_are_exact_and_refuse_what_does_not_fit),
      cmocka_unit_test(test_interest_is_continuous_at_the_kink_and_the_index_grows_as_e),
      cmocka_unit_test(test_options_keep_parity_and_their_limits),
      cmocka_unit_test(test_privacy_growth_and_reliability_behave_at_their_ends),
  };
  return cmocka_run_group_tests_name("mechanisms", tests, NULL, NULL);
}
