/* The server against a simulator that takes every decode step one by one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scene.h"

#define NODE_MAX 8

/** A request given straight to a node, and what came of it. */
struct ask {
  uint32_t node;
  dp_time at_ns;
  int64_t prompt_n, output_n;
  dp_time deadline_ns; /* 0: never */
};
struct answer {
  int done_n, lost_n;
  enum dp_job_outcome outcome;
  dp_time first_token_ns, end_ns; /* of the last answer */
};

/* ---- the model that stands where the market would: it builds nodes, sends requests, keeps answers ---- */

struct stand_in {
  const struct dp_node_class *classes[NODE_MAX];
  struct dp_part_ref parts[NODE_MAX];
  struct dp_part_refs refs;
  size_t node_n;
  const struct ask *asks; /* [ask_n] in order of time */
  struct answer *answers; /* [ask_n] */
  size_t ask_n;
  dp_time post_every_ns; /* a price is posted that often: an interruption without effect */
};

static const struct dp_param stand_in_params[] = {
    {DP_FIELD(struct stand_in, refs), .type = DP_PARAM_PARTS, .unit = "1", .part = "hardware.class", .doc = "classes",
     .source = "none"},
};
static const struct dp_schema stand_in_schema = {.name = "test.market", .doc = "a market", .params = stand_in_params,
                                                 .param_n = 1, .size = sizeof(struct stand_in)};

static enum dp_status send(struct dp_ctx *ctx, const char *model, struct dp_message m) {
  m.instance = dp_sim_first(dp_ctx_sim(ctx), model)->index;
  return dp_send(ctx, &m);
}

static enum dp_status stand_in_init(struct dp_ctx *ctx) {
  const struct stand_in *w = ctx->self->config;
  for (size_t i = 0; i < w->node_n; i++) {
    struct dp_node_build build = {.node_class = w->refs.v[i].id, .provider = ctx->self->index, .count = 1};
    DP_TRY(send(ctx, "hardware.node", (struct dp_message){.dest = dp_entity_of_cell(0), .kind = DP_EVENT_NODE_BUILD,
                                                          .size = sizeof build, .payload = &build}));
  }
  for (size_t i = 0; i < w->ask_n; i++) {
    const struct ask *a = &w->asks[i];
    struct dp_job job = {.job = i, .deadline_ns = a->deadline_ns ? a->deadline_ns : DP_TIME_MAX, .amount_nusd = 7};
    job.prompt_n = (uint64_t)a->prompt_n & DP_JOB_TOKENS_MAX;
    job.output_n = (uint64_t)a->output_n & DP_JOB_TOKENS_MAX;
    DP_TRY(send(ctx, "workload.server", (struct dp_message){.dest = dp_entity_make(0, 0, a->node), .time_ns = a->at_ns,
                                                            .kind = DP_EVENT_JOB_START, .phase = DP_PHASE_ARRIVAL,
                                                            .size = sizeof job, .payload = &job}));
  }
  return DP_OK;
}

static enum dp_status post(struct dp_ctx *ctx, dp_entity node) {
  const struct stand_in *w = ctx->self->config;
  struct dp_price_posted posted = {.price_nusd_per_mtok = 1, .market = ctx->self->index};
  DP_TRY(dp_emit(ctx, DP_EVENT_PRICE_POSTED, DP_PHASE_RELEASE, node, &posted, sizeof posted));
  if (w->post_every_ns == 0) return DP_OK;
  return send(ctx, "test.market", (struct dp_message){.dest = node, .time_ns = ctx->now_ns + w->post_every_ns,
                                                      .kind = DP_EVENT_TIMER, .phase = DP_PHASE_DECISION});
}

static enum dp_status stand_in_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  const struct stand_in *w = ctx->self->config;
  struct dp_job_result result;
  struct dp_job job;
  dp_event_payload(event, &result, sizeof result);
  dp_event_payload(event, &job, sizeof job);
  switch (event->kind) {
    case DP_EVENT_JOB_DONE:
      w->answers[result.job].done_n++;
      w->answers[result.job].outcome = (enum dp_job_outcome)result.outcome;
      w->answers[result.job].first_token_ns = result.first_token_ns;
      w->answers[result.job].end_ns = ctx->now_ns;
      assert_int_equal(result.prompt_n, w->asks[result.job].prompt_n);
      assert_int_equal(result.output_n, w->asks[result.job].output_n);
      assert_int_equal(result.amount_nusd, 7);
      return DP_OK;
    case DP_EVENT_JOB_LOST:
      w->answers[job.job].lost_n++;
      assert_int_equal(job.prompt_n, w->asks[job.job].prompt_n);
      assert_int_equal(job.output_n, w->asks[job.job].output_n);
      assert_int_equal(job.amount_nusd, 7);
      return DP_OK;
    default: return post(ctx, event->dest);
  }
}

static const uint16_t stand_in_handles[] = {DP_EVENT_NODE_JOINED, DP_EVENT_JOB_DONE, DP_EVENT_JOB_LOST, DP_EVENT_TIMER};
static const struct dp_model stand_in_model = {.name = "test.market", .doc = "a market", .schema = &stand_in_schema,
                                               .handles = stand_in_handles, .handle_n = 4, .init_cell = stand_in_init,
                                               .handle = stand_in_handle};

/** A simulation of one cell with the stand-in and a server configuration. */
static void run(struct scene *s, struct stand_in *w, struct dp_server_config *config, dp_time end_ns) {
  scene_init(s, 1, end_ns);
  s->spec.settle_every_ns = 7 * DP_S;
  for (size_t i = 0; i < w->node_n; i++) w->parts[i].part = w->classes[i];
  w->refs = (struct dp_part_refs){w->parts, w->node_n};
  scene_instance(s, &dp_server_model, config);
  scene_instance(s, &stand_in_model, w);
  scene_run(s);
}

static const struct dp_server *server_of(struct scene *s, uint32_t node) {
  return DP_ROW(scene_table(s, "workload.server", "server", 0), struct dp_server, node);
}

/* ---- the naive simulator ---- */

struct naive {
  const struct ask *asks;
  struct answer *answers;
  const size_t *line; /* requests of this node in order of arrival */
  size_t line_n, next;
  struct dp_llm_cost cost;
  int64_t capacity, batch_n, prefill_n;
  size_t *waiting, *running, *joining; /* FIFO with head; members in order of joining */
  size_t waiting_head, waiting_n, running_n, joining_n;
  int64_t *made; /* output tokens of each request so far */
  enum { IDLE, PREFILL, DECODE } mode;
  dp_time start_ns, end_ns, busy_ns;
  dp_time *boundaries; /* of decode steps, or NULL */
  size_t boundary_n;
};

static int64_t reserved(const struct naive *v) {
  int64_t sum = 0;
  for (size_t i = 0; i < v->running_n; i++) sum += v->asks[v->running[i]].prompt_n + v->asks[v->running[i]].output_n;
  for (size_t i = 0; i < v->joining_n; i++) sum += v->asks[v->joining[i]].prompt_n + v->asks[v->joining[i]].output_n;
  return sum;
}

static void finish(struct naive *v, size_t request, dp_time now, enum dp_job_outcome outcome) {
  v->answers[request].done_n++;
  v->answers[request].outcome = outcome;
  v->answers[request].end_ns = now;
}

static void drop_late(struct naive *v, dp_time now) {
  while (v->waiting_head < v->waiting_n) {
    const size_t r = v->waiting[v->waiting_head];
    if (v->asks[r].deadline_ns == 0 || v->asks[r].deadline_ns >= now) return;
    finish(v, r, now, DP_JOB_TIMED_OUT);
    v->waiting_head++;
  }
}

/** At a step boundary: let waiting requests in, else one decode step, else nothing. */
static void decide(struct naive *v, dp_time now) {
  int64_t tokens = 0, squares = 0, context = 0;
  drop_late(v, now);
  while (v->waiting_head < v->waiting_n && (int64_t)(v->running_n + v->joining_n) < v->batch_n) {
    const struct ask *a = &v->asks[v->waiting[v->waiting_head]];
    if (reserved(v) + a->prompt_n + a->output_n > v->capacity) break;
    if (v->joining_n > 0 && tokens + a->prompt_n > v->prefill_n) break;
    v->joining[v->joining_n++] = v->waiting[v->waiting_head++];
    tokens += a->prompt_n;
    squares += a->prompt_n * a->prompt_n;
    drop_late(v, now);
  }
  v->start_ns = now;
  if (v->joining_n > 0) {
    v->mode = PREFILL;
    v->end_ns = now + dp_llm_prefill_sum_ns(&v->cost, tokens, squares);
  } else if (v->running_n > 0) {
    v->mode = DECODE;
    for (size_t i = 0; i < v->running_n; i++) context += v->asks[v->running[i]].prompt_n + v->made[v->running[i]];
    v->end_ns = now + dp_llm_step_ns(&v->cost, (int64_t)v->running_n, context);
  } else {
    v->mode = IDLE;
    v->end_ns = DP_TIME_MAX;
  }
}

static void end_step(struct naive *v) {
  const dp_time now = v->end_ns;
  v->busy_ns += now - v->start_ns;
  if (v->mode == DECODE && v->boundaries) v->boundaries[v->boundary_n++] = now;
  size_t kept = 0;
  for (size_t i = 0; v->mode == DECODE && i < v->running_n; i++) {
    const size_t r = v->running[i];
    if (++v->made[r] == v->asks[r].output_n) finish(v, r, now, DP_JOB_COMPLETED);
    else v->running[kept++] = r;
  }
  if (v->mode == DECODE) v->running_n = kept;
  for (size_t i = 0; v->mode == PREFILL && i < v->joining_n; i++) {
    const size_t r = v->joining[i];
    v->answers[r].first_token_ns = now;
    v->made[r] = 1;
    if (v->asks[r].output_n == 1) finish(v, r, now, DP_JOB_COMPLETED);
    else v->running[v->running_n++] = r;
  }
  v->joining_n = v->mode == PREFILL ? 0 : v->joining_n;
  decide(v, now);
}

static void simulate(struct naive *v) {
  v->mode = IDLE;
  v->end_ns = DP_TIME_MAX;
  for (;;) {
    const dp_time arrival = v->next < v->line_n ? v->asks[v->line[v->next]].at_ns : DP_TIME_MAX;
    if (v->mode == IDLE && arrival == DP_TIME_MAX) return;
    if (v->mode != IDLE && v->end_ns <= arrival) {
      end_step(v);
      continue;
    }
    v->waiting[v->waiting_n++] = v->line[v->next++];
    if (v->mode == IDLE || (v->mode == DECODE && v->start_ns == arrival)) decide(v, arrival);
  }
}

/** Naive answers of the requests of one node. @return busy time */
static dp_time simulate_node(const struct ask *asks, size_t n, uint32_t node, const struct dp_node_class *class,
                             const struct dp_server_config *config, struct answer *answers, dp_time *boundaries,
                             size_t *boundary_n) {
  size_t *line = calloc(n + 1, sizeof *line), *lists = calloc(3 * n + 3, sizeof *lists);
  struct naive v = {.asks = asks, .answers = answers, .line = line, .batch_n = config->batch_n,
                    .prefill_n = config->prefill_tokens_n, .waiting = lists, .running = lists + n + 1,
                    .joining = lists + 2 * n + 2, .made = calloc(n + 1, sizeof *v.made), .boundaries = boundaries};
  for (size_t i = 0; i < n; i++)
    if (asks[i].node == node) line[v.line_n++] = i;
  assert_int_equal(dp_llm_cost_find(class->gpu, &v.cost, NULL), DP_OK);
  v.capacity = dp_llm_kv_capacity_tokens(class->memory_gib, dp_llm_weights_gib(), config->memory_overhead_ratio);
  simulate(&v);
  if (boundary_n) *boundary_n = v.boundary_n;
  free(line);
  free(lists);
  free(v.made);
  return v.busy_ns;
}

/* ---- random requests ---- */

static const struct dp_node_class classes[] = {
    {.gpu = "rtx4090", .gpu_n = 1, .memory_gib = 24, .weibull_shape = 1},
    {.gpu = "t4", .gpu_n = 1, .memory_gib = 16, .weibull_shape = 1}, /* 3,782 tokens of context */
    {.gpu = "h100", .gpu_n = 1, .memory_gib = 80, .weibull_shape = 1},
    {.gpu = "a100", .gpu_n = 1, .memory_gib = 20, .weibull_shape = 1}, /* 11,155 tokens */
};
enum { CLASS_N = sizeof classes / sizeof classes[0] };

static int compare_asks(const void *a, const void *b) {
  const struct ask *x = a, *y = b;
  return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/** `n` requests a node: one in ten of one token, one in five at the time of another, some with a deadline. */
static size_t draw_asks(uint64_t seed, size_t n, dp_time mean_gap_ns, bool deadlines, struct ask *asks) {
  struct dp_rng rng = dp_rng_at(seed, 0, 0, 0, 0);
  size_t k = 0;
  for (uint32_t node = 0; node < CLASS_N; node++) {
    dp_time now = 0;
    for (size_t i = 0; i < n; i++) {
      if (dp_rng_below(&rng, 5)) now += 1 + (dp_time)dp_rng_exponential(&rng, (double)mean_gap_ns);
      struct ask *a = &asks[k++];
      *a = (struct ask){.node = node, .at_ns = now ? now : 1};
      a->prompt_n = 1 + (int64_t)dp_rng_below(&rng, dp_rng_below(&rng, 4) ? 400 : 3000);
      a->output_n = dp_rng_below(&rng, 10) ? 1 + (int64_t)dp_rng_below(&rng, 600) : 1;
      if (deadlines && dp_rng_below(&rng, 3)) a->deadline_ns = a->at_ns + (dp_time)dp_rng_below(&rng, 5 * DP_S);
    }
  }
  qsort(asks, k, sizeof *asks, compare_asks);
  return k;
}

/** Runs both and compares every time to the nanosecond. @return requests that timed out */
static size_t compare(const struct ask *asks, size_t n, struct dp_server_config *config, dp_time post_every_ns) {
  struct answer *got = calloc(n, sizeof *got), *want = calloc(n, sizeof *want);
  struct stand_in w = {.node_n = CLASS_N, .asks = asks, .answers = got, .ask_n = n, .post_every_ns = post_every_ns};
  struct scene s;
  size_t late_n = 0;
  for (size_t i = 0; i < CLASS_N; i++) w.classes[i] = &classes[i];
  run(&s, &w, config, 4000 * DP_S);
  for (uint32_t node = 0; node < CLASS_N; node++) {
    const dp_time busy_ns = simulate_node(asks, n, node, &classes[node], config, want, NULL, NULL);
    assert_int_equal(server_of(&s, node)->busy_ns, busy_ns);
    assert_int_equal(server_of(&s, node)->busy_since_ns, -1);
    assert_int_equal(server_of(&s, node)->reserved_tok, 0);
    assert_int_equal(server_of(&s, node)->context_tok, 0);
  }
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(want[i].done_n, 1);
    assert_int_equal(got[i].done_n, 1);
    assert_int_equal(got[i].lost_n, 0);
    assert_int_equal(got[i].outcome, want[i].outcome);
    assert_int_equal(got[i].first_token_ns, want[i].first_token_ns);
    assert_int_equal(got[i].end_ns, want[i].end_ns);
    late_n += want[i].outcome == DP_JOB_TIMED_OUT;
  }
  assert_int_equal(scene_table(&s, "workload.server", "task", 0)->live_n, 0);
  scene_free(&s);
  free(got);
  free(want);
  return late_n;
}

static struct dp_server_config defaults(void) {
  struct dp_server_config config = {0};
  dp_schema_defaults(dp_server_model.schema, &config);
  return config;
}

enum { REQUEST_N = 250 };

static void times_equal_those_of_single_steps(void **state) {
  (void)state;
  struct ask *asks = calloc(CLASS_N * REQUEST_N, sizeof *asks);
  struct dp_server_config config = defaults();
  for (uint64_t seed = 1; seed <= 6; seed++) {
    const dp_time gap_ns = seed % 3 == 0 ? 2 * DP_S : seed % 3 == 1 ? DP_S / 5 : DP_S / 50; /* idle, busy, flooded */
    const size_t n = draw_asks(seed, REQUEST_N, gap_ns, false, asks);
    assert_int_equal(compare(asks, n, &config, 0), 0);
  }
  free(asks);
}

static void times_are_equal_with_deadlines_and_narrow_limits(void **state) {
  (void)state;
  struct ask *asks = calloc(CLASS_N * REQUEST_N, sizeof *asks);
  size_t late_n = 0;
  for (uint64_t seed = 11; seed <= 16; seed++) {
    struct dp_server_config config = defaults();
    config.batch_n = seed % 2 ? 4 : 256;
    config.prefill_tokens_n = seed % 3 ? 512 : 1;
    const size_t n = draw_asks(seed, REQUEST_N, seed % 2 ? DP_S / 4 : DP_S / 20, true, asks);
    late_n += compare(asks, n, &config, 0);
  }
  free(asks);
  assert_true(late_n > 500); /* the case was met */
}

static void an_interruption_changes_nothing(void **state) {
  (void)state;
  struct ask *asks = calloc(CLASS_N * REQUEST_N, sizeof *asks);
  struct dp_server_config config = defaults();
  const size_t n = draw_asks(21, REQUEST_N, DP_S / 5, true, asks);
  compare(asks, n, &config, 13 * DP_MS); /* prices every 13 ms, and every event there is in between */
  free(asks);
}

static void a_request_at_a_step_boundary_joins_there(void **state) {
  (void)state;
  enum { FIRST_N = 20, MORE_N = 40 };
  struct ask asks[FIRST_N + MORE_N];
  struct answer answers[FIRST_N + MORE_N] = {0};
  dp_time boundaries[20000];
  size_t boundary_n, n = FIRST_N;
  struct dp_server_config config = defaults();
  struct ask drawn[CLASS_N * FIRST_N];
  draw_asks(31, FIRST_N, DP_S / 10, false, drawn);
  for (size_t i = 0, k = 0; k < FIRST_N; i++)
    if (drawn[i].node == 0) asks[k++] = drawn[i];
  for (int pass = 0; pass < MORE_N; pass++) { /* each request moves what is behind it: one at a time */
    memset(answers, 0, sizeof answers);
    simulate_node(asks, n, 0, &classes[0], &config, answers, boundaries, &boundary_n);
    const dp_time at_ns = boundaries[boundary_n * (size_t)(pass + 1) / (MORE_N + 2)];
    asks[n] = (struct ask){.node = 0, .at_ns = at_ns, .prompt_n = 30, .output_n = 2 + pass};
    qsort(asks, ++n, sizeof *asks, compare_asks);
  }
  compare(asks, n, &config, 0);
}

static void a_request_alone_takes_prefill_and_steps(void **state) {
  (void)state;
  /* 1,000 tokens of prompt, 100 of output on an H100, by hand: first token after the prefill, then 99 steps. */
  struct dp_server_config config = defaults();
  const struct ask ask = {.node = 0, .at_ns = 5 * DP_S, .prompt_n = 1000, .output_n = 100};
  struct answer answer = {0};
  struct stand_in w = {.node_n = 1, .classes = {&classes[2]}, .asks = &ask, .answers = &answer, .ask_n = 1};
  struct dp_llm_cost cost;
  struct scene s;
  run(&s, &w, &config, 60 * DP_S);
  dp_llm_cost_find("h100", &cost, NULL);
  dp_time expected = 5 * DP_S + dp_llm_prefill_ns(&cost, 1000);
  assert_int_equal(answer.first_token_ns, expected);
  for (int64_t i = 0; i < 99; i++) expected += dp_llm_step_ns(&cost, 1, 1001 + i);
  assert_int_equal(answer.end_ns, expected);
  assert_int_equal(scene_kpi(&s, "job.wait_s.mean") * 1e9, 0);
  scene_free(&s);
}

static void a_request_may_start_at_its_deadline_and_not_later(void **state) {
  (void)state;
  /* On a T4 the first request takes all memory but 100 tokens; it ends after its prefill and one step. */
  struct dp_server_config config = defaults();
  struct dp_llm_cost cost;
  dp_llm_cost_find("t4", &cost, NULL);
  const int64_t capacity = dp_llm_kv_capacity_tokens(16, dp_llm_weights_gib(), DP_LLM_OVERHEAD_RATIO);
  const dp_time end = DP_S + dp_llm_prefill_ns(&cost, capacity - 102) + dp_llm_step_ns(&cost, 1, capacity - 101);
  for (dp_time before = 0; before <= 1; before++) {
    const struct ask asks[2] = {{.node = 0, .at_ns = DP_S, .prompt_n = capacity - 102, .output_n = 2},
                                {.node = 0, .at_ns = DP_S + 1, .prompt_n = 200, .output_n = 1,
                                 .deadline_ns = end - before}};
    struct answer answers[2] = {0};
    struct stand_in w = {.node_n = 1, .classes = {&classes[1]}, .asks = asks, .answers = answers, .ask_n = 2};
    struct scene s;
    run(&s, &w, &config, 60 * DP_S);
    assert_int_equal(answers[0].end_ns, end);
    assert_int_equal(answers[1].outcome, before ? DP_JOB_TIMED_OUT : DP_JOB_COMPLETED);
    assert_int_equal(answers[1].end_ns, before ? end : end + dp_llm_prefill_ns(&cost, 200));
    scene_free(&s);
  }
}

static void a_failing_node_gives_every_request_back_once(void **state) {
  (void)state;
  enum { N = 600 };
  struct ask *asks = calloc(CLASS_N * N, sizeof *asks);
  struct answer *answers = calloc(CLASS_N * N, sizeof *answers);
  struct dp_server_config config = defaults();
  struct dp_node_class failing[CLASS_N];
  struct stand_in w = {.node_n = CLASS_N, .asks = asks, .answers = answers};
  for (size_t i = 0; i < CLASS_N; i++) {
    failing[i] = classes[i];
    failing[i].mtbf_h = 0.01; /* every 36 s */
    failing[i].repair_h = 0.001;
    w.classes[i] = &failing[i];
  }
  const size_t n = w.ask_n = draw_asks(41, N, DP_S / 5, true, asks);
  struct scene s;
  run(&s, &w, &config, 4000 * DP_S);
  size_t lost_n = 0, done_n = 0;
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(answers[i].done_n + answers[i].lost_n, 1);
    lost_n += (size_t)answers[i].lost_n;
    done_n += (size_t)answers[i].done_n;
  }
  assert_true(lost_n > 50 && done_n > 50);
  assert_int_equal(scene_kpi(&s, "job.lost"), lost_n);
  assert_int_equal(scene_table(&s, "workload.server", "task", 0)->live_n, 0);
  scene_free(&s);
  free(asks);
  free(answers);
}

static void a_run_that_ends_early_loses_nothing(void **state) {
  (void)state;
  struct ask *asks = calloc(CLASS_N * REQUEST_N, sizeof *asks);
  struct answer *answers = calloc(CLASS_N * REQUEST_N, sizeof *answers);
  struct dp_server_config config = defaults();
  struct stand_in w = {.node_n = CLASS_N, .asks = asks, .answers = answers};
  for (size_t i = 0; i < CLASS_N; i++) w.classes[i] = &classes[i];
  w.ask_n = draw_asks(51, REQUEST_N, DP_S / 10, true, asks);
  struct scene s;
  run(&s, &w, &config, 15 * DP_S);
  size_t come_n = 0, answered_n = 0;
  for (size_t i = 0; i < w.ask_n; i++) {
    come_n += asks[i].at_ns < 15 * DP_S;
    answered_n += (size_t)answers[i].done_n;
  }
  assert_true(answered_n > 0 && answered_n < come_n);
  assert_int_equal(come_n, answered_n + scene_table(&s, "workload.server", "task", 0)->live_n);
  scene_free(&s);
  free(asks);
  free(answers);
}

/** Status of starting a scene with workloads that ask for these models, and the server's capacity in *tok. */
static enum dp_status start_with(const struct dp_llm *a, const struct dp_llm *b, int64_t *tok) {
  struct scene s;
  scene_init(&s, 1, DP_S);
  scene_network(&s);
  scene_fleet(&s, 1, "a100", 40, 1);
  scene_workload(&s)->llm.part = a;
  scene_workload(&s)->llm.part = b;
  enum dp_status status = scene_try(&s);
  if (status == DP_OK) *tok = server_of(&s, 0)->capacity_tok;
  scene_free(&s);
  return status;
}

static void the_model_that_workloads_ask_for_is_served(void **state) {
  (void)state;
  const struct dp_llm small = {"small", 2}, again = {"small", 2}, large = {"large", 20};
  int64_t tok = 0;
  assert_int_equal(start_with(&small, &again, &tok), DP_OK); /* equal content is one model */
  assert_int_equal(tok, dp_llm_kv_capacity_tokens(40, 2, DP_LLM_OVERHEAD_RATIO));
  assert_int_equal(start_with(&large, NULL, &tok), DP_OK);
  assert_int_equal(tok, dp_llm_kv_capacity_tokens(40, 20, DP_LLM_OVERHEAD_RATIO));
  assert_int_equal(start_with(&small, &large, &tok), DP_SCENARIO);
}

static void a_request_for_a_node_that_is_not_there_stops_the_run(void **state) {
  (void)state;
  struct dp_server_config config = defaults();
  const struct ask ask = {.node = 3, .at_ns = DP_S, .prompt_n = 1, .output_n = 1};
  struct answer answer = {0};
  struct stand_in w = {.node_n = 1, .classes = {&classes[0]}, .asks = &ask, .answers = &answer, .ask_n = 1};
  struct scene s;
  scene_init(&s, 1, 2 * DP_S);
  w.parts[0].part = w.classes[0];
  w.refs = (struct dp_part_refs){w.parts, 1};
  scene_instance(&s, &dp_server_model, &config);
  scene_instance(&s, &stand_in_model, &w);
  assert_int_equal(scene_try(&s), DP_INVARIANT);
  scene_free(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_request_alone_takes_prefill_and_steps),
      cmocka_unit_test(times_equal_those_of_single_steps),
      cmocka_unit_test(times_are_equal_with_deadlines_and_narrow_limits),
      cmocka_unit_test(an_interruption_changes_nothing),
      cmocka_unit_test(a_request_at_a_step_boundary_joins_there),
      cmocka_unit_test(a_request_may_start_at_its_deadline_and_not_later),
      cmocka_unit_test(a_failing_node_gives_every_request_back_once),
      cmocka_unit_test(a_run_that_ends_early_loses_nothing),
      cmocka_unit_test(the_model_that_workloads_ask_for_is_served),
      cmocka_unit_test(a_request_for_a_node_that_is_not_there_stops_the_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
