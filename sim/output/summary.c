/* sim/output/summary.c — what sums a run up: histograms over all cells, KPIs, and the words of the books. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hist.h"
#include "books/books.h"
#include "output/parts.h"

/* ---- histograms ---- */

static bool put_bounds(hid_t group, const struct dp_metric *m, const uint64_t *counts, size_t n, hid_t *scale) {
  double *bounds = malloc((2 * n + 1) * sizeof *bounds);
  if (bounds == NULL) return false;
  for (size_t bucket = 0, k = 0; bucket < DP_HIST_BUCKETS; bucket++) {
    if (counts[bucket] == 0) continue;
    bounds[k] = (double)dp_hist_low((uint32_t)bucket) * m->quantum;
    bounds[n + k] = (double)dp_hist_high((uint32_t)bucket) * m->quantum;
    k++;
  }
  *scale = dp_h5_write_column(group, "bucket_low", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, bounds, n, m->unit,
                              "least value of the bucket");
  hid_t high = *scale < 0 ? -1
                          : dp_h5_write_column(group, "bucket_high", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, bounds + n, n,
                                               m->unit, "greatest value of the bucket");
  bool done = high >= 0 && dp_h5_make_scale(*scale, "bucket_low") && dp_h5_attach_scale(high, *scale, 0);
  dp_h5_close(high);
  free(bounds);
  return done;
}

static bool put_counts(hid_t group, const uint64_t *counts, size_t n, hid_t scale) {
  uint64_t *used = malloc((n + 1) * sizeof *used);
  if (used == NULL) return false;
  for (size_t bucket = 0, k = 0; bucket < DP_HIST_BUCKETS; bucket++)
    if (counts[bucket] != 0) used[k++] = counts[bucket];
  hid_t dataset = dp_h5_write_column(group, "count", H5T_STD_U64LE, H5T_NATIVE_UINT64, used, n, "1",
                                     "values in the bucket");
  bool done = dataset >= 0 && dp_h5_attach_scale(dataset, scale, 0);
  dp_h5_close(dataset);
  free(used);
  return done;
}

static bool put_histogram(hid_t parent, const struct dp_instance *instance, const struct dp_metric *m,
                          const uint64_t *counts, dp_i128 sum) {
  char instance_name[DP_GROUP_NAME], name[2 * DP_GROUP_NAME];
  size_t n = 0;
  hid_t scale = -1;
  for (size_t bucket = 0; bucket < DP_HIST_BUCKETS; bucket++) n += counts[bucket] != 0;
  snprintf(name, sizeof name, "%s.%s", dp__group_name(instance, instance_name), m->name);
  hid_t group = dp_h5_create_group(parent, name);
  bool done = group >= 0 && dp_h5_put_text(group, "units", m->unit) && dp_h5_put_text(group, "long_name", m->doc) &&
              dp_h5_put_f64(group, "quantum", m->quantum) &&
              dp_h5_put_u64(group, "count", dp_hist_total(counts)) &&
              dp_h5_put_f64(group, "sum", dp_i128_to_double(sum) * m->quantum) &&
              put_bounds(group, m, counts, n, &scale) && put_counts(group, counts, n, scale);
  dp_h5_close(scale);
  dp_h5_close(group);
  return done;
}

/* Collective: ranks but 0 only take part in the sums. A failed write is told after the last one. */
enum dp_status dp__write_histograms(struct dp_output *out, struct dp_sim *sim, struct dp_err *err) {
  uint64_t *counts = calloc(DP_HIST_BUCKETS, sizeof *counts);
  hid_t parent = out ? dp_h5_create_group(out->file, "histogram") : -1;
  enum dp_status status = counts == NULL              ? dp_fail_nomem(err, "a histogram")
                          : out != NULL && parent < 0 ? dp__output_fail(out, err)
                                                      : DP_OK;
  status = dp_comm_agree(sim->comm, status, err);
  enum dp_status written = DP_OK;
  for (size_t i = 0; i < sim->instance_n && status == DP_OK; i++) {
    const struct dp_model *model = sim->instances[i].model;
    for (unsigned k = 0; k < model->metric_n && status == DP_OK; k++) {
      if (model->metrics[k].kind != DP_METRIC_HISTOGRAM) continue;
      status = dp_sim_histogram(sim, &sim->instances[i], k, counts, err);
      dp_i128 sum = 0;
      if (status == DP_OK) status = dp_sim_metric_total(sim, &sim->instances[i], k, &sum, err);
      if (out != NULL && status == DP_OK && written == DP_OK &&
          !put_histogram(parent, &sim->instances[i], &model->metrics[k], counts, sum))
        written = dp__output_fail(out, err);
    }
  }
  dp_h5_close(parent);
  free(counts);
  return status == DP_OK ? dp_comm_agree(sim->comm, written, err) : status;
}

/* ---- KPIs ---- */

static hid_t put_kpi(hid_t group, const struct dp_kpi_value *kpi) {
  bool whole = kpi->integer && dp_i128_fits_i64(kpi->count);
  int64_t count = whole ? (int64_t)kpi->count : 0;
  hid_t dataset = dp_h5_create_dataset(group, kpi->name, whole ? H5T_STD_I64LE : H5T_IEEE_F64LE,
                                       &(struct dp_h5_shape){.rank = 0});
  if (dataset < 0) return -1;
  bool done = H5Dwrite(dataset, whole ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       whole ? (const void *)&count : (const void *)&kpi->value) >= 0;
  if (done && dp_h5_describe(dataset, kpi->unit, kpi->doc)) return dataset;
  dp_h5_close(dataset);
  return -1;
}

enum dp_status dp__write_kpis(struct dp_output *out, const struct dp_kpi_value *kpis, size_t n, struct dp_err *err) {
  hid_t group = dp_h5_create_group(out->file, "kpi");
  bool done = group >= 0;
  for (size_t i = 0; i < n && done; i++) {
    hid_t dataset = put_kpi(group, &kpis[i]);
    done = dataset >= 0;
    dp_h5_close(dataset);
  }
  enum dp_status status = done ? DP_OK : dp__output_fail(out, err);
  dp_h5_close(group);
  return status;
}

/* ---- expectations ---- */

static bool put_verdicts(hid_t group, const struct dp_output_expectation *e, size_t n, const char **texts, double *values,
                         uint8_t *holds) {
  for (size_t i = 0; i < n; i++) {
    texts[i] = e[i].kpi;
    texts[n + i] = e[i].bound;
    values[i] = e[i].value;
    holds[i] = e[i].holds;
  }
  hid_t sets[] = {dp_h5_write_texts(group, "kpi", texts, n), dp_h5_write_texts(group, "bound", texts + n, n),
                  dp_h5_write_column(group, "value", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values, n, NULL, "what came"),
                  dp_h5_write_column(group, "holds", H5T_STD_U8LE, H5T_NATIVE_UINT8, holds, n, "1", "1: as expected")};
  bool done = sets[0] >= 0 && dp_h5_make_scale(sets[0], "kpi");
  for (size_t i = 1; i < sizeof sets / sizeof sets[0]; i++)
    done = done && sets[i] >= 0 && dp_h5_attach_scale(sets[i], sets[0], 0);
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) dp_h5_close(sets[i]);
  return done;
}

enum dp_status dp__write_expectations(struct dp_output *out, const struct dp_output_outcome *o, struct dp_err *err) {
  const size_t n = o->expectation_n;
  if (n == 0) return DP_OK;
  const char **texts = calloc(2 * n, sizeof *texts);
  double *values = calloc(n, sizeof *values);
  uint8_t *holds = calloc(n, sizeof *holds);
  hid_t group = texts && values && holds ? dp_h5_create_group(out->file, "expect") : -1;
  const bool done = group >= 0 && (!o->not_judged || dp_h5_put_text(group, "not_judged", o->not_judged)) &&
                    put_verdicts(group, o->expectations, n, texts, values, holds);
  enum dp_status status = done ? DP_OK : texts && values && holds ? dp__output_fail(out, err)
                                                                  : dp_fail_nomem(err, "expectations");
  dp_h5_close(group);
  free(texts);
  free(values);
  free(holds);
  return status;
}

/* ---- books ---- */

struct word {
  const char *name, *doc;
  uint8_t a, b; /* kind: may be negative; reason: from and to */
};

static const struct word kinds[] = {
#define DP_X(name, negative, doc) {#name, doc, negative, 0},
    DP_ACCOUNT_KINDS(DP_X)
#undef DP_X
};

static const struct word reasons[] = {
#define DP_X(name, from, to, doc) {#name, doc, DP_ACCOUNT_##from, DP_ACCOUNT_##to},
    DP_REASONS(DP_X)
#undef DP_X
};

static bool put_bytes(hid_t group, const char *name, const uint8_t *values, size_t n, hid_t scale) {
  hid_t dataset = dp_h5_write_column(group, name, H5T_STD_U8LE, H5T_NATIVE_UINT8, values, n, NULL, NULL);
  bool done = dataset >= 0 && dp_h5_attach_scale(dataset, scale, 0);
  dp_h5_close(dataset);
  return done;
}

static bool put_docs(hid_t group, const char *const *docs, size_t n, hid_t scale) {
  hid_t dataset = dp_h5_write_texts(group, "doc", docs, n);
  bool done = dataset >= 0 && dp_h5_attach_scale(dataset, scale, 0);
  dp_h5_close(dataset);
  return done;
}

/* Row i of the group is what the number i means in the books' tables. `b` is NULL where there is no second number. */
static bool put_words(hid_t parent, const char *name, const struct word *words, size_t n, const char *a,
                      const char *b) {
  const char *names[DP_REASON_N + DP_ACCOUNT_KIND_N], *docs[DP_REASON_N + DP_ACCOUNT_KIND_N];
  uint8_t first[DP_REASON_N + DP_ACCOUNT_KIND_N], second[DP_REASON_N + DP_ACCOUNT_KIND_N];
  for (size_t i = 0; i < n; i++) {
    names[i] = words[i].name;
    docs[i] = words[i].doc;
    first[i] = words[i].a;
    second[i] = words[i].b;
  }
  hid_t group = dp_h5_create_group(parent, name), scale = -1;
  bool done = group >= 0 && (scale = dp_h5_write_texts(group, "name", names, n)) >= 0 &&
              dp_h5_make_scale(scale, "name") && put_bytes(group, a, first, n, scale) &&
              (b == NULL || put_bytes(group, b, second, n, scale)) && put_docs(group, docs, n, scale);
  dp_h5_close(scale);
  dp_h5_close(group);
  return done;
}

enum dp_status dp__write_books(struct dp_output *out, struct dp_err *err) {
  hid_t group = dp_h5_create_group(out->file, "books");
  bool done = group >= 0 && put_words(group, "kind", kinds, sizeof kinds / sizeof kinds[0], "may_be_negative", NULL) &&
              put_words(group, "reason", reasons, sizeof reasons / sizeof reasons[0], "from", "to");
  enum dp_status status = done ? DP_OK : dp__output_fail(out, err);
  dp_h5_close(group);
  return status;
}
