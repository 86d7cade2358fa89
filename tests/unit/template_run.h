/* tests/unit/template_run.h — runs of the example model, for tests/unit/t_template.c and m_model.c: three cells of two
 * counters that tick every 10 s, one minute, settled every 20 s. */
#ifndef DP_TEST_TEMPLATE_RUN_H
#define DP_TEST_TEMPLATE_RUN_H

#include <stdbool.h>
#include <stdlib.h>

#include "model/template/template.h"

#define TEMPLATE_ROWS_MAX 8
#define TEMPLATE_SLOTS 4 /* ticks, greeted, unclaimed, claimed_ratio */

/** A sink that keeps the rows of the only series. */
struct template_series {
  struct dp_sink sink;
  bool begun;
  size_t row_n, slot_n, settled_n;
  dp_time now_ns[TEMPLATE_ROWS_MAX];
  double rows[TEMPLATE_ROWS_MAX][TEMPLATE_SLOTS];
};

static enum dp_status template_begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err) {
  (void)err;
  ((struct template_series *)sink)->begun = sim->instance_n == 1;
  return DP_OK;
}

static enum dp_status template_row(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns,
                                   const double *values, size_t slot_n, struct dp_err *err) {
  struct template_series *s = (struct template_series *)sink;
  (void)instance;
  if (!s->begun || s->row_n == TEMPLATE_ROWS_MAX || slot_n > TEMPLATE_SLOTS) return dp_fail(err, DP_FAILED, "a row");
  s->slot_n = slot_n;
  s->now_ns[s->row_n] = now_ns;
  for (size_t i = 0; i < slot_n; i++) s->rows[s->row_n][i] = values[i];
  s->row_n++;
  return DP_OK;
}

static enum dp_status template_settled(struct dp_sink *sink, dp_time now_ns, struct dp_err *err) {
  struct template_series *s = (struct template_series *)sink;
  if (s->row_n == 0 || s->now_ns[s->row_n - 1] != now_ns) return dp_fail(err, DP_FAILED, "settled without a row");
  s->settled_n++;
  return DP_OK;
}

/** The defaults with another number of cells. */
static inline struct dp_template_config template_config(int64_t cells_n) {
  struct dp_template_config config = {0};
  dp_schema_defaults(dp_template_model.schema, &config);
  config.cells_n = cells_n;
  return config;
}

/** Collective. Runs the model (or a copy with other callbacks, which must outlive *out) for a minute; *out is the
 *  simulation, which the caller frees. */
static inline enum dp_status template_run(const struct dp_model *model, struct dp_template_config *config,
                                          struct dp_comm *comm, struct template_series *series, struct dp_sim **out,
                                          struct dp_err *err) {
  const struct dp_instance_spec instance = {.model = model, .config = config};
  const struct dp_spec spec = {.name = "template",
                               .end_ns = DP_MIN,
                               .settle_every_ns = 20 * DP_S,
                               .seed = 1,
                               .instances = &instance,
                               .instance_n = 1};
  *series = (struct template_series){
      .sink = {.begin = template_begin, .row = template_row, .settled = template_settled}};
  bool stopped = false;
  DP_TRY(dp_sim_new(&spec, comm, out, err));
  dp_sim_set_sink(*out, &series->sink);
  return dp_sim_run(*out, &stopped, err);
}

#endif
