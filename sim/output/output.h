/* sim/output/output.h — writes a result file: series while the simulation runs; tables, histograms and KPIs at its end.
 * Layer: output. dp_output_finish is collective; everything else is called on rank 0 only.
 *
 * The file grows as X.part and becomes X when it is complete: earliest HDF5 format, chunks that are as long as what is
 * flushed at once, so that a killed run leaves every flushed row readable. Nothing in the file outside
 * /provenance/volatile depends on the machine, the wall clock or the number of ranks; h5diff compares two results. */
#ifndef DP_OUTPUT_OUTPUT_H
#define DP_OUTPUT_OUTPUT_H

#include "engine/report.h"
#include "model/sim.h"

/** Version of the file's form; readers refuse another. */
#define DP_OUTPUT_FORMAT 1

/** A named text. */
struct dp_output_item {
  const char *name, *value;
};

/** A parameter of the scenario as it was used. */
struct dp_output_parameter {
  const char *name, *value; /* value as Lua would write it */
  const char *unit, *doc;   /* may be NULL */
  bool is_default;
};

/** A Lua text that took part in the run. */
struct dp_output_source {
  const char *name; /* module name, "depin.token" */
  const char *text;
  size_t len;
};

/** Where a result comes from. Everything is borrowed during the call; NULL texts are written as "". */
struct dp_provenance {
  const char *version, *revision, *compiler, *flags, *libraries;
  const char *libm_hash;     /* 16 hex digits of the table of libm results */
  const char *title;         /* one line: the scenario's question; NULL: its name */
  struct dp_output_source scenario; /* its name is that of the file without folder and suffix */
  const struct dp_output_source *modules; /* [module_n] every Lua module read, in the order of reading */
  size_t module_n;
  const struct dp_output_parameter *parameters; /* [parameter_n] of depin.parameters, in their order */
  size_t parameter_n;
  const struct dp_schema *const *schemas; /* [schema_n] of parts and built-in policies: what their parameters are; they
                                             live as long as the program */
  size_t schema_n;
  const char *const *hindsight; /* [hindsight_n] what the scenario knows and could not know at its date; one text each */
  size_t hindsight_n;
  const char *const *undated; /* [undated_n] of which nobody says when it became known */
  size_t undated_n;
};

/** What the scenario expects of a key figure, and what came. */
struct dp_output_expectation {
  const char *kpi, *bound; /* "≥ 0.99" */
  double value;            /* NaN: none */
  bool holds;
};

/** What is known when the run is over. */
struct dp_output_outcome {
  const struct dp_kpi_value *kpis; /* [kpi_n] */
  size_t kpi_n;
  uint64_t digest, event_n;
  const struct dp_engine_report *report; /* what the run cost; NULL: not said */
  const struct dp_output_item *volatiles; /* [volatile_n] host, ranks, wall times, command line, date */
  size_t volatile_n;
  const struct dp_output_expectation *expectations; /* [expectation_n] */
  size_t expectation_n;
  const char *not_judged; /* why they are of another run than this; NULL: they are of this one */
};

/** Writes the group /provenance of an open file (program, scenario, modules, parameters), for files of other commands;
 *  false leaves HDF5's error stack. @param file an hid_t */
bool dp_provenance_put(int64_t file, const struct dp_provenance *p);

struct dp_output;

/** Creates `path`.part. Refused when `path` exists and is not a plain file, when the folder cannot be written, or when
 *  another process is writing the same result; an existing result is replaced only by dp_output_finish, what a killed
 *  run left as .part at once.
 *  @param out the caller ends it with dp_output_finish or dp_output_abandon. Errors: DP_IO, DP_NOMEM. */
enum dp_status dp_output_new(const char *path, const struct dp_provenance *provenance, struct dp_output **out,
                             struct dp_err *err);

/** As dp_output_new, for a run that goes on from a checkpoint: the sink's `resume` brings `path`.part back, which
 *  stays whatever happens (dp_output_keep). */
enum dp_status dp_output_reopen(const char *path, const struct dp_provenance *provenance, struct dp_output **out,
                                struct dp_err *err);

/** Says that a checkpoint needs `path`.part: from now on nothing removes it until it has become the result. */
void dp_output_keep(struct dp_output *out);

/** The sink to hand to dp_sim_set_sink; lives as long as `out`. */
struct dp_sink *dp_output_sink(struct dp_output *out);

/** Collective. Completes the file (histograms, tables, KPIs, provenance), brings it to the disk, renames it to its path
 *  and frees `out`. Ranks but 0 pass NULL for `out`. On failure every rank gets the status, and the file is removed
 *  unless it is kept.
 *  Tables are written by cells in id order, rows in row order, dead rows left out. */
enum dp_status dp_output_finish(struct dp_output *out, struct dp_sim *sim, const struct dp_output_outcome *outcome,
                                struct dp_err *err);

/** After dp_output_finish of a kept file, when the checkpoints are gone: nothing of the unfinished run is left. */
void dp_output_settled(const char *path);

/** True when the result at `path` is of a run that was killed between dp_output_finish and dp_output_settled. */
bool dp_output_completed(const char *path);

/** Closes an unfinished file and frees `out`, after an interrupt: `path`.part stays and can be read when it holds rows of
 *  settlements after time 0 or is kept; otherwise it is removed. @return true if it stays. */
bool dp_output_leave(struct dp_output *out);

/** Closes and removes the unfinished file, unless it is kept, and frees `out`. NULL is allowed. */
void dp_output_abandon(struct dp_output *out);

#endif
