/* analysis/study_read.h — what the files share that read a study: study.c, study_read.c, tune_study.c. Nobody else
 * includes it.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_STUDY_READ_H
#define DP_ANALYSIS_STUDY_READ_H

#include <lua.h>

#include "analysis/study.h"

/** Takes in the table of depin.study, which lies on top of the stack of s->script; settings of `o` come first.
 *  Errors: DP_SCENARIO, with file and line; DP_NOMEM. */
enum dp_status dp__study_read(struct dp_study *s, const struct dp_scenario_options *o, struct dp_err *err);

/** A copy of `text` that lives as long as the study; NULL when memory is out. */
const char *dp__study_keep(struct dp_study *s, const char *text);

/** A number of the table on top of the stack. */
double dp__study_number(lua_State *L, const char *name);

/** Whether the study keeps a KPI. */
bool dp__study_keeps(const struct dp_study *s, const char *kpi);

/** Whether a parameter is given a value by the command line or by `set`. */
bool dp__study_sets(const struct dp_study *s, const char *key);

#endif
