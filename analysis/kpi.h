/* analysis/kpi.h — prints KPIs: as a table, as one JSON object, as CSV; of a run that just ended or of a result file.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_KPI_H
#define DP_ANALYSIS_KPI_H

#include "analysis/result.h"

/** Appends KPIs to `out`. Text: name, value, unit in columns, without those of single instances where there is
 *  a figure of all; JSON: {"scenario", "digest", "kpi": {…}, "units": {…}}, counts
 *  as integers, undefined values null; CSV: name,value,unit with a header line.
 *  Errors: DP_NOMEM. */
enum dp_status dp_kpi_print(struct dp_str *out, enum dp_text_format format, const char *scenario, uint64_t digest,
                            const struct dp_kpi_value *kpis, size_t n, struct dp_err *err);

/** `depinsim kpi FILE`. */
enum dp_status dp_kpi_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err);

#endif
