/* analysis/plot.h — figures for papers: a gnuplot script with its data inside, of results and sweeps.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_PLOT_H
#define DP_ANALYSIS_PLOT_H

#include "analysis/report.h"

/** What is drawn; texts are borrowed. One of the two lists is given. */
struct dp_plot_options {
  const char *series; /* "ledger.exchange.price,…" over time; of sweeps as bands; NULL */
  const char *kpis;   /* "token.price_usd,…": of results as bars, of sweeps over the first parameter that is a number, a
                         line for each combination of the others; NULL */
  const char *title;  /* NULL: none, as journals want it */
  struct dp_report_options sweep; /* points whose bands are drawn */
};

/** Appends the script for files [n], without terminal and output. Errors: as dp_result_open_any; DP_USAGE for a series or
 *  key figure that a file does not have, and for units that do not share an axis.
 *  @param note what is left out, a line each, is appended */
enum dp_status dp_plot_script(struct dp_str *out, const char *const *files, size_t n, const struct dp_plot_options *options,
                              struct dp_str *note, struct dp_err *err);

#endif
