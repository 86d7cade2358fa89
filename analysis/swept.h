/* analysis/swept.h — reads what is many in the file of a sweep: points, key figures of points and runs, bands.
 * Layer: analysis. Not collective. Key figures and bands are read when they are asked for: a file may hold 200,000 points. */
#ifndef DP_ANALYSIS_SWEPT_H
#define DP_ANALYSIS_SWEPT_H

#include "analysis/result.h"

/** A parameter that was varied. */
struct dp_swept_axis {
  char *name;
  char *label;      /* for an axis: the name with its unit, or with what it is */
  char *doc;        /* as the scenario says; "" if it does not */
  double *values;   /* [point_n]; of texts the number of the level */
  double *levels;   /* [level_n] distinct values, ascending (texts: 0, 1, …) */
  char **texts;     /* [level_n] of texts, one block; NULL for numbers */
  size_t level_n;
  bool log;         /* spread by logarithms, or three levels or more at equal ratios */
};

/** A key figure or a series that the file has. */
struct dp_swept_name {
  char *name, *unit, *doc; /* unit "" for pure numbers */
};

struct dp_swept {
  struct dp_result *result; /* borrowed */
  char *design;             /* "grid"; "sobol"; … */
  size_t point_n, run_n, band_n;
  struct dp_swept_axis *axes; /* [axis_n] */
  size_t axis_n;
  struct dp_swept_name *kpis; /* [kpi_n] */
  size_t kpi_n;
  struct dp_swept_name *series; /* [series_n] that have bands */
  size_t series_n;
  double *time_s;           /* [band_n] of the bands */
  double *failed_n, *runs_n; /* [point_n] */
  int64_t *run_point, *run_status; /* [run_n] */
};

/** Opens what an open sweep file holds. DP_FORMAT naming what is damaged. dp_swept_fini after an error too. */
enum dp_status dp_swept_open(struct dp_result *result, struct dp_swept *out, struct dp_err *err);
void dp_swept_fini(struct dp_swept *s);

/** A column of /summary ("mean", "half_width", "p5", "p50", "p95", "n") of a key figure: malloc'ed [point_n]. */
enum dp_status dp_swept_summary(const struct dp_swept *s, const char *kpi, const char *column, double **out,
                                struct dp_err *err);

/** Values of a key figure in every run: malloc'ed [run_n]. */
enum dp_status dp_swept_runs(const struct dp_swept *s, const char *kpi, double **out, struct dp_err *err);

/** A point's band of a series ("mean", "p5", "p50", "p95") into out[band_n]. */
enum dp_status dp_swept_band(const struct dp_swept *s, const char *series, const char *column, size_t point, double *out,
                             struct dp_err *err);

/** Index by name; SIZE_MAX without. */
size_t dp_swept_kpi(const struct dp_swept *s, const char *name);

/** "take_ratio = 0.05, hosts_n = 10" of a point. */
void dp_swept_point_text(struct dp_str *out, const struct dp_swept *s, size_t point);

/** How a unit is written on an axis: "USD/Mtok" for "usd/mtok"; for pure numbers "ratio" when the name ends in _ratio,
 *  else "number". */
const char *dp_unit_text(const char *name, const char *unit);

/** What a sensitivity analysis says of one key figure. */
struct dp_swept_measures {
  char *method;                        /* "tornado"; "morris"; "sobol" */
  const char *names[2];                /* of the measures (sensitivity.h) */
  char **parameters;                   /* [n] */
  double *value[2], *low[2], *high[2]; /* [n]; NaN without an interval */
  size_t *order;                       /* [n] strongest first */
  size_t n;
};

/** Reads them. DP_FORMAT when the file has none or is damaged. dp_swept_measures_fini after an error too. */
enum dp_status dp_swept_measures(const struct dp_swept *s, const char *kpi, struct dp_swept_measures *out,
                                 struct dp_err *err);
void dp_swept_measures_fini(struct dp_swept_measures *m);

/** How much parameter i matters; -1 when it is not known. */
double dp_swept_weight(const struct dp_swept_measures *m, size_t i);

/** A promise that a run keeps or not: a key figure against a bound. */
struct dp_swept_bound {
  char kpi[DP_KPI_NAME];
  bool below, strict; /* ≤ instead of ≥; < and > instead */
  double bound;
};

/** Reads "token.price_usd>=0.02"; several are joined by "&&". @return DP_USAGE with a remedy otherwise.
 *  @param out malloc'ed [*n] */
enum dp_status dp_swept_bounds_parse(const char *text, struct dp_swept_bound **out, size_t *n, struct dp_err *err);

/** The bounds that the file says its study, or scenario, asks of a run; *n = 0 without any, or when the scenario's are on
 *  key figures that were not kept. @param out malloc'ed [*n]; *said_by "study" or "scenario", malloc'ed; NULL without */
enum dp_status dp_swept_bounds_own(const struct dp_swept *s, struct dp_swept_bound **out, size_t *n, char **said_by,
                                   struct dp_err *err);

/** Share of each point's runs that keep every bound; runs that failed or have no value keep none. @param out malloc'ed
 *  [point_n]. DP_USAGE naming a key figure that the file does not have. */
enum dp_status dp_swept_share(const struct dp_swept *s, const struct dp_swept_bound *bounds, size_t bound_n, double **out,
                              struct dp_err *err);

#endif
