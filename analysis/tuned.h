/* analysis/tuned.h — reads the group /tune of a sweep's file: what was asked, every look, what came out.
 * Layer: analysis. Not collective. Written by analysis/tune_file.c; the format is in analysis/schema.md. */
#ifndef DP_ANALYSIS_TUNED_H
#define DP_ANALYSIS_TUNED_H

#include "analysis/swept.h"

/** An objective or a bound. */
struct dp_tuned_term {
  char *name, *kpi; /* "provider.in_profit_ratio p5"; its key figure */
  const char *unit; /* as on an axis */
  char *goal;       /* "min", "max", "value", "bound" */
  double quantile;  /* NaN: the mean of a design's runs */
  double target, tolerance, low, high; /* NaN: none */
};

/** A term of a final design. */
struct dp_tuned_outcome {
  double value, half_width, searched; /* on fresh luck; NaN of a quantile; in the search */
  bool holds;
};

/** How well a fit knows a parameter. */
struct dp_tuned_profile {
  char *name;
  size_t axis; /* of the sweep */
  double *value, *deviance; /* [n] */
  size_t n;
  double low, high;
  bool open_low, open_high; /* the data do not bound it on that side */
};

struct dp_tuned {
  const struct dp_swept *swept; /* borrowed */
  bool answered;
  char *reason, *method; /* reason "" when it is answered */
  struct dp_tuned_term *terms; /* [term_n], the first objective_n are objectives */
  size_t term_n, objective_n;
  double *range_low, *range_high; /* [axis_n] of the sweep's axes; NaN: texts */
  double *listed_n;               /* [axis_n] values to choose from; 0: anything in the range */
  /* every look of the search, in order */
  double *point, *objective[2], *violation, *spent; /* [look_n] row of /points; runs spent until its end */
  size_t look_n;
  size_t search_run_n, run_n; /* runs of the search (without profiles), and of all */
  int64_t *front;             /* [front_n] rows of the looks */
  size_t front_n;
  int64_t *final, *again; /* [final_n] rows of /points: as the search saw it, on fresh luck */
  size_t final_n, best;
  struct dp_tuned_outcome *outcomes; /* [final_n][term_n] */
  /* of a fit */
  char *series, *series_unit, *column, *data_path; /* series NULL: no fit; series_unit as on an axis */
  double *day, *data, *model; /* [data_n]; model of the best design, mean on fresh luck */
  size_t data_n;
  double blind_from_d, rms_error, blind_rms_error;
  struct dp_tuned_profile *profiles; /* [profile_n] */
  size_t profile_n;
  bool few_looks; /* at a level of a profile */
};

/** Looks of the others that a level of a profile needs, for each of them, about: with fewer an interval is too narrow. */
#define DP_PROFILE_LOOKS 10
#define DP_CHI2_95 3.841458820694124 /* of one degree of freedom: a deviance below it fits as well */

/** The first row of a profile [n] that lies outside of its interval and fits as well all the same: the interval is then
 *  not the whole answer. SIZE_MAX without. */
size_t dp_profile_elsewhere(size_t n, const double *value, const double *deviance, double low, double high, bool open_low,
                            bool open_high);

/** DP_FORMAT naming what is damaged. dp_tuned_fini after an error too. */
enum dp_status dp_tuned_open(const struct dp_swept *swept, struct dp_tuned *out, struct dp_err *err);
void dp_tuned_fini(struct dp_tuned *t);

/** An outcome; NULL without final designs. */
const struct dp_tuned_outcome *dp_tuned_at(const struct dp_tuned *t, size_t final, size_t term);

/** Whether a look keeps the bounds and has a value. */
bool dp_tuned_feasible(const struct dp_tuned *t, size_t look);

#endif
