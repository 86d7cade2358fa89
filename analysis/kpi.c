/* analysis/kpi.c — KPIs as text, JSON and CSV. */
#include "analysis/kpi.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/kpi_find.h"

/* Width of a UTF-8 text on a terminal: its characters. */
static int width_of(const char *text) {
  int n = 0;
  for (; *text != '\0'; text++) n += ((unsigned char)*text & 0xC0u) != 0x80u;
  return n;
}

static const char *unit_of(const struct dp_kpi_value *kpi) { return kpi->unit ? kpi->unit : "1"; }

#define VALUE_TEXT 64

/* For people: six digits, large amounts without an exponent. A count is always in full. */
static char *short_text(const struct dp_kpi_value *kpi, char buf[VALUE_TEXT]) {
  char count[DP_I128_TEXT];
  double size = fabs(kpi->value);
  if (kpi->integer) snprintf(buf, VALUE_TEXT, "%s", dp_i128_text(kpi->count, count));
  else snprintf(buf, VALUE_TEXT, size >= 1e5 && size < 1e15 ? "%.1f" : "%.6g", kpi->value);
  return buf;
}

/* For programs: the fewest digits that give the same number back. */
static char *exact_text(const struct dp_kpi_value *kpi, char buf[VALUE_TEXT]) {
  if (kpi->integer) return short_text(kpi, buf);
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(buf, VALUE_TEXT, "%.*g", digits, kpi->value);
    if (!(strtod(buf, NULL) < kpi->value) && !(strtod(buf, NULL) > kpi->value)) break;
  }
  return buf;
}

static bool is_defined(const struct dp_kpi_value *kpi) { return kpi->integer || isfinite(kpi->value); }

/* What single instances have where there is a figure of all would bury it: it is counted. */
static void print_text(struct dp_str *out, const struct dp_kpi_value *kpis, size_t n) {
  int name_w = 0, value_w = 0;
  size_t part_n = 0, part = 0;
  char value[VALUE_TEXT];
  for (size_t i = 0; i < n; i++) {
    if (dp_kpi_is_part(kpis, n, &kpis[i])) continue;
    int a = width_of(kpis[i].name), b = is_defined(&kpis[i]) ? width_of(short_text(&kpis[i], value)) : 1;
    if (a > name_w) name_w = a;
    if (b > value_w) value_w = b;
  }
  for (size_t i = 0; i < n; i++) {
    if (dp_kpi_is_part(kpis, n, &kpis[i])) {
      part = part_n++ ? part : i;
      continue;
    }
    const char *shown = is_defined(&kpis[i]) ? short_text(&kpis[i], value) : "-";
    const char *unit = strcmp(unit_of(&kpis[i]), "1") == 0 ? "" : unit_of(&kpis[i]);
    dp_str_printf(out, "%-*s  %*s%s%s\n", name_w, kpis[i].name, value_w, shown, *unit ? " " : "", unit);
  }
  if (part_n)
    dp_str_printf(out, "%zu figures of single instances, as %s: depinsim kpi FILE --format csv\n", part_n,
                  kpis[part].name);
}

/* A field of CSV: quoted when it must be. */
static void csv_field(struct dp_str *out, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL) {
    dp_str_append(out, text);
    return;
  }
  dp_str_append(out, "\"");
  for (; *text != '\0'; text++) dp_str_append_n(out, *text == '"' ? "\"\"" : text, *text == '"' ? 2 : 1);
  dp_str_append(out, "\"");
}

static void print_csv(struct dp_str *out, const struct dp_kpi_value *kpis, size_t n) {
  char value[VALUE_TEXT];
  dp_str_append(out, "name,value,unit\n");
  for (size_t i = 0; i < n; i++) {
    csv_field(out, kpis[i].name);
    dp_str_printf(out, ",%s,", is_defined(&kpis[i]) ? exact_text(&kpis[i], value) : "");
    csv_field(out, unit_of(&kpis[i]));
    dp_str_append(out, "\n");
  }
}

static json_t *json_value(const struct dp_kpi_value *kpi) {
  if (kpi->integer && dp_i128_fits_i64(kpi->count)) return json_integer((int64_t)kpi->count);
  double value = kpi->integer ? dp_i128_to_double(kpi->count) : kpi->value;
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_of(const char *scenario, uint64_t digest, const struct dp_kpi_value *kpis, size_t n) {
  char hex[17];
  snprintf(hex, sizeof hex, "%016" PRIx64, digest);
  json_t *root = json_object(), *values = json_object(), *units = json_object();
  bool done = root && values && units;
  for (size_t i = 0; i < n && done; i++)
    done = json_object_set_new(values, kpis[i].name, json_value(&kpis[i])) == 0 &&
           json_object_set_new(units, kpis[i].name, json_string(unit_of(&kpis[i]))) == 0;
  done = done && json_object_set_new(root, "scenario", json_string(scenario)) == 0 &&
         json_object_set_new(root, "digest", json_string(hex)) == 0 && json_object_set(root, "kpi", values) == 0 &&
         json_object_set(root, "units", units) == 0;
  json_decref(values);
  json_decref(units);
  if (done) return root;
  json_decref(root);
  return NULL;
}

enum dp_status dp_kpi_print(struct dp_str *out, enum dp_text_format format, const char *scenario, uint64_t digest,
                            const struct dp_kpi_value *kpis, size_t n, struct dp_err *err) {
  if (format == DP_TEXT_PLAIN) {
    print_text(out, kpis, n);
  } else if (format == DP_TEXT_CSV) {
    print_csv(out, kpis, n);
  } else {
    json_t *root = json_of(scenario, digest, kpis, n);
    char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
    if (text != NULL) dp_str_printf(out, "%s\n", text);
    else out->failed = true;
    free(text);
    json_decref(root);
  }
  return out->failed ? dp_fail_nomem(err, "the KPI table") : DP_OK;
}

enum dp_status dp_kpi_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err) {
  struct dp_result *r;
  DP_TRY(dp_result_open(path, &r, err));
  uint64_t digest = strtoull(r->digest, NULL, 16);
  if (format == DP_TEXT_PLAIN && dp_result_has(r, "/provenance/hindsight"))
    dp_str_append(out, "hindsight: inputs are dated later than the scenario's as_of (depinsim report lists them)\n");
  char *conditional = dp_result_text(r->file, "conditional");
  if (format == DP_TEXT_PLAIN && conditional && conditional[0])
    dp_str_printf(out, "conditional: given by the scenario and not made by the run: %s\n", conditional);
  free(conditional);
  enum dp_status status = dp_kpi_print(out, format, r->scenario, digest, r->kpis, r->kpi_n, err);
  dp_result_close(r);
  return status;
}
