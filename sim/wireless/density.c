#include <config.h>

#include "wireless/density.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* HIP-17, table of 2020; 12 is the finest level here, 13 has the same rule. */
const struct dp_density_rule dp_density_2020[DP_HEX_LEVELS] = {
    {1, 250, 800}, {1, 100, 400}, {1, 25, 100}, {2, 5, 20}, {2, 1, 4}, {2, 1, 2}, {2, 1, 1}, {2, 1, 1}, {2, 1, 1}};

/* HIP-104, December 2023: at most one from resolution 8 on; the coarser limits were raised by figures that are only in
 * a picture: left as they were. */
const struct dp_density_rule dp_density_2023[DP_HEX_LEVELS] = {
    {1, 250, 800}, {1, 100, 400}, {1, 25, 100}, {2, 5, 20}, {2, 1, 1}, {2, 1, 1}, {2, 1, 1}, {2, 1, 1}, {2, 1, 1}};

uint32_t dp_density_clip(const struct dp_density_rule *rule, uint32_t raw, uint32_t occupied_n) {
  const uint32_t steps = occupied_n + 1 > rule->wanted_n + 1 ? occupied_n + 1 - rule->wanted_n : 1;
  uint32_t limit = rule->target * steps;
  if (limit > rule->max) limit = rule->max;
  return raw < limit ? raw : limit;
}

/* ---- the hash table ---- */

static struct dp_hexagon *at(const struct dp_table *t, uint32_t slot) { return DP_ROW(t, struct dp_hexagon, slot); }

static uint64_t mixed(uint64_t x) { /* splitmix64's finaliser */
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

/* The slot that has the key, or the free one where it belongs. The number of slots is a power of two. */
static uint32_t probe(const struct dp_table *t, uint64_t key) {
  const uint32_t mask = t->row_n - 1;
  uint32_t i = (uint32_t)mixed(key) & mask;
  while (at(t, i)->key && at(t, i)->key != key) i = (i + 1) & mask;
  return i;
}

uint32_t dp_density_find(const struct dp_table *t, uint64_t key) {
  if (t->row_n == 0) return DP_NO_ROW;
  const uint32_t i = probe(t, key);
  return at(t, i)->key ? i : DP_NO_ROW;
}

uint32_t dp_density_above(const struct dp_table *t, uint32_t slot, int levels) {
  while (levels-- > 0) slot = at(t, slot)->parent;
  return slot;
}

static void relink(struct dp_table *t) {
  for (uint32_t i = 0; i < t->row_n; i++) {
    struct dp_hexagon *h = at(t, i);
    if (h->key && h->parent != DP_NO_ROW) h->parent = dp_density_find(t, dp_hex_parent(h->key));
  }
}

/* Twice the slots, until `need` of them are at most two thirds. */
static enum dp_status grow(struct dp_table *t, uint64_t need, struct dp_err *err) {
  const uint32_t old_n = t->row_n;
  uint64_t n = old_n ? old_n : 64;
  while (need * 3 > n * 2) n *= 2;
  if (n > UINT32_C(1) << 31) return dp_fail(err, DP_RANGE, "wireless.coverage: a cell has too many hexagons");
  struct dp_hexagon *old = dp_zeros(old_n ? old_n : 1, sizeof *old);
  uint32_t row;
  enum dp_status status = old ? dp_table_reserve(t, (uint32_t)n, err) : dp_fail_nomem(err, "hexagons");
  if (status == DP_OK && old_n) memcpy(old, t->rows, (size_t)old_n * sizeof *old);
  for (uint64_t i = old_n; status == DP_OK && i < n; i++) status = dp_table_add(t, &row, err);
  if (status == DP_OK) memset(t->rows, 0, (size_t)n * sizeof *old);
  for (uint32_t i = 0; status == DP_OK && i < old_n; i++)
    if (old[i].key) *at(t, probe(t, old[i].key)) = old[i];
  if (status == DP_OK) relink(t);
  free(old);
  return status;
}

bool dp_density_full(const struct dp_density *d, size_t site_n) {
  return (*d->used_n + (uint64_t)site_n * DP_HEX_LEVELS) * 3 > (uint64_t)d->table->row_n * 2;
}

enum dp_status dp_density_reserve(struct dp_density *d, size_t site_n, struct dp_err *err) {
  const bool full = dp_density_full(d, site_n);
  return full ? grow(d->table, *d->used_n + (uint64_t)site_n * DP_HEX_LEVELS, err) : DP_OK;
}

/* ---- a round ---- */

static enum dp_status push(struct dp_slots *list, uint32_t slot, struct dp_err *err) {
  if (list->n == list->room) {
    const size_t room = list->room ? 2 * list->room : 256;
    uint32_t *v = realloc(list->v, room * sizeof *v);
    if (!v) return dp_fail_nomem(err, "hexagons that have changed");
    list->v = v;
    list->room = room;
  }
  list->v[list->n++] = slot;
  return DP_OK;
}

enum dp_status dp_density_begin(struct dp_density *d, struct dp_table *table, const struct dp_density_rule *rules,
                                uint32_t *used_n, uint32_t round, uint32_t top_n, struct dp_err *err) {
  *d = (struct dp_density){.table = table, .rules = rules, .used_n = used_n, .round = round, .top_n = top_n};
  d->dirty = dp_zeros(top_n, sizeof *d->dirty);
  return d->dirty ? DP_OK : dp_fail_nomem(err, "hexagons");
}

void dp_density_end(struct dp_density *d) {
  for (size_t i = 0; i < DP_HEX_LEVELS; i++) free(d->changed[i].v);
  free(d->limited.v);
  free(d->dirty);
}

static int level_of(const struct dp_hexagon *h) { return dp_hex_resolution(h->key) - DP_HEX_COARSE; }

/* Its raw number changes; it is looked at when its level is settled. */
static enum dp_status change_raw(struct dp_density *d, uint32_t slot, int64_t delta, struct dp_err *err) {
  struct dp_hexagon *h = at(d->table, slot);
  if (h->changed_in != d->round) {
    h->changed_in = d->round;
    h->before = h->raw;
    DP_TRY(push(&d->changed[level_of(h)], slot, err));
  }
  h->raw = (uint32_t)((int64_t)h->raw + delta);
  return DP_OK;
}

uint32_t dp_density_enter(struct dp_density *d, uint64_t key, uint32_t top) {
  const uint32_t slot = probe(d->table, key);
  struct dp_hexagon *h = at(d->table, slot);
  if (h->key) return slot;
  h->key = key;
  h->top = top;
  h->parent = DP_NO_ROW;
  ++*d->used_n;
  if (dp_hex_resolution(key) > DP_HEX_COARSE) h->parent = dp_density_enter(d, dp_hex_parent(key), top);
  return slot;
}

enum dp_status dp_density_change(struct dp_density *d, uint32_t slot, int delta, struct dp_err *err) {
  for (uint32_t i = slot; i != DP_NO_ROW; i = at(d->table, i)->parent)
    at(d->table, i)->count = (uint32_t)((int64_t)at(d->table, i)->count + delta);
  return change_raw(d, slot, delta, err);
}

static uint32_t occupied(const struct dp_density *d, const struct dp_hexagon *h, uint32_t target) {
  uint32_t n = h->raw >= target;
  for (unsigned k = 0; k < DP_HEX_NEIGHBOURS; k++) {
    const uint32_t i = dp_density_find(d->table, dp_hex_neighbour(h->key, k));
    n += i != DP_NO_ROW && at(d->table, i)->raw >= target;
  }
  return n;
}

/* Queues a hexagon whose limit or number may have changed. */
static enum dp_status queue(struct dp_density *d, uint32_t slot, struct dp_err *err) {
  struct dp_hexagon *h = at(d->table, slot);
  if (h->queued_in == d->round) return DP_OK;
  h->queued_in = d->round;
  return push(&d->limited, slot, err);
}

static enum dp_status queue_level(struct dp_density *d, int level, struct dp_err *err) {
  const struct dp_slots *changed = &d->changed[level];
  d->limited.n = 0;
  for (size_t i = 0; i < changed->n; i++) {
    const struct dp_hexagon *h = at(d->table, changed->v[i]);
    DP_TRY(queue(d, changed->v[i], err));
    if (!d->rules || (h->before >= d->rules[level].target) == (h->raw >= d->rules[level].target)) continue;
    for (unsigned k = 0; k < DP_HEX_NEIGHBOURS; k++) {
      const uint32_t n = dp_density_find(d->table, dp_hex_neighbour(h->key, k));
      if (n != DP_NO_ROW) DP_TRY(queue(d, n, err));
    }
  }
  return DP_OK;
}

static enum dp_status settle_level(struct dp_density *d, int level, struct dp_err *err) {
  DP_TRY(queue_level(d, level, err));
  for (size_t i = 0; i < d->limited.n; i++) {
    struct dp_hexagon *h = at(d->table, d->limited.v[i]);
    const struct dp_density_rule *rule = d->rules ? &d->rules[level] : NULL;
    const uint32_t clipped = rule ? dp_density_clip(rule, h->raw, occupied(d, h, rule->target)) : h->raw;
    if (clipped == h->clipped && h->changed_in != d->round) continue;
    const int64_t more = (int64_t)clipped - h->clipped;
    h->clipped = clipped;
    d->dirty[h->top] = true;
    if (more != 0 && h->parent != DP_NO_ROW) DP_TRY(change_raw(d, h->parent, more, err));
  }
  return DP_OK;
}

static void mark_round(struct dp_density *d, uint64_t top_key) {
  for (unsigned k = 0; k < DP_HEX_NEIGHBOURS; k++) {
    const uint32_t i = dp_density_find(d->table, dp_hex_neighbour(top_key, k));
    if (i != DP_NO_ROW) d->dirty[at(d->table, i)->top] = true;
  }
}

enum dp_status dp_density_spread(struct dp_density *d, struct dp_err *err) {
  bool *first = dp_zeros(d->top_n, sizeof *first);
  if (!first) return dp_fail_nomem(err, "hexagons");
  memcpy(first, d->dirty, d->top_n * sizeof *first);
  for (uint32_t top = 0; top < d->top_n; top++)
    if (first[top]) mark_round(d, dp_hex_spiral(DP_HEX_COARSE, top));
  free(first);
  return DP_OK;
}

enum dp_status dp_density_settle(struct dp_density *d, struct dp_err *err) {
  for (int level = DP_HEX_LEVELS - 1; level >= 0; level--) DP_TRY(settle_level(d, level, err));
  return dp_density_spread(d, err); /* witnesses are counted across borders */
}

/* ---- what hotspots ask ---- */

double dp_density_scale(struct dp_density *d, uint32_t slot) {
  struct dp_hexagon *h = at(d->table, slot);
  if (h->scale_in == d->round) return h->scale;
  const double above = h->parent == DP_NO_ROW ? 1 : dp_density_scale(d, h->parent);
  h->scale_in = d->round;
  return h->scale = h->raw ? above * ((double)h->clipped / (double)h->raw) : above;
}

uint32_t dp_density_count(struct dp_density *d, uint32_t slot) {
  struct dp_hexagon *h = at(d->table, slot);
  if (h->count_in == d->round) return h->count_round;
  uint32_t sum = h->count;
  for (unsigned k = 0; k < DP_HEX_NEIGHBOURS; k++) {
    const uint32_t i = dp_density_find(d->table, dp_hex_neighbour(h->key, k));
    if (i != DP_NO_ROW) sum += at(d->table, i)->count;
  }
  h->count_in = d->round;
  return h->count_round = sum;
}

int64_t dp_density_given(struct dp_density *d, uint32_t slot) {
  struct dp_hexagon *h = at(d->table, slot);
  if (h->given_in == d->round) return h->given_round;
  int64_t sum = h->given;
  for (unsigned k = 0; k < DP_HEX_NEIGHBOURS; k++) {
    const uint32_t i = dp_density_find(d->table, dp_hex_neighbour(h->key, k));
    if (i != DP_NO_ROW) sum += at(d->table, i)->given;
  }
  h->given_in = d->round;
  return h->given_round = sum;
}

void dp_density_give(struct dp_density *d, uint32_t slot, int64_t amount) { at(d->table, slot)->given += amount; }
