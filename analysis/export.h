/* analysis/export.h — a result in the forms that other tools read in one line.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_EXPORT_H
#define DP_ANALYSIS_EXPORT_H

#include "analysis/result.h"

/** Writes a folder of CSV files (RFC 4180, a head line each): kpi.csv; series.GROUP.csv with columns time_s, date and a
 *  column a metric (metric[label] where it has a dimension); table.NAME.csv with a column a column, amounts of 128 bits
 *  as whole decimal numbers. Numbers keep every digit; what is not defined is empty.
 *  @param folder made when it is not there; files of the same name are replaced. DP_IO. */
enum dp_status dp_export_csv(const struct dp_result *result, const char *folder, struct dp_err *err);

/** The same of a sweep: points.csv with parameters and, of each key figure, KPI.mean, .half_width, .p5, .p50, .p95, .n;
 *  runs.csv with point, replicate, seed, status (0: it ended), parameters and key figures; band.SERIES.csv with point,
 *  time_s, mean, p5, p50, p95. @param result of dp_result_open_any. DP_IO, DP_FORMAT. */
enum dp_status dp_export_sweep_csv(struct dp_result *result, const char *folder, struct dp_err *err);

/** Writes one netCDF-4 file: the dimension time, a coordinate a dimension of metrics, one variable GROUP.METRIC over time
 *  each, with units, long_name and cell_methods; key figures are attributes of the file.
 *  @param path made under NAME.part and renamed. DP_IO. */
enum dp_status dp_export_netcdf(const struct dp_result *result, const char *path, struct dp_err *err);

#endif
