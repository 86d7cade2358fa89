/* sim/cli/new.c — depinsim new: a commented scenario to start from. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"

static const char template_lua[] =
    "-- Question: do the hosts of a small GPU network earn more than their electricity costs?\n"
    "--\n"
    "-- Run it:      depinsim run NAME.lua\n"
    "-- Change it:   depinsim run NAME.lua --set hosts_n=50 -o more.h5\n"
    "-- What exists: depinsim presets, depinsim models, depinsim params depin.provider\n"
    "local depin = require \"depin\"\n"
    "\n"
    "-- What --set may change: { default, min = …, max = …, doc = \"…\" }.\n"
    "local p = depin.parameters {\n"
    "  hosts_n = { 20, min = 1, max = 1e6, doc = \"hosts with one GPU each\" },\n"
    "  rate_per_s = { 2, min = 0, max = 1e5, doc = \"requests, all regions together\" },\n"
    "  price_usd_per_mtok = { 0.2, min = 1e-3, max = 1e3, doc = \"first price that each host posts\" },\n"
    "  minutes = { 60, min = 1, max = 1e6, doc = \"how long it runs\" },\n"
    "}\n"
    "\n"
    "return depin.scenario {\n"
    "  start = \"2024-04-15\", duration_min = p.minutes, settle_every_s = 300, seed = 1,\n"
    "\n"
    "  -- where: latency, electricity and carbon of real regions\n"
    "  place = depin.place.azure { regions = { \"East US\", \"West Europe\" } },\n"
    "\n"
    "  -- where hosts sell: they post prices, a gateway routes each request\n"
    "  networks = { depin.network.posted { name = \"gpus\", routing = \"least_loaded\", take_ratio = 0.05 } },\n"
    "\n"
    "  -- who sells\n"
    "  providers = {\n"
    "    depin.provider {\n"
    "      network = \"gpus\", count = p.hosts_n, node = depin.hardware.rtx4090 {},\n"
    "      pricing = depin.policy.undercut { price_usd_per_mtok = p.price_usd_per_mtok },\n"
    "    },\n"
    "  },\n"
    "\n"
    "  -- what customers ask for\n"
    "  workloads = {\n"
    "    depin.workload.inference {\n"
    "      name = \"chat\", network = \"gpus\", rate_per_s = p.rate_per_s, tokens = \"azure_conv\",\n"
    "      llm = depin.llm.llama2_7b,\n"
    "    },\n"
    "  },\n"
    "\n"
    "  -- what must hold at the defaults above; the exit code of `run` is 1 when it does not\n"
    "  expect = { [\"job.completed_ratio\"] = depin.at_least(0.9) },\n"
    "\n"
    "  -- a form of a second for tests: depinsim run NAME.lua --check-form\n"
    "  check = { minutes = 5, hosts_n = 8 },\n"
    "}\n";

static enum dp_status write_all(int fd, const char *path, const char *text, size_t len, struct dp_err *err) {
  while (len > 0) {
    ssize_t n = write(fd, text, len);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return dp_fail(err, DP_IO, "cannot write %s: %s", path, strerror(errno));
    text += n;
    len -= (size_t)n;
  }
  return DP_OK;
}

/* The template with the file's own name in its comments. */
static void fill(struct dp_str *out, const char *path) {
  const char *at = template_lua, *next;
  for (; (next = strstr(at, "NAME.lua")) != NULL; at = next + strlen("NAME.lua")) {
    dp_str_append_n(out, at, (size_t)(next - at));
    dp_str_append(out, path);
  }
  dp_str_append(out, at);
}

static enum dp_status create(const char *path, struct dp_err *err) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EEXIST) return dp_fail(err, DP_IO, "%s exists already (give another name)", path);
  if (fd < 0) return dp_fail(err, DP_IO, "cannot write %s: %s", path, strerror(errno));
  struct dp_str text = {0};
  fill(&text, path);
  enum dp_status status = text.failed ? dp_fail_nomem(err, "a scenario")
                                      : write_all(fd, path, dp_str_text(&text), text.len, err);
  dp_str_fini(&text);
  if (close(fd) != 0 && status == DP_OK) status = dp_fail(err, DP_IO, "cannot write %s: %s", path, strerror(errno));
  if (status != DP_OK) unlink(path);
  return status;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const char *name = cli->args[0];
  size_t len = strlen(name);
  bool suffixed = len > 4 && strcmp(name + len - 4, ".lua") == 0;
  struct dp_str path = {0}, out = {0};
  (void)options;
  if (len == 0 || name[len - 1] == '/') return dp_fail(err, DP_USAGE, "the name of a file is expected");
  dp_str_printf(&path, "%s%s", name, suffixed ? "" : ".lua");
  enum dp_status status = path.failed ? dp_fail_nomem(err, "a name") : create(dp_str_text(&path), err);
  if (status == DP_OK) dp_str_printf(&out, "%s written; try: depinsim run %s\n", path.data, path.data);
  dp_str_fini(&path);
  return status == DP_OK ? dp_cli_put(&out, err) : status;
}

const struct dp_command dp_command_new = {
    .name = "new",
    .doc = "write a commented scenario to start from",
    .args_doc = "NAME",
    .details = "Writes NAME.lua. A file that exists is never overwritten.",
    .arg_min = 1,
    .arg_max = 1,
    .run = run,
};
