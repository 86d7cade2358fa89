/* analysis/steady.c — warm-up by MSER-5 and batch means of every series of a result. */
#include "analysis/steady.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/series.h"
#include "analysis/statistics.h"
#include "base/memory.h"

#define BATCH_LEAST 5 /* settlements in a batch, as in MSER-5 */

struct steady {
  double warm_up_s;
  bool settled;
  struct dp_interval rest;
};

/* @param values [g->n] scratch */
static struct steady look(const struct dp_series_group *g, const struct dp_series *s, double *values) {
  struct steady out = {.warm_up_s = (double)NAN, .rest = {.mean = (double)NAN, .half_width = (double)NAN}};
  const size_t first = g->n > 0; /* the row at the start: nothing has been settled */
  const size_t n = g->n - first;
  for (size_t i = 0; i < n; i++) {
    values[i] = dp_series_sum(s, first + i);
    if (!isfinite(values[i])) return out;
  }
  const size_t cut = dp_stat_warm_up(values, n, &out.settled), left = n - cut;
  size_t batch_n = left / BATCH_LEAST;
  if (batch_n > DP_STEADY_BATCHES) batch_n = DP_STEADY_BATCHES;
  if (!out.settled || batch_n < 2) return out;
  out.warm_up_s = cut ? g->time_s[first + cut - 1] : 0;
  out.rest = dp_stat_batch_means(values + cut, left, batch_n, 0.95);
  return out;
}

/* ---- print ---- */

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static void put_number(struct dp_str *out, double value) {
  if (isfinite(value)) dp_str_printf(out, "%.17g", value);
}

static void put_one(struct dp_str *out, json_t *object, enum dp_text_format format, const char *name, const char *unit,
                    const struct steady *s) {
  if (format == DP_TEXT_JSON) {
    json_object_set_new(object, name,
                        json_pack("{s:s, s:o, s:o, s:o, s:I, s:b}", "unit", unit, "warm_up_s", number(s->warm_up_s),
                                  "mean", number(s->rest.mean), "half_width", number(s->rest.half_width), "batches",
                                  (json_int_t)s->rest.n, "settled", s->settled));
  } else if (format == DP_TEXT_CSV) {
    dp_str_printf(out, "%s,%s,", name, unit);
    put_number(out, s->warm_up_s);
    dp_str_append(out, ",");
    put_number(out, s->rest.mean);
    dp_str_append(out, ",");
    put_number(out, s->rest.half_width);
    dp_str_printf(out, ",%zu\n", s->rest.n);
  } else if (s->rest.n < 2) {
    dp_str_printf(out, "%-46s  has not settled, or is too short to tell\n", name);
  } else {
    char length[DP_DURATION_TEXT];
    dp_str_printf(out, "%-46s %10s %14.6g %14.6g%s%s\n", name,
                  dp_format_duration((int64_t)llround(s->warm_up_s * 1e9), length), s->rest.mean, s->rest.half_width,
                  strcmp(unit, "1") == 0 ? "" : "  ", strcmp(unit, "1") == 0 ? "" : unit);
  }
}

static void put_all(struct dp_str *out, json_t *object, enum dp_text_format format, const struct dp_series_set *set,
                    double *values) {
  for (size_t i = 0; i < set->group_n; i++)
    for (size_t k = 0; k < set->groups[i].series_n; k++) {
      const struct dp_series_group *g = &set->groups[i];
      const struct steady s = look(g, &g->series[k], values);
      struct dp_str name = {0};
      dp_str_printf(&name, "%s.%s", g->name, g->series[k].name);
      put_one(out, object, format, dp_str_text(&name), g->series[k].units, &s);
      dp_str_fini(&name);
    }
}

enum dp_status dp_steady_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err) {
  struct dp_result *r;
  struct dp_series_set set = {0};
  size_t most = 1;
  DP_TRY(dp_result_open(path, &r, err));
  enum dp_status status = dp_series_read(r, &set, err);
  for (size_t i = 0; i < set.group_n; i++)
    if (set.groups[i].n > most) most = set.groups[i].n;
  double *values = dp_zeros(most, sizeof *values);
  json_t *object = json_object();
  if (status == DP_OK && (!values || !object)) status = dp_fail_nomem(err, "series");
  if (status == DP_OK && format == DP_TEXT_PLAIN)
    dp_str_printf(out, "%-46s %10s %14s %14s  unit (of counters: a settlement)\n", "series", "warm-up", "mean after it",
                  "+- 95 %");
  if (status == DP_OK && format == DP_TEXT_CSV) dp_str_append(out, "series,unit,warm_up_s,mean,half_width,batches\n");
  if (status == DP_OK) put_all(out, object, format, &set, values);
  if (status == DP_OK && format == DP_TEXT_JSON) {
    json_t *whole = json_pack("{s:s, s:O}", "scenario", r->scenario, "steady", object);
    char *text = whole ? json_dumps(whole, 0) : NULL;
    if (text) dp_str_printf(out, "%s\n", text);
    else status = dp_fail_nomem(err, "JSON");
    free(text);
    json_decref(whole);
  }
  json_decref(object);
  free(values);
  dp_series_fini(&set);
  dp_result_close(r);
  return status == DP_OK && out->failed ? dp_fail_nomem(err, "series") : status;
}
