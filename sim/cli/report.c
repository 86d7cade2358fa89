/* sim/cli/report.c — depinsim report: results as one page to read and to send. */
#include <string.h>

#include "analysis/report.h"
#include "cli/cli.h"
#include "cli/commands.h"

enum { KEY_SURVIVE = 0x100, KEY_POINTS };

struct report_options {
  const char *output;
  struct dp_report_options report;
};

static const struct argp_option report_options[] = {
    {"output", 'o', "FILE", 0, "the page (the first result's name with .html)", 1},
    {"survive", KEY_SURVIVE, "BOUNDS", 0,
     "of a sweep: what a run keeps to survive, as 'token.price_usd>=0.02 && provider.active_n>0' (what its study says)", 2},
    {"points", KEY_POINTS, "N,...", 0, "of a sweep: points whose series are drawn (up to 8)", 2},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct report_options *o = options;
  if (key == KEY_POINTS) return dp_report_points(&o->report, value, err);
  if (key == KEY_SURVIVE) o->report.survive = value;
  else o->output = value;
  return DP_OK;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct report_options *o = options;
  struct dp_str path = {0};
  size_t len = strlen(cli->args[0]);
  if (len > 3 && strcmp(cli->args[0] + len - 3, ".h5") == 0) len -= 3;
  if (o->output) dp_str_append(&path, o->output);
  else dp_str_printf(&path, "%.*s.html", (int)len, cli->args[0]);
  enum dp_status status = path.failed ? dp_fail_nomem(err, "a path") : DP_OK;
  if (status == DP_OK) status = dp_report_write(cli->args, cli->arg_n, dp_str_text(&path), &o->report, err);
  dp_str_fini(&path);
  return status;
}

const struct dp_command dp_command_report = {
    .name = "report",
    .doc = "write one HTML page that says what was asked and what came out",
    .args_doc = "FILE...",
    .details = "The page holds everything it needs and opens offline. Several results give a comparison; the file of a sweep "
               "or a sensitivity analysis gives its points, maps and bands; that of a search by depinsim tune what was asked, "
               "what came out on fresh luck, the way of the search, the front or the fit.",
    .arg_min = 1,
    .arg_max = SIZE_MAX,
    .options = report_options,
    .options_size = sizeof(struct report_options),
    .option = option,
    .run = run,
};
