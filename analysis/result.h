/* analysis/result.h — opens a result file and reads what every reader of results needs from it.
 * Layer: analysis. Not collective. Texts and arrays that are handed out belong to the result unless said otherwise. */
#ifndef DP_ANALYSIS_RESULT_H
#define DP_ANALYSIS_RESULT_H

#include <hdf5.h>

#include "base/str.h"
#include "model/sim.h"

/** Form of a printed answer. */
enum dp_text_format { DP_TEXT_PLAIN, DP_TEXT_JSON, DP_TEXT_CSV };

struct dp_result {
  hid_t file;
  char *path;
  char *title, *scenario, *start, *digest, *version, *revision;
  int64_t duration_ns, settle_every_ns;
  uint64_t seed, replicate, event_n;
  struct dp_kpi_value *kpis; /* [kpi_n] in the file's order */
  size_t kpi_n;
};

/** Opens a complete result. Errors name the path and the remedy: DP_IO (missing, a folder, not readable), DP_FORMAT (not
 *  HDF5, not a result of this program, another format version, not complete, truncated). */
enum dp_status dp_result_open(const char *path, struct dp_result **out, struct dp_err *err);
void dp_result_close(struct dp_result *result);

/** The same for the file of a sweep too, whose result has no digest, start and settlement, and no key figures: what is
 *  many in it is read with analysis/swept.h. */
enum dp_status dp_result_open_any(const char *path, struct dp_result **out, struct dp_err *err);
bool dp_result_is_sweep(const struct dp_result *result);

/** Attribute of an open object as malloc'ed text; NULL when it is missing or not a text. */
char *dp_result_text(hid_t object, const char *name);

/** Integer attribute of an open object; false when it is missing or not a whole number. */
bool dp_result_i64(hid_t object, const char *name, int64_t *out);
bool dp_result_u64(hid_t object, const char *name, uint64_t *out);

/** A malloc'ed array of the names in a group in order of creation, ended by NULL; NULL when there is no such group or no
 *  memory. dp_result_free_names frees it. */
char **dp_result_names(const struct dp_result *result, const char *group);
void dp_result_free_names(char **names);

/** Reads a 1-D column of whole numbers of at most 64 bits; unsigned columns are reinterpreted.
 *  @param out malloc'ed [*n], the caller frees it. Errors: DP_FORMAT naming the column. */
enum dp_status dp_result_column_i64(const struct dp_result *result, const char *path, int64_t **out, size_t *n,
                                    struct dp_err *err);

/** Reads numbers of any type and rank, rows after each other, as doubles. */
enum dp_status dp_result_column_f64(const struct dp_result *result, const char *path, double **out, size_t *n,
                                    struct dp_err *err);

/** Reads the column pair `path`_hi, `path`_lo. */
enum dp_status dp_result_column_i128(const struct dp_result *result, const char *path, dp_i128 **out, size_t *n,
                                     struct dp_err *err);

/** Reads a 1-D column of texts: *out is one malloc'ed block, freed by free(). */
enum dp_status dp_result_column_texts(const struct dp_result *result, const char *path, char ***out, size_t *n,
                                      struct dp_err *err);

/** Whether the file has an object of that path. */
bool dp_result_has(const struct dp_result *result, const char *path);

#endif
