/* sim/cli/resume.c — depinsim resume: a run goes on from its checkpoint, to the result that it would have had. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/libm_check.h"

static const struct argp_option resume_options[] = {DP_SESSION_OPTIONS, {0}};

struct resume_options {
  struct dp_session_options session;
  bool has_format;
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct resume_options *o = options;
  if (key == 'f') o->has_format = true;
  return dp_session_option(&o->session, key, value, err);
}

/* ---- finding it ---- */

/** What is shared by the first rank. */
struct found {
  struct dp_buffer about;  /* as packed */
  struct dp_buffer from;   /* path of the checkpoint that is good, with its zero */
  struct dp_buffer output; /* path of the result, with its zero */
  bool completed;
};

static void found_fini(struct found *f) {
  dp_buffer_fini(&f->about);
  dp_buffer_fini(&f->from);
  dp_buffer_fini(&f->output);
}

/* X of X.ckpt or X.ckpt.old. */
static enum dp_status name_output(const char *path, struct dp_buffer *output, struct dp_err *err) {
  static const char *const ends[] = {".ckpt", ".ckpt.old"};
  for (size_t i = 0; i < 2; i++) {
    const size_t len = strlen(path), end = strlen(ends[i]);
    if (len <= end || strcmp(path + len - end, ends[i]) != 0) continue;
    DP_TRY(dp_buffer_append(output, path, len - end, err));
    return dp_buffer_append(output, "", 1, err);
  }
  return dp_fail(err, DP_USAGE, "%s: the name of a checkpoint ends in .ckpt (result.h5.ckpt)", path);
}

/* Says what is wrong with the newest, in one line, when the one before it is good. */
static void say_older(const char *path, const char *from, const struct dp_err *why) {
  if (strcmp(path, from) == 0) return;
  const char *remedy = strstr(why->text, " (resume from the one before it)");
  fprintf(stderr, "depinsim: %.*s; going on from %s\n", remedy ? (int)(remedy - why->text) : (int)strlen(why->text),
          why->text, from);
}

/* First rank. */
static enum dp_status find(const char *path, struct found *f, struct dp_err *err) {
  struct dp_err why = {0};
  char *from = NULL;
  DP_TRY(name_output(path, &f->output, err));
  f->completed = dp_output_completed((const char *)f->output.data);
  if (f->completed) return DP_OK;
  DP_TRY(dp_checkpoint_find(path, &from, &f->about, &why, err));
  say_older(path, from, &why);
  enum dp_status status = dp_buffer_append(&f->from, from, strlen(from) + 1, err);
  free(from);
  return status;
}

static enum dp_status share(struct dp_comm *comm, struct found *f, struct dp_err *err) {
  int64_t completed = f->completed;
  DP_TRY(dp_comm_broadcast(comm, &f->about, err));
  DP_TRY(dp_comm_broadcast(comm, &f->from, err));
  DP_TRY(dp_comm_broadcast(comm, &f->output, err));
  if (comm->rank != 0) completed = INT64_MAX;
  DP_TRY(dp_comm_min_i64(comm, &completed, 1, err));
  f->completed = completed != 0;
  return DP_OK;
}

/* ---- going on ---- */

/* A path that means the same in another working folder. */
static enum dp_status make_absolute(struct dp_buffer *path, const char *folder, struct dp_err *err) {
  if (path->data[0] == '/') return DP_OK;
  struct dp_buffer full = {0};
  enum dp_status status = dp_buffer_append(&full, folder, strlen(folder), err);
  if (status == DP_OK) status = dp_buffer_append(&full, "/", 1, err);
  if (status == DP_OK) status = dp_buffer_append(&full, path->data, path->len, err);
  dp_buffer_fini(path);
  *path = full;
  return status;
}

/* Paths of the scenario count from the folder where the run was started. */
static enum dp_status enter_folder(const char *folder, struct found *f, struct dp_err *err) {
  char here[PATH_MAX];
  struct stat a, b;
  if (stat(folder, &a) != 0 || stat(".", &b) != 0 || (a.st_dev == b.st_dev && a.st_ino == b.st_ino)) return DP_OK;
  if (!getcwd(here, sizeof here)) return DP_OK;
  DP_TRY(make_absolute(&f->from, here, err));
  DP_TRY(make_absolute(&f->output, here, err));
  return chdir(folder) == 0 ? DP_OK : dp_fail(err, DP_IO, "cannot enter %s, where the run was started", folder);
}

/* First rank. */
static void warn(const struct dp_session_about *about, const struct dp_comm *comm) {
  uint64_t hash = 0;
  struct dp_err ignored = {0};
  struct dp_comm *alone = NULL;
  if (comm->rank != 0) return;
  if (dp_comm_null_new(&alone, &ignored) == DP_OK && dp_libm_check(alone, &hash, &ignored) == DP_OK &&
      hash != about->libm_hash)
    fprintf(stderr, "depinsim: the mathematical library of this machine gives other last digits than that of the one "
                    "where the run began: the result may differ from that of an undisturbed run\n");
  dp_comm_free(alone);
}

static enum dp_status go_on(const struct dp_cli *cli, const struct resume_options *given, struct found *f,
                            struct dp_err *err) {
  struct dp_session_about about;
  struct dp_session_options o = given->session;
  struct dp_session session;
  dp_session_begin(&session, cli, &o);
  enum dp_status status = dp_session_about_unpack(&about, &f->about, err);
  if (status == DP_OK) status = enter_folder(about.folder, f, err);
  status = dp_comm_agree(cli->comm, status, err);
  if (status == DP_OK) {
    warn(&about, cli->comm);
    o.choice = about.options.choice;
    o.scenario = about.options.scenario;
    o.expect = about.options.expect;
    o.shock = about.options.shock;
    o.output = (const char *)f->output.data;
    if (!given->has_format) o.format = about.options.format;
    if (o.checkpoint_every_ns == 0) o.checkpoint_every_ns = about.options.checkpoint_every_ns;
    status = dp_session_run(&session, (const char *)f->from.data, err);
  }
  dp_session_end(&session);
  dp_session_about_fini(&about);
  return status;
}

/* First rank: the run was killed between its last two steps. */
static void clear_up(const struct dp_cli *cli, const struct found *f) {
  const struct dp_session_options o = {.output = (const char *)f->output.data};
  struct dp_str path = {0};
  if (cli->comm->rank != 0) return;
  dp_str_printf(&path, "%s.ckpt", o.output);
  struct dp_session session = {.options = &o, .resumable = true, .checkpoint = dp_str_steal(&path)};
  if (session.checkpoint) dp_session_forget(&session);
  free(session.checkpoint);
  fprintf(stderr, "depinsim: %s is complete (depinsim kpi %s shows its key figures)\n", o.output, o.output);
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct found f = {0};
  enum dp_status status = cli->comm->rank == 0 ? find(cli->args[0], &f, err) : DP_OK;
  status = dp_comm_agree(cli->comm, status, err);
  if (status == DP_OK) status = share(cli->comm, &f, err);
  if (status == DP_OK && f.completed) clear_up(cli, &f);
  else if (status == DP_OK) status = go_on(cli, options, &f, err);
  found_fini(&f);
  return status;
}

const struct dp_command dp_command_resume = {
    .name = "resume",
    .doc = "go on from a checkpoint, to the result of an undisturbed run",
    .args_doc = "CHECKPOINT",
    .details = "CHECKPOINT is X.ckpt of a result X; X.part must be beside it. Scenario, settings, seed, format and the "
               "interval of checkpoints come from the checkpoint, on any number of ranks; traces are read again and "
               "must be the same. When X.ckpt is damaged, X.ckpt.old is taken.",
    .arg_min = 1,
    .arg_max = 1,
    .options = resume_options,
    .options_size = sizeof(struct resume_options),
    .option = option,
    .parallel = true,
    .run = run,
};
