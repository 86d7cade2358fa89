/* tests/unit/t_wide.c — 128-bit and 256-bit integers against two other implementations: vectors that Python's integers
 * computed, and GMP's mpz layer on pseudo-random numbers of every width. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <gmp.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/wide.h"

#define U128_MAX_TEXT "340282366920938463463374607431768211455"
#define U256_MAX_TEXT "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static uint64_t xorshift(uint64_t *x) { /* G. Marsaglia 2003 */
  *x ^= *x << 13;
  *x ^= *x >> 7;
  *x ^= *x << 17;
  return *x;
}

/* A number of random width up to 128 or 256 bits; every eighth has only ones. */
static struct dp_u256 random_u256(uint64_t *x, unsigned width) {
  struct dp_u256 a;
  for (int i = 0; i < 4; i++) a.limb[i] = xorshift(x);
  if (xorshift(x) % 8 == 0) memset(&a, 0xff, sizeof a);
  return dp_u256_shr(a, (unsigned)(256 - xorshift(x) % (width + 1)));
}

static dp_u128 random_u128(uint64_t *x) {
  dp_u128 a = 0;
  assert_true(dp_u256_to_u128(random_u256(x, 128), &a));
  return a;
}

static void mpz_set_u256(mpz_t z, struct dp_u256 a) { mpz_import(z, 4, -1, 8, 0, 0, a.limb); }

static void mpz_set_u128(mpz_t z, dp_u128 a) { mpz_set_u256(z, dp_u256_from_u128(a)); }

static void mpz_set_i128(mpz_t z, dp_i128 a) {
  mpz_set_u128(z, dp_i128_abs(a));
  if (a < 0) mpz_neg(z, z);
}

static dp_u128 u128(const char *text) {
  dp_u128 a = 0;
  assert_true(dp_u128_parse(text, &a));
  return a;
}

static struct dp_u256 u256(const char *text) {
  struct dp_u256 a = {{0}};
  assert_true(dp_u256_parse(text, &a));
  return a;
}

/* ---- vectors of Python 3.11: a·b//c, −(−a·b//c), (2·a·b + c)//(2·c), math.isqrt ---- */

static void mul_div_of_128_bits_equals_python(void **state) {
  (void)state;
  static const char *const v[][6] = {
      {"345718935880341154176601947574", "49713365520871930262878241116749873887",
       "49713365520871930262878241116749873887", "345718935880341154176601947574", "345718935880341154176601947574",
       "345718935880341154176601947574"},
      {"6162771842336264968", "4075568980253127462", "177173435886549168717199073975040989785", "0", "1", "0"},
      {"11098509386529100403", "7683749438026412897", "62195937976362204410430025242837227163", "1", "2", "1"},
      {"2701548976102033261", "576041766432162941", "1144284416552529197", "1359980981813342450",
       "1359980981813342451", "1359980981813342450"},
      {"683365779965984218595473177718", "229849430061967957790392206905958192159",
       "324605119273023692307172665018347939719", "483884035473026128796677911040", "483884035473026128796677911041",
       "483884035473026128796677911041"},
      {"128680890880271330058946623309", "68638253354248952253668832390578348209",
       "32857616282230683697298632692561235655", "268809262188233777492733075016", "268809262188233777492733075017",
       "268809262188233777492733075016"},
      {U128_MAX_TEXT, U128_MAX_TEXT, U128_MAX_TEXT, U128_MAX_TEXT, U128_MAX_TEXT, U128_MAX_TEXT},
  };
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
    for (int round = 0; round < 3; round++) {
      dp_u128 got = 0;
      assert_true(dp_u128_mul_div(u128(v[i][0]), u128(v[i][1]), u128(v[i][2]), (enum dp_round)round, &got));
      char text[DP_I128_TEXT];
      assert_string_equal(dp_u128_text(got, text), v[i][3 + round]);
    }
  }
}

static void mul_div_of_256_bits_equals_python(void **state) {
  (void)state;
  static const char *const v[][5] = {
      {"189579701829183670551380453232569811345798349454617994056981",
       "55983455490117706030147182897867631185950750177839881601879374574849178256196",
       "45862465809484310729086831497890923560599970115034325804846807437659905258439",
       "231416401448459956514212043536181137322370039856532271016100",
       "231416401448459956514212043536181137322370039856532271016101"},
      {"19201346238178251002679122000391611249857233837697480153864733199087358917320",
       "109573411129495863546833623221586230601474558673451969281046234700113569599759",
       "45924548644174294898719428903587672200345471391972017294764277823024800697025",
       "45813340962744536737123194994739655084374310930916875862346752925267270304964",
       "45813340962744536737123194994739655084374310930916875862346752925267270304965"},
      {"26478024163113264572351481962507079369545254992817813986872500472028665897445",
       "237985844056557592344773912308191610710",
       "36076905560396628155648810186906404857373521822983543113845456365768840228525",
       "174665615898215632118915777182858711034", "174665615898215632118915777182858711035"},
      {"58880600715739052990938052273348522296559616545990468852514945571414861401618",
       "177953735410280589341143012787155526208", "939102450792206239049021436280747565892046367921099735943",
       "11157486418790596249049994617112541563762369426857905410893",
       "11157486418790596249049994617112541563762369426857905410894"},
      {U256_MAX_TEXT, U256_MAX_TEXT, U256_MAX_TEXT, U256_MAX_TEXT, U256_MAX_TEXT},
  };
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
    for (int round = 0; round < 2; round++) {
      struct dp_u256 got = {{0}};
      assert_true(dp_u256_mul_div(u256(v[i][0]), u256(v[i][1]), u256(v[i][2]), (enum dp_round)round, &got));
      char text[DP_U256_TEXT];
      assert_string_equal(dp_u256_text(got, text), v[i][3 + round]);
    }
  }
}

static void roots_equal_python(void **state) {
  (void)state;
  static const char *const v[][2] = {
      {"14863784252072975451216352407469615302747349813466594358017399080074417010561",
       "121917120422330248913579623846361742528"},
      {"20438812772546552644137821794568088632927597283628591408814312107728132650296",
       "142964375886255498471871098037337534069"},
      {U256_MAX_TEXT, U128_MAX_TEXT},
      {"332163565260930545420291254620902284835", "18225355010559617228"},
      {"63310361819462942287678481843383555206", "7956780870393688445"},
      {U128_MAX_TEXT, "18446744073709551615"},
      {"15", "3"}, {"16", "4"}, {"1", "1"}, {"0", "0"},
  };
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
    assert_true(dp_u256_isqrt(u256(v[i][0])) == u128(v[i][1]));
    if (i >= 3) assert_true(dp_u128_isqrt(u128(v[i][0])) == u128(v[i][1]));
  }
}

/* ---- GMP's mpz layer ---- */

static void divide_mpz(mpz_t q, const mpz_t n, const mpz_t d, int round) {
  mpz_t n2, d2;
  mpz_inits(n2, d2, NULL);
  mpz_mul_2exp(n2, n, 1);
  mpz_add(n2, n2, d);
  mpz_mul_2exp(d2, d, 1);
  if (round == DP_ROUND_DOWN) mpz_fdiv_q(q, n, d);
  else if (round == DP_ROUND_UP) mpz_cdiv_q(q, n, d);
  else mpz_fdiv_q(q, n2, d2); /* ⌊n/d + 1/2⌋ */
  mpz_clears(n2, d2, NULL);
}

static void signed_arithmetic_equals_gmp(void **state) {
  (void)state;
  uint64_t x = 88172645463325252u;
  mpz_t za, zb, zc, want, got;
  mpz_inits(za, zb, zc, want, got, NULL);
  for (int i = 0; i < 30000; i++) {
    dp_i128 a = (dp_i128)random_u128(&x), b = (dp_i128)random_u128(&x), c = (dp_i128)random_u128(&x), r = 77;
    if (i % 5 == 0) c = c % 8; /* small divisors make ties */
    mpz_set_i128(za, a);
    mpz_set_i128(zb, b);
    mpz_set_i128(zc, c);
    for (int op = 0; op < 6; op++) {
      bool ok = op == 0 ? dp_i128_add(a, b, &r) : op == 1 ? dp_i128_sub(a, b, &r) : op == 2 ? dp_i128_mul(a, b, &r)
                : dp_i128_mul_div(a, b, c, (enum dp_round)(op - 3), &r);
      if (op >= 3 && c == 0) {
        assert_false(ok);
        continue;
      }
      if (op == 0) mpz_add(want, za, zb);
      if (op == 1) mpz_sub(want, za, zb);
      if (op >= 2) mpz_mul(want, za, zb);
      if (op >= 3) divide_mpz(want, want, zc, op - 3);
      mpz_set_i128(got, r);
      bool fits = mpz_sizeinbase(want, 2) <= 127;
      if (!fits && mpz_sgn(want) < 0) { /* −2^127 fits */
        mpz_add_ui(want, want, 1);
        fits = mpz_sizeinbase(want, 2) <= 127;
        mpz_sub_ui(want, want, 1);
      }
      assert_int_equal(ok, fits);
      if (ok) assert_int_equal(mpz_cmp(got, want), 0);
    }
  }
  mpz_clears(za, zb, zc, want, got, NULL);
}

static void wide_arithmetic_equals_gmp(void **state) {
  (void)state;
  uint64_t x = 1234567890123456789u;
  mpz_t za, zb, zc, want, got;
  mpz_inits(za, zb, zc, want, got, NULL);
  for (int i = 0; i < 20000; i++) {
    struct dp_u256 a = random_u256(&x, 256), b = random_u256(&x, 256), c = random_u256(&x, 256), r = {{0}};
    mpz_set_u256(za, a);
    mpz_set_u256(zb, b);
    mpz_set_u256(zc, c);
    assert_int_equal(dp_u256_cmp(a, b), (mpz_cmp(za, zb) > 0) - (mpz_cmp(za, zb) < 0));
    for (int op = 0; op < 6; op++) {
      bool ok = op == 0 ? dp_u256_add(a, b, &r) : op == 1 ? dp_u256_sub(a, b, &r) : op == 2 ? dp_u256_mul(a, b, &r)
                : dp_u256_mul_div(a, b, c, (enum dp_round)(op - 3), &r);
      if (op >= 3 && dp_u256_is_zero(c)) {
        assert_false(ok);
        continue;
      }
      if (op == 0) mpz_add(want, za, zb);
      if (op == 1) mpz_sub(want, za, zb);
      if (op >= 2) mpz_mul(want, za, zb);
      if (op >= 3) divide_mpz(want, want, zc, op - 3);
      assert_int_equal(ok, mpz_sgn(want) >= 0 && mpz_sizeinbase(want, 2) <= 256);
      mpz_set_u256(got, r);
      if (ok) assert_int_equal(mpz_cmp(got, want), 0);
    }
    char ours[DP_U256_TEXT], theirs[100];
    assert_string_equal(dp_u256_text(a, ours), mpz_get_str(theirs, 10, za));
    assert_int_equal(dp_u256_cmp(u256(theirs), a), 0);
    mpz_sqrt(want, za);
    mpz_set_u128(got, dp_u256_isqrt(a));
    assert_int_equal(mpz_cmp(got, want), 0);
  }
  mpz_clears(za, zb, zc, want, got, NULL);
}

static void shifts_equal_gmp(void **state) {
  (void)state;
  uint64_t x = 42;
  mpz_t za, want, got;
  mpz_inits(za, want, got, NULL);
  for (unsigned bits = 0; bits < 300; bits++) {
    struct dp_u256 a = random_u256(&x, 256);
    mpz_set_u256(za, a);
    mpz_mul_2exp(want, za, bits);
    mpz_fdiv_r_2exp(want, want, 256);
    mpz_set_u256(got, dp_u256_shl(a, bits));
    assert_int_equal(mpz_cmp(got, want), 0);
    mpz_fdiv_q_2exp(want, za, bits);
    mpz_set_u256(got, dp_u256_shr(a, bits));
    assert_int_equal(mpz_cmp(got, want), 0);
  }
  mpz_clears(za, want, got, NULL);
}

/* ---- edges ---- */

static void overflow_is_reported_and_leaves_the_result(void **state) {
  (void)state;
  dp_i128 r = 5;
  assert_false(dp_i128_add(DP_I128_MAX, 1, &r));
  assert_false(dp_i128_sub(DP_I128_MIN, 1, &r));
  assert_false(dp_i128_mul(DP_I128_MIN, -1, &r));
  assert_false(dp_i128_mul_div(1, 1, 0, DP_ROUND_DOWN, &r));
  assert_false(dp_i128_mul_div(DP_I128_MIN, 1, -1, DP_ROUND_DOWN, &r));
  assert_true(r == 5);
  assert_true(dp_i128_mul(DP_I128_MIN, 1, &r));
  assert_true(r == DP_I128_MIN);
  dp_u128 u = 5;
  assert_false(dp_u128_add(DP_U128_MAX, 1, &u));
  assert_false(dp_u128_sub(0, 1, &u));
  assert_false(dp_u128_mul(DP_U128_MAX, 2, &u));
  assert_false(dp_u128_mul_div(DP_U128_MAX, 2, 1, DP_ROUND_UP, &u));
  assert_false(dp_u128_mul_div(1, 1, 0, DP_ROUND_UP, &u));
  assert_true(u == 5);
}

static void data_credits_are_exact(void **state) {
  (void)state;
  /* 1,000 HNT (8 decimals) at 0.27 USD (9 decimals) at 1e-5 USD a credit: 27,000,000; doubles say 26,999,999. */
  dp_u128 credits = 0;
  const dp_u128 hnt = (dp_u128)1000 * 100000000, usd_per_hnt = 270000000, base_and_usd_per_credit = 1000000000000;
  assert_true(dp_u128_mul_div(hnt, usd_per_hnt, base_and_usd_per_credit, DP_ROUND_DOWN, &credits));
  assert_true(credits == 27000000);
}

static void halves_go_where_they_should(void **state) {
  (void)state;
  static const struct {
    int n, d, down, up, nearest;
  } v[] = {{3, 2, 1, 2, 2}, {-3, 2, -2, -1, -1}, {5, 2, 2, 3, 3}, {-5, 2, -3, -2, -2},
           {-7, 4, -2, -1, -2}, {-1, 2, -1, 0, 0}};
  for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
    dp_i128 r = 0;
    assert_true(dp_i128_mul_div(v[i].n, 1, v[i].d, DP_ROUND_DOWN, &r) && r == v[i].down);
    assert_true(dp_i128_mul_div(v[i].n, 1, v[i].d, DP_ROUND_UP, &r) && r == v[i].up);
    assert_true(dp_i128_mul_div(v[i].n, 1, v[i].d, DP_ROUND_NEAREST, &r) && r == v[i].nearest);
  }
}

static void doubles_convert_like_llround(void **state) {
  (void)state;
  dp_i128 r = 9;
  static const double bad[] = {0x1p127, -0x1p127, 1e300, (double)INFINITY, -(double)INFINITY, (double)NAN};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(dp_i128_from_double(bad[i], &r));
  assert_true(r == 9);
  uint64_t x = 7;
  for (int i = 0; i < 10000; i++) {
    double v = ldexp((double)(int64_t)xorshift(&x), -(int)(xorshift(&x) % 70) - 1);
    assert_true(dp_i128_from_double(v, &r) && r == llround(v));
    assert_true(dp_i128_to_double(r) == round(v));
  }
  assert_true(dp_i128_from_double(2.5, &r) && r == 3);
  assert_true(dp_i128_from_double(-2.5, &r) && r == -3);
  assert_true(dp_i128_from_double(0.49999999999999994, &r) && r == 0);
  assert_true(dp_i128_from_double(0x1.fffffffffffffp126, &r));
  assert_true(dp_i128_to_double(r) == 0x1.fffffffffffffp126);
  assert_true(dp_i128_to_double(DP_I128_MIN) == -0x1p127);
}

static void text_reads_back(void **state) {
  (void)state;
  char buf[DP_I128_TEXT];
  assert_string_equal(dp_i128_text(DP_I128_MIN, buf), "-170141183460469231731687303715884105728");
  assert_string_equal(dp_i128_text(DP_I128_MAX, buf), "170141183460469231731687303715884105727");
  assert_string_equal(dp_i128_text(0, buf), "0");
  assert_string_equal(dp_u128_text(DP_U128_MAX, buf), U128_MAX_TEXT);
  uint64_t x = 3;
  for (int i = 0; i < 10000; i++) {
    dp_i128 a = (dp_i128)random_u128(&x), b = 0;
    assert_true(dp_i128_parse(dp_i128_text(a, buf), &b) && a == b);
    assert_true(dp_i128_from_hi_lo(dp_i128_hi(a), dp_i128_lo(a)) == a);
  }
  assert_true(dp_i128_parse("+12", &(dp_i128){0}) && dp_i128_parse("-0", &(dp_i128){0}));
}

static void broken_text_is_refused(void **state) {
  (void)state;
  dp_i128 i = 1;
  dp_u128 u = 1;
  struct dp_u256 w = {{1, 0, 0, 0}};
  static const char *const wrong[] = {"", "-", "1 ", " 1", "0x1", "1.0", "--1", "1-", "٣"};
  for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
    assert_false(dp_i128_parse(wrong[k], &i));
    assert_false(dp_u128_parse(wrong[k], &u));
    assert_false(dp_u256_parse(wrong[k], &w));
  }
  assert_false(dp_i128_parse("170141183460469231731687303715884105728", &i));
  assert_false(dp_i128_parse("-170141183460469231731687303715884105729", &i));
  assert_false(dp_u128_parse("340282366920938463463374607431768211456", &u));
  assert_false(dp_u128_parse("-1", &u));
  assert_false(dp_u256_parse("115792089237316195423570985008687907853269984665640564039457584007913129639936", &w));
  assert_true(i == 1 && u == 1 && w.limb[0] == 1 && w.limb[3] == 0);
}

static void amounts_print_with_their_decimals(void **state) {
  (void)state;
  char buf[DP_I128_DECIMAL_TEXT];
  assert_string_equal(dp_i128_decimal_text(1500000, 6, buf), "1.5");
  assert_string_equal(dp_i128_decimal_text(-1, 9, buf), "-0.000000001");
  assert_string_equal(dp_i128_decimal_text(1000000000, 9, buf), "1");
  assert_string_equal(dp_i128_decimal_text(0, 18, buf), "0");
  assert_string_equal(dp_i128_decimal_text(1234, 0, buf), "1234");
  assert_string_equal(dp_i128_decimal_text(1200, 2, buf), "12");
  assert_string_equal(dp_i128_decimal_text(DP_I128_MIN, 38, buf), "-1.70141183460469231731687303715884105728");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mul_div_of_128_bits_equals_python),
      cmocka_unit_test(mul_div_of_256_bits_equals_python),
      cmocka_unit_test(roots_equal_python),
      cmocka_unit_test(signed_arithmetic_equals_gmp),
      cmocka_unit_test(wide_arithmetic_equals_gmp),
      cmocka_unit_test(shifts_equal_gmp),
      cmocka_unit_test(overflow_is_reported_and_leaves_the_result),
      cmocka_unit_test(data_credits_are_exact),
      cmocka_unit_test(halves_go_where_they_should),
      cmocka_unit_test(doubles_convert_like_llround),
      cmocka_unit_test(text_reads_back),
      cmocka_unit_test(broken_text_is_refused),
      cmocka_unit_test(amounts_print_with_their_decimals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
