/* analysis/sweep_journal.h — the runs of a sweep as they come in: X.part, which survives a kill at any moment.
 * Layer: analysis, private to sweep. Rank 0 only; not collective.
 *
 * A head and then records, appended in any order, each with a hash of its own. What a kill cut in two is cut off when
 * the journal is opened again; a record that is whole stays. Records also travel between ranks in this form. */
#ifndef DP_ANALYSIS_SWEEP_JOURNAL_H
#define DP_ANALYSIS_SWEEP_JOURNAL_H

#include "analysis/sweep_run.h"

/** Shapes of a record: the same in the whole journal. */
struct dp_record_shape {
  size_t kpi_n, float_n; /* key figures; values of all series */
};

/** A run's record as it is read; pointers into its bytes. */
struct dp_record {
  uint64_t run; /* point · most_n + replicate */
  uint64_t digest;
  int64_t cost_ns;
  enum dp_status status;
  const double *kpis;
  const float *series;
  const char *message; /* ended by a zero; "" when it ran */
  size_t size;         /* of the whole record in bytes */
};

/** Appends a run's record to `out`. Errors: DP_NOMEM. */
enum dp_status dp_record_pack(struct dp_buffer *out, const struct dp_record_shape *shape, uint64_t run,
                              const struct dp_run_result *result, struct dp_err *err);

/** Reads the record that begins at `bytes` [len], 8-byte aligned; false when it is not whole or damaged. */
bool dp_record_read(const unsigned char *bytes, size_t len, const struct dp_record_shape *shape, struct dp_record *out);

struct dp_journal;

/** Opens X.part, or makes it.
 *  @param identity what the sweep is: a journal of another one is refused
 *  @param fresh    what is there is thrown away; must_be: it is an error when there is none
 *  @param visit    called for every record that is there, with where it is
 *  Errors: DP_IO (another process has it; not readable; nothing to resume), DP_FORMAT (of another sweep). */
typedef enum dp_status (*dp_record_fn)(void *ud, const struct dp_record *record, uint64_t at, struct dp_err *err);
enum dp_status dp_journal_open(const char *path, uint64_t identity, const struct dp_record_shape *shape, bool fresh,
                               bool must_be, dp_record_fn visit, void *ud, struct dp_journal **out, struct dp_err *err);

/** Appends whole records, at once. @param at where the first one is then */
enum dp_status dp_journal_append(struct dp_journal *j, const void *bytes, size_t len, uint64_t *at, struct dp_err *err);

/** Reads the record at `at`; it lives until the next call. Errors: DP_IO, DP_FORMAT. */
enum dp_status dp_journal_read(struct dp_journal *j, uint64_t at, struct dp_record *out, struct dp_err *err);

/** Closes; with `remove` the file goes too. NULL is allowed. */
void dp_journal_close(struct dp_journal *j, bool remove);

const char *dp_journal_path(const struct dp_journal *j);

#endif
