/* tests/unit/m_model.c — the example model over MPI, started by tests/ranks/model.sh:
 *   m_model run CELLS     prints digest, events, series and KPIs
 *   m_model break CELLS   a beat of negative period: an error on every rank, exit code 2
 *   m_model collect CELLS, m_model apply CELLS
 *                         the last cell breaks down in that step at 20 s: its rank tells, exit code 4 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "template_run.h"

static void print_series(const struct template_series *series) {
  for (size_t i = 0; i < series->row_n; i++) {
    printf("%" PRId64, series->now_ns[i]);
    for (size_t k = 0; k < series->slot_n; k++) printf(" %.17g", series->rows[i][k]);
    printf("\n");
  }
}

static enum dp_status print_result(struct dp_sim *sim, const struct template_series *series, struct dp_err *err) {
  uint64_t digest, event_n;
  struct dp_kpi_value *kpis;
  size_t n;
  DP_TRY(dp_engine_digest(sim->engine, &digest, err));
  DP_TRY(dp_engine_event_n(sim->engine, &event_n, err));
  DP_TRY(dp_sim_kpis(sim, &kpis, &n, err));
  if (sim->comm->rank == 0) {
    printf("%016" PRIx64 " %" PRIu64 " events\n", digest, event_n);
    print_series(series);
    for (size_t i = 0; i < n; i++) printf("%s %.17g\n", kpis[i].name, kpis[i].value);
  }
  free(kpis);
  return DP_OK;
}

static enum dp_status break_down(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  (void)beat;
  if (ctx->now_ns < 20 * DP_S || ctx->cell->id + 1 < ctx->engine->config.cell_n) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "cell %u breaks down", ctx->cell->id);
}

static enum dp_status run(const char *what, int64_t cells_n, struct dp_comm *comm, struct dp_err *err) {
  struct dp_template_config config = template_config(cells_n);
  struct template_series series;
  struct dp_sim *sim = NULL;
  struct dp_model model = dp_template_model;
  if (strcmp(what, "break") == 0) config.poll_s = -1;
  if (strcmp(what, "collect") == 0) model.collect = break_down;
  if (strcmp(what, "apply") == 0) model.apply = break_down;
  enum dp_status status = template_run(&model, &config, comm, &series, &sim, err);
  if (status == DP_OK) status = print_result(sim, &series, err);
  dp_sim_free(sim);
  return status;
}

int main(int argc, char **argv) {
  struct dp_err err = {0};
  struct dp_comm *comm;
  if (argc != 3) return 2;
  enum dp_status status = dp_comm_launched() ? dp_comm_mpi_new(&comm, &err) : dp_comm_null_new(&comm, &err);
  if (status != DP_OK) return dp_status_exit_code(status);
  status = run(argv[1], atol(argv[2]), comm, &err);
  if (err.text[0] != '\0') fprintf(stderr, "%s\n", err.text);
  dp_comm_barrier(comm, NULL);
  dp_comm_free(comm);
  return dp_status_exit_code(status);
}
