/* sim/workload/inference.c — the model "workload.inference": requests are made, sent to a market, and counted. */
#include <config.h>

#include "workload/inference.h"

#include <math.h>
#include <stdlib.h>

#include "place/place.h"
#include "workload/demand.h"

enum { TABLE_SOURCE, TABLE_REQUEST };
enum {
  METRIC_SUBMITTED, METRIC_COMPLETED, METRIC_REJECTED, METRIC_TIMED_OUT, METRIC_BY_CLOUD, METRIC_IN_SYSTEM,
  METRIC_PROMPT, METRIC_OUTPUT, METRIC_PROMPT_DONE, METRIC_OUTPUT_DONE, METRIC_MISSED, METRIC_LATENCY, METRIC_TTFT,
  METRIC_TPOT, METRIC_CELLS, METRIC_TRUST
};

/** How much of the old estimate of the time to the first token stays after one more observation. */
#define EXPECTED_KEEP 0.95

const char *const dp_inference_presets[] = {"azure_conv", "azure_code", "mooncake", NULL};
static const char *const bursts[] = {"poisson", "gamma", "empirical", NULL};

#define FIELD(f) DP_FIELD(struct dp_inference_config, f)
static const struct dp_param params[] = {
    {FIELD(network), .type = DP_PARAM_REF, .unit = "text", .part = "market.gateway", .required = true,
     .doc = "the network that is asked", .source = "none"},
    {FIELD(trace), .type = DP_PARAM_PATH, .unit = "text", .text = "",
     .doc = "requests from a file (Azure 2023 CSV, Mooncake JSONL or CSV, or time_s,prompt_tokens,output_tokens); "
            "empty: synthetic", .source = "none"},
    {FIELD(rate_per_s), .type = DP_PARAM_NUMBER, .unit = "1/s", .value = 5.53, .min = 0, .max = 1e9, .log_scale = true,
     .doc = "synthetic requests, all regions together, mean over a day",
     .source = "Azure 2023 conversation trace (CC BY 4.0)"},
    {FIELD(burst), .type = DP_PARAM_CHOICE, .unit = "text", .value = DP_BURST_EMPIRICAL, .choices = bursts,
     .doc = "how unevenly they come: poisson, gamma of burst_cv, or as in the trace of `tokens`", .source = "none"},
    {FIELD(burst_cv), .type = DP_PARAM_NUMBER, .unit = "1", .value = 1, .min = 0.01, .max = 100,
     .doc = "coefficient of variation of the gaps (gamma)", .source = "none"},
    {FIELD(tokens), .type = DP_PARAM_CHOICE, .unit = "text", .value = 0, .choices = dp_inference_presets,
     .doc = "whose sizes they have", .source = "Azure 2023 traces (CC BY 4.0), Mooncake (Apache-2.0)"},
    {FIELD(diurnal_ratio), .type = DP_PARAM_NUMBER, .unit = "1", .value = 0, .min = 0, .max = 0.999,
     .doc = "amplitude of the daily cycle over the mean rate", .source = "none"},
    {FIELD(peak_hour), .type = DP_PARAM_NUMBER, .unit = "h", .value = 15, .min = 0, .max = 24,
     .doc = "local time of the highest rate", .source = "none"},
    {FIELD(timeout_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 60, .min = 0, .max = 1e9,
     .doc = "a request that has not started by then is given up; 0: never", .source = "none"},
    {FIELD(ttft_target_s), .type = DP_PARAM_NUMBER, .unit = "s", .value = 2, .min = 0, .max = 1e9,
     .doc = "a later first token is a deadline miss", .source = "none"},
    {FIELD(llm), .type = DP_PARAM_PART, .unit = "text", .part = "workload.llm", .doc = "the language model that is asked",
     .source = "none"},
    {FIELD(trust_loss_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 3, .min = 0, .max = 1e5,
     .doc = "time constant with which trust falls to the quality that is served; it counts where there is a cloud",
     .source = "none"},
    {FIELD(trust_recover_d), .type = DP_PARAM_NUMBER, .unit = "d", .value = 30, .min = 0, .max = 1e5,
     .doc = "time constant with which it rises again", .source = "none"},
    {FIELD(trust_weight), .type = DP_PARAM_NUMBER, .unit = "1", .value = 3, .min = 0, .max = 1000,
     .doc = "logit: utility of the network that is lost when trust is gone", .source = "none"},
};
#undef FIELD
static const struct dp_schema schema = {.name = "workload.inference", .doc = "customers of LLM inference",
                                        DP_ROWS(param, params),
                                        .size = sizeof(struct dp_inference_config)};

static const struct dp_column source_columns[] = {
    DP_COLUMN(struct dp_source, request_n, "1", "requests made so far"),
    DP_COLUMN(struct dp_source, expected_ttft_s, "s", "time to the first token that customers here saw lately"),
    DP_COLUMN(struct dp_source, trust, "1", "1: answered in full and in time lately"),
    DP_COLUMN(struct dp_source, distrust, "1", "utility of the network that is lost for want of it"),
    DP_COLUMN(struct dp_source, quality, "1", "of the network's answers since the last settlement, summed"),
    DP_COLUMN(struct dp_source, answer_n, "1", "their number"),
};
static const struct dp_column request_columns[] = {
    DP_COLUMN(struct dp_request, submit_ns, "ns", "when it was sent"),
};
static const struct dp_table_decl tables[] = {
    {.name = "source", .doc = "customers of each cell", .scope = DP_SCOPE_CELL, .row_size = sizeof(struct dp_source),
     DP_ROWS(column, source_columns)},
    {.name = "request", .doc = "requests without an answer yet", .scope = DP_SCOPE_CELL,
     .row_size = sizeof(struct dp_request), DP_ROWS(column, request_columns)},
};

static const struct dp_metric metrics[] = {
    [METRIC_SUBMITTED] = {"submitted", DP_METRIC_COUNTER, "1", 1, .dimension = "region", .doc = "requests sent"},
    [METRIC_COMPLETED] = {"completed", DP_METRIC_COUNTER, "1", 1, .doc = "answered in full"},
    [METRIC_REJECTED] = {"rejected", DP_METRIC_COUNTER, "1", 1, .doc = "nobody could take them"},
    [METRIC_TIMED_OUT] = {"timed_out", DP_METRIC_COUNTER, "1", 1, .doc = "given up before they started"},
    [METRIC_BY_CLOUD] = {"by_cloud", DP_METRIC_COUNTER, "1", 1, .doc = "answered by the cloud"},
    [METRIC_IN_SYSTEM] = {"in_system", DP_METRIC_GAUGE, "1", 1, .dimension = "region", .doc = "not answered yet"},
    [METRIC_PROMPT] = {"prompt_tok", DP_METRIC_COUNTER, "tok", 1, .doc = "prompt tokens sent"},
    [METRIC_OUTPUT] = {"output_tok", DP_METRIC_COUNTER, "tok", 1, .doc = "output tokens asked for"},
    [METRIC_PROMPT_DONE] = {"prompt_done_tok", DP_METRIC_COUNTER, "tok", 1, .doc = "prompt tokens of completed requests"},
    [METRIC_OUTPUT_DONE] = {"output_done_tok", DP_METRIC_COUNTER, "tok", 1, .doc = "output tokens of completed requests"},
    [METRIC_MISSED] = {"missed", DP_METRIC_COUNTER, "1", 1, .doc = "completed with a first token after ttft_target_s"},
    [METRIC_LATENCY] = {"latency", DP_METRIC_HISTOGRAM, "s", 1e-9, .doc = "from sending to the last token"},
    [METRIC_TTFT] = {"ttft", DP_METRIC_HISTOGRAM, "s", 1e-9, .doc = "from sending to the first token"},
    [METRIC_TPOT] = {"tpot", DP_METRIC_HISTOGRAM, "s", 1e-9, .doc = "per token after the first"},
    [METRIC_CELLS] = {"cells", DP_METRIC_GAUGE, "1", 1, .doc = "cells with customers"},
    [METRIC_TRUST] = {"trust", DP_METRIC_GAUGE, "1", 1e-9, .doc = "trust in the network, cells summed"},
};
static const struct dp_kpi kpis[] = {
    {"job.submitted", DP_KPI_TOTAL, "submitted", NULL, "1", 0, "requests sent"},
    {"job.completed", DP_KPI_TOTAL, "completed", NULL, "1", 0, "answered in full"},
    {"job.rejected", DP_KPI_TOTAL, "rejected", NULL, "1", 0, "nobody could take them"},
    {"job.timed_out", DP_KPI_TOTAL, "timed_out", NULL, "1", 0, "given up before they started"},
    {"job.in_system", DP_KPI_TOTAL, "in_system", NULL, "1", 0, "not answered at the end"},
    {"job.completed_ratio", DP_KPI_RATIO, "completed", "submitted", "1", 0, "completed over submitted"},
    {"job.latency_s", DP_KPI_DISTRIBUTION, "latency", NULL, "s", 0, "from sending to the last token, of completed ones"},
    {"inference.ttft_s", DP_KPI_DISTRIBUTION, "ttft", NULL, "s", 0, "time to the first token, of completed requests"},
    {"inference.tpot_s", DP_KPI_DISTRIBUTION, "tpot", NULL, "s", 0, "time per token after the first"},
    {"inference.missed_ratio", DP_KPI_RATIO, "missed", "completed", "1", 0, "first token after ttft_target_s"},
    {"inference.trust_ratio", DP_KPI_RATIO, "trust", "cells", "1", 0, "trust in the network at the end, mean over cells"},
    {"inference.prompt_tok", DP_KPI_TOTAL, "prompt_tok", NULL, "tok", 0, "prompt tokens sent"},
    {"inference.output_tok", DP_KPI_TOTAL, "output_tok", NULL, "tok", 0, "output tokens asked for"},
};

/** Derived in init. */
struct shared {
  const struct dp_place *place;
  struct dp_trace_deal deal;
  struct dp_arrivals *arrivals; /* [cell_n] of synthetic requests */
};

static enum dp_status init_arrivals(struct dp_ctx *ctx, struct shared *shared) {
  const struct dp_inference_config *config = ctx->self->config;
  const struct dp_place *place = shared->place;
  const int64_t start_ns = dp_ctx_sim(ctx)->spec.start_epoch_ns;
  double total = 0;
  shared->arrivals = calloc(place->cell_n, sizeof *shared->arrivals);
  if (!shared->arrivals) return dp_fail_nomem(ctx->err, "arrivals");
  for (uint32_t c = 0; c < place->cell_n; c++) total += place->demand_weight[c];
  for (uint32_t c = 0; c < place->cell_n; c++) {
    struct dp_arrivals_config a = {.rate_per_s = config->rate_per_s * place->demand_weight[c] / total,
                                   .burst = (enum dp_burst)config->burst,
                                   .cv = config->burst_cv,
                                   .diurnal_amplitude_ratio = config->diurnal_ratio,
                                   .peak_hour = config->peak_hour,
                                   .utc_offset_h = place->regions[dp_place_region(place, c)]->utc_offset_h,
                                   .start_of_day_ns = ((start_ns % DP_DAY) + DP_DAY) % DP_DAY,
                                   .tokens = dp_inference_presets[config->tokens]};
    DP_TRY(dp_arrivals_init(&shared->arrivals[c], &a, ctx->err));
  }
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_instance *self = (struct dp_instance *)ctx->self;
  const struct dp_inference_config *config = self->config;
  struct shared *shared = calloc(1, sizeof *shared);
  if (!shared) return dp_fail_nomem(ctx->err, "workload");
  self->shared = shared;
  shared->place = dp_place_of(self->sim);
  if (self->index > DP_INSTANCE_MAX)
    return dp_fail(ctx->err, DP_RANGE, "%s is instance %u of the scenario, and a request can name %u at most (use fewer "
                   "networks, fleets and workloads)", self->name, self->index, DP_INSTANCE_MAX);
  if (config->trace[0]) return dp_trace_deal(ctx, config->trace, &shared->deal);
  return init_arrivals(ctx, shared);
}

static void release(void *p) {
  struct shared *shared = p;
  dp_trace_deal_fini(&shared->deal);
  free(shared->arrivals);
  free(shared);
}

static struct dp_source *source_of(struct dp_ctx *ctx) { return DP_ROW(dp_own_table(ctx, TABLE_SOURCE), struct dp_source, 0); }

/** Schedules the next request of this cell, if there is one. */
static enum dp_status schedule_next(struct dp_ctx *ctx) {
  const struct shared *shared = ctx->self->shared;
  const struct dp_source *source = source_of(ctx);
  const uint32_t cell = ctx->cell->id;
  struct dp_message m = {.dest = dp_entity_of_cell(cell), .instance = ctx->self->index, .kind = DP_EVENT_TIMER,
                         .phase = DP_PHASE_ARRIVAL};
  if (shared->deal.row) {
    const int64_t next = shared->deal.first[cell] + (int64_t)source->request_n;
    if (next == shared->deal.first[cell + 1]) return DP_OK;
    m.time_ns = shared->deal.row[next].time_ns;
  } else {
    struct dp_rng rng = dp_ctx_rng(ctx, m.dest, DP_STREAM(DP_STREAM_ARRIVAL, ctx->self->index), source->request_n);
    const int64_t gap_ns = dp_arrivals_next(&shared->arrivals[cell], &rng, ctx->now_ns);
    if (gap_ns > DP_TIME_MAX - ctx->now_ns) return DP_OK;
    m.time_ns = ctx->now_ns + gap_ns;
  }
  return dp_send(ctx, &m);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  uint32_t row;
  DP_TRY(dp_table_add(dp_own_table(ctx, TABLE_SOURCE), &row, ctx->err));
  source_of(ctx)->trust = 1;
  return schedule_next(ctx);
}

/** Tokens of this cell's request number `n`. */
static void sizes(struct dp_ctx *ctx, uint64_t n, int64_t *prompt_n, int64_t *output_n) {
  const struct shared *shared = ctx->self->shared;
  const uint32_t cell = ctx->cell->id;
  if (shared->deal.row) {
    const struct dp_trace_request *r = &shared->deal.row[shared->deal.first[cell] + (int64_t)n];
    *prompt_n = r->prompt_n;
    *output_n = r->output_n;
    return;
  }
  struct dp_rng rng = dp_ctx_rng(ctx, dp_entity_of_cell(cell), DP_STREAM(DP_STREAM_REQUEST, ctx->self->index), n);
  dp_arrivals_tokens(&shared->arrivals[cell], &rng, prompt_n, output_n);
}

static enum dp_status arrive(struct dp_ctx *ctx) {
  const struct dp_inference_config *config = ctx->self->config;
  const struct shared *shared = ctx->self->shared;
  struct dp_table *requests = dp_own_table(ctx, TABLE_REQUEST);
  struct dp_source *source = source_of(ctx);
  uint32_t row;
  int64_t prompt_n, output_n;
  sizes(ctx, source->request_n++, &prompt_n, &output_n);
  DP_TRY(dp_table_add(requests, &row, ctx->err));
  DP_ROW(requests, struct dp_request, row)->submit_ns = ctx->now_ns;
  dp_metric_add(ctx, METRIC_SUBMITTED, dp_place_region(shared->place, ctx->cell->id), 1);
  dp_metric_add(ctx, METRIC_PROMPT, 0, prompt_n);
  dp_metric_add(ctx, METRIC_OUTPUT, 0, output_n);
  struct dp_job job = {.job = dp_table_entity(requests, row), .deadline_ns = DP_TIME_MAX,
                       .ordinal = source->request_n - 1};
  if (config->timeout_s > 0) job.deadline_ns = dp_time_add(ctx->now_ns, (dp_time)(config->timeout_s * 1e9));
  job.prompt_n = (uint64_t)prompt_n & DP_JOB_TOKENS_MAX;
  job.output_n = (uint64_t)output_n & DP_JOB_TOKENS_MAX;
  job.workload = ctx->self->index & DP_INSTANCE_MAX;
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id), .time_ns = ctx->now_ns,
                         .instance = config->network.instance, .kind = DP_EVENT_JOB_SUBMIT, .phase = DP_PHASE_ARRIVAL,
                         .size = sizeof job, .payload = &job};
  DP_TRY(dp_send(ctx, &m));
  return schedule_next(ctx);
}

/** Times of a completed request, as its customer saw them. */
static void measure(struct dp_ctx *ctx, const struct dp_request *request, const struct dp_job_result *result) {
  const struct dp_inference_config *config = ctx->self->config;
  struct dp_source *source = source_of(ctx);
  const dp_time ttft_ns = result->first_token_ns - request->submit_ns;
  dp_metric_add(ctx, METRIC_COMPLETED, 0, 1);
  dp_metric_add(ctx, METRIC_BY_CLOUD, 0, (int64_t)result->by_cloud);
  dp_metric_add(ctx, METRIC_PROMPT_DONE, 0, (int64_t)result->prompt_n);
  dp_metric_add(ctx, METRIC_OUTPUT_DONE, 0, (int64_t)result->output_n);
  dp_metric_record(ctx, METRIC_LATENCY, ctx->now_ns - request->submit_ns);
  dp_metric_record(ctx, METRIC_TTFT, ttft_ns);
  if (dp_time_s(ttft_ns) > config->ttft_target_s) dp_metric_add(ctx, METRIC_MISSED, 0, 1);
  if (result->output_n > 1)
    dp_metric_record(ctx, METRIC_TPOT, (ctx->now_ns - result->first_token_ns) / ((int64_t)result->output_n - 1));
  if (!result->by_cloud)
    source->expected_ttft_s = EXPECTED_KEEP * source->expected_ttft_s + (1 - EXPECTED_KEEP) * dp_time_s(ttft_ns);
}

/** What an answer of the network does for trust: 1 in time, less when late, nothing when there was none. */
static void judge(struct dp_ctx *ctx, const struct dp_request *request, const struct dp_job_result *result) {
  const struct dp_inference_config *config = ctx->self->config;
  struct dp_source *source = source_of(ctx);
  const double ttft_s = dp_time_s(result->first_token_ns - request->submit_ns);
  if (result->by_cloud) return;
  source->answer_n++;
  if (result->outcome != DP_JOB_COMPLETED) return;
  source->quality += ttft_s > config->ttft_target_s ? config->ttft_target_s / ttft_s : 1;
}

/** A settlement: customers learn as those of workload.demand do. */
static enum dp_status apply(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_inference_config *config = ctx->self->config;
  const struct dp_demand_config rule = {.trust_loss_d = config->trust_loss_d, .trust_recover_d = config->trust_recover_d};
  struct dp_source *source = source_of(ctx);
  if (!beat->settlement || beat->since_ns == 0) return DP_OK;
  const double served = source->answer_n ? source->quality / (double)source->answer_n : 1;
  source->trust = dp_demand_trust(&rule, source->trust, served, 0, (double)beat->since_ns / (double)DP_DAY);
  source->distrust = config->trust_weight * (1 - source->trust);
  source->quality = 0;
  source->answer_n = 0;
  return DP_OK;
}

static enum dp_status answered(struct dp_ctx *ctx, const struct dp_event *event) {
  struct dp_table *requests = dp_own_table(ctx, TABLE_REQUEST);
  struct dp_job_result result;
  dp_event_payload(event, &result, sizeof result);
  const uint32_t row = dp_table_find(requests, result.job);
  if (row == DP_NO_ROW)
    return dp_fail(ctx->err, DP_INVARIANT, "%s: an answer to request %llx, which is not waiting", ctx->self->name,
                   (unsigned long long)result.job);
  judge(ctx, DP_ROW(requests, struct dp_request, row), &result);
  switch (result.outcome) {
    case DP_JOB_COMPLETED: measure(ctx, DP_ROW(requests, struct dp_request, row), &result); break;
    case DP_JOB_REJECTED: dp_metric_add(ctx, METRIC_REJECTED, 0, 1); break;
    default: dp_metric_add(ctx, METRIC_TIMED_OUT, 0, 1); break;
  }
  dp_table_remove(requests, row);
  return DP_OK;
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  return event->kind == DP_EVENT_JOB_RESULT ? answered(ctx, event) : arrive(ctx);
}

static enum dp_status sample_cell(struct dp_ctx *ctx) {
  const struct shared *shared = ctx->self->shared;
  dp_metric_set(ctx, METRIC_IN_SYSTEM, dp_place_region(shared->place, ctx->cell->id),
                dp_own_table(ctx, TABLE_REQUEST)->live_n);
  dp_metric_set(ctx, METRIC_CELLS, 0, 1);
  dp_metric_set(ctx, METRIC_TRUST, 0, llround(source_of(ctx)->trust * 1e9));
  return DP_OK;
}

static const uint16_t handles[] = {DP_EVENT_TIMER, DP_EVENT_JOB_RESULT};

const struct dp_model dp_inference_model = {
    .name = "workload.inference",
    .section = "workloads",
    .doc = "customers of LLM inference, from a trace or synthetic",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(handle, handles),
    .init_replicated = init_replicated,
    .init_cell = init_cell,
    .handle = handle,
    .apply = apply,
    .sample_cell = sample_cell,
    .release = release,
};
