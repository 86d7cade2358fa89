/* sim/cli/session_checkpoint.c — when a run writes a checkpoint, and how it goes on from one. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/session.h"
#include "model/self_check.h"
#include "script/catalog.h"

static int64_t wall_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * DP_S + t.tv_nsec;
}

/* ---- whose checkpoint it is ---- */

static const struct dp_schema *find_schema(const char *name) {
  struct dp_catalog_entry entry;
  return dp_catalog_find(name, &entry) && !entry.model ? entry.schema : NULL;
}

enum dp_status dp_session_lines(struct dp_session *s, struct dp_err *err) {
  size_t n;
  const struct dp_script_source *sources = dp_scenario_sources(s->scenario, &n);
  dp_str_printf(&s->lines, "program = depinsim %s (%s)\n", dp_cli_version(), dp_cli_revision());
  for (size_t i = 0; i < n; i++)
    dp_str_printf(&s->lines, "lua %s = hash %016" PRIx64 "\n", sources[i].name, sources[i].hash);
  return s->lines.failed ? dp_fail_nomem(err, "a checkpoint") : DP_OK;
}

static struct dp_resume resume_of(const struct dp_session *s) {
  return (struct dp_resume){.find_schema = find_schema, .lines = dp_str_text(&s->lines), .about = &s->about};
}

enum dp_status dp_session_check_free(const struct dp_session *s, struct dp_err *err) {
  if (access(s->checkpoint, F_OK) != 0) return DP_OK;
  return dp_fail(err, DP_IO,
                 "%s is there: a run of this name was not finished (go on with it: depinsim resume %s; or remove the "
                 "file, or choose another -o)",
                 s->checkpoint, s->checkpoint);
}

static void remove_file(const char *path, const char *suffix) {
  struct dp_str name = {0};
  dp_str_printf(&name, "%s%s", path, suffix);
  if (!name.failed) unlink(dp_str_text(&name));
  dp_str_fini(&name);
}

void dp_session_forget(const struct dp_session *s) {
  if (!s->resumable) return;
  remove_file(s->checkpoint, ".old");
  remove_file(s->checkpoint, ".part");
  remove_file(s->checkpoint, "");
  dp_output_settled(s->options->output);
}

/* ---- writing ---- */

static const char *simulated_date(const struct dp_session *s, char date[DP_DATE_TEXT]) {
  return dp_format_date(s->sim->spec.start_epoch_ns + s->sim->engine->now_ns, date);
}

/* The next moments: of simulated time, and of the wall clock, which leaves time for one more checkpoint. How long that
 * takes is known when there was one: half way to the limit at the latest. */
static void plan(struct dp_session *s) {
  const struct dp_session_options *o = s->options;
  struct dp_progress *p = &s->progress;
  const int64_t every = o->checkpoint_every_ns, limit = o->wall_limit_ns, now = s->sim->engine->now_ns;
  if (every > 0) p->due_ns = now / every >= INT64_MAX / every - 1 ? INT64_MAX : (now / every + 1) * every;
  if (limit == 0 || limit > INT64_MAX - p->began_ns) return;
  int64_t reserve = 2 * s->longest_ns + (limit / 20 < DP_S / 2 ? limit / 20 : DP_S / 2);
  if (s->checkpoint_n == 0 || reserve > limit / 2) reserve = limit / 2;
  p->wall_ns = p->began_ns + limit - reserve;
}

static enum dp_status write_checkpoint(struct dp_session *s, struct dp_err *err) {
  const struct dp_resume resume = resume_of(s);
  int64_t began = wall_ns();
  DP_TRY(dp_sim_checkpoint(s->sim, s->checkpoint, &resume, err));
  if (s->output) dp_output_keep(s->output);
  int64_t took[] = {began - wall_ns()}; /* the longest of any rank: the least of the negative */
  DP_TRY(dp_comm_min_i64(s->comm, took, 1, err));
  if (-took[0] > s->longest_ns) s->longest_ns = -took[0];
  s->resumable = true;
  s->checkpoint_n++;
  return DP_OK;
}

/* ---- stopping ---- */

static enum dp_status interrupted(struct dp_session *s, struct dp_err *err) {
  char date[DP_DATE_TEXT];
  if (s->comm->rank != 0) return dp_fail(err, DP_INTERRUPTED, "%s", "");
  bool kept = dp_output_leave(s->output);
  s->output = NULL;
  simulated_date(s, date);
  if (s->resumable)
    return dp_fail(err, DP_INTERRUPTED, "interrupted at %s of simulated time; go on from the last checkpoint with: "
                   "depinsim resume %s", date, s->checkpoint);
  return dp_fail(err, DP_INTERRUPTED, "interrupted at %s of simulated time; %s%s%s", date,
                 kept ? "what was settled until then is in " : "there is no result",
                 kept ? s->options->output : "", kept ? ".part" : "");
}

static enum dp_status stopped_early(const struct dp_session *s, unsigned wishes, struct dp_err *err) {
  char date[DP_DATE_TEXT];
  if (s->comm->rank != 0) return dp_fail(err, DP_WALL_LIMIT, "%s", "");
  return dp_fail(err, DP_WALL_LIMIT, "stopped %s, at %s of simulated time; go on with: depinsim resume %s",
                 wishes & DP_WISH_TERMINATE ? "by SIGTERM" : "at the wall limit", simulated_date(s, date),
                 s->checkpoint);
}

static void say_written(struct dp_session *s) {
  char date[DP_DATE_TEXT];
  if (s->comm->rank != 0) return;
  dp_progress_wipe(&s->progress);
  fprintf(stderr, "depinsim: %s written at %s of simulated time\n", s->checkpoint, simulated_date(s, date));
}

/* All ranks are at the same place in the run and know what any of them wishes. */
static enum dp_status answer(struct dp_session *s, unsigned wishes, struct dp_err *err) {
  if (wishes & DP_WISH_CHECK) DP_TRY(dp_sim_check(s->sim, err));
  if (wishes & DP_WISH_INTERRUPT) return interrupted(s, err);
  if (!(wishes & (DP_WISH_TERMINATE | DP_WISH_CHECKPOINT | DP_WISH_DUE | DP_WISH_WALL))) return DP_OK;
  bool measured = s->checkpoint_n > 0;
  DP_TRY(write_checkpoint(s, err));
  if (wishes & DP_WISH_TERMINATE || (wishes & DP_WISH_WALL && measured)) return stopped_early(s, wishes, err);
  if (wishes & DP_WISH_CHECKPOINT) {
    dp_progress_answered(&s->progress);
    say_written(s);
  }
  plan(s);
  return DP_OK;
}

enum dp_status dp_session_simulate(struct dp_session *s, struct dp_err *err) {
  struct dp_progress *p = &s->progress;
  bool stopped = false;
  unsigned wishes;
  dp_progress_begin(p, s->sim, s->options->quiet);
  p->checks = s->options->self_check;
  enum dp_status status = p->checks ? dp_sim_self_check(s->sim, err) : DP_OK;
  plan(s);
  while (status == DP_OK) {
    status = dp_sim_run(s->sim, &stopped, err);
    if (status != DP_OK || !stopped) break;
    status = dp_progress_wishes(p, &wishes, err);
    if (status == DP_OK) status = dp_comm_agree(s->comm, answer(s, wishes, err), err);
  }
  s->seconds = dp_progress_seconds(p);
  dp_progress_end(p);
  return status;
}

/* ---- going on ---- */

/* What was resumed from is the newest from now on, also when a newer one was there and damaged. */
static enum dp_status make_newest(const struct dp_session *s, const char *from, struct dp_err *err) {
  if (s->comm->rank != 0 || strcmp(from, s->checkpoint) == 0 || rename(from, s->checkpoint) == 0) return DP_OK;
  return dp_fail(err, DP_IO, "cannot rename %s (check the folder's permissions)", from);
}

enum dp_status dp_session_restore(struct dp_session *s, const char *from, struct dp_err *err) {
  const struct dp_resume resume = resume_of(s);
  DP_TRY(dp_sim_restore(s->sim, from, &resume, err));
  s->resumable = true;
  return dp_comm_agree(s->comm, make_newest(s, from, err), err);
}
