/* Customers: every request of a trace is sent and ends in one way; synthetic ones come at the rate and obey Little. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <unistd.h>

#include "real_data.h"
#include "scene.h"
#include "workload/demand.h"

#define assert_near(a, b, tolerance) assert_true(fabs((double)(a) - (double)(b)) <= (tolerance))

/** Every request has ended in exactly one way or is in the system; money is where it should be. */
static void check_conservation(struct scene *s) {
  const double ended =
      scene_kpi(s, "job.completed") + scene_kpi(s, "job.rejected") + scene_kpi(s, "job.timed_out");
  assert_near(scene_kpi(s, "job.submitted"), ended + scene_kpi(s, "job.in_system"), 0);
  int64_t escrow = 0, external = 0, bridges = scene_balance(s, -1, DP_ACCOUNT_BRIDGE);
  for (uint32_t c = 0; c < s->sim->engine->config.cell_n; c++) {
    escrow += scene_balance(s, (int)c, DP_ACCOUNT_ESCROW);
    external += scene_balance(s, (int)c, DP_ACCOUNT_EXTERNAL);
    bridges += scene_balance(s, (int)c, DP_ACCOUNT_BRIDGE);
  }
  if (scene_kpi(s, "job.in_system") > 0) return;
  assert_int_equal(escrow, 0);
  assert_int_equal(bridges, 0);
  assert_near((double)-external / 1e9, scene_kpi(s, "market.spend_usd"), 1e-9);
}

/** A scene with one workload: `host_n` GPUs without bills in `region_n` regions. */
static struct dp_inference_config *start(struct scene *s, size_t region_n, int64_t host_n, const char *gpu,
                                         double memory_gib, dp_time end_ns) {
  scene_init(s, region_n, end_ns);
  scene_network(s);
  scene_fleet(s, host_n, gpu, memory_gib, 0.18);
  return scene_workload(s);
}

/* ---- real traces ---- */

static void check_trace(const char *name, const char *gpu, double memory_gib, double rows, double prompts,
                        double outputs) {
  char path[512];
  struct scene s;
  if (!real_data(name, path, sizeof path)) skip();
  start(&s, 3, 200, gpu, memory_gib, 3600 * DP_S)->trace = path;
  scene_run(&s);
  assert_near(scene_kpi(&s, "job.submitted"), rows, 0);
  assert_near(scene_kpi(&s, "inference.prompt_tok"), prompts, 0);
  assert_near(scene_kpi(&s, "inference.output_tok"), outputs, 0);
  assert_near(scene_kpi(&s, "job.in_system"), 0, 0);
  check_conservation(&s);
  uint64_t dealt_n = 0;
  for (uint32_t c = 0; c < 3; c++) {
    const uint64_t n = DP_ROW(scene_table(&s, "workload.inference", "source", c), struct dp_source, 0)->request_n;
    assert_near(n, rows / 3, 4 * sqrt(rows * 2 / 9)); /* by equal demand weights */
    dealt_n += n;
  }
  assert_near(dealt_n, rows, 0);
  scene_free(&s);
}

static void the_azure_conversation_trace_is_sent_in_full(void **state) {
  (void)state;
  check_trace("llm_inference/AzureLLMInferenceTrace_conv.csv", "rtx4090", 24, 9754, 12072473, 2156570);
}

static void the_azure_code_trace_is_sent_in_full(void **state) {
  (void)state;
  check_trace("llm_inference/AzureLLMInferenceTrace_code.csv", "rtx4090", 24, 5100, 10466496, 139352);
}

static void the_mooncake_trace_is_sent_in_full(void **state) {
  (void)state;
  check_trace("llm_inference/mooncake_conversation.jsonl", "h100", 80, 5719, 73604194, 1977204);
}

static void a_run_shorter_than_its_trace_sends_what_came_before_its_end(void **state) {
  (void)state;
  const char *name = "llm_inference/AzureLLMInferenceTrace_conv.csv";
  char path[512];
  struct scene s;
  struct dp_trace *trace;
  struct dp_trace_row row;
  size_t n = 0;
  bool eof = false;
  if (!real_data(name, path, sizeof path)) skip();
  assert_int_equal(dp_trace_open(path, &trace, NULL), DP_OK);
  while (dp_trace_next(trace, &row, &eof, NULL) == DP_OK && !eof) n += row.time_ns < 700 * DP_S;
  dp_trace_close(trace);
  start(&s, 3, 200, "rtx4090", 24, 700 * DP_S)->trace = path;
  scene_run(&s);
  assert_near(scene_kpi(&s, "job.submitted"), n, 0);
  assert_true(scene_kpi(&s, "job.in_system") > 0);
  check_conservation(&s);
  scene_free(&s);
}

/* ---- small traces ---- */

/** Runs a trace of this text; the caller frees *s. */
static enum dp_status run_text(struct scene *s, const char *text) {
  char path[] = "/tmp/t_inference.XXXXXX";
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  s->workloads[0].trace = path;
  const enum dp_status status = scene_try(s);
  s->workloads[0].trace = "";
  unlink(path);
  return status;
}

static uint64_t sent_from(struct scene *s, uint32_t cell) {
  return DP_ROW(scene_table(s, "workload.inference", "source", cell), struct dp_source, 0)->request_n;
}

static void rows_with_a_region_come_from_there(void **state) {
  (void)state;
  struct scene s;
  start(&s, 3, 3, "h100", 80, 60 * DP_S);
  s.regions[0].demand_weight = s.regions[2].demand_weight = 0; /* even where nobody else asks */
  s.regions[2].cells_n = 2;
  const char *text = "time_s,prompt_tokens,output_tokens,region\n0,10,10,A\n0,10,10,C\n0.5,10,10,\n1,10,1,A\n"
                     "2,10,10,C\n3,10,10,C\n4,10,10,C\n5,10,10,C\n6,10,10,C\n";
  if (run_text(&s, text) != DP_OK) fail_msg("%s", s.err.text);
  assert_int_equal(sent_from(&s, 0), 2);
  assert_int_equal(sent_from(&s, 1), 1);
  assert_int_equal(sent_from(&s, 2) + sent_from(&s, 3), 6);
  assert_in_range(sent_from(&s, 2), 1, 5); /* both cells of C */
  assert_near(scene_kpi(&s, "job.completed"), 9, 0);
  check_conservation(&s);
  scene_free(&s);
}

static void check_bad_row(const char *row, const char *words) {
  char text[256];
  struct scene s;
  start(&s, 2, 2, "h100", 80, 60 * DP_S);
  snprintf(text, sizeof text, "time_s,prompt_tokens,output_tokens,region\n0,1,1,A\n%s\n", row);
  assert_int_equal(run_text(&s, text), DP_FORMAT);
  if (!strstr(s.err.text, ":3:") || !strstr(s.err.text, words)) fail_msg("%s", s.err.text);
  scene_free(&s);
}

static void a_bad_row_is_named_by_its_line(void **state) {
  (void)state;
  check_bad_row("1,1,1,Atlantis", "'Atlantis'");
  check_bad_row("1,9000000,9000000,A", "18000000 tokens");
  check_bad_row("1,10,-1,A", "");
  check_bad_row("1,10,nan,A", "");
  check_bad_row("-1,10,1,A", "");
}

static void a_request_that_no_host_can_hold_is_rejected(void **state) {
  (void)state;
  struct scene s;
  start(&s, 1, 2, "t4", 16, 60 * DP_S);
  const char *text = "time_s,prompt_tokens,output_tokens\n0,10000000,6777215\n1,3000,1000\n2,3000,700\n";
  if (run_text(&s, text) != DP_OK) fail_msg("%s", s.err.text); /* a T4 holds 3,782 tokens */
  assert_near(scene_kpi(&s, "job.rejected"), 2, 0);
  assert_near(scene_kpi(&s, "job.completed"), 1, 0);
  assert_near(scene_kpi(&s, "inference.prompt_tok"), 10000000 + 6000, 0);
  check_conservation(&s);
  scene_free(&s);
}

/* ---- synthetic requests ---- */

/** Keeps the mean of the requests in the system over the settlements. */
struct tally {
  struct dp_sink sink;
  double sum, n;
};

static enum dp_status tally_begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  (void)sink;
  (void)sim;
  (void)err;
  return DP_OK;
}

static enum dp_status tally_row(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns,
                                const double *values, size_t slot_n, struct dp_err *err) {
  struct tally *t = (struct tally *)sink;
  (void)slot_n;
  (void)err;
  if (instance->model != &dp_inference_model || now_ns == 0) return DP_OK;
  size_t slot = 0;
  for (size_t i = 0; strcmp(instance->model->metrics[i].name, "in_system"); i++)
    if (instance->model->metrics[i].kind != DP_METRIC_HISTOGRAM)
      slot += dp_metric_slot_n(instance->sim, &instance->model->metrics[i]);
  t->sum += values[slot];
  t->n++;
  return DP_OK;
}

static enum dp_status tally_settled(struct dp_sink *sink, dp_time now_ns, struct dp_err *err) {
  (void)sink;
  (void)now_ns;
  (void)err;
  return DP_OK;
}

static void littles_law_holds(void **state) {
  (void)state;
  /* L = λW (Little 1961), in a light and in a heavy load; L is sampled every second. */
  for (int64_t host_n = 4; host_n <= 40; host_n *= 10) {
    struct scene s;
    struct tally tally = {.sink = {tally_begin, tally_row, tally_settled}};
    const dp_time end_ns = 10000 * DP_S;
    bool stopped;
    struct dp_inference_config *w = start(&s, 1, host_n, "rtx4090", 24, end_ns);
    w->rate_per_s = 6;
    w->burst = DP_BURST_POISSON;
    w->timeout_s = 0;
    s.spec.settle_every_ns = DP_S;
    assert_int_equal(scene_start(&s), DP_OK);
    dp_sim_set_sink(s.sim, &tally.sink);
    assert_int_equal(dp_sim_run(s.sim, &stopped, &s.err), DP_OK);
    const double l = tally.sum / tally.n, lambda = scene_kpi(&s, "job.completed") / 10000;
    assert_near(scene_kpi(&s, "job.rejected") + scene_kpi(&s, "job.timed_out"), 0, 0);
    assert_near(l / (lambda * scene_kpi(&s, "job.latency_s.mean")), 1, 0.01);
    assert_true(l > 10);
    check_conservation(&s);
    scene_free(&s);
  }
}

static void requests_come_at_the_rate_that_is_asked_for(void **state) {
  (void)state;
  struct scene s;
  struct dp_inference_config *w = start(&s, 4, 0, "h100", 80, 5000 * DP_S);
  w->rate_per_s = 20;
  w->burst = DP_BURST_POISSON;
  s.regions[0].demand_weight = 3;
  s.regions[1].demand_weight = 0;
  scene_run(&s);
  const double share[] = {60000, 0, 20000, 20000};
  assert_near(scene_kpi(&s, "job.submitted"), 100000, 3 * sqrt(100000));
  for (uint32_t c = 0; c < 4; c++) assert_near(sent_from(&s, c), share[c], 3.5 * sqrt(share[c]));
  assert_near(scene_kpi(&s, "job.rejected"), scene_kpi(&s, "job.submitted"), 0); /* there is no host */
  check_conservation(&s);
  scene_free(&s);
}

static void without_a_rate_nothing_comes(void **state) {
  (void)state;
  struct scene s;
  start(&s, 2, 3, "h100", 80, 5000 * DP_S)->rate_per_s = 0;
  scene_run(&s);
  assert_near(scene_kpi(&s, "job.submitted"), 0, 0);
  assert_true(isnan(scene_kpi(&s, "job.completed_ratio")));
  check_conservation(&s);
  scene_free(&s);
}

static uint64_t digest_of(uint64_t seed) {
  struct scene s;
  start(&s, 3, 20, "rtx4090", 24, 300 * DP_S);
  s.spec.seed = seed;
  s.regions[1].cells_n = 3;
  s.classes[0].mtbf_h = 0.1;
  s.classes[0].repair_h = 0.02;
  scene_undercut(&s);
  scene_run(&s);
  const uint64_t digest = scene_digest(&s);
  scene_free(&s);
  return digest;
}

static void a_run_repeats_to_the_bit(void **state) {
  (void)state;
  const uint64_t first = digest_of(1);
  assert_true(digest_of(1) == first);
  assert_true(digest_of(2) != first);
}

/* ---- giving up ---- */

/** A flooded host: how many of the requests time out. */
static double timed_out(double timeout_s) {
  struct scene s;
  struct dp_inference_config *w = start(&s, 1, 1, "rtx4090", 24, 600 * DP_S);
  w->rate_per_s = 8;
  w->burst = DP_BURST_POISSON;
  w->timeout_s = timeout_s;
  s.networks[0].queue_n = 1000000;
  scene_run(&s);
  check_conservation(&s);
  const double n = scene_kpi(&s, "job.timed_out"), submitted = scene_kpi(&s, "job.submitted");
  assert_near(scene_kpi(&s, "job.rejected"), 0, 0);
  if (timeout_s > 0) assert_false(scene_kpi(&s, "job.wait_s.p99") > timeout_s * 1.02); /* of those that started */
  scene_free(&s);
  return n / submitted;
}

static void late_requests_are_given_up_and_counted(void **state) {
  (void)state;
  const double never = timed_out(0), long_wait = timed_out(60), short_wait = timed_out(5), at_once = timed_out(1e-12);
  assert_near(never, 0, 0);
  assert_true(long_wait > 0.05 && short_wait > long_wait && short_wait < 1);
  assert_near(at_once, 1, 0.01); /* the way to the host takes longer */
}

static void first_tokens_after_the_target_are_misses(void **state) {
  (void)state;
  const double targets[] = {0, 1e9}, expected[] = {1, 0};
  for (size_t i = 0; i < 2; i++) {
    struct scene s;
    start(&s, 1, 20, "h100", 80, 60 * DP_S)->ttft_target_s = targets[i];
    scene_run(&s);
    assert_near(scene_kpi(&s, "inference.missed_ratio"), expected[i], 0);
    scene_free(&s);
  }
}

/* Every request that takes the network times out. After t minutes trust is e^(−t/τ), as of customers at flow fidelity, and
 * 1 / (1 + e^(w (1 − trust))) of them take it, at the cloud's price; without a weight half of them do. */
static void customers_whose_jobs_are_lost_go_to_the_cloud(void **state) {
  (void)state;
  static const struct dp_cloud cloud = {"cloud", 0.18, 0.5, 0.02};
  const struct dp_demand_config as_rates = {.trust_loss_d = 1 / 48.0, .trust_recover_d = 1};
  for (int weight = 0; weight <= 3; weight += 3) {
    struct scene s;
    struct dp_inference_config *w = start(&s, 1, 20, "h100", 80, 2 * DP_HOUR);
    struct dp_gateway_config *n = &s.networks[0];
    double trust = 1, share = 0;
    w->timeout_s = 1e-12;
    w->burst = DP_BURST_POISSON;
    w->rate_per_s = 5;
    w->trust_loss_d = as_rates.trust_loss_d;
    w->trust_recover_d = as_rates.trust_recover_d;
    w->trust_weight = weight;
    n->cloud.part = &cloud;
    n->queue_n = 1000000;
    n->latency_weight_per_s = 0;
    s.policy_params[0][0] = cloud.price_usd_per_mtok;
    scene_run(&s);
    check_conservation(&s);
    for (int minute = 0; minute < 120; minute++) {
      share += 1 / (1 + exp(weight * (1 - trust))) / 120;
      trust = dp_demand_trust(&as_rates, trust, 0, 0, 1 / 1440.0);
    }
    assert_near(1 - scene_kpi(&s, "cloud.share_ratio"), share, 3.5 * sqrt(share * (1 - share) / 36000));
    assert_near(scene_kpi(&s, "inference.trust_ratio"), exp(-4), 0.001);
    scene_free(&s);
  }
}

/* ---- edges ---- */

static void failing_machines_lose_no_request(void **state) {
  (void)state;
  for (size_t host_n = 1; host_n <= 64; host_n *= 8) {
    struct scene s;
    start(&s, 2, (int64_t)host_n, "rtx4090", 24, 200 * DP_S);
    s.classes[0].mtbf_h = 0.001; /* every 3.6 s: the least that a class may have */
    s.classes[0].repair_h = 0.0005;
    scene_run(&s);
    assert_true(scene_kpi(&s, "job.lost") > 0);
    check_conservation(&s);
    scene_free(&s);
  }
}

static void machines_too_small_for_the_model_serve_nothing(void **state) {
  (void)state;
  struct scene s;
  start(&s, 2, 5, "t4", 8, 100 * DP_S); /* the weights alone are 12.55 GiB */
  scene_run(&s);
  assert_true(scene_kpi(&s, "job.submitted") > 0);
  assert_near(scene_kpi(&s, "job.rejected"), scene_kpi(&s, "job.submitted"), 0);
  check_conservation(&s);
  scene_free(&s);
}

static void workloads_and_networks_add_up(void **state) {
  (void)state;
  struct scene s;
  start(&s, 2, 30, "rtx4090", 24, 300 * DP_S)->network.name = "market.gateway";
  s.fleets[0].network.name = "market.gateway";
  scene_network(&s)->routing = DP_ROUTE_TWO_CHOICES;
  scene_fleet(&s, 30, "h100", 80, 0.3)->network.name = "2";
  scene_workload(&s)->network.name = "market.gateway"; /* two in one network */
  scene_workload(&s)->network.name = "2";
  scene_run(&s);
  check_conservation(&s);
  double sent[3], sum = 0;
  const struct dp_instance *w = dp_sim_first(s.sim, "workload.inference");
  for (size_t i = 0; i < 3; i++, w = dp_sim_next(w)) {
    sent[i] = 0;
    for (uint32_t c = 0; c < 2; c++)
      sent[i] += (double)DP_ROW(scene_table_of(&s, w, "source", c), struct dp_source, 0)->request_n;
    sum += sent[i];
  }
  assert_near(sum, scene_kpi(&s, "job.submitted"), 0);
  assert_true(sent[0] > 0 && fabs(sent[0] - sent[1]) > 0); /* each with its own luck */
  scene_free(&s);
}

static void more_workloads_than_a_request_can_name_are_refused(void **state) {
  (void)state;
  enum { N = 4095 };
  struct scene s;
  struct dp_inference_config *many = calloc(N, sizeof *many);
  struct dp_instance_spec *instances = calloc(N + 1, sizeof *instances);
  start(&s, 1, 0, "h100", 80, DP_S);
  for (size_t i = 0; i < N; i++) {
    many[i] = s.workloads[0];
    instances[i] = (struct dp_instance_spec){&dp_inference_model, NULL, &many[i]};
  }
  instances[N] = (struct dp_instance_spec){&dp_gateway_model, NULL, &s.networks[0]};
  s.spec.instances = instances;
  s.spec.instance_n = N + 1;
  assert_int_equal(dp_comm_null_new(&s.comm, &s.err), DP_OK);
  assert_int_equal(dp_sim_new(&s.spec, s.comm, &s.sim, &s.err), DP_RANGE);
  assert_non_null(strstr(s.err.text, "4095"));
  scene_free(&s);
  free(many);
  free(instances);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_azure_conversation_trace_is_sent_in_full),
      cmocka_unit_test(the_azure_code_trace_is_sent_in_full),
      cmocka_unit_test(the_mooncake_trace_is_sent_in_full),
      cmocka_unit_test(a_run_shorter_than_its_trace_sends_what_came_before_its_end),
      cmocka_unit_test(rows_with_a_region_come_from_there),
      cmocka_unit_test(a_bad_row_is_named_by_its_line),
      cmocka_unit_test(a_request_that_no_host_can_hold_is_rejected),
      cmocka_unit_test(littles_law_holds),
      cmocka_unit_test(requests_come_at_the_rate_that_is_asked_for),
      cmocka_unit_test(without_a_rate_nothing_comes),
      cmocka_unit_test(a_run_repeats_to_the_bit),
      cmocka_unit_test(late_requests_are_given_up_and_counted),
      cmocka_unit_test(first_tokens_after_the_target_are_misses),
      cmocka_unit_test(customers_whose_jobs_are_lost_go_to_the_cloud),
      cmocka_unit_test(failing_machines_lose_no_request),
      cmocka_unit_test(machines_too_small_for_the_model_serve_nothing),
      cmocka_unit_test(workloads_and_networks_add_up),
      cmocka_unit_test(more_workloads_than_a_request_can_name_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
