/* sim/output/cost.c — what a run cost: a row a rank and a row a channel, apart from results. */
#include <stdlib.h>

#include "output/parts.h"

/* A table of whole numbers, whose columns are filled one after another. */
struct filling {
  hid_t group, scale; /* the first column is the scale of the others */
  size_t n;
  int64_t *values; /* [n] */
};

static bool begin(struct filling *f, hid_t parent, const char *name, size_t n) {
  *f = (struct filling){.scale = -1, .n = n};
  f->group = dp_h5_create_group(parent, name);
  f->values = calloc(n + 1, sizeof *f->values);
  return f->group >= 0 && f->values != NULL;
}

static bool end(struct filling *f, bool done) {
  free(f->values);
  dp_h5_close(f->scale);
  dp_h5_close(f->group);
  return done;
}

static hid_t put(const struct filling *f, const char *name, const char *units, const char *doc) {
  return dp_h5_write_column(f->group, name, H5T_STD_I64LE, H5T_NATIVE_INT64, f->values, f->n, units, doc);
}

static bool put_column(const struct filling *f, const char *name, const char *units, const char *doc) {
  hid_t dataset = put(f, name, units, doc);
  bool done = dataset >= 0 && dp_h5_attach_scale(dataset, f->scale, 0);
  dp_h5_close(dataset);
  return done;
}

/* Fills the values with an expression of i, and writes the column. */
#define PUT(value, name, units, doc) \
  do { \
    for (size_t i = 0; i < f.n; i++) f.values[i] = (int64_t)(value); \
    if (!put_column(&f, name, units, doc)) return end(&f, false); \
  } while (0)

static bool put_ranks(hid_t parent, const struct dp_engine_report *r) {
  struct filling f;
  bool done = begin(&f, parent, "ranks", r->rank_n);
  for (size_t i = 0; done && i < f.n; i++) f.values[i] = (int64_t)i;
  if (done) done = (f.scale = put(&f, "rank", "1", "number of the rank")) >= 0 && dp_h5_make_scale(f.scale, "rank");
  if (!done) return end(&f, false);
  PUT(r->ranks[i].cell_n, "cells", "1", "cells that it had at the end");
  PUT(r->ranks[i].event_n, "events", "1", "events that it ran since the run began or was resumed");
  PUT(r->ranks[i].busy_ns, "busy_ns", "ns", "wall clock while it computed");
  PUT(r->ranks[i].wait_ns, "wait_ns", "ns", "wall clock in calls that wait for other ranks");
  return end(&f, true);
}

/* Without the first one, which is the cell itself. */
static bool put_channels(hid_t parent, const struct dp_engine_report *r) {
  const struct dp_channel *channels = r->channels + 1;
  struct filling f;
  bool done = begin(&f, parent, "channels", r->channel_n - 1);
  const char **names = calloc(r->channel_n, sizeof *names);
  for (size_t i = 0; names != NULL && i < f.n; i++) names[i] = channels[i].name;
  if (done) done = names != NULL && (f.scale = dp_h5_write_texts(f.group, "name", names, f.n)) >= 0;
  free(names);
  if (!done || !dp_h5_make_scale(f.scale, "name")) return end(&f, false);
  PUT(channels[i].least_delay_ns, "least_delay_ns", "ns", "what its models promise");
  PUT(channels[i].observed_min_ns, "observed_min_ns", "ns",
      "shortest message between cells; the greatest whole number: there was none");
  PUT(channels[i].message_n, "messages", "1", "messages that left their cell");
  return end(&f, true);
}

bool dp__write_cost(hid_t volatiles, const struct dp_engine_report *r) {
  return dp_h5_put_u64(volatiles, "windows", r->window_n) && dp_h5_put_u64(volatiles, "cells_moved", r->moved_n) &&
         dp_h5_put_f64(volatiles, "events_per_window", r->events_per_window) &&
         dp_h5_put_f64(volatiles, "wait_ratio", r->wait_ratio) &&
         dp_h5_put_f64(volatiles, "imbalance_ratio", r->imbalance_ratio) &&
         dp_h5_put_text(volatiles, "hint", r->hint) && put_ranks(volatiles, r) &&
         (r->channel_n < 2 || put_channels(volatiles, r));
}
