/* analysis/verdicts.c — verdicts as TAP and JUnit. */
#include "analysis/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum dp_status dp_verdicts_add(struct dp_verdicts *v, const char *suite, const char *name, const char *why, double seconds,
                               struct dp_err *err) {
  if (!dp_array_grow(&v->rows, &v->cap, v->n, sizeof *v->rows)) return dp_fail_nomem(err, "verdicts");
  const struct dp_verdict row = {dp_copy_text(suite), dp_copy_text(name), why ? dp_copy_text(why) : NULL, seconds};
  v->rows[v->n++] = row;
  v->failed_n += why != NULL;
  if (row.suite && row.name && (row.why || !why)) return DP_OK;
  return dp_fail_nomem(err, "verdicts");
}

void dp_verdicts_fini(struct dp_verdicts *v) {
  for (size_t i = 0; i < v->n; i++) {
    free(v->rows[i].suite);
    free(v->rows[i].name);
    free(v->rows[i].why);
  }
  free(v->rows);
  *v = (struct dp_verdicts){0};
}

/* A '#' would begin a directive of TAP. */
static void tap_text(struct dp_str *out, const char *text) {
  for (; *text; text++) dp_str_append_n(out, *text == '#' ? "~" : *text == '\n' ? " " : text, 1);
}

static void tap_reasons(struct dp_str *out, const char *why) {
  while (*why) {
    const size_t len = strcspn(why, "\n");
    dp_str_append(out, "# ");
    dp_str_append_n(out, why, len);
    dp_str_append(out, "\n");
    why += len + (why[len] == '\n');
  }
}

void dp_verdicts_tap(struct dp_str *out, const struct dp_verdicts *v, size_t from) {
  for (size_t i = from; i < v->n; i++) {
    const struct dp_verdict *x = &v->rows[i];
    dp_str_printf(out, "%sok %zu - ", x->why ? "not " : "", i + 1);
    tap_text(out, x->suite);
    dp_str_append(out, ": ");
    tap_text(out, x->name);
    dp_str_append(out, "\n");
    if (x->why) tap_reasons(out, x->why);
  }
}

static void junit_case(struct dp_str *out, const struct dp_verdict *x) {
  dp_str_append(out, "    <testcase classname=\"");
  dp_str_xml(out, x->suite);
  dp_str_append(out, "\" name=\"");
  dp_str_xml(out, x->name);
  dp_str_printf(out, "\" time=\"%.3f\"", x->seconds);
  if (!x->why) {
    dp_str_append(out, "/>\n");
    return;
  }
  dp_str_append(out, ">\n      <failure message=\"");
  dp_str_xml(out, x->why);
  dp_str_append(out, "\"/>\n    </testcase>\n");
}

void dp_verdicts_junit(struct dp_str *out, const struct dp_verdicts *v) {
  dp_str_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\">\n", v->n,
                v->failed_n);
  for (size_t i = 0, end; i < v->n; i = end) {
    size_t failed_n = 0;
    double seconds = 0;
    for (end = i; end < v->n && strcmp(v->rows[end].suite, v->rows[i].suite) == 0; end++) {
      failed_n += v->rows[end].why != NULL;
      seconds += v->rows[end].seconds;
    }
    dp_str_append(out, "  <testsuite name=\"");
    dp_str_xml(out, v->rows[i].suite);
    dp_str_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"%.3f\">\n", end - i,
                  failed_n, seconds);
    for (size_t k = i; k < end; k++) junit_case(out, &v->rows[k]);
    dp_str_append(out, "  </testsuite>\n");
  }
  dp_str_append(out, "</testsuites>\n");
}
