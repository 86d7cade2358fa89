/* sim/model/resume.c — what a simulation adds to the engine's checkpoint, and what it checks when it comes back. */
#include "model/resume.h"

#include <inttypes.h>

#include "model/host.h"

/* ---- writing ---- */

/** Rank 0. Made once: files that a scenario reads may be long. */
static enum dp_status put_identity(struct dp_sim *sim, const struct dp_resume *resume, struct dp_buffer *out,
                                   struct dp_err *err) {
  struct dp_str *text = &sim->host->fingerprint;
  if (text->len == 0) DP_TRY(dp_sim_fingerprint(sim, resume, text, err));
  return dp_buffer_append(out, text->data, text->len, err);
}

/** Rank 0: one byte that says whether the sink knows the series, and what it saves. */
static enum dp_status put_results(struct dp_sim *sim, struct dp_buffer *out, struct dp_err *err) {
  const unsigned char begun = sim->host->begun;
  DP_TRY(dp_buffer_append(out, &begun, 1, err));
  return begun && sim->sink && sim->sink->save ? sim->sink->save(sim->sink, out, err) : DP_OK;
}

static enum dp_status fill_notes(struct dp_sim *sim, const struct dp_resume *resume, struct dp_checkpoint_notes *notes,
                                 struct dp_err *err) {
  const struct dp_err *deferred = &sim->host->deferred; /* would be raised at the next beat, and is in no table */
  if (deferred->status != DP_OK) return dp_fail(err, deferred->status, "%s", deferred->text);
  if (sim->comm->rank != 0) return DP_OK;
  DP_TRY(put_identity(sim, resume, &notes->identity, err));
  if (resume && resume->about) DP_TRY(dp_buffer_append(&notes->about, resume->about->data, resume->about->len, err));
  return put_results(sim, &notes->results, err);
}

enum dp_status dp_sim_checkpoint(struct dp_sim *sim, const char *path, const struct dp_resume *resume,
                                 struct dp_err *err) {
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  enum dp_status status = dp_comm_agree(sim->comm, fill_notes(sim, resume, &notes, err), err);
  if (status == DP_OK) status = dp_checkpoint_write(sim->engine, path, &notes, err);
  dp_checkpoint_notes_fini(&notes);
  return status;
}

/* ---- coming back ---- */

static enum dp_status check_rows(const struct dp_table *t, size_t row_n, struct dp_err *err) {
  if (t->row_n == row_n && t->live_n == row_n) return DP_OK;
  return dp_fail(err, DP_FORMAT, "table %s has %" PRIu32 " rows in the checkpoint and %zu in the scenario",
                 t->decl->name, t->live_n, row_n);
}

/** What the host indexes without looking: rows of metrics point to histograms, these to buckets. */
static enum dp_status check_histograms(const struct dp_cell *cell, struct dp_err *err) {
  const struct dp_table *metrics = &cell->tables[DP_HIDDEN_METRIC], *histograms = &cell->tables[DP_HIDDEN_HISTOGRAM];
  const struct dp_table *buckets = &cell->tables[DP_HIDDEN_BUCKETS];
  bool good = true;
  for (uint32_t i = 0; i < metrics->row_n; i++)
    good &= DP_ROW(metrics, struct dp_metric_row, i)->histogram <= histograms->row_n;
  for (uint32_t i = 0; i < histograms->row_n; i++)
    for (uint32_t b = 0; b < DP_BUCKET_BLOCK_N; b++)
      good &= DP_ROW(histograms, struct dp_histogram_row, i)->blocks[b] <= buckets->row_n;
  return good ? DP_OK : dp_fail(err, DP_FORMAT, "the histograms of cell %" PRIu32 " are damaged", cell->id);
}

static enum dp_status check_state(const struct dp_sim *sim, struct dp_err *err) {
  const struct dp_host *h = sim->host;
  const struct dp_engine *e = sim->engine;
  DP_TRY(check_rows(&e->globals[DP_HIDDEN_CLOCK], 1, err));
  DP_TRY(check_rows(&e->globals[DP_HIDDEN_VALUE], h->value_n, err));
  DP_TRY(check_rows(&e->globals[DP_HIDDEN_SERIES], h->metric_row_n, err));
  for (size_t i = 0; i < sim->instance_n; i++)
    if (sim->instances[i].model->bulletin)
      DP_TRY(check_rows(&e->globals[sim->instances[i].bulletin_table], e->config.cell_n, err));
  for (uint32_t i = 0; i < e->local_n; i++) {
    DP_TRY(check_rows(&e->cells[i].tables[DP_HIDDEN_METRIC], h->metric_row_n, err));
    DP_TRY(check_rows(&e->cells[i].tables[DP_HIDDEN_CELL], 1, err));
    DP_TRY(check_histograms(&e->cells[i], err));
  }
  return DP_OK;
}

/** Rank 0: the sink goes on where it was. */
static enum dp_status resume_sink(struct dp_sim *sim, struct dp_buffer *results, struct dp_err *err) {
  if (results->len == 0) return dp_fail(err, DP_FORMAT, "the checkpoint says nothing of the results");
  struct dp_sink *sink = sim->sink;
  const struct dp_buffer saved = {results->data + 1, results->len - 1, 0};
  sim->host->begun = results->data[0] != 0;
  if (!sim->host->begun || !sink) return DP_OK;
  if (sink->resume) return sink->resume(sink, sim, dp_clock(sim)->settlement_n, &saved, err);
  return sink->begin ? sink->begin(sink, sim, err) : DP_OK;
}

enum dp_status dp_sim_restore(struct dp_sim *sim, const char *path, const struct dp_resume *resume,
                              struct dp_err *err) {
  struct dp_comm *comm = sim->comm;
  struct dp_checkpoint_notes notes = {{0}, {0}, {0}};
  enum dp_status status = comm->rank == 0 ? put_identity(sim, resume, &notes.identity, err) : DP_OK;
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK) status = dp_checkpoint_restore(sim->engine, path, &notes, err);
  if (status == DP_OK) {
    status = check_state(sim, err);
    if (status == DP_OK && comm->rank == 0) status = resume_sink(sim, &notes.results, err);
    if (status != DP_OK) dp_err_prefix(err, "%s: ", path);
    status = dp_comm_agree(comm, status, err);
  }
  if (status == DP_OK) { /* dp_sim_run asks on every rank */
    int64_t begun = comm->rank == 0 ? sim->host->begun : 1;
    status = dp_comm_min_i64(comm, &begun, 1, err);
    sim->host->begun = begun != 0;
  }
  dp_checkpoint_notes_fini(&notes);
  return status;
}
