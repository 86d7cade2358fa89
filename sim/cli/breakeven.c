/* sim/cli/breakeven.c — depinsim breakeven: runs a scenario and says when which machine has earned its price. */
#include <config.h>

#include "analysis/breakeven.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/scenario_options.h"
#include "script/sandbox.h"

#define MACHINES_MAX 64

struct breakeven_options {
  struct dp_scenario_choice choice; /* first */
  int format;
};

static const struct argp_option breakeven_options[] = {
    DP_SCENARIO_OPTIONS,
    {"format", 'f', "FORM", 0, "text, json or csv (text)", 2},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const formats[] = {"text", "json", "csv", NULL};
  struct breakeven_options *o = options;
  if (dp_scenario_option_is(key)) return dp_scenario_option(&o->choice, key, value, err);
  return dp_cli_choice("--format", value, formats, &o->format, err);
}

static void release(void *options) { dp_scenario_choice_fini(&((struct breakeven_options *)options)->choice); }

/* ---- the library's machines ---- */

static const char machines_lua[] =
    "local depin = require 'depin'\n"
    "local list = {}\n"
    "for _, name in ipairs(depin.hardware.names()) do\n"
    "  local c = depin.hardware[name] {}\n"
    "  list[#list + 1] = { name = name, gpu_n = c.gpu_n, bandwidth_gb_per_s = c.bandwidth_gb_per_s, tdp_w = c.tdp_w,\n"
    "    idle_ratio = c.idle_ratio, overhead_w = c.overhead_w, price_usd = c.price_usd }\n"
    "end\n"
    "return list\n";

static double number(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  const double x = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return x;
}

static void read_machine(lua_State *L, struct dp_breakeven_machine *m) {
  *m = (struct dp_breakeven_machine){.class = {.gpu_n = (int64_t)number(L, "gpu_n"),
                                               .bandwidth_gb_per_s = number(L, "bandwidth_gb_per_s"),
                                               .tdp_w = number(L, "tdp_w"),
                                               .idle_ratio = number(L, "idle_ratio"),
                                               .overhead_w = number(L, "overhead_w"),
                                               .price_usd = number(L, "price_usd")}};
  lua_getfield(L, -1, "name");
  snprintf(m->name, sizeof m->name, "%s", lua_tostring(L, -1));
  lua_pop(L, 1);
}

/* Asks the library, as a script in a file of its own. */
static enum dp_status read_machines(struct dp_comm *comm, struct dp_breakeven_machine *machines, size_t *n,
                                    struct dp_err *err) {
  char path[] = "/tmp/depinsim-machines.XXXXXX";
  const struct dp_scenario_options none = {0};
  struct dp_scenario *script = NULL;
  const int fd = mkstemp(path);
  const bool written = fd >= 0 && write(fd, machines_lua, sizeof machines_lua - 1) == (ssize_t)sizeof machines_lua - 1;
  if (fd >= 0) close(fd);
  enum dp_status status = written ? dp_script_load(path, &none, comm, &script, err)
                                  : dp_fail(err, DP_IO, "%s cannot be written", path);
  if (fd >= 0) unlink(path);
  if (status == DP_OK) {
    lua_State *L = dp_lua_state(dp_scenario_lua(script));
    const size_t all = lua_rawlen(L, -1);
    for (*n = 0; *n < all && *n < MACHINES_MAX; lua_pop(L, 1)) {
      lua_rawgeti(L, -1, (lua_Integer)*n + 1);
      read_machine(L, &machines[(*n)++]);
    }
  }
  dp_scenario_free(script);
  return status;
}

/* ---- the command ---- */

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct breakeven_options *o = options;
  struct dp_breakeven_machine machines[MACHINES_MAX];
  struct dp_comm *comm;
  struct dp_scenario *scenario = NULL;
  struct dp_sim *sim = NULL;
  struct dp_str out = {0};
  size_t n = 0;
  bool stopped;
  DP_TRY(dp_comm_null_new(&comm, err));
  enum dp_status status = read_machines(comm, machines, &n, err);
  if (status == DP_OK) status = dp_scenario_open(cli->args[0], &o->choice, comm, &scenario, err);
  if (status == DP_OK) status = dp_sim_new(dp_scenario_spec(scenario), comm, &sim, err);
  if (status == DP_OK) status = dp_sim_run(sim, &stopped, err);
  if (status == DP_OK) status = dp_breakeven_print(&out, (enum dp_text_format)o->format, sim, machines, n, err);
  if (status == DP_OK) status = dp_cli_put(&out, err);
  dp_str_fini(&out);
  dp_sim_free(sim);
  dp_scenario_free(scenario);
  dp_comm_free(comm);
  return status;
}

const struct dp_command dp_command_breakeven = {
    .name = "breakeven",
    .doc = "run a scenario and say when a machine has earned its price, by hardware, region, token price and utilisation",
    .args_doc = "SCENARIO",
    .details = "payback = (price - resale) / (income - electricity - opex) days; never: not in ten years. Income: a host's "
               "mean cash and tokens a day in the run, times the machine's speed (memory bandwidth of its GPUs over that of "
               "the scenario's), by region times the work of its hosts. Tokens at the last price.",
    .arg_min = 1,
    .arg_max = 1,
    .options = breakeven_options,
    .options_size = sizeof(struct breakeven_options),
    .option = option,
    .release = release,
    .run = run,
};
