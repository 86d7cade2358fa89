/* sim/cli/hindsight.c — dates in sources, presets and data, against `as_of`. */
#include "cli/hindsight.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "script/catalog.h"

#define YEAR_FIRST 1990
#define YEAR_LAST 2099
#define SHOWN 100 /* characters of a source */

/* ---- dates in a text ---- */

static int digits(const char *at, int n) {
  int value = 0;
  for (int i = 0; i < n; i++) {
    if (!isdigit((unsigned char)at[i])) return -1;
    value = 10 * value + at[i] - '0';
  }
  return isdigit((unsigned char)at[n]) ? -1 : value;
}

/* The month whose name ends right before `at`; 0: none. */
static int month_before(const char *text, const char *at) {
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  char word[4] = "";
  while (at > text && at[-1] == ' ') at--;
  const char *end = at;
  while (at > text && isalpha((unsigned char)at[-1])) at--;
  if (end - at < 3) return 0;
  for (int i = 0; i < 3; i++) word[i] = (char)tolower((unsigned char)at[i]);
  for (int m = 0; m < 12; m++)
    if (strncmp(names + 3 * m, word, 3) == 0) return m + 1;
  return 0;
}

/* The date at `at`, where a number begins, or 0. */
static int date_at(const char *text, const char *at) {
  const int year = digits(at, 4);
  if (year < YEAR_FIRST || year > YEAR_LAST) return 0;
  if (at > text && (isalnum((unsigned char)at[-1]) || strchr(".,-/_", at[-1]))) return 0;
  if (isalpha((unsigned char)at[4]) || (at[4] == '.' && isdigit((unsigned char)at[5]))) return 0;
  int month = at[4] == '-' ? digits(at + 5, 2) : -1, day = 31;
  if (month >= 1 && month <= 12) {
    if (at[7] == '-' && digits(at + 8, 2) >= 1) day = digits(at + 8, 2);
  } else {
    month = month_before(text, at);
    if (month == 0) month = 12;
  }
  return 10000 * year + 100 * month + day;
}

int dp_hindsight_date(const char *text) {
  int latest = 0;
  for (const char *at = text; *at; at++) {
    const int date = isdigit((unsigned char)*at) ? date_at(text, at) : 0;
    if (date > latest) latest = date;
  }
  return latest;
}

/* ---- the list ---- */

struct search {
  struct dp_hindsight *out;
  int as_of;
  int64_t as_of_ns;
  bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct search *s, const char *format, ...) {
  struct dp_str text = {0};
  va_list args;
  va_start(args, format);
  dp_str_vprintf(&text, format, args);
  va_end(args);
  char *item = dp_str_steal(&text);
  for (size_t i = 0; item && i < s->out->n; i++)
    if (strcmp(s->out->items[i], item) == 0) { /* two instances of one model */
      free(item);
      return;
    }
  if (!item || !dp_array_resize(&s->out->items, s->out->n + 1, sizeof *s->out->items)) {
    free(item);
    s->failed = true;
    return;
  }
  s->out->items[s->out->n++] = item;
}

/* Bytes of a source that are shown; no letter is cut. */
static int shown(const char *text) {
  size_t n = strnlen(text, SHOWN);
  while (n > 0 && ((unsigned char)text[n] & 0xc0u) == 0x80u) n--;
  return (int)n;
}

/* Rows of a file that are later, when it has a column `date`. */
static void look_at_file(struct search *s, const char *schema, const char *param, const char *path) {
  struct dp_csv *csv;
  struct dp_csv_row row;
  struct dp_err none = {0};
  int64_t t, later_n = 0;
  bool eof = false;
  if (dp_csv_open(path, ',', &csv, &none) != DP_OK) return;
  const int column = dp_csv_column(csv, "date");
  while (column >= 0 && dp_csv_next(csv, &row, &eof, &none) == DP_OK && !eof)
    later_n += dp_csv_date_ns(csv, column, &t, &none) == DP_OK && t > s->as_of_ns;
  dp_csv_close(csv);
  if (later_n) add(s, "data: %s.%s = %s: %lld rows are later", schema, param, path, (long long)later_n);
}

static void look_at_config(struct search *s, const struct dp_schema *schema, const void *config);

static void look_at_param(struct search *s, const struct dp_schema *schema, const struct dp_param *p, const void *config) {
  const void *field = (const unsigned char *)config + p->offset;
  if (p->type == DP_PARAM_PART || p->type == DP_PARAM_PARTS) {
    struct dp_catalog_entry found;
    const struct dp_schema *part = dp_catalog_find(p->part, &found) ? found.schema : NULL;
    const struct dp_part_ref *one = field;
    const struct dp_part_refs *many = field;
    const size_t n = p->type == DP_PARAM_PARTS ? many->n : one->part != NULL;
    for (size_t i = 0; part && i < n; i++) look_at_config(s, part, p->type == DP_PARAM_PARTS ? many->v[i].part : one->part);
    return;
  }
  if (p->type == DP_PARAM_PATH) {
    const char *path = *(const char *const *)field;
    if (path && path[0]) look_at_file(s, schema->name, p->name, path);
    return;
  }
  if (p->type == DP_PARAM_STRING && strcmp(p->name, "dated") == 0) {
    const char *date = *(const char *const *)field;
    if (date && dp_hindsight_date(date) > s->as_of) add(s, "rule: the inputs of %s are dated %s", schema->name, date);
    return;
  }
  if (!p->source || strncmp(p->source, "none", 4) == 0) return; /* a choice; what follows are examples */
  if (dp_hindsight_date(p->source) > s->as_of && dp_param_is_default(p, config))
    add(s, "parameter: %s.%s: %.*s", schema->name, p->name, shown(p->source), p->source);
}

static void look_at_config(struct search *s, const struct dp_schema *schema, const void *config) {
  for (size_t i = 0; config && i < schema->param_n; i++) look_at_param(s, schema, &schema->params[i], config);
}

/* Comments of a library module that the scenario names. */
static void look_at_preset(struct search *s, const struct dp_script_source *module) {
  const char *line = module->text, *end = module->text + module->len;
  char comment[512];
  while (line < end) {
    const char *stop = memchr(line, '\n', (size_t)(end - line));
    if (!stop) stop = end;
    const char *dashes = memmem(line, (size_t)(stop - line), "--", 2);
    if (dashes) {
      snprintf(comment, sizeof comment, "%.*s", (int)(stop - dashes), dashes);
      const char *text = comment + strspn(comment, "- ");
      if (dp_hindsight_date(text) > s->as_of) add(s, "preset: %s: %.*s", module->name, shown(text), text);
    }
    line = stop + 1;
  }
}

static void look_at_presets(struct search *s, const struct dp_script_source *sources, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const char *name = sources[i].name; /* "depin.place", "depin/place.lua" */
    char word[64];
    const char *last = strpbrk(name, "./") ? strrchr(name, '/') ? strrchr(name, '/') : strrchr(name, '.') : NULL;
    if (!last || strncmp(name, "depin", 5) != 0) continue;
    snprintf(word, sizeof word, "depin.%.*s.", (int)strcspn(last + 1, "."), last + 1);
    if (memmem(sources[0].text, sources[0].len, word, strlen(word))) look_at_preset(s, &sources[i]);
  }
}

enum dp_status dp_hindsight_find(const struct dp_scenario *scenario, struct dp_hindsight *out, struct dp_err *err) {
  const char *as_of = dp_scenario_as_of(scenario);
  const struct dp_spec *spec = dp_scenario_spec(scenario);
  struct search s = {.out = out};
  size_t n;
  *out = (struct dp_hindsight){0};
  if (!as_of[0]) return DP_OK;
  DP_TRY(dp_parse_date_ns(as_of, &s.as_of_ns, err));
  s.as_of = dp_hindsight_date(as_of);
  for (size_t i = 0; i < spec->instance_n; i++)
    if (spec->instances[i].model->schema)
      look_at_config(&s, spec->instances[i].model->schema, spec->instances[i].config);
  const struct dp_script_source *sources = dp_scenario_sources(scenario, &n);
  if (n > 0) look_at_presets(&s, sources, n);
  return s.failed ? dp_fail_nomem(err, "the list of what is known with hindsight") : DP_OK;
}

void dp_hindsight_fini(struct dp_hindsight *h) {
  for (size_t i = 0; i < h->n; i++) free(h->items[i]);
  free(h->items);
  *h = (struct dp_hindsight){0};
}
