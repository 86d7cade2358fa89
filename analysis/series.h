/* analysis/series.h — every series of a result in memory, for what exports and draws them.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_SERIES_H
#define DP_ANALYSIS_SERIES_H

#include "analysis/result.h"

/** One metric over time. Texts and arrays belong to it. */
struct dp_series {
  char *name, *units, *long_name; /* never NULL */
  char *methods;                  /* "time: sum": the increase in a settlement; "time: point": a state at its end */
  char *dimension;                /* "region"; NULL without */
  char **labels;                  /* [label_n] of the dimension: one malloc'ed block; NULL without */
  size_t label_n;                 /* 1 without a dimension */
  double *values;                 /* [n][label_n], rows by time */
};

/** The metrics of one instance. */
struct dp_series_group {
  char *name;      /* "market.gateway.gpus" */
  char *long_name; /* of the model */
  size_t n;        /* times */
  double *time_s;  /* [n] seconds since the start, ends of settlements */
  struct dp_series *series; /* [series_n] in the file's order */
  size_t series_n;
};

struct dp_series_set {
  struct dp_series_group *groups; /* [group_n] in the file's order */
  size_t group_n;
};

/** Reads all of them. DP_FORMAT, naming the dataset, when one is damaged. */
enum dp_status dp_series_read(const struct dp_result *result, struct dp_series_set *out, struct dp_err *err);
void dp_series_fini(struct dp_series_set *set);

/** A series by group and name; any instance of a model when `group` is the model's name: the first. NULL if there is none. */
const struct dp_series *dp_series_find(const struct dp_series_set *set, const char *group, const char *name,
                                       const struct dp_series_group **owner);

/** Whether a group, "market.gateway.gpus", is an instance of the model "market.gateway", or has that very name. */
bool dp_series_is_of(const char *group, const char *wanted);

/** A series that a reader looks for first. */
struct dp_headline {
  const char *group, *name; /* as dp_series_find takes them */
  const char *title, *unit; /* of its chart */
  bool rising;              /* what the settlements bring, summed since the start */
};

/** Of what is compared over time, in the order of reading; ended by a row without a name. */
extern const struct dp_headline dp_headlines[];

/** Row `row` of a series, summed over its dimension. */
double dp_series_sum(const struct dp_series *s, size_t row);

#endif
