/* tests/unit/t_policy_lua.c — policies written in Lua: the twins of the built-ins give the same bits, state and luck
 * are those of the entity, and a wrong policy ends the run in a message with its line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <config.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "provider/fleet.h"
#include "script/scenario.h"

static char file[] = "/tmp/depinsim-policy-XXXXXX";

static int make_file(void **state) {
  (void)state;
  return close(mkstemp(file));
}

static int remove_file(void **state) {
  (void)state;
  return unlink(file);
}

static enum dp_status load(const char *pricing, struct dp_scenario **s, struct dp_comm **comm, struct dp_err *err) {
  FILE *f = fopen(file, "w");
  assert_non_null(f);
  fprintf(f, "local depin = require 'depin'\nlocal remembered, list = 0, { 1 }\nlocal pricing = %s\n"
             "return depin.scenario { duration_min = 30, settle_every_s = 600,\n"
             "  place = depin.place.azure { regions = { 'East US', 'Japan East' } },\n"
             "  networks = depin.network.posted { routing = 'cheapest' },\n"
             "  providers = depin.provider { count = 8, node = depin.hardware.t4 {}, reprice_every_s = 60,\n"
             "    pricing = pricing },\n"
             "  workloads = depin.workload.inference { rate_per_s = 1 } }\n", pricing);
  fclose(f);
  assert_int_equal(dp_comm_null_new(comm, err), DP_OK);
  return dp_scenario_load(file, NULL, *comm, s, err);
}

/* Runs a small market with the pricing policy; the digest of its end, or 0 and an error. */
static uint64_t run(const char *pricing, struct dp_err *err) {
  struct dp_comm *comm = NULL;
  struct dp_scenario *s = NULL;
  struct dp_sim *sim = NULL;
  bool stopped;
  uint64_t digest = 0;
  enum dp_status status = load(pricing, &s, &comm, err);
  if (status == DP_OK) status = dp_sim_new(dp_scenario_spec(s), comm, &sim, err);
  if (status == DP_OK) status = dp_sim_run(sim, &stopped, err);
  if (status == DP_OK) status = dp_engine_digest(sim->engine, &digest, err);
  dp_sim_free(sim);
  dp_scenario_free(s);
  dp_comm_free(comm);
  return digest;
}

static uint64_t runs(const char *pricing) {
  struct dp_err err = {0};
  uint64_t digest = run(pricing, &err);
  if (err.status != DP_OK) fail_msg("%s\n%s", pricing, err.text);
  return digest;
}

static void fails(const char *pricing, const char *message) {
  struct dp_err err = {0};
  run(pricing, &err);
  if (err.status != DP_SCENARIO || strstr(err.text, message) == NULL)
    fail_msg("%s\nexpected: %s\n     got %d: %s", pricing, message, (int)err.status, err.text);
}

static void test_the_lua_twins_give_the_digests_of_the_built_ins(void **state) {
  (void)state;
  uint64_t fixed = runs("depin.policy.fixed { price_usd_per_mtok = 0.3 }");
  assert_int_equal(fixed, runs("depin.policy.fixed_lua { price_usd_per_mtok = 0.3 }"));
  uint64_t undercut = runs("depin.policy.undercut { step_ratio = 0.07, raise_above_ratio = 0.3 }");
  assert_int_equal(undercut, runs("depin.policy.undercut_lua { step_ratio = 0.07, raise_above_ratio = 0.3 }"));
  assert_int_not_equal(fixed, undercut);
}

static void test_state_is_kept_for_each_host_and_luck_is_its_own(void **state) {
  (void)state;
  static const char text[] = "depin.policy.custom { name = 'mine', state = { ema = 0.5, n = 0 },\n"
                             "  decide = function(obs, state)\n"
                             "    state.n = state.n + 1\n"
                             "    state.ema = 0.9 * state.ema + 0.1 * obs.utilisation_ratio\n"
                             "    if state.n > 31 or obs.day > 1 then return 0 / 0 end\n" /* 1 + 30 decisions */
                             "    return 0.1 + state.ema + math.random() / 100\n"
                             "  end }";
  assert_int_equal(runs(text), runs(text));
}

/* One host's call does not see another's: state is handed in and out, and luck is that of the call. */
static void test_a_decision_depends_on_its_call_alone(void **state) {
  (void)state;
  struct dp_comm *comm = NULL;
  struct dp_scenario *s = NULL;
  struct dp_err err = {0};
  static const char text[] = "depin.policy.custom { state = { a = 1, b = 2 }, decide = function(obs, state)\n"
                             "state.a, state.b = state.b, obs.local_hour\nreturn state.a + math.random() end }";
  if (load(text, &s, &comm, &err) != DP_OK) fail_msg("%s", err.text);
  const struct dp_spec *spec = dp_scenario_spec(s);
  const struct dp_policy *policy = NULL;
  for (size_t i = 0; i < spec->instance_n; i++)
    if (strcmp(spec->instances[i].model->name, "provider.fleet") == 0)
      policy = ((const struct dp_fleet_config *)spec->instances[i].config)->pricing;
  assert_non_null(policy);
  assert_int_equal(policy->state_n, 2);
  assert_true(policy->state_init[0] == 1 && policy->state_init[1] == 2);
  double first[2] = {0};
  for (int round = 0; round < 2; round++) {
    for (int host = 0; host < 2; host++) {
      double obs[DP_PRICING_OBS_N] = {[DP_PRICING_HOUR] = 7}, kept[DP_POLICY_STATE_MAX] = {1, 2}, action[1];
      struct dp_rng rng = dp_rng_at(1, 0, (uint64_t)host, DP_STREAM_PRICING, 0);
      struct dp_policy_call call = {obs, kept, action, &rng};
      assert_int_equal(policy->decide(policy, &call, &err), DP_OK);
      assert_true(kept[0] == 2 && kept[1] == 7);
      if (round == 0) first[host] = action[0];
      else assert_true(action[0] == first[host]);
    }
    assert_true(first[0] != first[1] && first[0] >= 2 && first[0] < 3);
  }
  dp_scenario_free(s);
  dp_comm_free(comm);
}

static void test_wrong_policies_are_reported_with_their_line(void **state) {
  (void)state;
#define DECIDE(body) "depin.policy.custom { name = 'mine',\n decide = function(obs, state)\n" body " end }"
  fails(DECIDE(""), ":4: policy 'mine' must return price_usd_per_mtok, a finite number, got nil");
  fails(DECIDE("return 0 / 0"), ":4: policy 'mine' must return price_usd_per_mtok, a finite number, got the number");
  fails(DECIDE("return '1'"),
        ":4: policy 'mine' must return price_usd_per_mtok, a finite number, got the string \"1\"");
  fails(DECIDE("return obs.lowest_usd_per_mtoc"),
        ":5: obs has no 'lowest_usd_per_mtoc' (did you mean 'lowest_usd_per_mtok'?) (in policy 'mine')");
  fails(DECIDE("obs.day = 1"), ":5: obs is read-only (in policy 'mine')");
  fails(DECIDE("state.n = 1"), ":5: state has no 'n': declare it, state = { name = first value } (in policy 'mine')");
  fails(DECIDE("n = 1"), ":5: 'n' would be a global: write 'local n' where it is first set (in policy 'mine')");
  fails(DECIDE("while true do end"), ":5: more than 10000000 instructions");
  fails(DECIDE("return depin.cloud {}.ttft_s"), ":5: market.cloud: constructors work while a scenario is loaded");
  fails(DECIDE("remembered = remembered + 1 return 1"), "this function assigns 'remembered', a local outside it");
  fails(DECIDE("list[1] = list[1] + 1 return list[1]"), ":5: '1' cannot be assigned: this table is read-only");
  fails(DECIDE("return -1"), "pricing policy 'mine' set a price of -1 USD/Mtok (it must be in (0, 1e6])");
}

static void test_wrong_declarations_are_reported(void **state) {
  (void)state;
  fails("depin.policy.custom { decdie = 1 }", ":3: policy: no field 'decdie' (did you mean 'decide'?)");
  fails("depin.policy.custom {}",
        ":3: policy: decide must be a function(obs, state) that returns price_usd_per_mtok, got nil");
  fails("depin.policy.custom { decide = function() end, state = { a = 'x' } }",
        ":3: policy: state.a must be a finite number, got the string \"x\"");
  fails("depin.policy.custom { decide = function() end, state = { a = 1, b = 1, c = 1, d = 1, e = 1 } }",
        ":3: policy: state holds at most 4 numbers");
  fails("depin.policy.custom { decide = function() end, kind = 'prices' }", ":3: policy: no kind 'prices'");
  fails("depin.policy.custom(function() end)",
        ":3: policy: give { decide = function(obs, state) … end }, got a function");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_lua_twins_give_the_digests_of_the_built_ins),
      cmocka_unit_test(test_state_is_kept_for_each_host_and_luck_is_its_own),
      cmocka_unit_test(test_a_decision_depends_on_its_call_alone),
      cmocka_unit_test(test_wrong_policies_are_reported_with_their_line),
      cmocka_unit_test(test_wrong_declarations_are_reported),
  };
  return cmocka_run_group_tests_name("policy_lua", tests, make_file, remove_file);
}
