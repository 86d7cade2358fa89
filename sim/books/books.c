#include <config.h>

#include "books/books_priv.h"

#include <stdlib.h>
#include <string.h>

const char *const dp__account_kind_names[DP_ACCOUNT_KIND_N] = {
#define DP_X(name, negative, doc) #name,
    DP_ACCOUNT_KINDS(DP_X)
#undef DP_X
};

const uint8_t dp__account_may_be_negative[DP_ACCOUNT_KIND_N] = {
#define DP_X(name, negative, doc) negative,
    DP_ACCOUNT_KINDS(DP_X)
#undef DP_X
};

const char *const dp__reason_names[DP_REASON_N] = {
#define DP_X(name, from, to, doc) #name,
    DP_REASONS(DP_X)
#undef DP_X
};

const uint8_t dp__reason_from[DP_REASON_N] = {
#define DP_X(name, from, to, doc) DP_ACCOUNT_##from,
    DP_REASONS(DP_X)
#undef DP_X
};

const uint8_t dp__reason_to[DP_REASON_N] = {
#define DP_X(name, from, to, doc) DP_ACCOUNT_##to,
    DP_REASONS(DP_X)
#undef DP_X
};

static const struct dp_assets *assets_of(const struct dp_sim *sim) { return dp__books_of(sim)->shared; }

/* ---- assets ---- */

enum dp_status dp_books_asset(struct dp_ctx *ctx, const char *name, int decimals, uint16_t *asset) {
  struct dp_sim *sim = dp_ctx_sim(ctx);
  const struct dp_instance *books = dp__books_of(sim);
  struct dp_assets *assets = books->shared;
  if (ctx->cell || ctx->now_ns > 0)
    return dp_fail(ctx->err, DP_INVARIANT, "books: asset %s is declared outside of init_replicated", name);
  if (decimals < 0 || decimals > 18)
    return dp_fail(ctx->err, DP_SCENARIO, "books: asset %s: decimals must be in 0 to 18, got %d", name, decimals);
  for (size_t i = 0; i < assets->n; i++)
    if (!strcmp(assets->at[i].name, name))
      return dp_fail(ctx->err, DP_SCENARIO, "books: two assets are called %s (give each its own name)", name);
  if (assets->n == DP_ASSET_MAX)
    return dp_fail(ctx->err, DP_SCENARIO, "books: asset %s: at most %d assets", name, DP_ASSET_MAX);
  uint16_t id = (uint16_t)assets->n;
  struct dp_table *table = &ctx->engine->globals[books->first_global_table + DP_BOOKS_ASSET];
  uint32_t row;
  DP_TRY(dp_table_add(table, &row, ctx->err));
  struct dp_asset_row *r = DP_ROW(table, struct dp_asset_row, row);
  size_t len = strlen(name);
  memcpy(r->name, name, len < sizeof r->name ? len : sizeof r->name - 1);
  r->decimals = (uint32_t)decimals;
  assets->at[id] = (struct dp_asset){name, decimals};
  assets->unit[id] = 1;
  for (int i = 0; i < decimals; i++) assets->unit[id] *= 10;
  assets->first_own[id] = dp__accounts(ctx, books)->row_n;
  assets->n++;
  DP_TRY(dp__books_add_own(ctx, books, id));
  *asset = id;
  return DP_OK;
}


const struct dp_asset *dp_books_asset_at(const struct dp_sim *sim, uint16_t asset) {
  return &assets_of(sim)->at[asset];
}

double dp_books_units(const struct dp_sim *sim, uint16_t asset, dp_i128 amount) {
  return dp_i128_to_double(amount) / assets_of(sim)->unit[asset];
}

/* ---- the model ---- */

enum dp_status dp__books_add_own(struct dp_ctx *ctx, const struct dp_instance *books, uint16_t asset) {
  struct dp_table *accounts = dp__accounts(ctx, books), *journal = dp__journal(ctx, books);
  uint32_t row;
  for (uint16_t kind = 0; kind < DP_OWN_KIND_N; kind++) {
    DP_TRY(dp_table_add(accounts, &row, ctx->err));
    struct dp_account *a = DP_ROW(accounts, struct dp_account, row);
    a->asset = asset;
    a->kind = kind;
  }
  for (uint16_t reason = 0; reason < DP_REASON_N; reason++) {
    DP_TRY(dp_table_add(journal, &row, ctx->err));
    struct dp_journal *j = DP_ROW(journal, struct dp_journal, row);
    j->asset = asset;
    j->reason = reason;
  }
  return DP_OK;
}

static enum dp_status init_replicated(struct dp_ctx *ctx) {
  struct dp_assets *assets = calloc(1, sizeof *assets);
  if (!assets) return dp_fail_nomem(ctx->err, "the books");
  dp_ctx_sim(ctx)->instances[ctx->self->index].shared = assets;
  uint16_t usd;
  return dp_books_asset(ctx, "USD", DP_USD_DECIMALS, &usd);
}

static enum dp_status init_cell(struct dp_ctx *ctx) {
  const struct dp_assets *assets = ctx->self->shared;
  for (uint16_t asset = 0; asset < assets->n; asset++) DP_TRY(dp__books_add_own(ctx, ctx->self, asset));
  return DP_OK;
}

/* The books are the first of the registry: their collect and clear see every book as the settlement before and the
 * events since have left it, before any other model posts. So the sums of the bridges fit together. */
static enum dp_status collect(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_assets *assets = ctx->self->shared;
  if (!beat->settlement) return DP_OK;
  for (uint16_t asset = 0; asset < assets->n; asset++) {
    dp_i128 bridge = dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, asset));
    DP_TRY(dp_flow_add(ctx, ctx->self, asset, bridge));
  }
  return DP_OK;
}

static enum dp_status clear(struct dp_ctx *ctx, const struct dp_beat_info *beat) {
  const struct dp_assets *assets = ctx->self->shared;
  struct dp_table *table = dp_own_global(ctx, DP_BOOKS_ASSET);
  if (!beat->settlement) return DP_OK;
  for (uint16_t asset = 0; asset < assets->n; asset++) {
    dp_i128 bridge = dp_books_balance(ctx, dp_books_own(ctx, DP_ACCOUNT_BRIDGE, asset)), in_flight;
    char text[DP_I128_DECIMAL_TEXT];
    if (!dp_i128_add(bridge, dp_flow_sum(ctx, asset), &in_flight))
      return dp_fail(ctx->err, DP_INVARIANT, "books: %s: the bridges' sum overflows", assets->at[asset].name);
    if (in_flight < 0)
      return dp_fail(ctx->err, DP_INVARIANT, "books: more %s has arrived over bridges than was sent: %s in flight",
                     assets->at[asset].name,
                     dp_i128_decimal_text(in_flight, (unsigned)assets->at[asset].decimals, text));
    DP_ROW(table, struct dp_asset_row, asset)->in_flight = in_flight;
  }
  return DP_OK;
}

static enum dp_status handle(struct dp_ctx *ctx, const struct dp_event *event) {
  if (event->kind == DP_EVENT_BOOK_TRANSFER) return dp__books_receive(ctx, event);
  return dp_fail(ctx->err, DP_INVARIANT, "books: event of kind %u", event->kind);
}

static enum dp_status sample_replicated(struct dp_ctx *ctx) {
  const struct dp_asset_row *usd = DP_ROW(dp_own_global(ctx, DP_BOOKS_ASSET), struct dp_asset_row, DP_USD);
  dp_metric_set_global(ctx, DP_BOOKS_IN_FLIGHT, dp_books_units(dp_ctx_sim(ctx), DP_USD, usd->in_flight));
  return DP_OK;
}

static enum dp_status check(struct dp_ctx *ctx) { return dp__books_check(ctx, ctx->self); }

static const struct dp_column account_columns[] = {
    DP_COLUMN(struct dp_account, balance, "base", "balance in the asset's smallest unit"),
    DP_COLUMN(struct dp_account, owner, "1", "entity that owns it; 0: the book itself"),
    DP_COLUMN(struct dp_account, asset, "1", "row of the table books.asset"),
    DP_COLUMN(struct dp_account, kind, "1", "kind of account, in the order of the manual"),
};

static const struct dp_column journal_columns[] = {
    DP_COLUMN(struct dp_journal, amount, "base", "sum of what was posted for the reason"),
    DP_COLUMN(struct dp_journal, count, "1", "number of postings"),
    DP_COLUMN(struct dp_journal, asset, "1", "row of the table books.asset"),
    DP_COLUMN(struct dp_journal, reason, "1", "reason, in the order of the manual"),
};

static const struct dp_column asset_columns[] = {
    DP_COLUMN(struct dp_asset_row, in_flight, "base", "sum of all bridges: sent and not yet arrived"),
    DP_COLUMN_ARRAY(struct dp_asset_row, name, "text", "name, padded with zeros"),
    DP_COLUMN(struct dp_asset_row, decimals, "1", "decimals of the whole unit"),
};

#define COLUMNS(array) DP_ROWS(column, array)

static const struct dp_table_decl tables[] = {
    {.name = "account", .doc = "accounts of the cells' books", .scope = DP_SCOPE_CELL,
     .row_size = sizeof(struct dp_account), COLUMNS(account_columns), .output = true},
    {.name = "journal", .doc = "what the cells' books posted, by reason and asset", .scope = DP_SCOPE_CELL,
     .row_size = sizeof(struct dp_journal), COLUMNS(journal_columns), .output = true},
    {.name = "global_account", .doc = "accounts of the replicated book", .scope = DP_SCOPE_REPLICATED,
     .row_size = sizeof(struct dp_account), COLUMNS(account_columns), .output = true},
    {.name = "global_journal", .doc = "what the replicated book posted, by reason and asset",
     .scope = DP_SCOPE_REPLICATED, .row_size = sizeof(struct dp_journal), COLUMNS(journal_columns), .output = true},
    {.name = "asset", .doc = "assets", .scope = DP_SCOPE_REPLICATED, .row_size = sizeof(struct dp_asset_row),
     COLUMNS(asset_columns), .output = true},
};

static const struct dp_metric metrics[] = {
    [DP_BOOKS_EXTERNAL_INFLOW] = {"external_inflow", DP_METRIC_COUNTER, "usd", 1e-9, NULL, false,
                                  "USD that entered from outside, refunds taken off"},
    [DP_BOOKS_EXTERNAL_IN] = {"external_in", DP_METRIC_COUNTER, "usd", 1e-9, NULL, false,
                              "USD that entered from outside"},
    [DP_BOOKS_EXTERNAL_OUT] = {"external_out", DP_METRIC_COUNTER, "usd", 1e-9, NULL, false,
                               "USD that left to the outside"},
    [DP_BOOKS_IN_FLIGHT] = {"in_flight", DP_METRIC_GLOBAL, "usd", 1, NULL, false,
                            "USD between books: left one bridge and did not yet reach another"},
};

static const struct dp_kpi kpis[] = {
    {"network.external_inflow_usd", DP_KPI_TOTAL, "external_inflow", NULL, "usd", 0,
     "USD that entered from outside: customers' payments less refunds, and owners' capital"},
};

#define FLOW(i) {"bridge_" #i, "base", "balance of the cells' bridge accounts of asset " #i}
static const struct dp_flow flows[] = {
    FLOW(0), FLOW(1), FLOW(2),  FLOW(3),  FLOW(4),  FLOW(5),  FLOW(6),  FLOW(7),
    FLOW(8), FLOW(9), FLOW(10), FLOW(11), FLOW(12), FLOW(13), FLOW(14), FLOW(15),
};
_Static_assert(sizeof flows / sizeof flows[0] == DP_ASSET_MAX, "one flow an asset");

static const uint16_t handles[] = {DP_EVENT_BOOK_TRANSFER};

static const struct dp_schema schema = {.name = "books", .doc = "double entry: accounts, bridges, audit trail"};

const struct dp_model dp_books_model = {
    .name = "books",
    .doc = "double entry: assets, accounts of cells, replicated accounts, bridges, transfers",
    .schema = &schema,
    DP_ROWS(table, tables),
    DP_ROWS(metric, metrics),
    DP_ROWS(kpi, kpis),
    DP_ROWS(flow, flows),
    DP_ROWS(handle, handles),
    .implicit = true,
    .init_replicated = init_replicated,
    .init_cell = init_cell,
    .handle = handle,
    .collect = collect,
    .clear = clear,
    .sample_replicated = sample_replicated,
    .check_cell = check,
    .check_replicated = check,
    .release = free,
};
