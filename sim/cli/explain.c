/* sim/cli/explain.c — depinsim explain: what a key figure means and what it is made of. */
#include "analysis/explain.h"
#include "cli/cli.h"
#include "cli/commands.h"

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_result *r;
  struct dp_str out = {0};
  (void)options;
  DP_TRY(dp_result_open_any(cli->args[0], &r, err));
  enum dp_status status = dp_explain(&out, r, cli->args[1], err);
  dp_result_close(r);
  if (status == DP_OK) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

const struct dp_command dp_command_explain = {
    .name = "explain",
    .doc = "say what a key figure of a result means and what it is made of",
    .args_doc = "FILE KPI",
    .details = "Definition, formula, who declares it, the metrics in it by instance and region, and the series that change "
               "together with it. Of a sweep the parameters that it goes with, of a sensitivity analysis its measures.",
    .arg_min = 2,
    .arg_max = 2,
    .run = run,
};
