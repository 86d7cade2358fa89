/* sim/cli/new.c — depinsim new: a commented scenario to start from. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"

enum { KEY_SLURM = 0x200 };

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

static const char template_slurm[] =
    "#!/bin/bash\n"
    "# Runs NAME.lua, job after job, until its result is there:   sbatch NAME.sbatch\n"
    "# A job stops with a checkpoint before its time limit and submits the next. After anything else that ends a job (a\n"
    "# node that fails, scancel) submit it again: it goes on from the last checkpoint.\n"
    "#SBATCH --job-name=NAME\n"
    "#SBATCH --ntasks=4\n"
    "#SBATCH --time=04:00:00\n"
    "#SBATCH --signal=B:USR1@120\n"
    "#SBATCH --output=NAME.log\n"
    "#SBATCH --open-mode=append\n"
    "\n"
    "depinsim=depinsim                  # or its full path\n"
    "launch=(mpirun -n \"$SLURM_NTASKS\") # or: (srun --mpi=pmix)\n"
    "result=NAME.h5\n"
    "margin_s=60                        # a job stops so long before its limit\n"
    "\n"
    "end_s=$(date -d \"$(squeue -h -j \"$SLURM_JOB_ID\" -o %e)\" +%s)\n"
    "command=(run NAME.lua -o \"$result\" --checkpoint-every 30d)\n"
    "if [ -e \"$result.ckpt\" ]; then command=(resume \"$result.ckpt\"); fi\n"
    "\"${launch[@]}\" \"$depinsim\" \"${command[@]}\" --wall-limit $((end_s - $(date +%s) - margin_s)) &\n"
    "\n"
    "# Slurm's signal, should the margin have been too short: one more checkpoint.\n"
    "trap 'kill -USR1 $!' USR1\n"
    "wait $!\n"
    "code=$?\n"
    "while [ $code -gt 128 ] && kill -0 $! 2>/dev/null; do # it was the signal that ended the wait\n"
    "  wait $!\n"
    "  code=$?\n"
    "done\n"
    "if [ $code -eq 75 ]; then sbatch NAME.sbatch; fi\n"
    "exit $code\n";

/* A template with the file's own name in place of NAME. */
static void fill(struct dp_str *out, const char *template, const char *name) {
  const char *at = template, *next;
  for (; (next = strstr(at, "NAME")) != NULL; at = next + strlen("NAME")) {
    dp_str_append_n(out, at, (size_t)(next - at));
    dp_str_append(out, name);
  }
  dp_str_append(out, at);
}

/* NAME and the suffix, a file that is not there yet. */
static enum dp_status create(const char *template, const char *name, const char *suffix, struct dp_err *err) {
  struct dp_str path = {0}, text = {0};
  dp_str_printf(&path, "%s%s", name, suffix);
  fill(&text, template, name);
  enum dp_status status = path.failed || text.failed ? dp_fail_nomem(err, "a scenario") : DP_OK;
  int fd = status == DP_OK ? open(dp_str_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
  if (fd < 0 && status == DP_OK)
    status = errno == EEXIST ? dp_fail(err, DP_IO, "%s exists already (give another name)", dp_str_text(&path))
                             : dp_fail(err, DP_IO, "cannot write %s: %s", dp_str_text(&path), strerror(errno));
  if (fd >= 0) {
    status = write_all(fd, dp_str_text(&path), dp_str_text(&text), text.len, err);
    if (close(fd) != 0 && status == DP_OK)
      status = dp_fail(err, DP_IO, "cannot write %s: %s", dp_str_text(&path), strerror(errno));
    if (status != DP_OK) unlink(dp_str_text(&path));
  }
  dp_str_fini(&text);
  dp_str_fini(&path);
  return status;
}

/* The scenario; for a job the script too, and the scenario only when there is none. */
static enum dp_status write_files(const char *name, bool slurm, struct dp_str *said, struct dp_err *err) {
  struct dp_str scenario = {0};
  dp_str_printf(&scenario, "%s.lua", name);
  enum dp_status status = scenario.failed ? dp_fail_nomem(err, "a name") : DP_OK;
  if (status == DP_OK && !(slurm && access(dp_str_text(&scenario), F_OK) == 0)) {
    status = create(template_lua, name, ".lua", err);
    dp_str_printf(said, "%s.lua written; try: depinsim run %s.lua\n", name, name);
  }
  if (status == DP_OK && slurm) {
    status = create(template_slurm, name, ".sbatch", err);
    dp_str_printf(said, "%s.sbatch written; look at its first lines, then: sbatch %s.sbatch\n", name, name);
  }
  dp_str_fini(&scenario);
  return status;
}

static const struct argp_option new_options[] = {
    {"slurm", KEY_SLURM, NULL, 0, "write NAME.sbatch too, a job script for Slurm; NAME.lua may exist", 0},
    {0},
};

struct new_options {
  bool slurm;
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  (void)value, (void)err;
  if (key == KEY_SLURM) ((struct new_options *)options)->slurm = true;
  return DP_OK;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct new_options *o = options;
  const char *given = cli->args[0];
  size_t len = strlen(given);
  struct dp_str name = {0}, said = {0};
  if (len > 4 && strcmp(given + len - 4, ".lua") == 0) len -= 4;
  if (len == 0 || given[len - 1] == '/') return dp_fail(err, DP_USAGE, "the name of a file is expected");
  dp_str_append_n(&name, given, len);
  enum dp_status status = name.failed ? dp_fail_nomem(err, "a name")
                                      : write_files(dp_str_text(&name), o->slurm, &said, err);
  dp_str_fini(&name);
  if (status != DP_OK) dp_str_fini(&said);
  return status == DP_OK ? dp_cli_put(&said, err) : status;
}

const struct dp_command dp_command_new = {
    .name = "new",
    .doc = "write a commented scenario to start from",
    .args_doc = "NAME",
    .details = "Writes NAME.lua. A file that exists is never overwritten.",
    .arg_min = 1,
    .arg_max = 1,
    .options = new_options,
    .options_size = sizeof(struct new_options),
    .option = option,
    .run = run,
};
