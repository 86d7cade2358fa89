/* sim/cli/session.h — a simulation from its scenario to its report: what `run` and `resume` have in common.
 * Layer: cli. The functions are collective unless they say otherwise.
 *
 * A result X is X.part until it is complete. Its checkpoints are X.ckpt and the one before, X.ckpt.old; they are removed
 * when X is there. */
#ifndef DP_CLI_SESSION_H
#define DP_CLI_SESSION_H

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "cli/shock.h"
#include "engine/report.h"
#include "model/resume.h"
#include "output/output.h"

/** How a run was asked for. Texts are borrowed. */
struct dp_session_options {
  struct dp_scenario_choice choice;
  const char *scenario; /* path */
  const char *output;   /* path of the result */
  int format;           /* enum dp_text_format */
  bool expect, quiet, self_check;
  int64_t checkpoint_every_ns; /* of simulated time; 0: only when asked */
  int64_t wall_limit_ns;       /* 0: none */
  int balance;                 /* enum dp_balance_mode */
  uint64_t replicate;          /* of a study: the luck of its run of that number */
  const char *shock;           /* of `stress`, as dp_shock_apply takes it; NULL: none */
};

/** Options that `run` and `resume` share. */
#define DP_SESSION_OPTIONS                                                                                               \
  {"checkpoint-every", DP_KEY_EVERY, "TIME", 0,                                                                      \
   "write a checkpoint whenever so much simulated time has passed: 1h, 30d", 2},                                     \
      {"wall-limit", DP_KEY_WALL, "TIME", 0,                                                                         \
       "stop with a checkpoint and exit code 75 before so much real time has passed: 3600, 2h", 2},                  \
      {"balance", DP_KEY_BALANCE, "WHEN", 0,                                                                         \
       "auto: cells go from busy to idle ranks; off: they stay; always: at random at every beat, to test (auto)", 2}, \
      {"format", 'f', "FORM", 0, "text or json (text)", 2},                                                          \
      {"quiet", 'q', NULL, 0, "no progress on the terminal", 2},                                                     \
      {"self-check", DP_KEY_SELF_CHECK, NULL, 0,                                                                     \
       "slow: look for broken invariants after every event, and for ranks that disagree after every window", 3}

enum { DP_KEY_EXPECT = 0x100, DP_KEY_EVERY, DP_KEY_WALL, DP_KEY_SELF_CHECK, DP_KEY_SHOCK, DP_KEY_BALANCE, DP_KEY_REPLICATE };

/** One of DP_SESSION_OPTIONS; other keys are passed over. Not collective. */
enum dp_status dp_session_option(struct dp_session_options *o, int key, const char *value, struct dp_err *err);

/** A run on its way. */
struct dp_session {
  const struct dp_cli *cli;
  const struct dp_session_options *options;
  struct dp_comm *comm;
  struct dp_scenario *scenario;
  struct dp_shocked shocked;
  struct dp_sim *sim;
  struct dp_output *output; /* on the first rank */
  struct dp_progress progress;
  char *checkpoint;    /* options->output and .ckpt */
  struct dp_str lines; /* of the fingerprint */
  struct dp_buffer about;
  bool resumable; /* there is a checkpoint of this run */
  int64_t longest_ns, checkpoint_n; /* how long a checkpoint took at most on the wall clock; how many there were */
  uint64_t libm_hash, digest;
  struct dp_kpi_value *kpis; /* [kpi_n] */
  size_t kpi_n;
  struct dp_engine_report report;
  double seconds;
};

/** Runs a scenario, or goes on from the checkpoint `from`. dp_session_begin comes first. */
enum dp_status dp_session_run(struct dp_session *s, const char *from, struct dp_err *err);

/** Begins; not collective. */
void dp_session_begin(struct dp_session *s, const struct dp_cli *cli, const struct dp_session_options *options);
void dp_session_end(struct dp_session *s);

/* ---- session_about.c: what a checkpoint says of its run. Not collective. ---- */

/** Packs the options, the scenario's texts and the working folder. */
enum dp_status dp_session_about_pack(const struct dp_session *s, struct dp_buffer *out, struct dp_err *err);

/** What was packed; it points into the bytes. */
struct dp_session_about {
  struct dp_session_options options; /* without output, quiet, self_check, wall_limit_ns */
  struct dp_buffer texts;        /* borrowed */
  const char *folder;            /* where the run was started */
  uint64_t libm_hash;
};

enum dp_status dp_session_about_unpack(struct dp_session_about *about, const struct dp_buffer *bytes, struct dp_err *err);
void dp_session_about_fini(struct dp_session_about *about);

/* ---- session_checkpoint.c ---- */

/** Before the first event: refuses when a checkpoint of another run is there; first rank only. */
enum dp_status dp_session_check_free(const struct dp_session *s, struct dp_err *err);

/** What makes a run go on: program and Lua texts, for the fingerprint. Not collective. */
enum dp_status dp_session_lines(struct dp_session *s, struct dp_err *err);

/** Puts the state of `from` in place. */
enum dp_status dp_session_restore(struct dp_session *s, const char *from, struct dp_err *err);

/** Runs to the end, with checkpoints when they are due; DP_WALL_LIMIT and DP_INTERRUPTED when it was stopped. */
enum dp_status dp_session_simulate(struct dp_session *s, struct dp_err *err);

/** First rank: the result is there, checkpoints are of no use any more. */
void dp_session_forget(const struct dp_session *s);

/* ---- session_report.c ---- */

/** Why the scenario's expectations are not of this run ("--set"); NULL when they are. */
const char *dp_session_not_judged(const struct dp_session *s);

/** Expectations of the run and what came of them, for its file; their texts end with dp_session_free_verdicts.
 *  @param out malloc'ed [*n] */
enum dp_status dp_session_verdicts(const struct dp_session *s, struct dp_output_expectation **out, size_t *n,
                                   struct dp_err *err);
void dp_session_free_verdicts(struct dp_output_expectation *verdicts, size_t n);

/** First rank: key figures and expectations to the standard output; DP_FAILED when an expectation does not hold. */
enum dp_status dp_session_report(const struct dp_session *s, struct dp_err *err);

#endif
