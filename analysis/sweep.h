/* analysis/sweep.h — runs every point of a study with every luck, over the ranks, into one file.
 * Layer: analysis. dp_sweep is collective.
 *
 * Each run has one rank to itself, or a group of ranks (options->ranks_per_run) with a cell each or more. Rank 0 deals
 * the runs out, longest first, runs some itself and writes down what comes in; the other groups' first ranks ask for
 * more when they are done. X.part holds every run that has ended (sweep_journal.h); when
 * all have, the result X is made from it in one go, so that nothing in X hangs on who ran what when, or on kills in
 * between. */
#ifndef DP_ANALYSIS_SWEEP_H
#define DP_ANALYSIS_SWEEP_H

#include "analysis/result.h"
#include "analysis/statistics.h"
#include "analysis/sweep_journal.h"
#include "output/output.h"

/** How a sweep is to go. Texts are borrowed. */
struct dp_sweep_options {
  const char *output;                     /* path of X */
  bool restart;                           /* what an earlier one left as X.part is thrown away */
  bool resume;                            /* it must be there */
  bool quiet;                             /* no progress on a terminal */
  int64_t wall_limit_ns;                  /* no more runs are begun after so much real time; 0: none */
  int format;                             /* enum dp_text_format of the table */
  const struct dp_provenance *provenance; /* rank 0: program and scenario; parameters are passed over */
  const struct dp_output_item *volatiles; /* [volatile_n] written besides */
  size_t volatile_n;
  int ranks_per_run;                      /* that run one run together; divides the ranks; 0: 1 */
  /* of a sweep in rounds (tune); zero otherwise */
  size_t point_cap; /* points that there can be; 0: the study's */
  size_t planned_n; /* runs that it will take, about: for the progress */
  uint64_t salt;    /* what decides the points besides the study's own hash */
  const char *design; /* name for the file; NULL: the study's design */
  enum dp_status (*extra)(void *ud, int64_t file, struct dp_err *err); /* puts more into the file (an hid_t) */
  void *extra_ud;
};

/** What is known of a key figure at a point. */
struct dp_sweep_stat {
  struct dp_interval interval; /* 95 % */
  double p5, p50, p95;
};

/** A sweep that has run: rank 0 finds its runs in the journal. */
struct dp_sweep {
  struct dp_study *study;
  struct dp_comm *comm;  /* borrowed */
  struct dp_comm *group; /* of those that run one run together with this rank */
  struct dp_runner *runner;
  const struct dp_sweep_options *options;
  struct dp_record_shape shape;
  size_t band_n, most_n;
  /* rank 0 */
  struct dp_journal *journal;
  uint64_t identity; /* what all its runs hang on */
  unsigned char *states; /* [point_n · most_n] enum dp_run_state */
  uint64_t *places;      /* [point_n · most_n] in the journal, of those that have ended */
  uint32_t *needed_n;    /* [point_n] replicates that the point needs: numbers first_n to needed_n − 1 */
  uint32_t *first_n;     /* [point_n] 0, but for points that are run again with fresh luck */
  double *precise;       /* [point_n · most_n] values of the precision's key figure; NULL: none is asked for */
  size_t precise_kpi;
  size_t wanted_n, done_n, failed_n; /* runs; wanted_n grows where precision asks for more */
  size_t found_n;                    /* of them: that were in the journal */
  /* every rank */
  struct dp_watch *watch; /* which run each group is at; NULL: not written down */
  size_t begun_n;         /* points that a round has taken up */
  int64_t began_ns;
};

enum dp_run_state { DP_RUN_NONE, DP_RUN_DEALT, DP_RUN_DONE, DP_RUN_FAILED };

/** Collective. Opens the journal; runs nothing. The points may come later, with dp_sweep_add, up to
 *  options->point_cap of them. */
enum dp_status dp_sweep_open(struct dp_study *study, struct dp_comm *comm, const struct dp_sweep_options *options,
                             struct dp_sweep **out, struct dp_err *err);

/** Adds points [n][axis_n] with the replicates [from, to) each; every rank the same. Errors: DP_RANGE beyond the cap,
 *  DP_NOMEM. */
enum dp_status dp_sweep_add(struct dp_sweep *s, const double *points, size_t n, size_t from, size_t to,
                            struct dp_err *err);

/** Collective. Runs what has not been run of the points that there are. On rank 0 it is then in the journal.
 *  @return DP_OK; DP_WALL_LIMIT or DP_INTERRUPTED when it was stopped: it can go on. */
enum dp_status dp_sweep_round(struct dp_sweep *s, struct dp_err *err);

/** Opens and runs one round: the study's points. */
enum dp_status dp_sweep_run(struct dp_study *study, struct dp_comm *comm, const struct dp_sweep_options *options,
                            struct dp_sweep **out, struct dp_err *err);
void dp_sweep_free(struct dp_sweep *s);

/** Rank 0, not collective: the key figures of a run that has ended, [kpi_n], until the next call. */
enum dp_status dp_sweep_kpis(struct dp_sweep *s, size_t point, size_t replicate, const double **kpis,
                             struct dp_err *err);

/** Rank 0, not collective: makes X of the journal and removes it; appends the table of the points to `report`. */
enum dp_status dp_sweep_finish(struct dp_sweep *s, struct dp_str *report, struct dp_err *err);

/** Whether the table for people has the key figure number k: what the study chooses; else what the scenario has
 *  expectations of; else the first. */
bool dp_sweep_shows(const struct dp_study *study, size_t k, const char *kpi);

/** Version of the form of a sweep's file. */
#define DP_SWEEP_FORMAT 1

#endif
