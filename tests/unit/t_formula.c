/* tests/unit/t_formula.c — every published or twice-computed number of the mechanisms, through depin.formula in the
 * real Lua host: one table, one row a number. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "real_data.h"
#include "script/scenario.h"

/** `call` must give the values of `want`, both Lua. Strings and integers are exact; a float may be off by `relative` of
 * it or by `absolute`, half a unit of the last printed decimal when the source rounds. */
struct row {
  char kind; /* P: published by the protocol; C: computed twice, independently */
  const char *call, *want;
  double relative, absolute;
};

#define P(call, want) {'P', call, want, 1e-12, 0}
#define C(call, want) {'C', call, want, 1e-12, 0}
#define P_ROUNDED(call, want, unit) {'P', call, want, 0, 0.5 * (unit)}
#define C_ROUNDED(call, want, unit) {'C', call, want, 0, 0.5 * (unit)}

#define E18 "000000000000000000"
#define Q96 "'79228162514264337593543950336'"
#define UP_Q96 "'87150978765690771352898345369'" /* after 0.1e18 of token 1 went in */
#define AAVE ", optimal = .9, base = 0, slope1 = .04, slope2 = .6, reserve_factor = .1 }"

static const struct row rows[] = {
    /* Filecoin */
    C("filecoin.simple_minted(1)", "104430.3081683895"),
    C("filecoin.simple_minted(365)", "36003423.01368804"),
    C("filecoin.simple_minted(2190)", "165000000.0"),
    C("filecoin.baseline_eib(1)", "2.510474630981447"),
    C("filecoin.baseline_eib(365)", "5.011423359624345"),
    C("filecoin.baseline_eib(730)", "10.02284671924869"),
    C("filecoin.baseline_minted(1, 365)", "128.6029755173624, 30712445.82103245"),
    C("filecoin.baseline_minted(1, 1095)", "318.18857653501135, 73768610.9314984"),
    P("filecoin.simple_reward_atto(0)", "'36266264293777134739'"),
    P("filecoin.simple_reward_atto(5000)", "'36246341860983438171'"),
    P("filecoin.simple_reward_atto('2555000')", "'27387841182142501307'"),
    P("filecoin.baseline_bytes(0)", "'2888886975106048385'"),
    P("filecoin.baseline_bytes(1)", "'2888888879999999999'"),
    P("filecoin.baseline_bytes(2)", "'2888890784895207675'"),
    C("filecoin.baseline_bytes(2881)", "'2894380188828447322'"),

    /* Helium */
    P("helium.hnt_minted_in_year(1)", "60e6"),
    P("helium.hnt_minted_in_year(2)", "60e6"),
    P("helium.hnt_minted_in_year(3)", "30e6"),
    P("helium.hnt_minted_in_year(7)", "7.5e6"),
    C("helium.net_emission_pool{ 0, 10, 1000, 0, 34.24 }",
      "{ 0, 0, 0.02976190476190476, 0.131578089569161, 0.13118648811210992 }, "
      "{ 0, 10, 44.2102380952381, 44.07866000566894, 78.18747351755684 }"),
    P("helium.data_credits(100000000, 1000000000)", "1000000"),
    P("helium.data_credits(100000000000, 27000000)", "27000000"),
    P("helium.hip15_units(1)", "0.25, 1.0"),
    P("helium.hip15_units(4)", "1.0, 1.0"),
    P("helium.hip15_units(5)", "1.2, 0.76"),
    P_ROUNDED("helium.hip15_units(8)", "1.59, 0.43", 0.01),
    P_ROUNDED("helium.hip15_units(10)", "1.74, 0.33", 0.01),
    P_ROUNDED("helium.hip15_units(15)", "1.91, 0.21", 0.01),
    P("helium.hip17_limit(0, 2, 1, 4)", "1"),
    P("helium.hip17_limit(1, 2, 1, 4)", "1"),
    P("helium.hip17_limit(2, 2, 1, 4)", "1"),
    P("helium.hip17_limit(3, 2, 1, 4)", "2"),
    P("helium.hip17_limit(4, 2, 1, 4)", "3"),
    P("helium.hip17_limit(7, 2, 1, 4)", "4"),
    C("helium.hip149_top_up(0.27, 5000)", "3356.0, 0.0473760989010989"),
    C("helium.hip149_top_up(0.27, 20000)", "4770.962962962961, 0.05"),
    C("helium.hip149_top_up(0.5, 5000)", "0.0, 0.0762087912087912"),

    /* Render, Akash, io.net, DIMO, Livepeer, Arweave */
    C("render.job(100, 5)", "20.0, 1.0, 19.0"),
    C("akash.inflation_pct(0)", "48.546257"),
    C("akash.inflation_pct(1)", "34.915405885743255"),
    C("akash.inflation_pct(2.10306569)", "24.2731285"),
    C("akash.take(1000000, 4)", "40000"),
    C("akash.take(24, 4)", "0"),
    C("akash.bme_mint(100000000, '1.14', 0)", "114000000, 0, 114000000"),
    C("akash.bme_mint(100000000, '1.14', 25)", "114000000, 285000, 113715000"),
    P_ROUNDED("akash.bme_net_supply(1000, 1.14, 1.50)", "-210.526316", 1e-6),
    P_ROUNDED("akash.bme_net_supply(1000, 1.14, 0.90)", "233.918129", 1e-6),
    P("akash.bme_backoff(9490)", "11"),
    P("akash.bme_backoff(9450)", "16"),
    P("akash.bme_backoff(9400)", "25"),
    P("akash.bme_backoff(9200)", "174"),
    P("akash.bme_backoff(8900)", "3044"),
    P("akash.bme_backoff(9500)", "10"),
    P("akash.bme_backoff(9491)", "10"),
    P("akash.bme_backoff(9480)", "12"),
    P("akash.bme_backoff(9300)", "67"),
    P("akash.bme_backoff(9100)", "452"),
    P("akash.bme_backoff(9000)", "1173"),
    P("akash.bme_backoff(0)", "14400"),
    P("io_net.emission(0)", "4566.210045662100"),
    P_ROUNDED("sum(io_net.emission, 0, 175318)", "299999999.9999", 1e-4),
    P_ROUNDED("sum(dimo.weekly, 0, 52 * 40 - 1)", "382491185.13", 0.01),
    C("livepeer.next_inflation{ inflation = 137, bonded = 10000000, supply = 24000000, target = 500000, change = 3 }",
      "140"),
    C("livepeer.mintable('24000000" E18 "', 140, 1000000)", "'3360" E18 "'"),
    C("livepeer.next_inflation{ inflation = 140, bonded = '10000000" E18 "', supply = '24003360" E18 "',"
      " target = 500000, change = 3, floor = 0, ceiling = 1000000, denominator = 1000000 }", "143"),
    C("livepeer.mintable('24003360" E18 "', 143, 1000000)", "'3432480480000000000000'"),
    C("livepeer.next_inflation{ inflation = 137, bonded = 12000000, supply = 24000000, target = 500000, change = 3 }",
      "137"),
    C("livepeer.mintable('24000000" E18 "', 137)", "'3288" E18 "'"),
    C("livepeer.next_inflation{ inflation = 218500, bonded = 15000000, supply = 40000000, target = 500000000,"
      " change = 1000, ceiling = 750000, denominator = 1000000000 }", "219500"),
    C("livepeer.mintable('40000000" E18 "', 219500, 1000000000)", "'8780" E18 "'"),
    C_ROUNDED("arweave.block_reward(0)", "29.0130", 1e-4),

    /* settlement */
    P("ethereum.next_base_fee(1000000000, 10000000, 20000000)", "1000000000"),
    P("ethereum.next_base_fee(1000000000, 9000000, 20000000)", "987500000"),
    P("ethereum.next_base_fee(1000000000, 11000000, 20000000)", "1012500000"),
    P("ethereum.next_base_fee(1e9, 20e6, 20e6, 8)", "1125000000"),
    P("ethereum.next_base_fee(1e9, 0, 20e6)", "875000000"),
    C("ethereum.next_base_fee(7, 15000001, 30000000)", "8"),
    C("ethereum.next_base_fee(8, 0, 30000000)", "7"),
    C("ethereum.blob_base_fee(0)", "1"),
    C("ethereum.blob_base_fee(3932160)", "3"),
    C("ethereum.blob_base_fee(145000000)", "7289587038514975438"),
    C("ethereum.blob_base_fee(10000000, 5007716)", "7"),
    C("solana.fee(1, 200000, 10000)", "7000"),

    /* market makers and curves */
    P("amm.v2_out('1" E18 "', '5" E18 "', '10" E18 "')", "'1662497915624478906'"),
    P("amm.v2_out('1" E18 "', '10" E18 "', '5" E18 "')", "'453305446940074565'"),
    P("amm.v2_out('2" E18 "', '5" E18 "', '10" E18 "')", "'2851015155847869602'"),
    C("amm.v2_in('1" E18 "', '5" E18 "', '10" E18 "')", "'557227237267357629'"),
    P("amm.v3_next_sqrt_price(" Q96 ", '1" E18 "', 100000000000000000, 1, 'in')", UP_Q96),
    P("amm.v3_next_sqrt_price(" Q96 ", '1" E18 "', 100000000000000000, 0, 'in')", "'72025602285694852357767227579'"),
    P("amm.v3_next_sqrt_price(" Q96 ", '1" E18 "', 100000000000000000, 0, 'out')", "'88031291682515930659493278152'"),
    P("amm.v3_amount0(" Q96 ", " UP_Q96 ", '1" E18 "', true)", "'90909090909090910'"),
    P("amm.v3_amount0(" Q96 ", " UP_Q96 ", '1" E18 "', false)", "'90909090909090909'"),
    P("amm.v3_amount1(" Q96 ", " UP_Q96 ", '1" E18 "', true)", "'100000000000000000'"),
    P("amm.v3_amount1(" Q96 ", " UP_Q96 ", '1" E18 "', false)", "'99999999999999999'"),
    {'C', "amm.v3_position(1, 0.81, 1.44, 1e18)", "166666666666666666.0, 100000000000000000.0", 1e-15, 0},
    {'C', "amm.v3_position(0.49, 0.81, 1.44, 1e18)", "277777777777777777.0, 0.0", 1e-15, 0},
    C("amm.impermanent_loss(0.25)", "-0.2"),
    C_ROUNDED("amm.impermanent_loss(1.25)", "-0.006192", 1e-6),
    C("amm.impermanent_loss(4)", "-0.2"),
    C("amm.stableswap_out(100, { '1000000" E18 "', '1000000" E18 "' }, 1, 2, '1000" E18 "')",
      "'998990108999125777849'"),
    C("amm.stableswap_out(2000, { '3000000" E18 "', '1000000" E18 "', '2000000" E18 "' }, 3, 1, '5000" E18 "')",
      "'4996102799517061559369'"),
    C("amm.lmsr_cost(10, { 10, 20, 23 })", "29.99800008202438"),
    P("amm.lmsr_price(10, { 10, 20, 23 }, 1)", "0.13536235188984483"),
    C("amm.bancor_mint(1000, 250, 0.5, 100)", "183.2159566199232"),

    /* lending and derivatives */
    C("lending.kinked_rate{ utilisation = .45" AAVE, ".02, .0081"),
    C("lending.kinked_rate{ utilisation = .9" AAVE, ".04, .0324"),
    C("lending.kinked_rate{ utilisation = .95" AAVE, ".34, .2907"),
    C("lending.kinked_rate{ utilisation = 1" AAVE, ".64, .576"),
    C("lending.compounded_index_ray('100000000000000000000000000', 365 * 86400)", "'1105167270015202188556648000'"),
    C_ROUNDED("derivatives.black76{ F = 2.60, K = 2.60, T = .5, sigma = .6, r = .05 }", ".426005, .426005", 1e-6),
    C_ROUNDED("derivatives.black76{ F = 2.60, K = 3.00, T = .25, sigma = .8, r = .05 }", ".268154, .663185", 1e-6),

    /* privacy */
    C_ROUNDED("privacy.rdp_epsilon{ q = .01, sigma = 1.1, steps = 10000, delta = 1e-5 }", "6.2798, 5", 1e-4),
    C_ROUNDED("privacy.rdp_epsilon{ q = .01, sigma = 1.1, steps = 10000, delta = 1e-5, improved = true }", "5.654, 5",
              1e-3),
    C_ROUNDED("privacy.rdp_epsilon{ q = 1, sigma = 10, steps = 100, delta = 1e-5 }", "5.3026, 6", 1e-4),
    C_ROUNDED("privacy.rdp{ q = .01, sigma = 1.1, order = 2 }", "1.285100816e-4", 1e-13),
    C_ROUNDED("privacy.rdp{ q = .01, sigma = 1.1, order = 8 }", "5.840703355e-4", 1e-13),
    C("privacy.rdp{ q = .01, sigma = 1.1, order = 2 }", "1.28510081605161828053e-4"),
    C("privacy.rdp{ q = .01, sigma = 1.1, order = 8 }", "5.84070335520251224916e-4"),

    /* growth, reliability */
    C_ROUNDED("growth.bass(.03, .38, 1)", ".0358", 1e-4),
    C_ROUNDED("growth.bass(.03, .38, 5)", ".3312", 1e-4),
    C_ROUNDED("growth.bass(.03, .38, 10)", ".8128", 1e-4),
    C_ROUNDED("growth.implied_rate(120, 4.7)", "1.769", 1e-3),
    C_ROUNDED("reliability.young_interval(300, 6334.6 * 3600) / 3600", "32.4926", 1e-4),
    C_ROUNDED("reliability.young_interval(300, 3.09 * 3600) / 3600", "0.7176", 1e-4),
    C_ROUNDED("reliability.useful_share(30, 3.09 * 3600, 0)", "0.928", 1e-3),
    C_ROUNDED("reliability.useful_share(300, 3.09 * 3600, 0)", "0.785", 1e-3),
};

/* Compares, inside Lua, what a row gives with what it must give. */
static const char compare[] =
    "local depin = require 'depin'\n"
    "local function equal(got, want, relative, absolute)\n"
    "  if type(got) ~= type(want) then return false end\n"
    "  if type(got) == 'table' then\n"
    "    if #got ~= #want then return false end\n"
    "    for i = 1, #want do if not equal(got[i], want[i], relative, absolute) then return false end end\n"
    "    return true\n"
    "  end\n"
    "  if type(got) == 'string' or math.type(got) == 'integer' then return got == want end\n"
    "  return math.abs(got - want) <= math.max(relative * math.abs(want), absolute)\n"
    "end\n"
    "local function text(x)\n"
    "  if type(x) ~= 'table' then return type(x) == 'number' and string.format('%.17g', x) or tostring(x) end\n"
    "  local all = {}\n"
    "  for i = 1, #x do all[i] = text(x[i]) end\n"
    "  return '{ ' .. table.concat(all, ', ') .. ' }'\n"
    "end\n"
    "local function sum(f, first, last)\n"
    "  local total = 0.0\n"
    "  for i = first, last do total = total + f(i) end\n"
    "  return total\n"
    "end\n"
    "local function check(got, want, relative, absolute)\n"
    "  if not equal(got, want, relative, absolute) then error('got ' .. text(got) .. ', not ' .. text(want), 0) end\n"
    "end\n";

static const char names[] = "local filecoin, helium, render, akash = depin.formula.filecoin, depin.formula.helium, "
                            "depin.formula.render, depin.formula.akash\n"
                            "local io_net, dimo, livepeer = depin.formula.io_net, depin.formula.dimo, "
                            "depin.formula.livepeer\n"
                            "local arweave, ethereum, solana = depin.formula.arweave, depin.formula.ethereum, "
                            "depin.formula.solana\n"
                            "local amm, lending, derivatives = depin.formula.amm, depin.formula.lending, "
                            "depin.formula.derivatives\n"
                            "local privacy, growth, reliability = depin.formula.privacy, depin.formula.growth, "
                            "depin.formula.reliability\n";

static enum dp_status run(const char *body, struct dp_err *err) {
  struct dp_str script = {0};
  dp_str_printf(&script, "%s%s%s\nreturn {}\n", compare, names, body);
  enum dp_status status = dp_script_run_text("formula", dp_str_text(&script), err);
  dp_str_fini(&script);
  return status;
}

static void test_every_number_of_the_protocols_is_met(void **state) {
  (void)state;
  size_t wrong = 0, published = 0, n = sizeof rows / sizeof rows[0];
  for (size_t i = 0; i < n; i++) {
    struct dp_str body = {0};
    struct dp_err err = {0};
    dp_str_printf(&body, "check({ %s }, { %s }, %.17g, %.17g)\n", rows[i].call, rows[i].want, rows[i].relative,
                  rows[i].absolute);
    published += rows[i].kind == 'P';
    if (run(dp_str_text(&body), &err) != DP_OK) {
      wrong++;
      printf("# %s (%c): %s\n", rows[i].call, rows[i].kind, err.text);
    }
    dp_str_fini(&body);
  }
  printf("# %zu rows, %zu of them published\n", n, published);
  assert_int_equal(wrong, 0);
}

static void test_filecoin_pays_the_512_published_integers(void **state) {
  (void)state;
  char path[512], line[128];
  struct dp_str body = {0};
  struct dp_err err = {0};
  if (real_data("protocol/filecoin_TestSimpleReward.golden", path, sizeof path) == NULL) skip();
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  size_t n = 0;
  dp_str_printf(&body, "local n = 0\nlocal function row(epoch, atto)\n"
                       "  check({ filecoin.simple_reward_atto(epoch) }, { atto }, 0, 0)\n  n = n + 1\nend\n");
  while (fgets(line, sizeof line, f) != NULL) {
    long long epoch;
    char atto[64];
    if (sscanf(line, "%lld,%63[0-9]", &epoch, atto) != 2) continue; /* the header */
    dp_str_printf(&body, "row(%lld, '%s')\n", epoch, atto);
    n++;
  }
  fclose(f);
  assert_int_equal(n, 512);
  if (run(dp_str_text(&body), &err) != DP_OK) fail_msg("%s", err.text);
  dp_str_fini(&body);
}

/* ---- wrong calls ---- */

static void refused(const char *body, const char *message) {
  struct dp_err err = {0};
  enum dp_status status = run(body, &err);
  if (status == DP_OK || strstr(err.text, message) == NULL)
    fail_msg("%s\nexpected: %s\n     got: %s", body, message, err.text);
}

static void test_a_wrong_argument_is_an_error_that_names_it(void **state) {
  (void)state;
  refused("helium.data_credits(1, 0.5)",
          "depin.formula.helium.data_credits: argument 2 must be an integer or a decimal string, got 0.5");
  refused("helium.data_credits('1e8', 1)", "argument 1 must be an integer or a decimal string, got \"1e8\"");
  refused("helium.data_credits(-1, 1)", "argument 1 must be 0 or more, got -1");
  refused("helium.data_credits('340282366920938463463374607431768211456', 1)", "argument 1 must be below 2^128");
  refused("helium.data_credits(1)", "give (hnt_1e8, usd_per_hnt_1e8), 2 values, got 1");
  refused("helium.hip15_units(nil)", "argument 1 must be an integer or a decimal string, got nothing");
  refused("helium.net_emission_pool{ 1, 'x' }", "element 2 of argument 1 must be a number");
  refused("helium.net_emission_pool(1)", "argument 1 must be a list { … }, got 1");
  refused("filecoin.simple_reward_atto(45400001)", "argument 1 must be an integer in [0, 45400000], got 45400001");
  refused("filecoin.simple_minted(0/0)", "argument 1 must be a number of 0 or more");
  refused("render.job(1, 0)", "argument 2 must be a number above 0, got 0");
  refused("akash.bme_mint(1, 1.14, 0)", "argument 2 must be a decimal string such as \"1.14\"");
  refused("akash.take(1, 150)", "argument 2 must be an integer in [0, 100], got 150");
  refused("livepeer.next_inflation{ inflaton = 1 }", "no field 'inflaton' (did you mean 'inflation'?)");
  refused("livepeer.next_inflation{ inflation = 1, bonded = 5, supply = 4, target = 1, change = 1 }",
          "livepeer.next_inflation: bonded is more than supply");
  refused("ethereum.next_base_fee(1, 31, 30)",
          "ethereum.next_base_fee: gas used must lie in [0, 30], the limit, got 31");
  refused("ethereum.blob_base_fee(math.maxinteger)", "the fee does not fit 63 bits");
  refused("amm.v2_out(1, 0, 1)", "amm.v2_out: the pool is empty");
  refused("amm.v2_in(5, 5, 5)", "the pool does not hold more than what is to come out");
  refused("amm.v3_next_sqrt_price(1, 1, 1, 2, 'in')", "argument 4 must be an integer in [0, 1], got 2");
  refused("amm.v3_next_sqrt_price(1, 1, 1, 1, 'up')", "argument 5 must be \"in\" or \"out\", got \"up\"");
  refused("amm.stableswap_out(100, { 1 }, 1, 2, 1)", "argument 2 must be a list of 2 to 8 values, got 1");
  refused("amm.stableswap_out(100, { 1, 0 }, 1, 2, 1)", "balance 2 is empty");
  refused("lending.kinked_rate{ utilisation = 2" AAVE, "'utilisation' must be a number in [0, 1], got 2");
  refused("privacy.rdp{ q = .1, sigma = 1, order = 257 }", "'order' must be an integer in [2, 256], got 257");
  refused("helium.foo()", "depin.formula.helium has no 'foo'");
}

/* Every function with thousands of unlikely arguments: it answers or refuses, and what it answers is a number. */
static void test_no_argument_does_harm(void **state) {
  (void)state;
  struct dp_err err = {0};
  const char *body =
      "local huge = '115792089237316195423570985008687907853269984665640564039457584007913129639935'\n"
      "local odd = { 0, 1, 2, -1, 0.5, 5e-324, 1e308, -1e308, 0 / 0, 1 / 0, math.maxinteger, math.mininteger, '0',\n"
      "  '1', huge, '340282366920938463463374607431768211455', '1.5', 'in', 'out', '', true, {}, { 1 }, { huge, huge },\n"
      "  { '7', 3 }, { 1e308, -1e308 }, 1e18, 4, 3 }\n"
      "local keys = { next_inflation = { 'inflation', 'bonded', 'supply', 'target', 'change', 'floor', 'ceiling',\n"
      "  'denominator' }, kinked_rate = { 'utilisation', 'optimal', 'base', 'slope1', 'slope2', 'reserve_factor' },\n"
      "  black76 = { 'F', 'K', 'T', 'sigma', 'r' }, rdp_epsilon = { 'q', 'sigma', 'steps', 'delta' },\n"
      "  rdp = { 'q', 'sigma', 'order' } }\n"
      "local luck, calls, answers = 1, 0, 0\n"
      "local function any()\n"
      "  luck = (luck * 1103515245 + 12345) % 2147483648\n"
      "  return odd[luck // 65536 % #odd + 1]\n"
      "end\n"
      "local function fine(good, ...)\n"
      "  calls = calls + 1\n"
      "  if not good then return end\n"
      "  answers = answers + 1\n"
      "  for _, x in ipairs({ ... }) do if x ~= x then error('not a number', 0) end end\n"
      "end\n"
      "for _, group in pairs(depin.formula) do\n"
      "  if type(group) == 'table' then\n"
      "    for name, f in pairs(group) do\n"
      "      for _ = 1, 3000 do\n"
      "        local t = {}\n"
      "        for _, key in ipairs(keys[name] or {}) do t[key] = any() end\n"
      "        if keys[name] then fine(pcall(f, t))\n"
      "        else\n"
      "          fine(pcall(f, any())) fine(pcall(f, any(), any())) fine(pcall(f, any(), any(), any()))\n"
      "          fine(pcall(f, any(), any(), any(), any())) fine(pcall(f, any(), any(), any(), any(), any()))\n"
      "        end\n"
      "      end\n"
      "    end\n"
      "  end\n"
      "end\n"
      "if calls < 400000 or answers < 10000 then error(calls .. ' calls, ' .. answers .. ' answers', 0) end\n";
  if (run(body, &err) != DP_OK) fail_msg("%s", err.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_number_of_the_protocols_is_met),
      cmocka_unit_test(test_filecoin_pays_the_512_published_integers),
      cmocka_unit_test(test_a_wrong_argument_is_an_error_that_names_it),
      cmocka_unit_test(test_no_argument_does_harm),
  };
  return cmocka_run_group_tests_name("formula", tests, NULL, NULL);
}
