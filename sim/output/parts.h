/* sim/output/parts.h — inside of the output layer, shared by its files; nobody else includes it.
 * Layer: output. Rank 0 only, but for dp__write_tables, which is collective. */
#ifndef DP_OUTPUT_PARTS_H
#define DP_OUTPUT_PARTS_H

#include "output/disk.h"
#include "output/h5.h"
#include "output/output.h"

/** One instance's series: its group, its datasets, and the rows that wait for a full chunk. */
struct dp_series {
  const struct dp_instance *instance;
  hid_t time;
  hid_t *metrics;  /* [metric_n] dataset of each series metric, in declaration order */
  size_t *slots;   /* [metric_n] columns of each */
  size_t metric_n, slot_n; /* slot_n = Σ slots */
  double *time_s;  /* [chunk] */
  double *values;  /* [chunk * slot_n] */
  size_t row_n;    /* waiting */
  hsize_t written; /* rows in the file */
};

struct dp_output {
  struct dp_sink sink; /* first: a sink is an output */
  char *path, *part;
  bool kept;           /* a checkpoint needs the unfinished file */
  struct dp_disk disk; /* the unfinished file: ours, to be removed on failure, while it is open */
  hid_t file;
  const struct dp_schema **schemas; /* [schema_n] of parts and built-in policies */
  size_t schema_n;
  size_t chunk;            /* rows that are written and flushed together */
  size_t settled_n;        /* settlements since the last flush */
  struct dp_series *series; /* [series_n] */
  size_t series_n;
  double *scratch; /* [chunk * widest metric] */
};

/** Name of an instance in the file: the model's when it is the only one and has no name of its own, else
 *  "model.instance"; '/' becomes '_'. @return buf */
#define DP_GROUP_NAME 192
char *dp__group_name(const struct dp_instance *instance, char buf[DP_GROUP_NAME]);

/* series.c */
enum dp_status dp__series_begin(struct dp_sink *sink, const struct dp_sim *sim, struct dp_err *err);
enum dp_status dp__series_row(struct dp_sink *sink, const struct dp_instance *instance, dp_time now_ns,
                              const double *values, size_t slot_n, struct dp_err *err);
enum dp_status dp__series_settled(struct dp_sink *sink, dp_time now_ns, struct dp_err *err);
enum dp_status dp__series_flush(struct dp_output *out, struct dp_err *err);
enum dp_status dp__series_save(struct dp_sink *sink, struct dp_buffer *saved, struct dp_err *err);
enum dp_status dp__series_resume(struct dp_sink *sink, const struct dp_sim *sim, uint64_t settlement_n,
                                 const struct dp_buffer *saved, struct dp_err *err);
void dp__series_close(struct dp_output *out);

/* table_writer.c: out is NULL on ranks but 0 */
enum dp_status dp__write_tables(struct dp_output *out, struct dp_sim *sim, struct dp_err *err);

/* summary.c: the first is collective */
enum dp_status dp__write_histograms(struct dp_output *out, struct dp_sim *sim, struct dp_err *err);
enum dp_status dp__write_kpis(struct dp_output *out, const struct dp_kpi_value *kpis, size_t n, struct dp_err *err);
enum dp_status dp__write_expectations(struct dp_output *out, const struct dp_output_outcome *outcome, struct dp_err *err);
enum dp_status dp__write_books(struct dp_output *out, struct dp_err *err);

/* provenance.c */
enum dp_status dp__write_provenance(struct dp_output *out, const struct dp_provenance *p, struct dp_err *err);
enum dp_status dp__write_scenario(struct dp_output *out, const struct dp_sim *sim, struct dp_err *err);
enum dp_status dp__write_outcome(struct dp_output *out, const struct dp_output_outcome *outcome, struct dp_err *err);

/* cost.c: what the run cost, into /provenance/volatile; false with HDF5's error */
bool dp__write_cost(hid_t volatiles, const struct dp_engine_report *r);

/** Fails with what went wrong on the disk, or else with the error that HDF5 just had while writing. */
static inline enum dp_status dp__output_fail(const struct dp_output *out, struct dp_err *err) {
  DP_TRY(dp_disk_check(&out->disk, out->part, err));
  return dp_h5_fail(err, "write", out->part);
}

/** Hands everything to the disk; fails when the disk did not take all that was written so far. */
static inline enum dp_status dp__output_flush(const struct dp_output *out, struct dp_err *err) {
  if (H5Fflush(out->file, H5F_SCOPE_LOCAL) < 0) return dp__output_fail(out, err);
  return dp_disk_check(&out->disk, out->part, err);
}

#endif
