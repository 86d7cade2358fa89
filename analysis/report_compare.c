/* analysis/report_compare.c — the page of a comparison: key figures with verdicts, bands of both beside their difference. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/compare_bands.h"
#include "analysis/html.h"
#include "analysis/report.h"
#include "analysis/svg.h"
#include "analysis/swept.h"

#define POINTS_MOST 400 /* of a still picture: more are not seen */
#define VERDICT_N (DP_COMPARE_UNDEFINED + 1)

/** What the parts of the page are made of. */
struct page {
  struct dp_str *out;
  const struct dp_compare_side *sides;
  size_t n;
  const struct dp_compare_row *rows; /* [row_n] */
  size_t row_n;
};

/* ---- what was asked ---- */

static void put_side(const struct page *p, const char *letter, int side) {
  dp_str_printf(p->out, "<li><b>%s</b>: ", letter);
  dp_str_xml(p->out, p->sides[side].label);
  dp_str_append(p->out, "</li>");
}

static enum dp_status put_head(const struct page *p, struct dp_err *err) {
  const struct dp_result *a = p->sides[0].results[0], *b = p->sides[1].results[0];
  char length[DP_DURATION_TEXT];
  struct dp_str parameters = {0};
  size_t differ_n = 0;
  dp_report_head(p->out, a);
  if (strcmp(a->title, b->title) != 0) {
    dp_str_append(p->out, "<p>B asks: ");
    dp_str_xml(p->out, b->title[0] ? b->title : b->scenario);
    dp_str_append(p->out, "</p>\n");
  }
  dp_str_append(p->out, "<p>Compared:</p><ul>");
  put_side(p, "A", 0);
  put_side(p, "B", 1);
  dp_str_printf(p->out, "</ul><p class=\"soft\">%zu run%s of each, from ", p->n, p->n > 1 ? "s" : "");
  dp_str_xml(p->out, a->start);
  dp_str_printf(p->out, " for %s; ", dp_format_duration(a->duration_ns, length));
  if (!dp_compare_shares_luck(p->sides, p->n))
    dp_str_append(p->out, "<b>the seeds differ: what is due to luck is in the differences too</b>");
  else if (p->n == 1) dp_str_printf(p->out, "both with seed %llu", (unsigned long long)a->seed);
  else dp_str_append(p->out, "the i-th runs of both share their seed, so that the same luck meets both");
  dp_str_append(p->out, "</p>\n");
  enum dp_status status = dp_compare_parameters(&parameters, a, b, &differ_n, err);
  dp_html_lines(p->out, "Parameters that differ", dp_str_text(&parameters), differ_n);
  dp_str_fini(&parameters);
  return status;
}

/* ---- key figures ---- */

static void put_row(const struct page *p, const struct dp_compare_row *x) {
  char a[32], b[32], difference[40] = "-", number[32], half[32], share[32];
  const char *cells[8];
  size_t n = 0;
  if (isfinite(x->difference))
    snprintf(difference, sizeof difference, "%s%s", x->difference > 0 ? "+" : "", dp_svg_number(x->difference, number));
  cells[n++] = x->name;
  cells[n++] = x->unit && strcmp(x->unit, "1") != 0 ? dp_unit_text(x->name, x->unit) : "";
  cells[n++] = dp_svg_number(x->a, a);
  cells[n++] = dp_svg_number(x->b, b);
  cells[n++] = difference;
  if (p->n > 1) cells[n++] = dp_svg_number(x->half_width, half);
  cells[n++] = dp_compare_share(x, share);
  cells[n++] = dp_compare_verdict_text(x->verdict);
  dp_html_row(p->out, "td", cells, n);
}

/* The key figures of these verdicts. */
static void put_rows(const struct page *p, unsigned verdicts) {
  static const char *const one[] = {"key figure", "unit", "A", "B", "B − A", "relative", "B is"};
  static const char *const many[] = {"key figure", "unit", "A", "B", "B − A", "±", "relative", "B is"};
  dp_str_printf(p->out, "<div class=\"verdicts%s\">", p->n > 1 ? " many" : "");
  if (p->n > 1) dp_report_open_table(p->out, many, 8);
  else dp_report_open_table(p->out, one, 7);
  for (size_t i = 0; i < p->row_n; i++)
    if (verdicts & 1u << p->rows[i].verdict) put_row(p, &p->rows[i]);
  dp_report_close_table(p->out);
  dp_str_append(p->out, "</div>\n");
}

static void put_figures(const struct page *p) {
  const unsigned same = 1u << DP_COMPARE_EQUAL | 1u << DP_COMPARE_UNDEFINED;
  size_t count[VERDICT_N] = {0}, same_n;
  for (size_t i = 0; i < p->row_n; i++) count[p->rows[i].verdict]++;
  same_n = count[DP_COMPARE_EQUAL] + count[DP_COMPARE_UNDEFINED];
  dp_html_section(p->out, "kpi", "Key figures");
  dp_str_printf(p->out, "<p>Of %zu key figures %zu are higher in B and %zu lower", p->row_n, count[DP_COMPARE_HIGHER],
                count[DP_COMPARE_LOWER]);
  if (p->n > 1) dp_str_printf(p->out, "; of %zu the runs do not tell", count[DP_COMPARE_UNRESOLVED]);
  dp_str_append(p->out, ".</p>\n");
  if (p->n > 1)
    dp_str_append(p->out, "<p class=\"soft\">Means of the runs; ± is the 95 % interval of the mean difference, pair by pair "
                          "(Student's t). Not resolved: it holds 0.</p>\n");
  if (same_n < p->row_n) put_rows(p, ~same);
  if (same_n) {
    dp_str_printf(p->out, "<details><summary>%zu that are equal in every pair, or not defined</summary>", same_n);
    put_rows(p, same);
    dp_str_append(p->out, "</details>\n");
  }
  dp_html_end(p->out);
}

/* ---- over time ---- */

/* Every stride-th value, the last always. @return how many */
static size_t thin(double *to, const double *from, size_t n, double unit) {
  const size_t stride = (n + POINTS_MOST - 1) / POINTS_MOST;
  size_t kept = 0;
  for (size_t i = (n - 1) % stride; i < n; i += stride) to[kept++] = from[i] / unit;
  return kept;
}

static struct dp_svg_line line_of(const char *label, const double *x, double *room, const struct dp_band *b, size_t of,
                                  size_t runs_n) {
  struct dp_svg_line line = {.label = label, .x = x};
  for (size_t q = 0; q < DP_BAND_Q; q++) line.n = thin(room + q * POINTS_MOST, b->q[of][q], b->n, 1);
  line.y = room + DP_BAND_P50 * POINTS_MOST;
  if (runs_n > 1) {
    line.low = room + DP_BAND_P5 * POINTS_MOST;
    line.high = room + DP_BAND_P95 * POINTS_MOST;
  }
  return line;
}

static void put_pair(const struct page *p, const struct dp_band *b, struct dp_report_clock clock, double *room) {
  double *x = room;
  struct dp_str title = {0}, unit = {0};
  thin(x, b->time_s, b->n, clock.unit_s);
  const struct dp_svg_line lines[] = {
      line_of("A", x, x + POINTS_MOST, b, DP_BAND_A, p->n),
      line_of("B", x, x + (1 + DP_BAND_Q) * POINTS_MOST, b, DP_BAND_B, p->n),
      line_of("B − A, pair by pair", x, x + (1 + 2 * DP_BAND_Q) * POINTS_MOST, b, DP_BAND_DIFFERENCE, p->n)};
  dp_str_printf(&title, "%s: B − A", b->title);
  dp_str_printf(&unit, "B − A, %s", b->unit);
  dp_svg_lines(p->out, &(struct dp_svg_frame){.title = b->title, .x_label = clock.label, .y_label = b->unit}, lines, 2, false);
  dp_svg_lines(p->out, &(struct dp_svg_frame){.title = dp_str_text(&title), .x_label = clock.label,
                                              .y_label = dp_str_text(&unit), .zero_y = true, .colour = 2},
               lines + 2, 1, false);
  dp_str_fini(&title);
  dp_str_fini(&unit);
}

static void put_charts(const struct page *p, const struct dp_bands *bands, double *room) {
  const struct dp_report_clock clock = dp_report_clock_of(p->sides[0].results[0]->duration_ns);
  dp_str_append(p->out, p->n > 1 ? "<p class=\"soft\">Lines are medians of the runs; 90 % of them lie in the band around it. "
                                   "The second chart of each has the differences of the pairs, in which the luck that both "
                                   "share is gone: where their band keeps off the dashed line, the change acts.</p>\n"
                                 : "<p class=\"soft\">One run of each; the second chart has their difference. Of two "
                                   "scenarios instead of two results, compare runs several seeds and draws bands.</p>\n");
  dp_str_append(p->out, "<div class=\"charts two\">\n");
  for (size_t i = 0; i < bands->n; i++)
    if (!bands->bands[i].equal) put_pair(p, &bands->bands[i], clock, room);
  dp_str_append(p->out, "</div>\n");
}

static void put_bands(const struct page *p, const struct dp_bands *bands) {
  double *room = calloc((1 + DP_BAND_OF * DP_BAND_Q) * POINTS_MOST, sizeof *room);
  size_t equal_n = 0;
  if (!room) p->out->failed = true;
  if (!room || bands->n + bands->apart_n == 0) {
    free(room);
    return;
  }
  dp_html_section(p->out, "bands", "Over time");
  for (size_t i = 0; i < bands->n; i++) equal_n += bands->bands[i].equal;
  if (equal_n < bands->n) put_charts(p, bands, room);
  if (bands->apart_n)
    dp_str_printf(p->out, "<p class=\"soft\">%zu series are left out: the runs do not have two times in common.</p>\n",
                  bands->apart_n);
  if (equal_n > 0) dp_str_append(p->out, "<p class=\"soft\">The same in every pair at every time:");
  for (size_t i = 0; i < bands->n; i++) {
    if (!bands->bands[i].equal) continue;
    dp_str_append(p->out, " ");
    dp_str_xml(p->out, bands->bands[i].title);
    dp_str_append(p->out, --equal_n ? ";" : ".</p>\n");
  }
  dp_html_end(p->out);
  free(room);
}

/* ---- the whole ---- */

/* The first run of each side. */
static void put_sources(const struct page *p) {
  struct dp_report_run runs[2] = {{0}};
  struct dp_str labels[2] = {0};
  for (int side = 0; side < 2; side++) {
    dp_str_printf(&labels[side], "%s: %s", side ? "B" : "A", p->sides[side].label);
    if (p->n > 1) dp_str_printf(&labels[side], ", the first of %zu runs", p->n);
    runs[side] = (struct dp_report_run){.result = p->sides[side].results[0], .label = dp_str_text(&labels[side])};
  }
  dp_report_provenance(p->out, runs, 2);
  for (int side = 0; side < 2; side++) dp_str_fini(&labels[side]);
}

enum dp_status dp_compare_page(struct dp_str *out, const struct dp_compare_side sides[2], size_t n,
                               const struct dp_bands *bands, struct dp_err *err) {
  struct dp_compare_row *rows = NULL;
  struct page p = {.out = out, .sides = sides, .n = n};
  struct dp_str title = {0};
  dp_str_printf(&title, "%s and %s", sides[0].label, sides[1].label);
  dp_html_open(out, dp_str_text(&title));
  dp_str_fini(&title);
  DP_TRY(put_head(&p, err));
  DP_TRY(dp_compare(sides, n, &rows, &p.row_n, err));
  p.rows = rows;
  put_figures(&p);
  put_bands(&p, bands);
  put_sources(&p);
  dp_html_close(out, NULL);
  free(rows);
  return out->failed ? dp_fail_nomem(err, "a report") : DP_OK;
}
