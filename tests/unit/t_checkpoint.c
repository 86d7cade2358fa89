/* tests/unit/t_checkpoint.c — a run that goes on from a checkpoint ends as one that was never stopped, wherever that
 * was; a file that is not whole, or not of this run, is refused by name. tests/ranks/checkpoint.sh has more ranks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/checkpoint.h"
#include "model/template/template.h"
#include "market.h"
#include "ping.h"

struct place {
  struct dp_comm *comm;
  char folder[64];
  char path[128];
};

static int setup(void **state) {
  static struct place p;
  snprintf(p.folder, sizeof p.folder, "/tmp/depinsim-checkpoint.XXXXXX");
  if (!mkdtemp(p.folder) || dp_comm_null_new(&p.comm, NULL) != DP_OK) return -1;
  snprintf(p.path, sizeof p.path, "%s/run.ckpt", p.folder);
  *state = &p;
  return 0;
}

static int teardown(void **state) {
  struct place *p = *state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", p->folder);
  dp_comm_free(p->comm);
  return system(command);
}

static void good(enum dp_status status, const struct dp_err *err) {
  if (status != DP_OK) fail_msg("%s", err->text);
}

static void has(const char *text, const char *part) {
  if (!strstr(text, part)) fail_msg("\"%s\" does not say \"%s\"", text, part);
}

/* ---- ping: every window and every beat ---- */

struct ping_world {
  struct ping p;
  struct dp_target target;
  uint64_t pulse_n, stop_at; /* stops after so many pulses; 0: never */
};

static enum dp_status count_pulse(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct ping_world *w = owner;
  (void)now_ns, (void)err;
  if (++w->pulse_n == w->stop_at) *stop = true;
  return DP_OK;
}

static void ping_make(struct ping_world *w, struct dp_comm *comm, uint32_t cell_n, uint64_t stop_at) {
  struct dp_err err = {0};
  *w = (struct ping_world){.p = {.cell_n = cell_n, .bad_cell = UINT32_MAX}, .stop_at = stop_at};
  good(ping_new(&w->p, comm, &w->target, &err), &err);
  w->p.engine->config.pulse = count_pulse; /* the first member is what the beat hook gets */
}

static uint64_t ping_end(struct ping_world *w, bool wanted) {
  struct dp_err err = {0};
  uint64_t digest = 0;
  bool stopped;
  good(dp_engine_run(w->p.engine, &stopped, &err), &err);
  assert_int_equal(stopped, wanted);
  good(dp_engine_digest(w->p.engine, &digest, &err), &err);
  return digest;
}

static void a_run_goes_on_from_every_window_and_beat(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct ping_world w, v;
  ping_make(&w, place->comm, 5, 0);
  const uint64_t whole = ping_end(&w, false), pulse_n = w.pulse_n;
  const struct dp_engine *e = w.p.engine;
  assert_true(pulse_n > 200 && pulse_n == e->window_n + e->beat_count);
  for (uint64_t at = 1; at < pulse_n; at += at < 30 ? 1 : 7) {
    struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
    ping_make(&v, place->comm, 5, at);
    const uint64_t digest = ping_end(&v, true);
    good(dp_checkpoint_write(v.p.engine, place->path, &notes, &err), &err);
    dp_engine_free(v.p.engine);
    ping_make(&v, place->comm, 5, 0);
    good(dp_checkpoint_restore(v.p.engine, place->path, &notes, &err), &err);
    uint64_t restored;
    good(dp_engine_digest(v.p.engine, &restored, &err), &err);
    assert_true(restored == digest);
    assert_true(ping_end(&v, false) == whole);
    assert_int_equal(v.p.engine->window_n, e->window_n);
    assert_int_equal(v.p.engine->beat_count, e->beat_count);
    assert_true(v.p.engine->channels[1].observed_min_ns == e->channels[1].observed_min_ns);
    assert_int_equal(v.p.engine->channels[1].message_n, e->channels[1].message_n);
    dp_engine_free(v.p.engine);
  }
  dp_engine_free(w.p.engine);
}

/* ---- files ---- */

static void write_ping(struct place *place, uint32_t cell_n, const char *identity) {
  struct dp_err err = {0};
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  struct ping_world w;
  ping_make(&w, place->comm, cell_n, 40);
  ping_end(&w, true);
  dp_buffer_append(&notes.about, "whose", 5, NULL);
  dp_buffer_append(&notes.identity, identity, strlen(identity), NULL);
  dp_buffer_append(&notes.results, "rows", 4, NULL);
  good(dp_checkpoint_write(w.p.engine, place->path, &notes, &err), &err);
  dp_checkpoint_notes_fini(&notes);
  dp_engine_free(w.p.engine);
}

static enum dp_status restore_ping(struct place *place, uint32_t cell_n, const char *identity, struct dp_err *err) {
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  struct ping_world w;
  *err = (struct dp_err){0};
  ping_make(&w, place->comm, cell_n, 0);
  dp_buffer_append(&notes.identity, identity, strlen(identity), NULL);
  enum dp_status status = dp_checkpoint_restore(w.p.engine, place->path, &notes, err);
  if (status == DP_OK) {
    assert_memory_equal(notes.about.data, "whose", 5);
    assert_memory_equal(notes.results.data, "rows", 4);
  }
  dp_checkpoint_notes_fini(&notes);
  dp_engine_free(w.p.engine);
  return status;
}

static struct dp_buffer read_file(const char *path) {
  struct dp_buffer b = {0};
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  for (int c; (c = fgetc(f)) != EOF;) {
    const unsigned char byte = (unsigned char)c;
    dp_buffer_append(&b, &byte, 1, NULL);
  }
  fclose(f);
  return b;
}

static void write_bytes(const char *path, const unsigned char *bytes, size_t len) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  if (len) assert_int_equal(fwrite(bytes, len, 1, f), 1);
  assert_int_equal(fclose(f), 0);
}

static void a_file_cut_anywhere_or_changed_anywhere_is_refused(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  write_ping(place, 3, "");
  struct dp_buffer file = read_file(place->path), about = {0};
  for (size_t len = 0; len < file.len; len += len < 400 ? 7 : 1013) {
    write_bytes(place->path, file.data, len);
    err = (struct dp_err){0};
    assert_int_equal(dp_checkpoint_about(place->path, &about, &err), DP_FORMAT);
    has(err.text, place->path);
    assert_int_equal(restore_ping(place, 3, "", &err), DP_FORMAT);
  }
  for (size_t at = 0; at < file.len; at += at < 400 ? 3 : 211) {
    file.data[at] ^= 0x10;
    write_bytes(place->path, file.data, file.len);
    assert_int_equal(dp_checkpoint_about(place->path, &about, NULL), DP_FORMAT);
    assert_int_equal(restore_ping(place, 3, "", &err), DP_FORMAT);
    file.data[at] ^= 0x10;
  }
  dp_buffer_append(&file, "more", 4, NULL);
  write_bytes(place->path, file.data, file.len);
  assert_int_equal(dp_checkpoint_about(place->path, &about, NULL), DP_FORMAT);
  dp_buffer_fini(&file);
  dp_buffer_fini(&about);
}

static void what_is_not_a_checkpoint_says_so(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct dp_buffer about = {0};
  char path[160];
  snprintf(path, sizeof path, "%s/none", place->folder);
  assert_int_equal(dp_checkpoint_about(path, &about, &err), DP_IO);
  has(err.text, "No such file");
  err = (struct dp_err){0};
  assert_int_equal(dp_checkpoint_about(place->folder, &about, &err), DP_IO);
  has(err.text, "not a plain file");
  write_bytes(place->path, (const unsigned char *)"return depin.scenario {}\n", 25);
  err = (struct dp_err){0};
  assert_int_equal(dp_checkpoint_about(place->path, &about, &err), DP_FORMAT);
  has(err.text, "not a checkpoint of depinsim");
  write_bytes(place->path, (const unsigned char *)"DPCKPT\0\x7f", 8);
  err = (struct dp_err){0};
  assert_int_equal(dp_checkpoint_about(place->path, &about, &err), DP_FORMAT);
  has(err.text, "form 127, and this program reads form 1");
}

static void the_older_one_is_found_when_the_newest_is_damaged(void **state) {
  struct place *place = *state;
  struct dp_err err = {0}, why = {0};
  struct dp_buffer about = {0};
  char *found = NULL, old[160];
  snprintf(old, sizeof old, "%s.old", place->path);
  unlink(place->path);
  unlink(old);
  assert_int_equal(dp_checkpoint_find(place->path, &found, &about, &why, &err), DP_IO);
  assert_null(found);
  write_ping(place, 3, "one\n");
  assert_int_not_equal(access(old, F_OK), 0);
  write_ping(place, 3, "two\n");
  assert_int_equal(access(old, F_OK), 0);
  why = err = (struct dp_err){0};
  assert_int_equal(dp_checkpoint_find(place->path, &found, &about, &why, &err), DP_OK);
  assert_string_equal(found, place->path);
  assert_int_equal(why.status, DP_OK);
  free(found);
  assert_int_equal(truncate(place->path, 1000), 0);
  about.len = 0;
  assert_int_equal(dp_checkpoint_find(place->path, &found, &about, &why, &err), DP_OK);
  assert_string_equal(found, old);
  has(why.text, "cut short");
  assert_int_equal(about.len, 5);
  free(found);
  assert_int_equal(truncate(old, 1000), 0);
  why = err = (struct dp_err){0};
  assert_int_equal(dp_checkpoint_find(place->path, &found, &about, &why, &err), DP_FORMAT);
  has(err.text, "cut short");
  dp_buffer_fini(&about);
  unlink(old);
}

static void another_scenario_is_refused_by_name(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  write_ping(place, 3, "seed = 1\nfee = 0.05\nend = 2\n");
  assert_int_equal(restore_ping(place, 3, "seed = 1\nfee = 0.05\nend = 2\n", &err), DP_OK);
  assert_int_equal(restore_ping(place, 3, "seed = 1\nfee = 0.04\nend = 2\n", &err), DP_FORMAT);
  has(err.text, "it has fee = 0.05, and here there is fee = 0.04");
  assert_int_equal(restore_ping(place, 3, "seed = 1\nfee = 0.05\n", &err), DP_FORMAT);
  has(err.text, "it has end = 2, and here there is nothing");
  assert_int_equal(restore_ping(place, 3, "seed = 1\nfee = 0.05\nend = 23\n", &err), DP_FORMAT);
  has(err.text, "it has end = 2, and here there is end = 23");
  assert_int_equal(restore_ping(place, 4, "seed = 1\nfee = 0.05\nend = 2\n", &err), DP_FORMAT);
  has(err.text, "number of cells");
}

static void a_folder_that_cannot_be_written_is_an_error_that_changes_nothing(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  struct ping_world w;
  ping_make(&w, place->comm, 3, 40);
  ping_end(&w, true);
  assert_int_equal(dp_checkpoint_write(w.p.engine, "/nowhere/at/all.ckpt", &notes, &err), DP_IO);
  has(err.text, "cannot write the checkpoint /nowhere/at/all.ckpt.part: No such file");
  ping_end(&w, false);
  dp_engine_free(w.p.engine);
}

/* ---- the market ---- */

static enum dp_status stop_once(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  dp_time *at = owner;
  (void)err;
  if (*at >= 0 && now_ns >= *at) {
    *stop = true;
    *at = -1;
  }
  return DP_OK;
}

static const struct dp_resume market_resume = {.find_schema = market_schema, .lines = "program = test\n"};

static uint64_t market_end(struct market *m) {
  struct dp_err err = {0};
  uint64_t outcome = 0;
  bool stopped;
  good(dp_sim_run(m->scene.sim, &stopped, &err), &err);
  assert_false(stopped);
  good(market_outcome(m, &outcome, &err), &err);
  return outcome;
}

static void a_market_goes_on_with_the_same_digest_kpis_and_series(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct market m;
  good(market_new(&m, place->comm, 4, &err), &err);
  const uint64_t whole = market_end(&m);
  assert_true(scene_kpi(&m.scene, "job.completed") > 500 && m.sink.settlement_n == 21 && m.sink.begin_n == 1);
  market_free(&m);
  const dp_time stops[] = {0, 1, 60 * DP_S, 77 * DP_S + 5, 540 * DP_S, 1199 * DP_S, MARKET_END};
  for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
    dp_time at = stops[i];
    bool stopped;
    good(market_new(&m, place->comm, 4, &err), &err);
    dp_sim_set_pulse(m.scene.sim, stop_once, &at);
    good(dp_sim_run(m.scene.sim, &stopped, &err), &err);
    good(dp_sim_checkpoint(m.scene.sim, place->path, &market_resume, &err), &err);
    market_free(&m);
    good(market_new(&m, place->comm, 4, &err), &err);
    good(dp_sim_restore(m.scene.sim, place->path, &market_resume, &err), &err);
    assert_true(market_end(&m) == whole);
    assert_true(m.sink.begin_n == 0 && m.sink.resume_n == 1);
    market_free(&m);
  }
}

static void a_run_that_goes_on_after_writing_is_not_changed_by_it(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct market m;
  good(market_new(&m, place->comm, 3, &err), &err);
  good(dp_sim_checkpoint(m.scene.sim, place->path, &market_resume, &err), &err); /* before anything has run */
  const uint64_t whole = market_end(&m);
  market_free(&m);
  good(market_new(&m, place->comm, 3, &err), &err);
  good(dp_sim_restore(m.scene.sim, place->path, &market_resume, &err), &err);
  bool stopped = true;
  for (dp_time next = 100 * DP_S, at = next; stopped; at = next += 100 * DP_S) {
    dp_sim_set_pulse(m.scene.sim, stop_once, &at);
    good(dp_sim_run(m.scene.sim, &stopped, &err), &err);
    good(dp_sim_checkpoint(m.scene.sim, place->path, &market_resume, &err), &err);
  }
  uint64_t outcome;
  good(market_outcome(&m, &outcome, &err), &err);
  assert_true(outcome == whole);
  assert_int_equal(m.sink.begin_n, 1);
  market_free(&m);
}

/* ---- the example model: flows, bulletins, transactions ---- */

static void template_new(struct place *place, struct dp_template_config *config, struct dp_instance_spec *instance,
                         struct dp_sim **sim) {
  struct dp_err err = {0};
  *config = (struct dp_template_config){0};
  dp_schema_defaults(dp_template_model.schema, config);
  config->cells_n = 3;
  *instance = (struct dp_instance_spec){.model = &dp_template_model, .config = config};
  const struct dp_spec spec = {.name = "template", .end_ns = 60 * DP_S, .settle_every_ns = 20 * DP_S, .seed = 1,
                               .instances = instance, .instance_n = 1};
  good(dp_sim_new(&spec, place->comm, sim, &err), &err);
}

static void the_example_model_goes_on_from_every_window_and_beat(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct dp_template_config config;
  struct dp_instance_spec instance;
  struct dp_sim *sim;
  bool stopped;
  uint64_t whole, digest;
  template_new(place, &config, &instance, &sim);
  good(dp_sim_run(sim, &stopped, &err), &err);
  good(dp_engine_digest(sim->engine, &whole, &err), &err);
  dp_sim_free(sim);
  for (uint64_t at = 1; stopped || at == 1; at++) {
    struct ping_world counter = {.stop_at = at};
    template_new(place, &config, &instance, &sim);
    dp_sim_set_pulse(sim, count_pulse, &counter);
    good(dp_sim_run(sim, &stopped, &err), &err);
    good(dp_sim_checkpoint(sim, place->path, NULL, &err), &err);
    dp_sim_free(sim);
    template_new(place, &config, &instance, &sim);
    bool again;
    good(dp_sim_restore(sim, place->path, NULL, &err), &err);
    good(dp_sim_run(sim, &again, &err), &err);
    good(dp_engine_digest(sim->engine, &digest, &err), &err);
    assert_true(digest == whole);
    dp_sim_free(sim);
    if (!stopped) assert_true(at > 5);
  }
}

/* What a changed scenario is told. */
static void refused(struct place *place, struct market *m, const char *says) {
  struct dp_err err = {0};
  assert_int_equal(dp_sim_restore(m->scene.sim, place->path, &market_resume, &err), DP_FORMAT);
  has(err.text, says);
  market_free(m);
}

static void a_market_of_other_parameters_is_refused_by_the_parameters_name(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct market m;
  good(market_new(&m, place->comm, 3, &err), &err);
  good(dp_sim_checkpoint(m.scene.sim, place->path, &market_resume, &err), &err);
  market_free(&m);
  good(market_new(&m, place->comm, 4, &err), &err);
  refused(place, &m, "it has cells = 3, and here there is cells = 4");
  good(market_new(&m, place->comm, 3, &err), &err);
  m.scene.workloads[0].rate_per_s = 7;
  refused(place, &m, "here there is workload.inference.rate_per_s = 7");
  good(market_new(&m, place->comm, 3, &err), &err);
  m.scene.classes[0].memory_gib = 48; /* inside a part */
  refused(place, &m, "provider.fleet.node.memory_gib = 24, and here there is provider.fleet.node.memory_gib = 48");
  good(market_new(&m, place->comm, 3, &err), &err);
  *scene_policy_param(&m.scene, 0, &dp_policy_undercut, "step_ratio") = 0.5; /* of a policy */
  refused(place, &m, "here there is provider.fleet.pricing.step_ratio = 0.5");
  good(market_new(&m, place->comm, 3, &err), &err);
  m.scene.sim->spec.seed = 2;
  refused(place, &m, "it has seed = 1, and here there is seed = 2");
  good(market_new(&m, place->comm, 3, &err), &err);
  struct dp_resume other = market_resume;
  other.lines = "program = another\n";
  assert_int_equal(dp_sim_restore(m.scene.sim, place->path, &other, &err), DP_FORMAT);
  has(err.text, "it has program = test, and here there is program = another");
  market_free(&m);
}

static void a_file_that_a_scenario_reads_counts_by_its_bytes(void **state) {
  struct place *place = *state;
  struct dp_err err = {0};
  struct market m;
  struct dp_str a = {0}, b = {0};
  char path[160];
  snprintf(path, sizeof path, "%s/trace.csv", place->folder);
  good(market_new(&m, place->comm, 2, &err), &err);
  m.scene.workloads[0].trace = path;
  assert_int_equal(dp_sim_fingerprint(m.scene.sim, NULL, &a, &err), DP_IO);
  dp_str_clear(&a);
  write_bytes(path, (const unsigned char *)"time_s\n1\n", 9);
  good(dp_sim_fingerprint(m.scene.sim, NULL, &a, &err), &err);
  has(dp_str_text(&a), "workload.inference.trace = \"trace.csv\" of 9 bytes, hash ");
  write_bytes(path, (const unsigned char *)"time_s\n2\n", 9);
  good(dp_sim_fingerprint(m.scene.sim, NULL, &b, &err), &err);
  assert_string_not_equal(dp_str_text(&a), dp_str_text(&b));
  dp_str_fini(&a);
  dp_str_fini(&b);
  market_free(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_run_goes_on_from_every_window_and_beat),
      cmocka_unit_test(a_file_cut_anywhere_or_changed_anywhere_is_refused),
      cmocka_unit_test(what_is_not_a_checkpoint_says_so),
      cmocka_unit_test(the_older_one_is_found_when_the_newest_is_damaged),
      cmocka_unit_test(another_scenario_is_refused_by_name),
      cmocka_unit_test(a_folder_that_cannot_be_written_is_an_error_that_changes_nothing),
      cmocka_unit_test(a_market_goes_on_with_the_same_digest_kpis_and_series),
      cmocka_unit_test(a_run_that_goes_on_after_writing_is_not_changed_by_it),
      cmocka_unit_test(the_example_model_goes_on_from_every_window_and_beat),
      cmocka_unit_test(a_market_of_other_parameters_is_refused_by_the_parameters_name),
      cmocka_unit_test(a_file_that_a_scenario_reads_counts_by_its_bytes),
  };
  return cmocka_run_group_tests_name("checkpoint", tests, setup, teardown);
}
