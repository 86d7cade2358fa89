/* sim/engine/checkpoint.h — the state of a run in one file, written so that a kill at any moment leaves a good one.
 * Layer: engine. dp_checkpoint_write and _restore are collective; rank 0 alone touches the file.
 *
 * The file is a row of sections, each with its length and hash, and an end mark: the owner's notes, the schema, the
 * clock, the replicated tables, every cell by id. It fits any number of ranks. It is
 * written as PATH.part, brought to the disk and renamed to PATH; the one before stays as PATH.old. At every moment
 * there is a whole one under PATH, once there was one (under PATH.old on a disk without hard links). */
#ifndef DP_ENGINE_CHECKPOINT_H
#define DP_ENGINE_CHECKPOINT_H

#include "engine/pack.h"

/** What the owner of an engine adds. Counts on rank 0 only. Zero is a valid empty one. */
struct dp_checkpoint_notes {
  struct dp_buffer about;    /* whose run it is: opaque, readable before there is an engine */
  struct dp_buffer identity; /* text, lines "name = value" that must be the same when the run goes on */
  struct dp_buffer results;  /* what the owner keeps besides the tables: opaque */
};

void dp_checkpoint_notes_fini(struct dp_checkpoint_notes *notes);

/** Collective. Writes the state between two windows or beats: while the run is stopped, or from a pulse in which every
 *  rank calls it. DP_IO naming the file when it cannot be written; PATH is then as before. */
enum dp_status dp_checkpoint_write(struct dp_engine *e, const char *path, const struct dp_checkpoint_notes *notes,
                                   struct dp_err *err);

/** Not collective. Reads what the owner said, after checking every section of the file. `about` is appended to.
 *  DP_IO (missing, unreadable), DP_FORMAT (not a checkpoint, another version, cut short, damaged). */
enum dp_status dp_checkpoint_about(const char *path, struct dp_buffer *about, struct dp_err *err);

/** Not collective. As dp_checkpoint_about for `path`, or for `path`.old when that is missing or damaged: `why` says
 *  then what is wrong with the newer one. @param found set to the name of the good one; the caller frees it. */
enum dp_status dp_checkpoint_find(const char *path, char **found, struct dp_buffer *about, struct dp_err *why,
                                  struct dp_err *err);

/** Collective. Puts the state of `path` into a fresh engine of the same declarations. On rank 0 notes->identity is
 *  compared with that of the file, and `about` and `results` are filled. DP_FORMAT naming the first line of identity or
 *  schema that differs, or the damage; the engine can then only be freed. */
enum dp_status dp_checkpoint_restore(struct dp_engine *e, const char *path, struct dp_checkpoint_notes *notes,
                                     struct dp_err *err);

#endif
