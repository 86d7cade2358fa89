/* analysis/report_series.c — every series of a run, to zoom in: one chart for the metrics of a model that share a unit. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report.h"
#include "analysis/swept.h"
#include "analysis/svg.h"

#define POINTS_MOST 1000 /* in an interactive chart; a page stays small */
#define LINES_MOST 8     /* in one chart */

static void json_text(struct dp_str *out, const char *text) {
  dp_str_append(out, "\"");
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') dp_str_printf(out, "\\%c", *text);
    else if (*text == '<') dp_str_append(out, "\\u003c"); /* no end of the script inside it */
    else if ((unsigned char)*text >= 0x20) dp_str_append_n(out, text, 1);
  }
  dp_str_append(out, "\"");
}

/* One line of a chart. */
struct line {
  const struct dp_series *series;
  size_t column;
};

static void line_label(struct dp_str *out, const struct line *l) {
  dp_str_append(out, l->series->long_name[0] ? l->series->long_name : l->series->name);
  if (l->series->labels) dp_str_printf(out, ", %s", l->series->labels[l->column]);
}

/* A point of a thinned line: what the settlements brought adds up, a state is that of the last one. */
static double point(const struct line *l, size_t from, size_t to) {
  const struct dp_series *s = l->series;
  double sum = 0;
  if (!strstr(s->methods, "sum")) return s->values[(to - 1) * s->label_n + l->column];
  for (size_t i = from; i < to; i++) sum += s->values[i * s->label_n + l->column];
  return sum;
}

static void put_data(struct dp_str *script, const struct dp_series_group *g, const struct line *lines, size_t line_n,
                     double unit_s) {
  const size_t stride = (g->n + POINTS_MOST - 1) / POINTS_MOST;
  dp_str_append(script, "[");
  for (size_t i = 0; i < g->n; i += stride) {
    const size_t end = i + stride < g->n ? i + stride : g->n;
    dp_str_printf(script, "%s[%.9g", i ? "," : "", g->time_s[end - 1] / unit_s);
    for (size_t k = 0; k < line_n; k++) {
      const double v = point(&lines[k], i, end);
      if (isfinite(v)) dp_str_printf(script, ",%.6g", v);
      else dp_str_append(script, ",null");
    }
    dp_str_append(script, "]");
  }
  dp_str_append(script, "]");
}

static void still(struct dp_str *out, const struct dp_series_group *g, const struct line *lines, size_t line_n,
                  const char *title, const char *unit, struct dp_report_clock clock) {
  struct dp_svg_line rows[LINES_MOST];
  struct dp_str labels[LINES_MOST] = {0};
  double *x = calloc((line_n + 1) * g->n + 1, sizeof *x);
  if (!x) {
    out->failed = true;
    return;
  }
  for (size_t i = 0; i < g->n; i++) x[i] = g->time_s[i] / clock.unit_s;
  for (size_t k = 0; k < line_n; k++) {
    double *y = x + (k + 1) * g->n;
    for (size_t i = 0; i < g->n; i++) y[i] = lines[k].series->values[i * lines[k].series->label_n + lines[k].column];
    line_label(&labels[k], &lines[k]);
    rows[k] = (struct dp_svg_line){.label = dp_str_text(&labels[k]), .x = x, .y = y, .n = g->n};
  }
  dp_svg_lines(out, &(struct dp_svg_frame){.title = title, .x_label = clock.label, .y_label = unit}, rows, line_n,
               false);
  for (size_t k = 0; k < line_n; k++) dp_str_fini(&labels[k]);
  free(x);
}

static void put_chart(struct dp_str *out, struct dp_str *script, const struct dp_series_group *g, const struct line *lines,
                      size_t line_n, struct dp_report_clock clock, size_t *id) {
  const bool pure = strcmp(lines[0].series->units, "1") == 0;
  const char *unit = pure ? "number or share" : dp_unit_text(lines[0].series->name, lines[0].series->units);
  struct dp_str title = {0};
  if (line_n == 1) line_label(&title, &lines[0]);
  else dp_str_printf(&title, "%s, in %s", g->name, unit);
  if (!dp_html_has_dygraphs()) {
    still(out, g, lines, line_n, dp_str_text(&title), unit, clock);
    dp_str_fini(&title);
    return;
  }
  dp_str_append(out, "<figure><figcaption>");
  dp_str_xml(out, dp_str_text(&title));
  dp_str_printf(out, "</figcaption><div class=\"dy\" id=\"g%zu\"></div><div class=\"legend\" id=\"l%zu\"></div></figure>\n",
                *id, *id);
  dp_str_printf(script, "chart(%zu,", (*id)++);
  json_text(script, unit);
  dp_str_append(script, ",");
  json_text(script, clock.label);
  dp_str_append(script, ",[\"time\"");
  for (size_t k = 0; k < line_n; k++) {
    struct dp_str label = {0};
    line_label(&label, &lines[k]);
    dp_str_append(script, ",");
    json_text(script, dp_str_text(&label));
    dp_str_fini(&label);
  }
  dp_str_append(script, "],");
  put_data(script, g, lines, line_n, clock.unit_s);
  dp_str_append(script, ");\n");
  dp_str_fini(&title);
}

/* The next metrics of `g`, from *at on, that share a unit and are not over regions, or one metric over regions. */
static size_t next_lines(const struct dp_series_group *g, bool *used, struct line *lines) {
  size_t n = 0;
  const struct dp_series *first = NULL;
  for (size_t k = 0; k < g->series_n && n < LINES_MOST; k++) {
    const struct dp_series *s = &g->series[k];
    if (used[k] || (first && (first->labels || s->labels || strcmp(first->units, s->units) != 0))) continue;
    used[k] = true;
    first = s;
    for (size_t c = 0; c < s->label_n && n < LINES_MOST; c++) lines[n++] = (struct line){s, c};
  }
  return n;
}

static const char prologue[] =
    "function say(v){var u=[[1e12,1e12,' T'],[1e9,1e9,' G'],[1e6,1e6,' M'],[1e4,1e3,' k'],[0,1,'']],i=0;"
    "while(Math.abs(v)<u[i][0])i++;return +(v/u[i][1]).toPrecision(4)+u[i][2];}\n"
    "function chart(i,unit,when,labels,data){new Dygraph(document.getElementById('g'+i),data,{labels:labels,ylabel:unit,"
    "xlabel:when,labelsDiv:'l'+i,legend:'always',strokeWidth:1.6,gridLineColor:"
    "'rgba(128,128,128,.3)',axisLineColor:'rgba(128,128,128,.6)',colors:['#0072b2','#e69f00','#009e73','#cc79a7','#56b4e9',"
    "'#d55e00','#b8a900','#7f7f7f'],"
    "animatedZooms:true,axes:{y:{axisLabelWidth:72,axisLabelFormatter:say,valueFormatter:say},x:{axisLabelWidth:50}}});}\n"
    "document.querySelectorAll('details.model').forEach(function(d){d.addEventListener('toggle',function(){"
    "if(d.open)window.dispatchEvent(new Event('resize'));});});\n";

void dp_report_series(struct dp_str *out, struct dp_str *script, const struct dp_report_run *run) {
  const struct dp_report_clock clock = dp_report_clock(run);
  size_t id = 0;
  dp_str_append(script, prologue);
  for (size_t i = 0; i < run->series.group_n; i++) {
    const struct dp_series_group *g = &run->series.groups[i];
    struct line lines[LINES_MOST];
    size_t n;
    bool *used = calloc(g->series_n + 1, sizeof *used);
    if (!used || g->n == 0) {
      free(used);
      continue;
    }
    dp_str_append(out, "<details class=\"model\"><summary>");
    dp_str_xml(out, g->name);
    dp_str_append(out, ": <span class=\"soft\">");
    dp_str_xml(out, g->long_name);
    dp_str_append(out, "</span></summary><div class=\"charts\">\n");
    while ((n = next_lines(g, used, lines)) > 0) put_chart(out, script, g, lines, n, clock, &id);
    dp_str_append(out, "</div></details>\n");
    free(used);
  }
}
