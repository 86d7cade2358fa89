/* sim/engine/balance.c — when cells change their rank, and which. */
#include "engine/balance.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "engine/engine.h"
#include "engine/inside.h"
#include "engine/migrate.h"

#define PERIOD_NS (50 * DP_MS) /* a period ends when a rank has computed for so long, times the patience */
#define PATIENCE_MAX 64
#define UNEVEN 8         /* a period is uneven when busiest and idlest rank differ by more than 1/8 of the former */
#define WORTHWHILE 16    /* a plan must save 1/16 of the busiest rank's time */
#define EVEN_ENOUGH 32
#define SAMPLE_WINDOWS 32 /* one window of so many is timed, */
#define SAMPLE_EVENTS 2048 /* and every one after a window of so many events */
#define MOVE_NS (2 * DP_MS) /* what a move costs at least, and each byte of a moved cell */
#define MOVE_NS_PER_BYTE 4

void dp_engine_set_balance(struct dp_engine *e, enum dp_balance_mode mode) { e->balance.mode = mode; }

/* ---- measuring ---- */

dp_time dp__balance_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (dp_time)t.tv_sec * DP_S + t.tv_nsec;
}

bool dp__balance_times(const struct dp_engine *e) {
  return e->balance.samples && (e->window_n % SAMPLE_WINDOWS == 0 || e->balance.window_event_n >= SAMPLE_EVENTS);
}

void dp__balance_timed(struct dp_engine *e, struct dp_cell *cell, uint64_t event_n, dp_time *began_ns) {
  const dp_time now_ns = dp__balance_clock(), took_ns = now_ns - *began_ns;
  *began_ns = now_ns;
  cell->timed_ns += took_ns;
  cell->timed_event_n += event_n;
  e->balance.timed_ns += took_ns;
  e->balance.timed_event_n += event_n;
}

/* What `event_n` events took, when `timed_event_n` of them took `timed_ns`. */
static double took(uint64_t event_n, uint64_t timed_event_n, dp_time timed_ns) {
  return timed_event_n ? (double)event_n * ((double)timed_ns / (double)timed_event_n) : 0;
}

int64_t dp__balance_load(const struct dp_engine *e) {
  const struct dp_balance *b = &e->balance;
  return (int64_t)took(b->event_n, b->timed_event_n, b->timed_ns);
}

static void begin_period(struct dp_engine *e) {
  struct dp_balance *b = &e->balance;
  b->event_n = b->timed_event_n = 0;
  b->timed_ns = 0;
  for (uint32_t i = 0; i < e->local_n; i++) {
    struct dp_cell *cell = &e->cells[i];
    cell->counted_event_n = cell->event_n;
    cell->timed_event_n = 0;
    cell->timed_ns = 0;
  }
}

/* ---- planning ---- */

/* Cells of a rank are a chain: its head by rank, the next one by cell. */
struct plan {
  const uint64_t *cost;
  uint32_t *cell_rank, *next, *head;
  uint64_t *load;
  uint32_t rank_n;
};

#define NO_CELL UINT32_MAX

/* The cell whose move evens out two loads that differ by `gap` best, as the link that points to it; NULL if none. */
static uint32_t *best_fit(const struct plan *p, uint32_t from, uint64_t gap) {
  uint32_t *best = NULL;
  uint64_t most = 0;
  for (uint32_t *link = &p->head[from]; *link != NO_CELL; link = &p->next[*link]) {
    const uint64_t cost = p->cost[*link];
    if (cost == 0 || cost >= gap) continue;
    const uint64_t gain = cost < gap - cost ? cost : gap - cost;
    if (best == NULL || gain > most || (gain == most && *link < *best)) {
      most = gain;
      best = link;
    }
  }
  return best;
}

static void extremes(const struct plan *p, uint32_t *busiest, uint32_t *idlest) {
  *busiest = *idlest = 0;
  for (uint32_t r = 1; r < p->rank_n; r++) {
    if (p->load[r] > p->load[*busiest]) *busiest = r;
    if (p->load[r] < p->load[*idlest]) *idlest = r;
  }
}

/* Every move makes the sum of the squared loads smaller: it comes to an end. */
static uint64_t even_out(struct plan *p, uint64_t mean) {
  uint32_t from, to;
  for (;;) {
    extremes(p, &from, &to);
    if (p->load[from] <= mean + mean / EVEN_ENOUGH) break;
    uint32_t *link = best_fit(p, from, p->load[from] - p->load[to]);
    if (link == NULL) break;
    const uint32_t cell = *link;
    *link = p->next[cell];
    p->next[cell] = p->head[to];
    p->head[to] = cell;
    p->cell_rank[cell] = to;
    p->load[from] -= p->cost[cell];
    p->load[to] += p->cost[cell];
  }
  return p->load[from];
}

enum dp_status dp_balance_plan(const uint64_t *cost, uint32_t cell_n, uint32_t rank_n, uint32_t *cell_rank,
                               uint64_t *before, uint64_t *after, struct dp_err *err) {
  uint32_t *chains = malloc(((size_t)cell_n + rank_n) * sizeof *chains), from, to;
  uint64_t *load = calloc(rank_n, sizeof *load), sum = 0;
  if (!chains || !load) {
    free(chains);
    free(load);
    return dp_fail_nomem(err, "a plan for cells");
  }
  struct plan p = {cost, cell_rank, chains, chains + cell_n, load, rank_n};
  for (uint32_t r = 0; r < rank_n; r++) p.head[r] = NO_CELL;
  for (uint32_t c = cell_n; c-- > 0;) {
    p.next[c] = p.head[cell_rank[c]];
    p.head[cell_rank[c]] = c;
    load[cell_rank[c]] += cost[c];
    sum += cost[c];
  }
  extremes(&p, &from, &to);
  *before = load[from];
  *after = even_out(&p, sum / rank_n);
  free(chains);
  free(load);
  return DP_OK;
}

void dp_balance_scatter(uint64_t number, uint32_t cell_n, uint32_t rank_n, uint32_t *cell_rank) {
  for (uint32_t c = 0; c < cell_n; c++) cell_rank[c] = (uint32_t)(dp_hash_mix(number, c) % rank_n);
}

/* ---- moving ---- */

/* A plan in the making; the same on every rank when it is done. */
struct proposal {
  uint64_t *cost, *bytes; /* [cell_n] each, in one block */
  uint32_t *cell_rank;    /* [cell_n] */
  uint64_t before, after;
};

static enum dp_status new_proposal(const struct dp_engine *e, struct proposal *p, struct dp_err *err) {
  const size_t cell_n = e->config.cell_n;
  *p = (struct proposal){.cost = calloc(2 * cell_n + 1, sizeof *p->cost),
                         .cell_rank = malloc((cell_n + 1) * sizeof *p->cell_rank)};
  bool ok = p->cost && p->cell_rank;
  if (ok) p->bytes = p->cost + cell_n;
  if (ok) memcpy(p->cell_rank, e->cell_rank, cell_n * sizeof *p->cell_rank);
  return dp_comm_agree(e->config.comm, ok ? DP_OK : dp_fail_nomem(err, "a plan for cells"), err);
}

static void free_proposal(struct proposal *p) {
  free(p->cost);
  free(p->cell_rank);
}

static enum dp_status carry_out(struct dp_engine *e, const struct proposal *p, struct dp_err *err) {
  struct dp_balance *b = &e->balance;
  uint64_t moved_n = 0;
  for (uint32_t c = 0; c < e->config.cell_n; c++) moved_n += p->cell_rank[c] != e->cell_rank[c];
  b->moved_n += moved_n;
  b->move_n += moved_n > 0;
  b->lost_ns = 0;
  return dp_engine_migrate(e, p->cell_rank, err);
}

/* The predicted cost of a cell: rows that events go to, and pending events. */
static uint64_t predicted(const struct dp_engine *e, const struct dp_cell *cell) {
  uint64_t n = cell->queue.event_n;
  for (size_t i = 0; i < e->config.target_n; i++)
    if (e->row_table[i] != DP_NO_ROW) n += cell->tables[e->row_table[i]].live_n;
  return n;
}

static uint64_t bytes_of(const struct dp_engine *e, const struct dp_cell *cell) {
  uint64_t bytes = dp_queue_bytes(&cell->queue);
  for (size_t t = 0; t < e->config.cell_table_n; t++) bytes += dp_table_bytes(&cell->tables[t]);
  return bytes;
}

static uint64_t measured(const struct dp_engine *e, const struct dp_cell *cell) {
  const struct dp_balance *b = &e->balance;
  const uint64_t event_n = cell->event_n - cell->counted_event_n;
  return (uint64_t)(cell->timed_event_n ? took(event_n, cell->timed_event_n, cell->timed_ns)
                                        : took(event_n, b->timed_event_n, b->timed_ns));
}

/* Costs of all cells, and where they would go best. */
static enum dp_status propose(struct dp_engine *e, bool by_measure, struct proposal *p, struct dp_err *err) {
  const uint32_t cell_n = e->config.cell_n, rank_n = (uint32_t)e->config.comm->rank_n;
  for (uint32_t i = 0; i < e->local_n; i++) {
    const struct dp_cell *cell = &e->cells[i];
    p->cost[cell->id] = by_measure ? measured(e, cell) : predicted(e, cell);
    p->bytes[cell->id] = bytes_of(e, cell);
  }
  DP_TRY(dp_comm_sum_u64(e->config.comm, p->cost, 2 * (size_t)cell_n, err));
  return dp_comm_agree(e->config.comm,
                       dp_balance_plan(p->cost, cell_n, rank_n, p->cell_rank, &p->before, &p->after, err), err);
}

static enum dp_status place(struct dp_engine *e, struct proposal *p, struct dp_err *err) {
  e->balance.placed = true;
  if (e->balance.mode == DP_BALANCE_ALWAYS) {
    dp_balance_scatter(e->beat_count, e->config.cell_n, (uint32_t)e->config.comm->rank_n, p->cell_rank);
    return carry_out(e, p, err);
  }
  DP_TRY(dp__engine_flush(e, err)); /* events under way are pending too */
  DP_TRY(propose(e, false, p, err));
  return p->before - p->after > p->before / UNEVEN ? carry_out(e, p, err) : DP_OK;
}

/* Ski rental: what was lost so far pays for the move. */
static enum dp_status review(struct dp_engine *e, struct proposal *p, struct dp_err *err) {
  struct dp_balance *b = &e->balance;
  uint64_t price_ns = MOVE_NS;
  DP_TRY(propose(e, true, p, err));
  const uint64_t saved_ns = p->before - p->after;
  if (saved_ns < p->before / WORTHWHILE) { /* it cannot be helped: ask more seldom */
    if (b->patience < PATIENCE_MAX) b->patience *= 2;
    b->uneven_n = 0;
    return DP_OK;
  }
  for (uint32_t c = 0; c < e->config.cell_n; c++)
    if (p->cell_rank[c] != e->cell_rank[c]) price_ns += p->bytes[c] * MOVE_NS_PER_BYTE;
  b->lost_ns += saved_ns;
  b->patience = 1;
  return b->lost_ns > price_ns ? carry_out(e, p, err) : DP_OK;
}

static enum dp_status with_proposal(struct dp_engine *e, struct dp_err *err,
                                    enum dp_status (*act)(struct dp_engine *, struct proposal *, struct dp_err *)) {
  struct proposal p;
  enum dp_status status = new_proposal(e, &p, err);
  if (status == DP_OK) status = act(e, &p, err);
  free_proposal(&p);
  return status;
}

/* Much of what there is comes with the first events: costs are predicted after the first window. */
enum dp_status dp__balance_begin(struct dp_engine *e, struct dp_err *err) {
  struct dp_balance *b = &e->balance;
  if (b->begun || e->config.comm->rank_n == 1 || e->config.cell_n < 2) return DP_OK;
  b->begun = true;
  b->patience = 1;
  b->samples = b->mode == DP_BALANCE_AUTO;
  bool later = b->mode == DP_BALANCE_AUTO && e->window_n == 0;
  enum dp_status status = b->mode == DP_BALANCE_OFF || later ? DP_OK : with_proposal(e, err, place);
  begin_period(e);
  return status;
}

bool dp__balance_is_due(const struct dp_engine *e, bool beat) {
  return beat || (e->window_n == 1 && !e->balance.placed);
}

enum dp_status dp__balance_act(struct dp_engine *e, int64_t most_ns, int64_t least_ns, enum dp_status received,
                               struct dp_err *err) {
  struct dp_balance *b = &e->balance;
  if (e->config.comm->rank_n == 1 || e->config.cell_n < 2 || b->mode == DP_BALANCE_OFF) return DP_OK;
  bool places = b->mode == DP_BALANCE_ALWAYS || (!b->placed && e->window_n > 0);
  if (!places && most_ns < PERIOD_NS * (dp_time)b->patience) return DP_OK;
  b->uneven_n = !places && most_ns - least_ns > most_ns / UNEVEN ? b->uneven_n + 1 : 0;
  if (b->uneven_n == 0) b->lost_ns = 0;
  DP_TRY(dp_comm_agree(e->config.comm, received, err));
  enum dp_status status = DP_OK;
  if (places) status = with_proposal(e, err, place);
  else if (b->uneven_n > 1) status = with_proposal(e, err, review);
  begin_period(e);
  return status;
}
