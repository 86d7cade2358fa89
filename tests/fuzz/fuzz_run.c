/* tests/fuzz/fuzz_run.c — what a scenario is accepted for, it does: a few settlements of it run, twice, to the same digest,
 * or to one error that says something and breaks no invariant. Numbers of the text are changed more often than its bytes.
 * Link with -Wl,--wrap=dp_lua_new: the limits are low, so that loops end soon. */
#include <ctype.h>
#include <string.h>

#include "input.h"
#include "low_limits.h"
#include "model/host.h"
#include "model/self_check.h"
#include "place/place.h"
#include "script/scenario.h"

#define EVENTS_MAX 3000
#define PULSES_MAX 1000 /* windows and beats */
#define COUNT_MAX 5000 /* of anything that a scenario asks for; more is another test's */
#define CELLS_MAX 64

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* ---- a short run ---- */

struct short_run {
  enum dp_status (*handle[64])(struct dp_ctx *ctx, const struct dp_event *event);
  const struct dp_sim *sim;
  uint64_t event_n, pulse_n;
};

static struct short_run *running; /* one at a time */

static enum dp_status counted(struct dp_ctx *ctx, const struct dp_event *event) {
  if (running->event_n++ < EVENTS_MAX) return running->handle[ctx->self - running->sim->instances](ctx, event);
  return dp_fail(ctx->err, DP_WALL_LIMIT, "enough events");
}

static enum dp_status pulse(void *owner, dp_time now_ns, bool *stop, struct dp_err *err) {
  struct short_run *r = owner;
  (void)now_ns, (void)err;
  *stop = ++r->pulse_n >= PULSES_MAX;
  return DP_OK;
}

/* A status, or an abort when it is one that no scenario may end with. */
static enum dp_status judged(enum dp_status status, const struct dp_err *err) {
  if (status != DP_OK && err->text[0] == '\0') abort();
  if (status == DP_INVARIANT && !strstr(err->text, "overflow")) {
    fprintf(stderr, "ERROR: %s\n", err->text);
    abort();
  }
  return status;
}

static enum dp_status run_once(const struct dp_spec *spec, struct dp_comm *comm, uint64_t *digest) {
  struct short_run r = {.event_n = 0};
  struct dp_sim *sim = NULL;
  struct dp_err err = {0};
  struct dp_kpi_value *kpis = NULL;
  size_t kpi_n = 0;
  bool stopped = false;
  enum dp_status status = judged(dp_sim_new(spec, comm, &sim, &err), &err);
  if (status != DP_OK) return status;
  r.sim = sim;
  running = &r;
  if (sim->instance_n > 64) goto end;
  status = dp_sim_self_check(sim, &err);
  for (size_t i = 0; i < sim->instance_n; i++) {
    r.handle[i] = sim->host->targets[i].handle;
    sim->host->targets[i].handle = counted;
  }
  dp_sim_set_pulse(sim, pulse, &r);
  if (status == DP_OK) status = dp_sim_run(sim, &stopped, &err);
  if (status == DP_OK) status = dp_sim_check(sim, &err);
  if (status == DP_OK) status = dp_engine_digest(sim->engine, digest, &err);
  if (status == DP_OK) status = dp_sim_kpis(sim, &kpis, &kpi_n, &err);
  judged(status, &err);
end:
  free(kpis);
  dp_sim_free(sim);
  return status;
}

/* ---- what is short enough ---- */

static bool is_small(const struct dp_spec *spec) {
  int64_t cells = 0;
  for (size_t i = 0; i < spec->instance_n; i++) {
    const struct dp_schema *schema = spec->instances[i].model->schema;
    const unsigned char *config = spec->instances[i].config;
    for (size_t k = 0; schema && config && k < schema->param_n; k++) {
      const struct dp_param *p = &schema->params[k];
      if (p->type == DP_PARAM_INT && *(const int64_t *)(const void *)(config + p->offset) > COUNT_MAX) return false;
    }
    if (spec->instances[i].model != &dp_place_model || !config) continue;
    const struct dp_part_refs *regions = &((const struct dp_place_config *)(const void *)config)->regions;
    for (size_t k = 0; k < regions->n; k++) cells += ((const struct dp_region *)regions->v[k].part)->cells_n;
  }
  return cells <= CELLS_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = input_new(data, size);
  struct dp_comm *comm;
  const struct dp_scenario_options options = {.check_form = true};
  struct dp_scenario *scenario = NULL;
  struct dp_err err = {0};
  uint64_t digests[2] = {0, 0};
  if (dp_comm_null_new(&comm, NULL) != DP_OK) abort();
  enum dp_status status = judged(dp_scenario_load(in.path, &options, comm, &scenario, &err), &err);
  if (status == DP_OK && is_small(dp_scenario_spec(scenario))) {
    enum dp_status first = run_once(dp_scenario_spec(scenario), comm, &digests[0]);
    enum dp_status second = run_once(dp_scenario_spec(scenario), comm, &digests[1]);
    if (first != second || digests[0] != digests[1]) abort();
  }
  dp_scenario_free(scenario);
  dp_comm_free(comm);
  input_free(&in);
  return 0;
}

/* ---- mutation ---- */

static uint32_t draw(uint32_t *state) { return (*state = *state * 1664525u + 1013904223u) >> 8; }

/* Length of the number that begins at `at`; 0 when none does. */
static size_t number_at(const uint8_t *data, size_t size, size_t at) {
  size_t end = at;
  if (!isdigit(data[at]) || (at > 0 && (isalnum(data[at - 1]) || strchr("_.\"", data[at - 1])))) return 0;
  while (end < size && (isdigit(data[end]) || data[end] == '.' || data[end] == 'e')) end++;
  return end - at;
}

/* Another number in the place of one of them. */
static size_t change_number(uint8_t *data, size_t size, size_t max_size, uint32_t seed) {
  static const char *const odd[] = {"0",   "1",    "2",    "3",     "0.5",  "-1",   "1e-9", "1e-300", "0.1",  "7",
                                    "100", "1000", "4096", "86400", "1e6",  "1e9",  "1e15", "9e15",   "1e18", "1e300",
                                    "0.9", "1.1",  "60",   "(0/0)", "12.5", "3600", "1e-3", "(1/0)",  "1e12", "255"};
  size_t number_n = 0, len;
  for (size_t at = 0; at < size; at++) number_n += number_at(data, size, at) > 0;
  if (number_n == 0) return size;
  size_t chosen = draw(&seed) % number_n, at = 0;
  while ((len = number_at(data, size, at)) == 0 || chosen-- > 0) at++;
  const char *text = odd[draw(&seed) % (sizeof odd / sizeof *odd)];
  const size_t now = strlen(text);
  if (size - len + now > max_size) return size;
  memmove(data + at + now, data + at + len, size - at - len);
  memcpy(data + at, text, now);
  return size - len + now;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  uint32_t state = seed;
  if (draw(&state) % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  for (uint32_t n = draw(&state) % 3 + 1; n > 0; n--) size = change_number(data, size, max_size, draw(&state));
  return size;
}
