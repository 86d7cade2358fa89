/* sim/books/books_priv.h — rows and lookups shared by the files of sim/books; nobody else includes it.
 * Layer: books. Not collective. */
#ifndef DP_BOOKS_BOOKS_PRIV_H
#define DP_BOOKS_BOOKS_PRIV_H

#include "books/books.h"

#define DP_ASSET_MAX 16

/** Kinds that every book has one own account of: those before WALLET. Own accounts come first: row = asset *
 *  DP_OWN_KIND_N + kind in a cell; in the replicated book the same, beginning at struct dp_assets.first_own[asset]. */
#define DP_OWN_KIND_N ((uint32_t)DP_ACCOUNT_WALLET)

/** Row of "journal" and "global_journal": Σ of what was posted for a reason. Row = asset * DP_REASON_N + reason. */
struct dp_journal {
  dp_i128 amount;
  uint64_t count;
  uint16_t asset;
  uint16_t reason;
};

/** Row of "asset" (replicated): row = asset. */
struct dp_asset_row {
  dp_i128 in_flight; /* Σ bridges over all books at the last settlement */
  uint8_t name[16];  /* NUL-padded */
  uint32_t decimals;
};

/** Payload of BOOK_TRANSFER. */
struct dp_book_transfer {
  uint32_t to; /* account in the receiving cell */
  uint16_t asset;
  uint16_t zero;
  int64_t amount;
};

/** What `shared` of the instance "books" holds: derived from the scenario, never changed after init. */
struct dp_assets {
  size_t n;
  struct dp_asset at[DP_ASSET_MAX];
  double unit[DP_ASSET_MAX];             /* 10^decimals */
  uint32_t first_own[DP_ASSET_MAX];      /* row of the replicated book's first own account of the asset */
};

enum { DP_BOOKS_ACCOUNT, DP_BOOKS_JOURNAL };                                  /* cell tables */
enum { DP_BOOKS_GLOBAL_ACCOUNT, DP_BOOKS_GLOBAL_JOURNAL, DP_BOOKS_ASSET };    /* replicated tables */
enum { DP_BOOKS_EXTERNAL_INFLOW, DP_BOOKS_EXTERNAL_IN, DP_BOOKS_EXTERNAL_OUT, DP_BOOKS_IN_FLIGHT }; /* metrics */

extern const char *const dp__account_kind_names[DP_ACCOUNT_KIND_N];
extern const uint8_t dp__account_may_be_negative[DP_ACCOUNT_KIND_N];
extern const char *const dp__reason_names[DP_REASON_N];
extern const uint8_t dp__reason_from[DP_REASON_N];
extern const uint8_t dp__reason_to[DP_REASON_N];

/** The instance of the model "books", which every simulation has; it is the first of the registry, so that this is one
 *  comparison. */
static inline const struct dp_instance *dp__books_of(const struct dp_sim *sim) {
  const struct dp_instance *books = sim->instances;
  while (books->model != &dp_books_model) books++;
  return books;
}

static inline struct dp_table *dp__accounts(const struct dp_ctx *ctx, const struct dp_instance *books) {
  return ctx->cell ? &ctx->cell->tables[books->first_cell_table + DP_BOOKS_ACCOUNT]
                   : &ctx->engine->globals[books->first_global_table + DP_BOOKS_GLOBAL_ACCOUNT];
}

static inline struct dp_table *dp__journal(const struct dp_ctx *ctx, const struct dp_instance *books) {
  return ctx->cell ? &ctx->cell->tables[books->first_cell_table + DP_BOOKS_JOURNAL]
                   : &ctx->engine->globals[books->first_global_table + DP_BOOKS_GLOBAL_JOURNAL];
}

/** Adds the own accounts and journal rows of one asset to the book of ctx. */
enum dp_status dp__books_add_own(struct dp_ctx *ctx, const struct dp_instance *books, uint16_t asset);

/** Finds a broken balance in the book of ctx: a sum that is not zero, a forbidden negative. */
enum dp_status dp__books_check(struct dp_ctx *ctx, const struct dp_instance *books);

/** Takes the payload of a BOOK_TRANSFER in. */
enum dp_status dp__books_receive(struct dp_ctx *ctx, const struct dp_event *event);

#endif
