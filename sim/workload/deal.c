/* sim/workload/deal.c — a trace is read once, checked, and dealt to the cells. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "place/place.h"
#include "workload/inference.h"

/** Rows as they come, each with its cell. */
struct pile {
  struct dp_trace_request *row;
  uint32_t *cell;
  size_t n, capacity;
};

static enum dp_status pile_add(struct pile *p, const struct dp_trace_row *row, uint32_t cell, struct dp_err *err) {
  if (p->n == p->capacity) {
    const size_t capacity = p->capacity ? 2 * p->capacity : 4096;
    void *rows = realloc(p->row, capacity * sizeof *p->row);
    if (rows) p->row = rows;
    void *cells = realloc(p->cell, capacity * sizeof *p->cell);
    if (cells) p->cell = cells;
    if (!rows || !cells) return dp_fail_nomem(err, "the trace");
    p->capacity = capacity;
  }
  p->row[p->n] = (struct dp_trace_request){row->time_ns, (uint32_t)row->prompt_n, (uint32_t)row->output_n};
  p->cell[p->n++] = cell;
  return DP_OK;
}

/** Cumulative demand weights of the cells of one region, or of all (region = region_n). The cells of a region without
 *  demand of its own count alike: a trace may name it. */
static double *cumulate(const struct dp_place *place, size_t region) {
  double *sum = calloc(place->cell_n, sizeof *sum);
  double total = 0;
  const bool alike = region < place->region_n && !(place->regions[region]->demand_weight > 0);
  for (uint32_t c = 0; sum && c < place->cell_n; c++) {
    if (region == place->region_n || dp_place_region(place, c) == region)
      total += alike ? 1 : place->demand_weight[c];
    sum[c] = total;
  }
  return sum;
}

static size_t region_of(const struct dp_place *place, const char *name) {
  size_t r = 0;
  while (r < place->region_n && strcmp(place->regions[r]->name, name) != 0) r++;
  return r;
}

static uint32_t draw_cell(struct dp_ctx *ctx, const double *sum, uint32_t cell_n, uint64_t row) {
  struct dp_rng rng = dp_ctx_rng(ctx, DP_NO_ROW, DP_STREAM(DP_STREAM_REQUEST, ctx->self->index), row);
  const double x = dp_rng_uniform(&rng) * sum[cell_n - 1];
  uint32_t c = 0;
  while (c + 1 < cell_n && sum[c] <= x) c++;
  return c;
}

static enum dp_status check_row(const struct dp_trace *trace, const char *path, const struct dp_trace_row *row,
                                struct dp_err *err) {
  if (row->prompt_n + row->output_n <= DP_JOB_TOKENS_MAX) return DP_OK;
  return dp_fail(err, DP_FORMAT, "%s:%lld: a request of %lld tokens (at most %d can be simulated)", path,
                 (long long)dp_trace_line(trace), (long long)(row->prompt_n + row->output_n), DP_JOB_TOKENS_MAX);
}

static enum dp_status read_rows(struct dp_ctx *ctx, const char *path, struct dp_trace *trace, double *const *sums,
                                struct pile *pile, struct dp_trace_summary *summary) {
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  struct dp_trace_row row;
  bool eof = false;
  for (;;) {
    DP_TRY(dp_trace_next(trace, &row, &eof, ctx->err));
    if (eof) return DP_OK;
    DP_TRY(check_row(trace, path, &row, ctx->err));
    const size_t region = row.region[0] ? region_of(place, row.region) : place->region_n;
    if (row.region[0] && region == place->region_n)
      return dp_fail(ctx->err, DP_FORMAT, "%s:%lld: region '%s' is not in the scenario's place", path,
                     (long long)dp_trace_line(trace), row.region);
    DP_TRY(pile_add(pile, &row, draw_cell(ctx, sums[region], place->cell_n, pile->n), ctx->err));
    summary->rows_n++;
    summary->prompt_sum += row.prompt_n;
    summary->output_sum += row.output_n;
    summary->span_ns = row.time_ns;
  }
}

/** Counting sort by cell; it keeps the order of time inside a cell. */
static enum dp_status group(struct pile *pile, uint32_t cell_n, struct dp_trace_deal *out, struct dp_err *err) {
  out->first = calloc((size_t)cell_n + 1, sizeof *out->first);
  out->row = calloc(pile->n ? pile->n : 1, sizeof *out->row);
  int64_t *next = calloc(cell_n, sizeof *next);
  if (!out->first || !out->row || !next) {
    free(next);
    return dp_fail_nomem(err, "the trace");
  }
  for (size_t i = 0; i < pile->n; i++) out->first[pile->cell[i] + 1]++;
  for (uint32_t c = 0; c < cell_n; c++) {
    out->first[c + 1] += out->first[c];
    next[c] = out->first[c];
  }
  for (size_t i = 0; i < pile->n; i++) out->row[next[pile->cell[i]]++] = pile->row[i];
  free(next);
  return DP_OK;
}

enum dp_status dp_trace_deal(struct dp_ctx *ctx, const char *path, struct dp_trace_deal *out) {
  const struct dp_place *place = dp_place_of(dp_ctx_sim(ctx));
  double **sums = calloc(place->region_n + 1, sizeof *sums);
  struct pile pile = {0};
  struct dp_trace *trace = NULL;
  enum dp_status status = sums ? DP_OK : dp_fail_nomem(ctx->err, "the trace");
  for (size_t r = 0; status == DP_OK && r <= place->region_n; r++)
    if (!(sums[r] = cumulate(place, r))) status = dp_fail_nomem(ctx->err, "the trace");
  if (status == DP_OK) status = dp_trace_open(path, &trace, ctx->err);
  if (status == DP_OK) status = read_rows(ctx, path, trace, sums, &pile, &out->summary);
  if (status == DP_OK) status = group(&pile, place->cell_n, out, ctx->err);
  dp_trace_close(trace);
  for (size_t r = 0; sums && r <= place->region_n; r++) free(sums[r]);
  free(sums);
  free(pile.row);
  free(pile.cell);
  return status;
}

void dp_trace_deal_fini(struct dp_trace_deal *deal) {
  free(deal->row);
  free(deal->first);
}
