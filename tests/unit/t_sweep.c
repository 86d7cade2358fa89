/* tests/unit/t_sweep.c — a variant gives what a fresh load gives, whatever the
 * scenario does; a journal loses nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/sweep_journal.h"
#include "script/variant.h"

#define FOLDER_TEXT 64

/* ---- scenarios ---- */

static const char plain[] = "local depin = require 'depin'\n"
                            "local p = depin.parameters { n = { 2, min = 1, max = 50 }, rate = { 0.2, "
                            "min = 0, max = 9 }, word = { 'a' } }\n"
                            "%s\n"
                            "return depin.scenario { duration_h = 2, settle_every_s = 600, seed = 4,\n"
                            "  place = depin.place.azure { regions = { 'East US' } }, networks = { "
                            "depin.network.posted { name = 'net' } },\n"
                            "  providers = { depin.provider { network = 'net', count = p.n, node = "
                            "depin.hardware.rtx4090 {},\n"
                            "    pricing = depin.policy.fixed { price_usd_per_mtok = 1 } } },\n"
                            "  workloads = { depin.workload.inference { name = 'w', network = 'net', "
                            "rate_per_s = p.rate,\n"
                            "    llm = depin.llm.llama2_7b } },\n"
                            "  check = { duration_h = 1, n = 3 } }\n";

struct world {
  char folder[FOLDER_TEXT], path[FOLDER_TEXT + 16];
  struct dp_comm *comm;
  struct dp_scenario *base;
  struct dp_variant *variant;
};

static void write_scenario(struct world *w, const char *middle) {
  strcpy(w->folder, "/tmp/depinsim-sweep.XXXXXX");
  assert_non_null(mkdtemp(w->folder));
  snprintf(w->path, sizeof w->path, "%s/s.lua", w->folder);
  FILE *file = fopen(w->path, "w");
  assert_non_null(file);
  fprintf(file, plain, middle);
  fclose(file);
}

static void open_world(struct world *w, const char *middle, const struct dp_scenario_options *options) {
  struct dp_err err = {0};
  *w = (struct world){0};
  write_scenario(w, middle);
  assert_int_equal(dp_comm_null_new(&w->comm, &err), DP_OK);
  if (dp_scenario_load(w->path, options, w->comm, &w->base, &err) != DP_OK) fail_msg("%s", err.text);
  if (dp_variant_new(w->base, options, &w->variant, &err) != DP_OK) fail_msg("%s", err.text);
}

static void close_world(struct world *w) {
  dp_variant_free(w->variant);
  dp_scenario_free(w->base);
  dp_comm_free(w->comm);
  unlink(w->path);
  rmdir(w->folder);
}

static uint64_t digest_of(const struct dp_spec *spec, struct dp_comm *comm) {
  struct dp_sim *sim;
  struct dp_err err = {0};
  bool stopped;
  uint64_t digest = 0;
  if (dp_sim_new(spec, comm, &sim, &err) != DP_OK || dp_sim_run(sim, &stopped, &err) != DP_OK ||
      dp_engine_digest(sim->engine, &digest, &err) != DP_OK)
    fail_msg("%s", err.text);
  dp_sim_free(sim);
  return digest;
}

static uint64_t fresh_digest(struct world *w, const struct dp_scenario_options *options,
                             const struct dp_setting *settings, size_t n) {
  struct dp_scenario_options o = *options;
  struct dp_scenario *s;
  struct dp_err err = {0};
  o.settings = settings;
  o.setting_n = n;
  if (dp_scenario_load(w->path, &o, w->comm, &s, &err) != DP_OK) fail_msg("%s", err.text);
  uint64_t digest = digest_of(dp_scenario_spec(s), w->comm);
  dp_scenario_free(s);
  return digest;
}

/* Several settings, each twice; every one as a fresh load gives it. */
static void check_all(struct world *w, const struct dp_scenario_options *options) {
  static const struct dp_setting sets[][2] = {{{.key = "n", .value = "1"}, {.key = "rate", .value = "0.1"}},
                                              {{.key = "n", .value = "3"}, {.key = "rate", .value = "0.4"}},
                                              {{.key = "n", .value = "3"}, {.key = "word", .value = "b"}}};
  uint64_t seen[3];
  for (size_t i = 0; i < 6; i++) {
    const struct dp_spec *spec;
    struct dp_err err = {0};
    if (dp_variant_set(w->variant, sets[i % 3], 2, &spec, &err) != DP_OK) fail_msg("%s", err.text);
    uint64_t digest = digest_of(spec, w->comm), want = fresh_digest(w, options, sets[i % 3], 2);
    if (digest != want) fail_msg("settings %zu, turn %zu: another digest than a fresh load", i % 3, i / 3);
    assert_int_equal(digest, digest_of(spec, w->comm)); /* a spec may run again */
    seen[i % 3] = digest;
  }
  assert_true(seen[0] != seen[1] && seen[1] != seen[2]);
}

static void a_plain_scenario_is_run_again_in_the_same_host(void **state) {
  (void)state;
  const struct dp_scenario_options options = {0}, check = {.check_form = true}, seeded = {.has_seed = true, .seed = 9};
  const struct dp_scenario_options *const all[] = {&options, &check, &seeded};
  for (size_t i = 0; i < 3; i++) {
    struct world w;
    open_world(&w, "", all[i]);
    check_all(&w, all[i]);
    assert_true(dp_variant_is_quick(w.variant));
    close_world(&w);
  }
}

/* The second run would see what the first has left: that is noticed, and no run
 * ever does. */
static void what_a_scenario_does_to_the_library_does_not_reach_its_next_run(void **state) {
  (void)state;
  static const char *const middles[] = {
      "local n = 1; for key, value in pairs(depin) do if key == 'turn' then n "
      "= value + 1 end end\n"
      "depin.turn = n; p = { n = p.n + n, rate = p.rate }",
      "local old = depin.hardware.rtx4090; depin.hardware.rtx4090 = "
      "function(o) return old(o) { price_usd = p.n } end",
      "setmetatable(depin.hardware, { seen = true })",
      "p = { n = p.n + math.random(3), rate = p.rate }",
      "require('depin.place').twice = p.n",
  };
  for (size_t i = 0; i < sizeof middles / sizeof *middles; i++) {
    const struct dp_scenario_options options = {0};
    struct world w;
    open_world(&w, middles[i], &options);
    check_all(&w, &options);
    if (dp_variant_is_quick(w.variant)) fail_msg("not noticed: %s", middles[i]);
    close_world(&w);
  }
}

static void a_value_that_the_scenario_refuses_leaves_it_usable(void **state) {
  (void)state;
  const struct dp_scenario_options options = {0};
  const struct dp_setting wrong = {.key = "n", .value = "40"}, none = {.key = "m", .value = "1", .study = true};
  struct world w;
  const struct dp_spec *spec;
  struct dp_err err = {0};
  open_world(&w, "if p.n > 30 then error('too many') end", &options);
  assert_int_equal(dp_variant_set(w.variant, &wrong, 1, &spec, &err), DP_SCENARIO);
  assert_non_null(strstr(err.text, "s.lua:3: too many"));
  err = (struct dp_err){0};
  assert_int_equal(dp_variant_set(w.variant, &none, 1, &spec, &err), DP_USAGE);
  assert_non_null(strstr(err.text, "study: m: the scenario has no such parameter"));
  check_all(&w, &options);
  assert_true(dp_variant_is_quick(w.variant));
  close_world(&w);
}

/* ---- the journal ---- */

static const struct dp_record_shape shape = {.kpi_n = 3, .float_n = 5};
static const double kpis[] = {1.5, -2, 3e300};
static const float series[] = {1, 2, 3, 4, 5};

static enum dp_status count(void *n, const struct dp_record *record, uint64_t at, struct dp_err *err) {
  (void)at, (void)err;
  assert_int_equal(record->run, *(size_t *)n);
  assert_memory_equal(record->kpis, kpis, sizeof kpis);
  assert_memory_equal(record->series, series, sizeof series);
  assert_string_equal(record->message, *(size_t *)n == 1 ? "it broke" : "");
  ++*(size_t *)n;
  return DP_OK;
}

static void append_run(struct dp_journal *j, uint64_t run) {
  struct dp_buffer bytes = {0};
  struct dp_err err = {0};
  uint64_t at;
  struct dp_run_result result = {.kpis = kpis, .series = series, .digest = 7 * run};
  if (run == 1) {
    result.status = DP_FAILED;
    strcpy(result.err.text, "it broke");
  }
  assert_int_equal(dp_record_pack(&bytes, &shape, run, &result, &err), DP_OK);
  assert_int_equal(dp_journal_append(j, bytes.data, bytes.len, &at, &err), DP_OK);
  dp_buffer_fini(&bytes);
}

static void a_journal_that_was_cut_anywhere_keeps_every_whole_record(void **state) {
  (void)state;
  char folder[] = "/tmp/depinsim-journal.XXXXXX", path[64], part[80];
  struct dp_journal *j;
  struct dp_err err = {0};
  struct stat st;
  size_t n = 0, sizes[4];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/x.h5", folder);
  snprintf(part, sizeof part, "%s.part", path);
  assert_int_equal(dp_journal_open(path, 5, &shape, false, true, count, &n, &j, &err), DP_IO); /* nothing to resume */
  err = (struct dp_err){0};
  assert_int_equal(dp_journal_open(path, 5, &shape, false, false, count, &n, &j, &err), DP_OK);
  for (size_t i = 0; i < 3; i++) {
    append_run(j, i);
    assert_int_equal(stat(part, &st), 0);
    sizes[i] = (size_t)st.st_size;
  }
  dp_journal_close(j, false);
  for (size_t size = sizes[2]; size >= sizes[0]; size -= 1) {
    assert_int_equal(truncate(part, (off_t)size), 0);
    n = 0;
    assert_int_equal(dp_journal_open(path, 5, &shape, false, true, count, &n, &j, &err), DP_OK);
    assert_int_equal(n, size >= sizes[2] ? 3 : size >= sizes[1] ? 2 : 1);
    struct dp_record record;
    assert_int_equal(dp_journal_read(j, 40, &record, &err), DP_OK);
    assert_int_equal(record.run, 0);
    dp_journal_close(j, false);
  }
  assert_int_equal(dp_journal_open(path, 6, &shape, false, false, count, &n, &j, &err), DP_FORMAT); /* of another */
  err = (struct dp_err){0};
  n = 0;
  assert_int_equal(dp_journal_open(path, 6, &shape, true, false, count, &n, &j, &err), DP_OK);
  assert_int_equal(n, 0);
  dp_journal_close(j, true);
  assert_int_not_equal(stat(part, &st), 0);
  rmdir(folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_plain_scenario_is_run_again_in_the_same_host),
      cmocka_unit_test(what_a_scenario_does_to_the_library_does_not_reach_its_next_run),
      cmocka_unit_test(a_value_that_the_scenario_refuses_leaves_it_usable),
      cmocka_unit_test(a_journal_that_was_cut_anywhere_keeps_every_whole_record),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
