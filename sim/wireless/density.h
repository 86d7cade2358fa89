/* sim/wireless/density.h — how many hotspots of each hexagon count (HIP-17), kept up to date as they come and go.
 * Layer: domain. Not collective. The state is the rows of one table: a hash table with open addressing whose slots are
 * rows, so that checkpoint, digest and migration carry it like any other state.
 *
 * Changes are collected by dp_density_change and take effect with dp_density_settle, which walks from the finest level
 * to the coarsest and looks only at hexagons whose own number, or whose neighbour's side of the target, has changed. */
#ifndef DP_WIRELESS_DENSITY_H
#define DP_WIRELESS_DENSITY_H

#include <stdbool.h>

#include "engine/table.h"
#include "wireless/hexagon.h"

/** Row of table "hexagon": a slot; key 0: empty. */
struct dp_hexagon {
  uint64_t key;
  int64_t given;       /* Σ of dp_density_give below it, at the levels where witnesses are counted */
  int64_t given_round; /* the same with the six neighbours … */
  double scale;        /* Π clipped / raw from here to the coarsest level … */
  uint32_t count;      /* hotspots below it, all of them */
  uint32_t count_round; /* with the six neighbours … */
  uint32_t raw;        /* finest level: hotspots; else Σ of the children's clipped */
  uint32_t clipped;    /* of them, that count */
  uint32_t before;     /* raw before the changes of this round */
  uint32_t parent;     /* slot; DP_NO_ROW at the coarsest level */
  uint32_t changed_in, scale_in, count_in, given_in; /* … as of this round */
  uint32_t queued_in;
  uint32_t top;        /* number of its coarsest hexagon in the spiral */
};

/** N, target and max of a resolution. */
struct dp_density_rule {
  uint32_t wanted_n, target, max;
};

/** The rules of a date: [DP_HEX_LEVELS], coarsest first. NULL: every hotspot counts. */
extern const struct dp_density_rule dp_density_2020[], dp_density_2023[];

/** Growable list of slots. */
struct dp_slots {
  uint32_t *v;
  size_t n, room;
};

/** A cell's hexagons with the scratch of one round. */
struct dp_density {
  struct dp_table *table;
  const struct dp_density_rule *rules;
  uint32_t *used_n; /* slots in use: state of the cell */
  uint32_t round;   /* greater than in every round before, at least 1 */
  uint32_t top_n;   /* coarsest hexagons of the cell */
  bool *dirty;      /* [top_n] some scale or number below it may have changed */
  struct dp_slots changed[DP_HEX_LEVELS], limited;
};

/** Begins a round. @param used_n 0 with an empty table at first. DP_NOMEM. */
enum dp_status dp_density_begin(struct dp_density *d, struct dp_table *table, const struct dp_density_rule *rules,
                                uint32_t *used_n, uint32_t round, uint32_t top_n, struct dp_err *err);
void dp_density_end(struct dp_density *d);

/** Makes room for `site_n` more sites. When dp_density_full says that there is none, all slots get other numbers: what
 *  refers to them must be found again by its key, and no change of this round may have happened yet. */
enum dp_status dp_density_reserve(struct dp_density *d, size_t site_n, struct dp_err *err);
bool dp_density_full(const struct dp_density *d, size_t site_n);

/** Slot of the hexagon `key`, which is below the coarsest one `top`, made when there is none; dp_density_reserve
 *  first. */
uint32_t dp_density_enter(struct dp_density *d, uint64_t key, uint32_t top);

/** A hotspot comes (+1) to a hexagon of the finest level, or leaves it (−1). */
enum dp_status dp_density_change(struct dp_density *d, uint32_t slot, int delta, struct dp_err *err);

/** Brings raw and clipped of all levels up to date and marks what is dirty, neighbours of the dirty included. */
enum dp_status dp_density_settle(struct dp_density *d, struct dp_err *err);

/** Marks the neighbours of what is dirty. */
enum dp_status dp_density_spread(struct dp_density *d, struct dp_err *err);

/** Slot of a hexagon, DP_NO_ROW when nobody has ever been there. */
uint32_t dp_density_find(const struct dp_table *table, uint64_t key);

/** Slot `levels` above. */
uint32_t dp_density_above(const struct dp_table *table, uint32_t slot, int levels);

/** HIP-17's transmit scale of a hotspot in this slot: after dp_density_settle. */
double dp_density_scale(struct dp_density *d, uint32_t slot);

/** Hotspots in a hexagon and its neighbours; Σ of what their hotspots give. The first after dp_density_settle, the
 *  second when all have given. */
uint32_t dp_density_count(struct dp_density *d, uint32_t slot);
int64_t dp_density_given(struct dp_density *d, uint32_t slot);

/** Adds to what the hotspots of a hexagon give. */
void dp_density_give(struct dp_density *d, uint32_t slot, int64_t amount);

/** How many of `raw` count: min(raw, max, target · max(1, occupied − N + 1)). */
uint32_t dp_density_clip(const struct dp_density_rule *rule, uint32_t raw, uint32_t occupied_n);

#endif
