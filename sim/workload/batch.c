/* sim/workload/batch.c — continuous batching on one node: who joins, who leaves, when the batch changes next. */
#include <config.h>

#include "workload/server.h"

static struct dp_server *server_at(struct dp_ctx *ctx, uint32_t node) {
  return DP_ROW(dp_own_table(ctx, DP_SERVER_TABLE_SERVER), struct dp_server, node);
}

static struct dp_task *task_at(struct dp_ctx *ctx, uint32_t task) {
  return DP_ROW(dp_own_table(ctx, DP_SERVER_TABLE_TASK), struct dp_task, task);
}

static const struct dp_server_config *config_of(const struct dp_ctx *ctx) { return ctx->self->config; }

static const struct dp_llm_cost *cost_of(struct dp_ctx *ctx, uint32_t node) {
  const struct dp_server_costs *costs = ctx->self->shared;
  return &costs->costs[*(const uint16_t *)dp_view_at(ctx, &costs->node_class, node)];
}

static int64_t prompt_n(const struct dp_task *t) { return (int64_t)(t->size & DP_JOB_TOKENS_MAX); }
static int64_t output_n(const struct dp_task *t) { return (int64_t)(t->size >> 24 & DP_JOB_TOKENS_MAX); }
static int64_t need_tok(const struct dp_task *t) { return prompt_n(t) + output_n(t); }

/** Schedules the end of the step or run in progress. */
static enum dp_status schedule(struct dp_ctx *ctx, uint32_t node, dp_time at_ns) {
  struct dp_server *s = server_at(ctx, node);
  s->epoch++;
  uint64_t payload = s->epoch;
  struct dp_message m = {.dest = dp_table_entity(dp_own_table(ctx, DP_SERVER_TABLE_SERVER), node),
                         .time_ns = at_ns,
                         .instance = ctx->self->index,
                         .kind = DP_EVENT_TIMER,
                         .phase = DP_PHASE_RELEASE,
                         .size = sizeof payload,
                         .payload = &payload};
  return dp_send(ctx, &m);
}

static enum dp_status report(struct dp_ctx *ctx, uint32_t node, uint32_t task, enum dp_job_outcome outcome) {
  const struct dp_task *t = task_at(ctx, task);
  struct dp_job_result r = {.job = t->job, .first_token_ns = t->first_token_ns, .amount_nusd = t->amount_nusd};
  r.prompt_n = t->size & DP_JOB_TOKENS_MAX;
  r.output_n = t->size >> 24 & DP_JOB_TOKENS_MAX;
  r.workload = t->size >> 48 & DP_INSTANCE_MAX;
  r.outcome = outcome & 7;
  struct dp_message m = {.dest = dp_table_entity(dp_own_table(ctx, DP_SERVER_TABLE_SERVER), node),
                         .time_ns = ctx->now_ns,
                         .instance = server_at(ctx, node)->market,
                         .kind = DP_EVENT_JOB_DONE,
                         .phase = DP_PHASE_RELEASE,
                         .size = sizeof r,
                         .payload = &r};
  dp_table_remove(dp_own_table(ctx, DP_SERVER_TABLE_TASK), task);
  return dp_send(ctx, &m);
}

/** Inserts behind every running task that does not finish later: equal ones leave in the order they joined. */
static void insert_running(struct dp_ctx *ctx, struct dp_server *s, uint32_t task) {
  struct dp_task *t = task_at(ctx, task);
  uint32_t *link = &s->running;
  while (*link != DP_NO_ROW && task_at(ctx, *link)->finish_step <= t->finish_step) link = &task_at(ctx, *link)->next;
  t->next = *link;
  *link = task;
  s->running_n++;
  s->context_tok += prompt_n(t) + 1;
}

static enum dp_status schedule_run(struct dp_ctx *ctx, uint32_t node) {
  const struct dp_server *s = server_at(ctx, node);
  const dp_time run_ns = dp_llm_run_ns(cost_of(ctx, node), s->running_n, s->context_tok, s->run_steps_n);
  return schedule(ctx, node, dp_time_add(s->start_ns, run_ns));
}

/** Steps of the run in progress up to its first step boundary at or after `at_ns`: all of them if that is later. */
static int64_t steps_until(struct dp_ctx *ctx, uint32_t node, dp_time at_ns) {
  const struct dp_server *s = server_at(ctx, node);
  const struct dp_llm_cost *cost = cost_of(ctx, node);
  const dp_time elapsed_ns = at_ns - s->start_ns;
  if (dp_llm_run_ns(cost, s->running_n, s->context_tok, s->run_steps_n) <= elapsed_ns) return s->run_steps_n;
  const int64_t steps = dp_llm_steps_within(cost, s->running_n, s->context_tok, elapsed_ns, s->run_steps_n);
  return dp_llm_run_ns(cost, s->running_n, s->context_tok, steps) < elapsed_ns ? steps + 1 : steps;
}

/** When a waiting task is given up: just after its deadline. */
static dp_time expiry_ns(const struct dp_task *t) { return dp_time_add(t->deadline_ns, 1); }

/** Starts the run of decode steps that ends when the first running request does or the first waiting one expires. */
static enum dp_status start_decode(struct dp_ctx *ctx, uint32_t node) {
  struct dp_server *s = server_at(ctx, node);
  s->mode = DP_SERVER_DECODE;
  s->start_ns = ctx->now_ns;
  s->run_steps_n = task_at(ctx, s->running)->finish_step - s->step_n;
  if (s->waiting != DP_NO_ROW) s->run_steps_n = steps_until(ctx, node, expiry_ns(task_at(ctx, s->waiting)));
  return schedule_run(ctx, node);
}

/** Whether the first waiting request would be let in at a step boundary. */
static bool can_join(struct dp_ctx *ctx, const struct dp_server *s) {
  return s->waiting != DP_NO_ROW && s->running_n < (uint64_t)config_of(ctx)->batch_n &&
         s->reserved_tok + need_tok(task_at(ctx, s->waiting)) <= s->capacity_tok;
}

static uint32_t pop_waiting(struct dp_ctx *ctx, struct dp_server *s) {
  uint32_t task = s->waiting;
  s->waiting = task_at(ctx, task)->next;
  if (s->waiting == DP_NO_ROW) s->waiting_last = DP_NO_ROW;
  s->waiting_n--;
  return task;
}

/** Gives up waiting requests at the head of the line whose deadline has passed. */
static enum dp_status expire_waiting(struct dp_ctx *ctx, uint32_t node) {
  struct dp_server *s = server_at(ctx, node);
  while (s->waiting != DP_NO_ROW && task_at(ctx, s->waiting)->deadline_ns < ctx->now_ns)
    DP_TRY(report(ctx, node, pop_waiting(ctx, s), DP_JOB_TIMED_OUT));
  return DP_OK;
}

/** Lets waiting requests in, in order of arrival, and starts their prefill step; *started is false if none joined. */
static enum dp_status start_prefill(struct dp_ctx *ctx, uint32_t node, bool *started) {
  struct dp_server *s = server_at(ctx, node);
  const struct dp_server_config *config = config_of(ctx);
  int64_t tokens = 0, squares = 0, joined_n = 0;
  uint32_t *last = &s->joining;
  DP_TRY(expire_waiting(ctx, node));
  while (can_join(ctx, s) && s->running_n + joined_n < config->batch_n) {
    const int64_t prompt = prompt_n(task_at(ctx, s->waiting));
    if (joined_n > 0 && tokens + prompt > config->prefill_tokens_n) break;
    uint32_t task = pop_waiting(ctx, s);
    struct dp_task *t = task_at(ctx, task);
    t->next = DP_NO_ROW;
    *last = task;
    last = &t->next;
    tokens += prompt;
    squares += prompt * prompt;
    joined_n++;
    s->reserved_tok += need_tok(t);
    dp_metric_record(ctx, DP_SERVER_WAIT, ctx->now_ns - t->arrived_ns);
    DP_TRY(expire_waiting(ctx, node));
  }
  *started = joined_n > 0;
  if (!*started) return DP_OK;
  dp_metric_add(ctx, DP_SERVER_PREFILL_TOK, 0, tokens);
  s->mode = DP_SERVER_PREFILL;
  s->start_ns = ctx->now_ns;
  return schedule(ctx, node, dp_time_add(ctx->now_ns, dp_llm_prefill_sum_ns(cost_of(ctx, node), tokens, squares)));
}

/** What comes next at a step boundary: a prefill before decoding, decoding before idling. */
static enum dp_status next_step(struct dp_ctx *ctx, uint32_t node) {
  bool started;
  DP_TRY(start_prefill(ctx, node, &started));
  if (started) return DP_OK;
  struct dp_server *s = server_at(ctx, node);
  if (s->running != DP_NO_ROW) return start_decode(ctx, node);
  s->mode = DP_SERVER_IDLE;
  s->busy_ns += ctx->now_ns - s->busy_since_ns;
  s->busy_since_ns = -1;
  s->epoch++;
  return DP_OK;
}

/** A prefill step ends: every joined request has its first token. */
static enum dp_status end_prefill(struct dp_ctx *ctx, uint32_t node) {
  struct dp_server *s = server_at(ctx, node);
  uint32_t task = s->joining;
  s->joining = DP_NO_ROW;
  while (task != DP_NO_ROW) {
    struct dp_task *t = task_at(ctx, task);
    uint32_t next = t->next;
    t->first_token_ns = ctx->now_ns;
    if (output_n(t) == 1) {
      s->reserved_tok -= need_tok(t);
      DP_TRY(report(ctx, node, task, DP_JOB_COMPLETED));
    } else {
      t->finish_step = s->step_n + output_n(t) - 1;
      insert_running(ctx, s, task);
    }
    task = next;
  }
  return DP_OK;
}

/** A run of decode steps ends after `steps` of them: finished requests leave. */
static enum dp_status end_decode(struct dp_ctx *ctx, uint32_t node, int64_t steps) {
  struct dp_server *s = server_at(ctx, node);
  s->step_n += steps;
  s->context_tok += steps * s->running_n;
  dp_metric_add(ctx, DP_SERVER_DECODE_TOK, 0, steps * s->running_n);
  while (s->running != DP_NO_ROW && task_at(ctx, s->running)->finish_step == s->step_n) {
    uint32_t task = s->running;
    const struct dp_task *t = task_at(ctx, task);
    s->running = t->next;
    s->running_n--;
    s->context_tok -= need_tok(t);
    s->reserved_tok -= need_tok(t);
    DP_TRY(report(ctx, node, task, DP_JOB_COMPLETED));
  }
  return DP_OK;
}

enum dp_status dp_batch_change(struct dp_ctx *ctx, uint32_t node) {
  struct dp_server *s = server_at(ctx, node);
  if (s->mode == DP_SERVER_PREFILL) {
    DP_TRY(end_prefill(ctx, node));
  } else {
    DP_TRY(end_decode(ctx, node, s->run_steps_n));
  }
  return next_step(ctx, node);
}

enum dp_status dp_batch_arrive(struct dp_ctx *ctx, uint32_t node, uint32_t task) {
  struct dp_server *s = server_at(ctx, node);
  task_at(ctx, task)->next = DP_NO_ROW;
  if (s->waiting == DP_NO_ROW) {
    s->waiting = task;
  } else {
    task_at(ctx, s->waiting_last)->next = task;
  }
  s->waiting_last = task;
  s->waiting_n++;
  if (s->mode == DP_SERVER_IDLE) {
    s->busy_since_ns = ctx->now_ns;
    return next_step(ctx, node);
  }
  if (s->mode == DP_SERVER_PREFILL || s->waiting != task) return DP_OK;
  /* Cut the run where it can join, or else where it is given up. */
  dp_time at_ns = ctx->now_ns;
  const dp_time expiry = expiry_ns(task_at(ctx, task));
  if (!can_join(ctx, s) && expiry > at_ns) at_ns = expiry;
  const int64_t steps = steps_until(ctx, node, at_ns);
  if (steps == s->run_steps_n) return DP_OK;
  s->run_steps_n = steps;
  return schedule_run(ctx, node);
}

enum dp_status dp_batch_give_back(struct dp_ctx *ctx, uint32_t node, uint32_t task) {
  while (task != DP_NO_ROW) {
    const struct dp_task *t = task_at(ctx, task);
    struct dp_job job = {.job = t->job, .deadline_ns = t->deadline_ns, .amount_nusd = t->amount_nusd};
    job.prompt_n = t->size & DP_JOB_TOKENS_MAX;
    job.output_n = t->size >> 24 & DP_JOB_TOKENS_MAX;
    job.workload = t->size >> 48 & DP_INSTANCE_MAX;
    uint32_t next = t->next;
    struct dp_message m = {.dest = dp_table_entity(dp_own_table(ctx, DP_SERVER_TABLE_SERVER), node),
                           .time_ns = ctx->now_ns,
                           .instance = server_at(ctx, node)->market,
                           .kind = DP_EVENT_JOB_LOST,
                           .phase = DP_PHASE_RELEASE,
                           .size = sizeof job,
                           .payload = &job};
    dp_table_remove(dp_own_table(ctx, DP_SERVER_TABLE_TASK), task);
    dp_metric_add(ctx, DP_SERVER_LOST, 0, 1);
    DP_TRY(dp_send(ctx, &m));
    task = next;
  }
  return DP_OK;
}

enum dp_status dp_batch_drop(struct dp_ctx *ctx, uint32_t node) {
  struct dp_server *s = server_at(ctx, node);
  if (s->mode == DP_SERVER_IDLE) return DP_OK;
  const uint32_t chains[3] = {s->running, s->joining, s->waiting};
  s->running = s->joining = s->waiting = s->waiting_last = DP_NO_ROW;
  s->running_n = s->waiting_n = 0;
  s->reserved_tok = s->context_tok = 0;
  s->mode = DP_SERVER_IDLE;
  s->busy_ns += ctx->now_ns - s->busy_since_ns;
  s->busy_since_ns = -1;
  s->epoch++;
  for (size_t i = 0; i < 3; i++) DP_TRY(dp_batch_give_back(ctx, node, chains[i]));
  return DP_OK;
}
