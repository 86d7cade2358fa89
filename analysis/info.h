/* analysis/info.h — `depinsim info FILE` and `depinsim digest FILE`: what a result is, and its state's digest.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_INFO_H
#define DP_ANALYSIS_INFO_H

#include "analysis/result.h"

/** Appends a summary for people: title, scenario, calendar, seed, version, parameters that are not at their default,
 *  series with shapes and units, tables with rows, size. Plain text or JSON. */
enum dp_status dp_info_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err);

/** Appends 16 hexadecimal digits and a line end. */
enum dp_status dp_digest_file(struct dp_str *out, const char *path, struct dp_err *err);

#endif
