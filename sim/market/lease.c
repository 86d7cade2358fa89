/* sim/market/lease.c — a lease from its award to its end, and its money. */
#include <config.h>

#include "market/auction_priv.h"
#include "market/waterfall.h"

int64_t dp_lease_due(int64_t rate, dp_time ns) { return (int64_t)((dp_i128)rate * ns / 1000000000000000); }

static uint32_t own(const struct dp_ctx *ctx, enum dp_account_kind kind) { return dp_books_own(ctx, kind, DP_USD); }

/** Sent to a host, of whose lease it is the end, or to the cell. */
struct timer {
  uint32_t lease_n;
  uint32_t zero;
};

static enum dp_status set_end(struct dp_ctx *ctx, dp_entity host, const struct dp_lease *l) {
  const struct timer t = {.lease_n = l->lease_n};
  struct dp_message m = {.dest = host, .time_ns = l->end_ns, .instance = ctx->self->index, .kind = DP_EVENT_TIMER,
                         .phase = DP_PHASE_RELEASE, .size = sizeof t, .payload = &t};
  return dp_send(ctx, &m);
}

enum dp_status dp__lease_set_timer(struct dp_ctx *ctx, dp_time after_ns) {
  const struct dp_spec *spec = &dp_ctx_sim(ctx)->spec;
  const dp_time next = dp_time_add(after_ns - after_ns % spec->settle_every_ns, spec->settle_every_ns);
  const struct timer t = {0};
  struct dp_message m = {.dest = dp_entity_of_cell(ctx->cell->id),
                         .time_ns = (next < spec->end_ns ? next : spec->end_ns) - 1,
                         .instance = ctx->self->index, .kind = DP_EVENT_TIMER, .phase = DP_PHASE_DECISION,
                         .size = sizeof t, .payload = &t};
  return after_ns >= spec->end_ns ? DP_OK : dp_send(ctx, &m);
}

enum dp_status dp__lease_begin(struct dp_ctx *ctx, const struct dp_auction_bid *award) {
  const uint32_t node = dp_table_find(dp_own_table(ctx, DP_AUCTION_LEASE), award->host);
  if (node == DP_NO_ROW || dp__lease_at(ctx, node)->rate > 0)
    return dp_fail(ctx->err, DP_INVARIANT, "%s: a lease is awarded to host %016llx, which is not free", ctx->self->name,
                   (unsigned long long)award->host);
  struct dp_lease *l = dp__lease_at(ctx, node);
  if ((dp_i128)award->rate * award->duration_ns / 1000000000000000 > INT64_MAX / 4)
    return dp_fail(ctx->err, DP_SCENARIO, "%s: a lease costs more than 2.3e9 usd (make duration_d shorter)",
                   ctx->self->name);
  const uint32_t lease_n = l->lease_n + 1;
  *l = (struct dp_lease){.rate = award->rate, .begin_ns = ctx->now_ns, .paid_to_ns = ctx->now_ns,
                         .end_ns = ctx->now_ns + award->duration_ns, .lease_n = lease_n,
                         .escrow_nusd = dp_lease_due(award->rate, award->duration_ns)};
  dp__leased(ctx, node)->in_flight_n++;
  dp__auction_desk(ctx)->active_n++;
  dp_metric_add(ctx, DP_AUCTION_SIGNED, 0, 1);
  dp_metric_add(ctx, DP_AUCTION_PRICE, 0, award->rate);
  DP_TRY(dp_books_post(ctx, DP_REASON_CUSTOMER_PAYMENT, own(ctx, DP_ACCOUNT_EXTERNAL), own(ctx, DP_ACCOUNT_ESCROW),
                       l->escrow_nusd));
  return set_end(ctx, award->host, l);
}

/** Time and money of a stretch go to the listing. */
static enum dp_status credit(struct dp_ctx *ctx, uint32_t node, dp_time from_ns, dp_time to_ns, int64_t share) {
  struct dp_listing *l = dp__leased(ctx, node);
  const dp_time since = dp__lease_at(ctx, node)->begin_ns;
  l->work_tok += (to_ns - since) / DP_S - (from_ns - since) / DP_S;
  l->busy_ns += to_ns - from_ns;
  dp_metric_add(ctx, DP_AUCTION_TIME, 0, to_ns - from_ns);
  if (!__builtin_add_overflow(l->payable_nusd, share, &l->payable_nusd)) return DP_OK;
  return dp_fail(ctx->err, DP_INVARIANT, "%s: a host earns more than 9.2e9 usd in one settlement", ctx->self->name);
}

/** Leases are customers' spending in the network too. */
static void count(struct dp_ctx *ctx, int64_t amount, int64_t take, int64_t seconds) {
  struct dp_ctx network = *ctx;
  network.self = dp__auction_shared(ctx)->network;
  dp_metric_add(ctx, DP_AUCTION_SPEND, 0, amount);
  dp_metric_add(ctx, DP_AUCTION_TAKE, 0, take);
  dp_waterfall_add(&network, &(struct dp_paid){.spend_nusd = amount, .take_nusd = take});
  dp_metric_add(&network, DP_GATEWAY_WORK, 0, seconds * 1000000);
}

enum dp_status dp__lease_stream(struct dp_ctx *ctx, uint32_t node, dp_time until_ns) {
  const struct dp__auction *s = dp__auction_shared(ctx);
  struct dp_lease *l = dp__lease_at(ctx, node);
  const dp_time to = until_ns < l->end_ns ? until_ns : l->end_ns, from = l->paid_to_ns;
  if (l->rate == 0 || to <= from) return DP_OK;
  const int64_t amount = dp_lease_due(l->rate, to - l->begin_ns) - l->paid_nusd;
  const int64_t take = (int64_t)((dp_i128)amount * (to > s->all_ns ? 1000000000 : s->take_ppb) / 1000000000);
  l->paid_nusd += amount;
  l->escrow_nusd -= amount;
  l->paid_to_ns = to;
  count(ctx, amount, take, (to - l->begin_ns) / DP_S - (from - l->begin_ns) / DP_S);
  DP_TRY(dp_books_post(ctx, DP_REASON_WORK_SHARE, own(ctx, DP_ACCOUNT_ESCROW), own(ctx, DP_ACCOUNT_PAYABLE),
                       amount - take));
  DP_TRY(dp_books_post(ctx, DP_REASON_PROTOCOL_TAKE, own(ctx, DP_ACCOUNT_ESCROW), own(ctx, DP_ACCOUNT_PROTOCOL), take));
  return credit(ctx, node, from, to, amount - take);
}

enum dp_status dp__lease_close(struct dp_ctx *ctx, uint32_t node, bool broken) {
  struct dp_lease *l = dp__lease_at(ctx, node);
  if (l->rate == 0) return DP_OK;
  DP_TRY(dp__lease_stream(ctx, node, ctx->now_ns));
  const int64_t rest = l->escrow_nusd;
  *l = (struct dp_lease){.lease_n = l->lease_n};
  dp__leased(ctx, node)->in_flight_n--;
  dp__auction_desk(ctx)->active_n--;
  dp_record_hear(ctx, dp__auction_shared(ctx)->network, node, !broken);
  dp_metric_add(ctx, broken ? DP_AUCTION_BROKEN : DP_AUCTION_ENDED, 0, 1);
  return dp_books_post(ctx, DP_REASON_CUSTOMER_REFUND, own(ctx, DP_ACCOUNT_ESCROW), own(ctx, DP_ACCOUNT_EXTERNAL), rest);
}

static enum dp_status stream_all(struct dp_ctx *ctx) {
  const struct dp_table *leases = dp_own_table(ctx, DP_AUCTION_LEASE);
  if (dp__auction_desk(ctx)->active_n > 0)
    for (uint32_t i = dp_table_next(leases, 0); i != DP_NO_ROW; i = dp_table_next(leases, i + 1))
      DP_TRY(dp__lease_stream(ctx, i, ctx->now_ns + 1));
  return dp__lease_set_timer(ctx, ctx->now_ns + 1);
}

enum dp_status dp__lease_handle(struct dp_ctx *ctx, const struct dp_event *event) {
  struct timer t;
  if (event->kind == DP_EVENT_TIMER && event->phase == DP_PHASE_DECISION) return stream_all(ctx);
  const uint32_t node = dp_table_find(dp_own_table(ctx, DP_AUCTION_LEASE), event->dest);
  if (node == DP_NO_ROW) return DP_OK;
  if (event->kind != DP_EVENT_TIMER) return dp__lease_close(ctx, node, true);
  dp_event_payload(event, &t, sizeof t);
  return t.lease_n == dp__lease_at(ctx, node)->lease_n ? dp__lease_close(ctx, node, false) : DP_OK;
}
