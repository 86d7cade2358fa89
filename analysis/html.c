/* analysis/html.c — the page around a report. */
#include <config.h>

#include "analysis/html.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/svg.h"

/* Where Debian's libjs-dygraphs puts it. */
#ifndef DP_DYGRAPHS
#define DP_DYGRAPHS "/usr/share/javascript/dygraphs"
#endif

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--page:#fff;--card:#f6f8fa;--rule:#d1d9e0}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--page:#0d1117;--card:#151b23;--rule:#3d444d}}"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:1280px;padding:16px;color:var(--ink);background:var(--page);"
    "font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "h1{font-size:1.5rem;line-height:1.25;margin:.2em 0}h2{font-size:1.15rem;margin:1.6em 0 .5em;border-bottom:1px solid "
    "var(--rule);padding-bottom:.25em}h3{font-size:1rem;margin:1em 0 .3em}.soft,.none{color:var(--soft)}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(340px,100%),1fr));gap:14px}"
    "figure{margin:0;padding:10px;background:var(--card);border:1px solid var(--rule);border-radius:6px;min-width:0}"
    "figcaption{font-weight:600;font-size:.92rem;margin-bottom:4px}svg{display:block;width:100%;height:auto}"
    "svg text{font:12px system-ui,sans-serif;fill:currentColor}.grid{stroke:var(--rule);stroke-width:.7;fill:none}"
    ".zero{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:5 3;fill:none}.two{grid-template-columns:repeat(auto-fill,"
    "minmax(min(460px,100%),1fr))}"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke:currentColor}.area{opacity:.85}.band{opacity:.22}"
    ".legend{display:flex;flex-wrap:wrap;gap:2px 12px;font-size:.8rem;margin-top:4px}.legend i{display:inline-block;"
    "width:10px;height:10px;border-radius:2px;margin-right:4px}.ramp{display:flex}.ramp i{margin:0;border-radius:0;height:12px}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;width:100%}th,td{text-align:left;padding:3px "
    "10px 3px 0;border-bottom:1px solid var(--rule);vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap;"
    "font-variant-numeric:tabular-nums}table{overflow-wrap:normal}"
    "td:last-child:not(.n){overflow-wrap:anywhere;min-width:9em}"
    "@media(max-width:600px){.kpi table,.kpi tbody{display:block}.kpi thead{display:none}.kpi tr{display:flex;flex-wrap:wrap;"
    "gap:0 .5em;border-bottom:1px solid var(--rule)}.kpi td{border:0}.kpi td:last-child{flex-basis:100%;color:var(--soft)}}"
    ".verdicts th:nth-child(n+3):not(:last-child){text-align:right}@media(max-width:600px){.verdicts table,.verdicts tbody"
    "{display:block}.verdicts thead{display:none}.verdicts tr{display:flex;flex-wrap:wrap;gap:0 .8em;padding:3px 0;"
    "border-bottom:1px solid var(--rule)}.verdicts td,.verdicts td:last-child:not(.n){border:0;padding:0;min-width:0}"
    ".verdicts td:first-child{flex-basis:100%}.verdicts td:last-child{font-weight:600}.verdicts td:empty{display:none}"
    ".verdicts td:nth-child(3)::before{content:'A '}.verdicts td:nth-child(4)::before{content:'B '}"
    ".verdicts td:nth-child(5)::before{content:'B − A '}.many td:nth-child(6)::before{content:'± '}}"
    "details{margin:.6em 0}summary{cursor:pointer}#provenance td.n{text-align:left}"
    ".left td.n{text-align:left}.num th:not(:first-child),.num td:not(:first-child){text-align:right}"
    ".flag{border-left:4px solid #d55e00;padding:.3em .8em;background:var(--card);margin:.6em 0}"
    ".dy{width:100%;height:230px}.dygraph-axis-label{color:var(--ink)!important}.dygraph-legend{background:var(--card)!important;"
    "color:var(--ink)}@media(min-width:700px){.kpi table{table-layout:fixed}.kpi th:nth-child(1)"
    "{width:30%}.kpi th:nth-child(2){width:12%;"
    "text-align:right}.kpi th:nth-child(3){width:9%}}"
    ".dygraph-label{color:var(--soft);font-size:12px}pre{white-space:pre-wrap;font-size:.8rem;background:var(--card);"
    "padding:10px;border-radius:6px}";

/* Okabe & Ito (2008), a palette for all kinds of colour vision; black gives way to grey. */
static const char *const palette[DP_SVG_COLOURS] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                                    "#56b4e9", "#d55e00", "#b8a900", "#7f7f7f"};

/* Appends a file; nothing when it cannot be read. A script must not hold the end of its own element. */
static void put_file(struct dp_str *out, const char *path) {
  char bytes[8192];
  size_t n;
  FILE *file = fopen(path, "r");
  if (!file) return;
  while ((n = fread(bytes, 1, sizeof bytes, file)) > 0) dp_str_append_n(out, bytes, n);
  fclose(file);
}

bool dp_html_has_dygraphs(void) { return access(DP_DYGRAPHS "/dygraph.min.js", R_OK) == 0; }

void dp_html_open(struct dp_str *out, const char *title) {
  dp_str_append(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                     "content=\"width=device-width,initial-scale=1\"><title>");
  dp_str_xml(out, title);
  dp_str_append(out, "</title><link rel=\"icon\" href=\"data:,\"><style>");
  put_file(out, DP_DYGRAPHS "/dygraph.min.css");
  dp_str_append(out, style);
  for (int i = 0; i < DP_SVG_COLOURS; i++)
    dp_str_printf(out, ".area.c%d,.band.c%d,.dot.c%d{fill:%s}.line.c%d{stroke:%s}i.c%d{background:%s}", i, i, i, palette[i],
                  i, palette[i], i, palette[i]);
  dp_str_append(out, "</style></head><body>\n");
}

void dp_html_close(struct dp_str *out, const char *script) {
  if (script && dp_html_has_dygraphs()) {
    dp_str_append(out, "<script>");
    put_file(out, DP_DYGRAPHS "/dygraph.min.js");
    dp_str_append(out, "</script>\n<script>");
    dp_str_append(out, script);
    dp_str_append(out, "</script>\n");
  }
  dp_str_append(out, "</body></html>\n");
}

enum dp_status dp_html_write(const struct dp_str *page, const char *path, struct dp_err *err) {
  FILE *file = fopen(path, "w");
  const bool written = file && fwrite(page->data, 1, page->len, file) == page->len;
  const bool closed = file && fclose(file) == 0;
  if (written && closed) return DP_OK;
  return dp_fail(err, DP_IO, "cannot write %s: %s (choose another -o)", path, strerror(errno));
}

void dp_html_section(struct dp_str *out, const char *id, const char *heading) {
  dp_str_printf(out, "<section id=\"%s\"><h2>", id);
  dp_str_xml(out, heading);
  dp_str_append(out, "</h2>\n");
}

void dp_html_end(struct dp_str *out) { dp_str_append(out, "</section>\n"); }

void dp_html_lines(struct dp_str *out, const char *heading, const char *lines, size_t n) {
  dp_str_append(out, "<h3>");
  dp_str_xml(out, heading);
  dp_str_append(out, "</h3>");
  if (n > 12) dp_str_printf(out, "<details><summary>%zu</summary>", n);
  dp_str_append(out, "<pre>");
  dp_str_xml(out, n ? lines : "none");
  dp_str_append(out, n > 12 ? "</pre></details>\n" : "</pre>\n");
}

static bool is_number(const char *text) {
  char *end;
  if (strcmp(text, "-") == 0) return true;
  strtod(text, &end);
  return end != text && (*end == '\0' || strcmp(end, " k") == 0 || strcmp(end, " M") == 0 || strcmp(end, " G") == 0 ||
                         strcmp(end, " T") == 0 || strcmp(end, " %") == 0);
}

void dp_html_row(struct dp_str *out, const char *tag, const char *const *cells, size_t n) {
  dp_str_append(out, "<tr>");
  for (size_t i = 0; i < n; i++) {
    dp_str_printf(out, "<%s%s>", tag, is_number(cells[i]) ? " class=\"n\"" : "");
    dp_str_xml(out, cells[i]);
    dp_str_printf(out, "</%s>", tag);
  }
  dp_str_append(out, "</tr>\n");
}
