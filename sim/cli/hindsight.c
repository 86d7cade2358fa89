/* sim/cli/hindsight.c — dates of parameters, presets, rules and data, against `as_of`. */
#include "cli/hindsight.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/memory.h"
#include "script/catalog.h"

#define YEAR_FIRST 1900
#define YEAR_LAST 2099
#define SHOWN 100 /* characters of a source */

/* Day on which a proposal was made (HIP, RNP, AEP, LIP: by its own text) or its fork was live (EIP). A rule that is not
 * here, and has no date beside it, is undated. */
static const struct rule {
  const char *name;
  int date;
} rules[] = {
    {"HIP-10", 20200818},   {"HIP-15", 20201007},   {"HIP-17", 20201020},  {"HIP-20", 20201104},
    {"HIP-52", 20221231},   {"HIP-83", 20230505},   {"HIP-104", 20231231}, {"HIP-138", 20241130},
    {"HIP-147", 20250831},  {"HIP-149", 20260630},  {"EIP-2028", 20191208}, {"EIP-2929", 20210415},
    {"EIP-1559", 20210805}, {"EIP-4844", 20240313}, {"EIP-7691", 20250507}, {"RNP-001", 20231231},
    {"RNP-002", 20230331},  {"RNP-006", 20231130},  {"AEP-23", 20231231},  {"AEP-26", 20240131},
    {"AEP-76", 20260323},   {"LIP-73", 20211231},   {"LIP-92", 20231231},  {"LIP-101", 20251231},
};

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

/* The latest date of a rule that the text names, or 0. */
static int rule_date(const char *text) {
  int latest = 0;
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    const size_t len = strlen(rules[i].name);
    for (const char *at = strstr(text, rules[i].name); at; at = strstr(at + len, rules[i].name))
      if (!isdigit((unsigned char)at[len]) && rules[i].date > latest) latest = rules[i].date;
  }
  return latest;
}

int dp_hindsight_date(const char *text) {
  int latest = 0;
  for (const char *at = text; *at; at++) {
    const int date = isdigit((unsigned char)*at) ? date_at(text, at) : 0;
    if (date > latest) latest = date;
  }
  const int rule = rule_date(text);
  return rule > latest ? rule : latest;
}

/* "2024", "2024-04" or "2024-04-15". */
static const char *date_text(int date, char buf[16]) {
  const int year = date / 10000, month = date / 100 % 100, day = date % 100;
  if (day == 31 && month == 12) snprintf(buf, 16, "%d", year);
  else if (day == 31) snprintf(buf, 16, "%d-%02d", year, month);
  else snprintf(buf, 16, "%d-%02d-%02d", year, month, day);
  return buf;
}

/* ---- the list ---- */

struct search {
  struct dp_hindsight *out;
  int as_of;
  int64_t as_of_ns;
  bool failed;
};

static void keep(struct search *s, struct dp_str *text, char ***items, size_t *n) {
  char *item = dp_str_steal(text);
  for (size_t i = 0; item && i < *n; i++)
    if (strcmp((*items)[i], item) == 0) { /* two instances of one model */
      free(item);
      return;
    }
  if (!item || !dp_array_resize(items, *n + 1, sizeof **items)) {
    free(item);
    s->failed = true;
    return;
  }
  (*items)[(*n)++] = item;
}

/* Bytes of a source that are shown; no letter is cut. */
static int shown(const char *text) {
  size_t n = strnlen(text, SHOWN);
  while (n > 0 && text[n] && ((unsigned char)text[n] & 0xc0u) == 0x80u) n--;
  return (int)n;
}

/* Judges one input: `date` as its author says it, or "" and the source tells. */
static void look_at(struct search *s, const char *kind, const char *name, const char *value, const char *date,
                    const char *source) {
  char day[16];
  const int known = date[0] && dp_hindsight_date(date) ? dp_hindsight_date(date) : dp_hindsight_date(source);
  if (known && known <= s->as_of) return;
  struct dp_str text = {0};
  dp_str_printf(&text, "%s: %s", kind, name);
  if (value[0]) dp_str_printf(&text, " = %.*s", shown(value), value);
  dp_str_printf(&text, ": %s", known ? date_text(known, day) : "undated");
  if (source[0]) dp_str_printf(&text, ": %.*s", shown(source), source);
  if (known) keep(s, &text, &s->out->items, &s->out->n);
  else keep(s, &text, &s->out->undated, &s->out->undated_n);
}

/* Rows of a file that are later, when it has a column `date`. */
static void look_at_file(struct search *s, const char *schema, const char *param, const char *path) {
  struct dp_csv *csv;
  struct dp_csv_row row;
  struct dp_err none = {0};
  int64_t t, later_n = 0, last_ns = INT64_MIN;
  bool eof = false;
  char day[DP_DATE_TEXT];
  if (dp_csv_open(path, ',', &csv, &none) != DP_OK) return;
  const int column = dp_csv_column(csv, "date");
  while (column >= 0 && dp_csv_next(csv, &row, &eof, &none) == DP_OK && !eof)
    if (dp_csv_date_ns(csv, column, &t, &none) == DP_OK && t > s->as_of_ns) {
      later_n++;
      if (t > last_ns) last_ns = t;
    }
  dp_csv_close(csv);
  struct dp_str text = {0};
  if (later_n) {
    dp_str_printf(&text, "data: %s.%s = %s: %.10s: %lld rows are later, to that day", schema, param, path,
                  dp_format_date(last_ns, day), (long long)later_n);
    keep(s, &text, &s->out->items, &s->out->n);
  } else if (column < 0) {
    dp_str_printf(&text, "data: %s.%s = %s: undated: the file has no column date", schema, param, path);
    keep(s, &text, &s->out->undated, &s->out->undated_n);
  }
}

static void look_at_config(struct search *s, const struct dp_schema *schema, const void *config);

/* Parts of a configuration, which have a schema of their own. */
static void look_at_parts(struct search *s, const struct dp_param *p, const void *field) {
  struct dp_catalog_entry found;
  const struct dp_schema *part = dp_catalog_find(p->part, &found) ? found.schema : NULL;
  const struct dp_part_ref *one = field;
  const struct dp_part_refs *many = field;
  const size_t n = p->type == DP_PARAM_PARTS ? many->n : one->part != NULL;
  for (size_t i = 0; part && i < n; i++)
    look_at_config(s, part, p->type == DP_PARAM_PARTS ? many->v[i].part : one->part);
}

/* A source that says where the default is from: not one that says that it is a choice, whatever examples follow. */
static bool says_source(const struct dp_param *p) {
  static const char *const choices[] = {"none", "assumption", "a modelling choice"};
  for (size_t i = 0; p->source && i < sizeof choices / sizeof choices[0]; i++)
    if (strncmp(p->source, choices[i], strlen(choices[i])) == 0) return false;
  return p->source != NULL;
}

static void look_at_param(struct search *s, const struct dp_schema *schema, const struct dp_param *p,
                          const void *config) {
  const void *field = (const unsigned char *)config + p->offset;
  char name[160];
  if (p->type == DP_PARAM_PART || p->type == DP_PARAM_PARTS) {
    look_at_parts(s, p, field);
    return;
  }
  if (p->type == DP_PARAM_PATH) {
    const char *path = *(const char *const *)field;
    if (path && path[0]) look_at_file(s, schema->name, p->name, path);
    return;
  }
  snprintf(name, sizeof name, "%s.%s", schema->name, p->name);
  struct dp_str value = {0};
  dp_param_value_text(p, config, &value);
  const char *text = dp_str_text(&value);
  const bool is_default = dp_param_is_default(p, config);
  if (p->type == DP_PARAM_STRING && strcmp(p->name, "dated") == 0) {
    const char *date = *(const char *const *)field;
    if (date && date[0]) look_at(s, "input", name, text, date, "date that the scenario gives");
  } else if (is_default && says_source(p)) {
    look_at(s, "parameter", name, text, "", p->source);
  } else if (p->type == DP_PARAM_CHOICE && !is_default && dp_hindsight_date(text)) {
    look_at(s, "rule", name, text, text, p->source ? p->source : "");
  }
  s->failed |= value.failed;
  dp_str_fini(&value);
}

static void look_at_config(struct search *s, const struct dp_schema *schema, const void *config) {
  for (size_t i = 0; config && i < schema->param_n; i++) look_at_param(s, schema, &schema->params[i], config);
}

/* What the library's presets and depin.dated have said, and the scenario's own parameters, unless --set gave others. */
static void look_at_scenario(struct search *s, const struct dp_scenario *scenario) {
  size_t n, param_n;
  char number[40];
  const struct dp_scenario_fact *facts = dp_scenario_facts(scenario, &n);
  const struct dp_scenario_param *params = dp_scenario_params(scenario, &param_n);
  for (size_t i = 0; i < param_n; i++) {
    const struct dp_scenario_param *p = &params[i];
    if (p->given || (!p->date[0] && !p->source[0])) continue; /* its author's own choice */
    snprintf(number, sizeof number, "%.12g", p->value);
    look_at(s, "input", p->name, p->is_number ? number : p->text, p->date, p->source);
  }
  for (size_t i = 0; i < n; i++)
    look_at(s, facts[i].kind, facts[i].name, facts[i].value, facts[i].date, facts[i].source);
}

enum dp_status dp_hindsight_find(const struct dp_scenario *scenario, struct dp_hindsight *out, struct dp_err *err) {
  const char *as_of = dp_scenario_as_of(scenario);
  const struct dp_spec *spec = dp_scenario_spec(scenario);
  struct search s = {.out = out};
  *out = (struct dp_hindsight){0};
  if (!as_of[0]) return DP_OK;
  DP_TRY(dp_parse_date_ns(as_of, &s.as_of_ns, err));
  s.as_of = dp_hindsight_date(as_of);
  look_at_scenario(&s, scenario);
  for (size_t i = 0; i < spec->instance_n; i++)
    if (spec->instances[i].model->schema)
      look_at_config(&s, spec->instances[i].model->schema, spec->instances[i].config);
  return s.failed ? dp_fail_nomem(err, "the list of what is known with hindsight") : DP_OK;
}

void dp_hindsight_fini(struct dp_hindsight *h) {
  for (size_t i = 0; i < h->n; i++) free(h->items[i]);
  for (size_t i = 0; i < h->undated_n; i++) free(h->undated[i]);
  free(h->items);
  free(h->undated);
  *h = (struct dp_hindsight){0};
}
