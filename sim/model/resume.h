/* sim/model/resume.h — a simulation to a checkpoint and back.
 * Layer: model. Collective, but for dp_sim_fingerprint.
 *
 * All state is in tables, so a checkpoint is the engine's, with two notes: the *fingerprint* of the scenario, which
 * must be the same when the run goes on, and what the sink keeps. A resumed run is built as any other (dp_sim_new of
 * the same spec, on any number of ranks); dp_sim_restore then puts the checkpoint's state in place of what init made. */
#ifndef DP_MODEL_RESUME_H
#define DP_MODEL_RESUME_H

#include "engine/checkpoint.h"
#include "model/sim.h"

/** What the layers above know of a run. Everything is borrowed and may be NULL. */
struct dp_resume {
  const struct dp_schema *(*find_schema)(const char *name); /* of a part, or of a built-in policy ("policy.fixed") */
  const char *lines; /* further lines of the fingerprint, "name = value\n": version of the program, hashes of policies
                        written in Lua; the same in every call for one simulation */
  const struct dp_buffer *about; /* rank 0: opaque bytes for dp_checkpoint_about */
};

/** Collective. Writes a checkpoint: while dp_sim_run is stopped, or from a pulse in which every rank does it (ranks
 *  learn of a signal or of the wall clock at different times: wish to stop, and write when dp_sim_run has returned,
 *  which is at one moment everywhere). The sink's `save` is called. DP_IO when a file cannot be written: the run may
 *  go on. */
enum dp_status dp_sim_checkpoint(struct dp_sim *sim, const char *path, const struct dp_resume *resume,
                                 struct dp_err *err);

/** Collective. After dp_sim_new and dp_sim_set_sink, before dp_sim_run. The sink's `resume` is called in place of
 *  `begin`. DP_FORMAT naming the parameter, table or column in which scenario and checkpoint differ; the simulation can
 *  then only be freed. */
enum dp_status dp_sim_restore(struct dp_sim *sim, const char *path, const struct dp_resume *resume,
                              struct dp_err *err);

/** One line a parameter of every instance, its parts and its policies, "market.gateway.akash.take_ratio = 0.05", and of
 *  the run itself. A file that is read counts by name (without folder), size and hash. Appended to `out`.
 *  DP_IO when such a file cannot be read. */
enum dp_status dp_sim_fingerprint(const struct dp_sim *sim, const struct dp_resume *resume, struct dp_str *out,
                                  struct dp_err *err);

#endif
