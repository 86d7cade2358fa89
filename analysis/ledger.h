/* analysis/ledger.h — the books of a result in memory: balances and journal summed by book, asset, kind and reason.
 * Layer: analysis. Not collective. Everything belongs to the ledger. */
#ifndef DP_ANALYSIS_LEDGER_H
#define DP_ANALYSIS_LEDGER_H

#include "analysis/result.h"

/** An account that is below zero and may not be. */
struct dp_ledger_debt {
  size_t book, asset, kind, row; /* row of its table */
  dp_i128 balance;
};

/** Books come in the order of cells; the last one is the replicated book. */
struct dp_ledger {
  size_t book_n, asset_n, kind_n, reason_n;
  char **asset_names, **kind_names, **reason_names;
  int64_t *decimals;        /* [asset_n] */
  int64_t *may_be_negative; /* [kind_n] */
  int64_t *from, *to;       /* [reason_n] kinds */
  int64_t external, bridge, mint; /* kinds */
  dp_i128 *held;  /* [book_n][asset_n][kind_n] Σ of balances */
  dp_i128 *moved; /* [book_n][asset_n][reason_n] */
  size_t account_n, posting_n;
  struct dp_ledger_debt *debts; /* [debt_n] */
  size_t debt_n;
};

/** Reads /books and /tables/books.*. Errors: DP_FORMAT when something is missing or out of its range, or a sum leaves
 *  128 bits; DP_NOMEM. The caller calls dp_ledger_free in every case. */
enum dp_status dp_ledger_read(const struct dp_result *result, struct dp_ledger *ledger, struct dp_err *err);
void dp_ledger_free(struct dp_ledger *ledger);

static inline dp_i128 dp_ledger_held(const struct dp_ledger *l, size_t book, size_t asset, size_t kind) {
  return l->held[(book * l->asset_n + asset) * l->kind_n + kind];
}

static inline dp_i128 dp_ledger_moved(const struct dp_ledger *l, size_t book, size_t asset, size_t reason) {
  return l->moved[(book * l->asset_n + asset) * l->reason_n + reason];
}

/** "cell 3" or "replicated book". @return buf */
char *dp_ledger_book_name(const struct dp_ledger *l, size_t book, char buf[32]);

#endif
