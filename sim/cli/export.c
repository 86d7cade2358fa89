/* sim/cli/export.c — depinsim export: a result for pandas, R, xarray, spreadsheets. */
#include <string.h>

#include "analysis/export.h"
#include "cli/cli.h"
#include "cli/commands.h"

struct export_options {
  int format;
  const char *output;
};

enum { FORMAT_CSV, FORMAT_NETCDF };

static const struct argp_option export_options[] = {
    {"format", 'f', "FORM", 0, "csv (a folder of files) or netcdf (one file) (csv)", 1},
    {"output", 'o', "PATH", 0, "the folder or the file (the result's name without .h5, or with .nc)", 1},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"csv", "netcdf", NULL};
  struct export_options *o = options;
  if (key == 'f') return dp_cli_choice("--format", value, formats, &o->format, err);
  o->output = value;
  return DP_OK;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct export_options *o = options;
  const char *path = cli->args[0];
  size_t len = strlen(path);
  struct dp_result *r;
  struct dp_str output = {0};
  DP_TRY(dp_result_open_any(path, &r, err));
  const bool sweep = dp_result_is_sweep(r);
  if (sweep && o->format == FORMAT_NETCDF) {
    dp_result_close(r);
    return dp_fail(err, DP_USAGE, "%s is of a sweep, which xarray reads as it is: open_dataset(\"%s\", group=\"kpi\", "
                   "engine=\"h5netcdf\"), and the groups summary/KPI, points/parameter, bands/SERIES", path, path);
  }
  if (len > 3 && strcmp(path + len - 3, ".h5") == 0) len -= 3;
  if (o->output) dp_str_append(&output, o->output);
  else dp_str_printf(&output, "%.*s%s", (int)len, path, o->format == FORMAT_NETCDF ? ".nc" : ".csv");
  enum dp_status status = output.failed ? dp_fail_nomem(err, "a path") : DP_OK;
  if (status == DP_OK && o->format == FORMAT_NETCDF) status = dp_export_netcdf(r, output.data, err);
  else if (status == DP_OK) status = sweep ? dp_export_sweep_csv(r, output.data, err) : dp_export_csv(r, output.data, err);
  dp_str_fini(&output);
  dp_result_close(r);
  return status;
}

const struct dp_command dp_command_export = {
    .name = "export",
    .doc = "write a result as CSV or netCDF-4",
    .args_doc = "FILE",
    .details = "CSV: a folder with kpi.csv, series.GROUP.csv and table.NAME.csv; pandas: read_csv(\"q.csv/kpi.csv\"), R: "
               "read.csv; of a sweep points.csv, runs.csv and band.SERIES.csv. netCDF: one file with every series over time; "
               "xarray: open_dataset(\"q.nc\").",
    .arg_min = 1,
    .arg_max = 1,
    .options = export_options,
    .options_size = sizeof(struct export_options),
    .option = option,
    .run = run,
};
