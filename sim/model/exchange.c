/* sim/model/exchange.c — what ranks tell each other at a beat: one sum, and one gather when somebody has records.
 *
 * The sum carries [failed ranks | flows | totals of the series]. Records are bulletins and transactions, packed as a
 * header and the bytes of the record. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/host.h"

struct record {
  uint32_t cell;
  uint16_t instance;
  uint16_t transaction; /* 1: a struct dp_transaction follows; 0: a bulletin of the instance */
};

enum dp_status dp_host_post(struct dp_sim *sim, uint32_t cell, uint16_t instance, bool transaction, const void *data,
                            size_t size, struct dp_err *err) {
  struct record head = {.cell = cell, .instance = instance, .transaction = transaction};
  DP_TRY(dp_buffer_append(&sim->host->posted, &head, sizeof head, err));
  return dp_buffer_append(&sim->host->posted, data, size, err);
}

/** This rank's part of the totals of the series. */
static enum dp_status add_series(struct dp_sim *sim, struct dp_err *err) {
  struct dp_host *h = sim->host;
  for (size_t k = 0; k < h->series_n; k++) h->series[k] = 0;
  for (uint32_t i = 0; i < sim->engine->local_n; i++) {
    const struct dp_metric_row *rows = dp_metric_rows(&sim->engine->cells[i]);
    for (size_t k = 0; k < h->series_n; k++)
      if (!dp_i128_add(h->series[k], rows[h->series_rows[k]].total, &h->series[k]))
        return dp_fail(err, DP_INVARIANT, "the sum of a metric over cells does not fit 128 bits");
  }
  return DP_OK;
}

/** Whether anyone may have posted a record: the same answer on every rank. */
static bool has_records(const struct dp_beat_run *r) {
  for (size_t i = 0; i < r->sim->instance_n; i++) {
    const struct dp_instance *in = &r->sim->instances[i];
    if (dp_takes_part(r, in) && (in->model->bulletin || in->model->execute)) return true;
  }
  return false;
}

static enum dp_status keep_transaction(struct dp_host *h, const unsigned char *bytes, struct dp_err *err) {
  if (!dp_array_grow(&h->transactions, &h->transaction_cap, h->transaction_n, sizeof *h->transactions))
    return dp_fail_nomem(err, "transactions");
  memcpy(&h->transactions[h->transaction_n++], bytes, sizeof *h->transactions);
  return DP_OK;
}

static enum dp_status unpack(struct dp_sim *sim, struct dp_err *err) {
  struct dp_host *h = sim->host;
  const struct dp_buffer *all = &h->gathered;
  for (size_t at = 0; at < all->len;) {
    struct record head;
    memcpy(&head, all->data + at, sizeof head);
    at += sizeof head;
    if (head.transaction) {
      DP_TRY(keep_transaction(h, all->data + at, err));
      at += sizeof(struct dp_transaction);
      continue;
    }
    struct dp_table *t = &sim->engine->globals[sim->instances[head.instance].bulletin_table];
    memcpy(dp_table_at(t, head.cell), all->data + at, t->decl->row_size);
    at += t->decl->row_size;
  }
  return DP_OK;
}

/** (instance, fee descending, sender, number of the sender's cell): total. */
static int compare(const void *pa, const void *pb) {
  const struct dp_transaction *a = pa, *b = pb;
  if (a->instance != b->instance) return a->instance < b->instance ? -1 : 1;
  if (a->fee != b->fee) return a->fee > b->fee ? -1 : 1;
  if (a->sender != b->sender) return a->sender < b->sender ? -1 : 1;
  return (a->number > b->number) - (a->number < b->number);
}

static enum dp_status exchange_records(struct dp_beat_run *r) {
  struct dp_host *h = r->sim->host;
  DP_TRY(dp_comm_gather(r->sim->comm, &h->posted, &h->gathered, r->err));
  h->posted.len = 0;
  DP_TRY(unpack(r->sim, r->err));
  if (h->transaction_n > 1) qsort(h->transactions, h->transaction_n, sizeof *h->transactions, compare);
  return DP_OK;
}

enum dp_status dp_host_exchange(struct dp_beat_run *r, enum dp_status mine) {
  struct dp_sim *sim = r->sim;
  struct dp_host *h = sim->host;
  size_t n = 1 + h->flow_n;
  if (r->info.settlement) {
    n += h->series_n;
    if (mine == DP_OK) mine = add_series(sim, r->err);
  }
  h->sums[0] = mine != DP_OK;
  DP_TRY(dp_comm_sum_i128(sim->comm, h->sums, n, r->err));
  if (h->sums[0] != 0) return dp_comm_agree(sim->comm, mine, r->err);
  return has_records(r) ? exchange_records(r) : DP_OK;
}
