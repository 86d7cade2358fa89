/* analysis/study.h — a study: a Lua file that says which scenario runs at which points, how often, and what is kept.
 * Layer: analysis. dp_study_load is collective.
 *
 * The study is checked against its scenario when it is loaded: parameters exist and every value lies in their declared
 * bounds, KPIs exist, a design's lists fit each other. Messages name the line of the study. */
#ifndef DP_ANALYSIS_STUDY_H
#define DP_ANALYSIS_STUDY_H

#include "analysis/design.h"
#include "script/scenario.h"

struct dp_study {
  const char *path;
  int line; /* of the call of depin.study */
  const char *scenario_path;
  struct dp_scenario *script;         /* the study's file; texts below are its memory */
  struct dp_scenario *scenario;       /* at its defaults, with `set` and the command line's settings */
  struct dp_scenario_options options; /* how the scenario is loaded */
  const char *question;
  uint64_t seed;
  enum dp_design_kind design;
  struct dp_axis *axes; /* [axis_n] by name */
  size_t axis_n;
  double *points; /* [point_n][axis_n]; NULL before dp_study_design or dp_study_set_points */
  size_t point_n, replicate_n;
  const char **kpis; /* [kpi_n]; kpi_n = 0: all */
  size_t kpi_n;
  const char **series;       /* [series_n] "model[.instance].metric" */
  size_t series_n, band_n;   /* rows of a band */
  const char *precision_kpi; /* NULL: the number of replicates is fixed */
  struct dp_expectation *survive; /* [survive_n] what a run keeps to survive; the study's, or else the scenario's */
  size_t survive_n;
  bool survive_own; /* the study's */
  double half_width_ratio;
  double run_limit_s; /* real time that one run may take; 0: any */
  size_t most_n;               /* replicates at most */
  struct dp_setting *settings; /* [setting_n] of options: the command line's, then `set` */
  size_t setting_n;
  char **texts; /* [text_n] owned */
  size_t text_n;
};

/** Loads a study and its scenario.
 *  @param options the command line's: its settings come before the study's, its seed too; texts unused; borrowed
 *  @param replicates_n instead of the study's; 0: the study's. Errors: as dp_scenario_load. The caller frees. */
enum dp_status dp_study_load(const char *path, const struct dp_scenario_options *options, size_t replicates_n,
                             struct dp_comm *comm, struct dp_study **out, struct dp_err *err);

/** Makes s->points by the study's own design, once. Not collective; every rank gets the same. Errors: DP_SCENARIO, with
 * the line. */
enum dp_status dp_study_design(struct dp_study *s, struct dp_err *err);
void dp_study_free(struct dp_study *s);

/** Line of the study's text on which `name` is given a value, from the study's own line on; the study's line when there
 *  is none. */
int dp_study_line(const struct dp_study *s, const char *name);

/** Puts `survive` into the file of a sweep, as the group /survive; nothing without. @return false: HDF5 failed */
bool dp_study_put_survive(const struct dp_study *s, int64_t file);

/** Fails with "path:line: study: …". */
enum dp_status dp_study_fail(const struct dp_study *s, int line, struct dp_err *err, enum dp_status status,
                             const char *format, ...) __attribute__((format(printf, 5, 6)));

#define DP_STUDY_VALUE 40 /* bytes of a number as a setting */

/** The settings of a point: settings[axis_n], numbers written into buffers[axis_n]. */
void dp_study_point(const struct dp_study *s, const double *point, struct dp_setting *settings,
                    char (*buffers)[DP_STUDY_VALUE]);

/** Hash of all that decides what a run of the study gives: texts, settings, seed, form. Collective results agree. */
uint64_t dp_study_hash(const struct dp_study *s);

/** Points that are given instead of the study's own (a design of Morris or Saltelli). @param points malloc'ed
 *  [n][axis_n], taken over */
void dp_study_set_points(struct dp_study *s, double *points, size_t n);

/** The study's table is on top of dp_scenario_lua(s->script)'s stack, for what other commands read in it. */

#endif
