/* analysis/compare_print.c — a comparison as text, JSON and CSV. */
#include "analysis/compare_bands.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *number(double value, char buf[32]) {
  if (!isfinite(value)) return "-";
  snprintf(buf, 32, "%.6g", value);
  return buf;
}

const char *dp_compare_share(const struct dp_compare_row *row, char buf[32]) {
  if (!isfinite(row->difference) || !(fabs(row->a) > 0)) return "-";
  snprintf(buf, 32, "%+.1f %%", 100 * row->difference / fabs(row->a));
  return buf;
}

static void print_text(struct dp_str *out, const struct dp_compare_side sides[2], size_t n,
                       const struct dp_compare_row *rows, size_t row_n) {
  int width = 10;
  char a[32], b[32], c[32], d[32], e[32];
  for (size_t i = 0; i < row_n; i++) width = (int)strlen(rows[i].name) > width ? (int)strlen(rows[i].name) : width;
  dp_str_printf(out, "a: %s\nb: %s\n", sides[0].label, sides[1].label);
  if (!dp_compare_shares_luck(sides, n))
    dp_str_append(out, "the seeds differ: what is due to luck is in the differences too\n");
  if (n > 1) dp_str_printf(out, "means of %zu runs each, pair by pair of equal seeds; +- is a 95 %% interval\n", n);
  dp_str_printf(out, "\n%-*s  %12s  %12s  %12s%s  %9s  verdict\n", width, "key figure", "a", "b", "b - a",
                n > 1 ? "  +-          " : "", "relative");
  for (size_t i = 0; i < row_n; i++) {
    const struct dp_compare_row *x = &rows[i];
    dp_str_printf(out, "%-*s  %12s  %12s  %12s", width, x->name, number(x->a, a), number(x->b, b), number(x->difference, c));
    if (n > 1) dp_str_printf(out, "  %-12s", number(x->half_width, d));
    dp_str_printf(out, "  %9s  %s\n", dp_compare_share(x, e), dp_compare_verdict_text(x->verdict));
  }
}

static void print_csv(struct dp_str *out, const struct dp_compare_row *rows, size_t row_n) {
  dp_str_append(out, "name,unit,a,b,difference,half_width,verdict\n");
  for (size_t i = 0; i < row_n; i++) {
    const double values[] = {rows[i].a, rows[i].b, rows[i].difference, rows[i].half_width};
    dp_str_printf(out, "%s,%s", rows[i].name, rows[i].unit ? rows[i].unit : "1");
    for (size_t k = 0; k < 4; k++)
      if (isfinite(values[k])) dp_str_printf(out, ",%.17g", values[k]);
      else dp_str_append(out, ",");
    dp_str_printf(out, ",%s\n", dp_compare_verdict_text(rows[i].verdict));
  }
}

static json_t *real_or_null(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *reals(const double *values, size_t n) {
  json_t *array = json_array();
  for (size_t i = 0; i < n; i++) json_array_append_new(array, real_or_null(values[i]));
  return array;
}

static json_t *bands_json(const struct dp_bands *bands) {
  static const char *const of_names[] = {"a", "b", "difference"}, *const q_names[] = {"p5", "p50", "p95"};
  json_t *all = json_object();
  for (size_t i = 0; i < bands->n; i++) {
    const struct dp_band *x = &bands->bands[i];
    json_t *band = json_pack("{s:s, s:s, s:o, s:o}", "title", x->title, "unit", x->unit, "time_s", reals(x->time_s, x->n),
                             "pairs", reals(x->pair_n, x->n));
    for (size_t of = 0; of < DP_BAND_OF; of++) {
      json_t *side = json_object();
      for (size_t q = 0; q < DP_BAND_Q; q++) json_object_set_new(side, q_names[q], reals(x->q[of][q], x->n));
      json_object_set_new(band, of_names[of], side);
    }
    json_object_set_new(all, x->name, band);
  }
  return all;
}

static enum dp_status print_json(struct dp_str *out, const struct dp_compare_side sides[2], size_t n,
                                 const struct dp_compare_row *rows, size_t row_n, const struct dp_bands *bands,
                                 const char *parameters, struct dp_err *err) {
  json_t *kpis = json_object();
  for (size_t i = 0; i < row_n; i++)
    json_object_set_new(kpis, rows[i].name,
                        json_pack("{s:s, s:o, s:o, s:o, s:o, s:s}", "unit", rows[i].unit ? rows[i].unit : "1", "a",
                                  real_or_null(rows[i].a), "b", real_or_null(rows[i].b), "difference",
                                  real_or_null(rows[i].difference), "half_width", real_or_null(rows[i].half_width),
                                  "verdict", dp_compare_verdict_text(rows[i].verdict)));
  json_t *root = json_pack("{s:s, s:s, s:i, s:o, s:s, s:o}", "a", sides[0].label, "b", sides[1].label, "runs", (int)n,
                           "kpi", kpis, "parameters", parameters, "bands", bands_json(bands));
  char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
  if (text) dp_str_printf(out, "%s\n", text);
  free(text);
  json_decref(root);
  return text ? DP_OK : dp_fail_nomem(err, "a comparison");
}

enum dp_status dp_compare_print(struct dp_str *out, enum dp_text_format format, const struct dp_compare_side sides[2],
                                size_t n, const struct dp_bands *bands, struct dp_err *err) {
  struct dp_compare_row *rows = NULL;
  struct dp_str parameters = {0};
  size_t row_n, differ_n;
  enum dp_status status = dp_compare_parameters(&parameters, sides[0].results[0], sides[1].results[0], &differ_n, err);
  if (status == DP_OK) status = dp_compare(sides, n, &rows, &row_n, err);
  if (status == DP_OK && format == DP_TEXT_JSON) {
    status = print_json(out, sides, n, rows, row_n, bands, dp_str_text(&parameters), err);
  } else if (status == DP_OK && format == DP_TEXT_CSV) {
    print_csv(out, rows, row_n);
  } else if (status == DP_OK) {
    dp_str_printf(out, "%s%s", differ_n ? "parameters that differ:\n" : "no parameter differs\n", dp_str_text(&parameters));
    dp_str_append(out, "\n");
    print_text(out, sides, n, rows, row_n);
    dp_bands_text(out, bands, n);
  }
  free(rows);
  dp_str_fini(&parameters);
  if (status == DP_OK && out->failed) return dp_fail_nomem(err, "a comparison");
  return status;
}
