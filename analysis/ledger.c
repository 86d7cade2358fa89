/* analysis/ledger.c — reads the books out of a result. Everything that is used as an index is checked first. */
#include "analysis/ledger.h"

#include <stdlib.h>
#include <string.h>

static enum dp_status broken(const struct dp_result *r, struct dp_err *err, const char *what) {
  return dp_fail(err, DP_FORMAT, "%s: %s (the file is damaged: run the scenario again)", r->path, what);
}

char *dp_ledger_book_name(const struct dp_ledger *l, size_t book, char buf[32]) {
  if (book + 1 == l->book_n) snprintf(buf, 32, "replicated book");
  else snprintf(buf, 32, "cell %zu", book);
  return buf;
}

/* Reads a column that must have `want` rows. */
static enum dp_status column(const struct dp_result *r, const char *path, size_t want, int64_t **out,
                             struct dp_err *err) {
  size_t n;
  DP_TRY(dp_result_column_i64(r, path, out, &n, err));
  return n == want ? DP_OK : broken(r, err, "the columns of a table of the books differ in length");
}

/* ---- words ---- */

static int64_t kind_of(const struct dp_ledger *l, const char *name) {
  for (size_t i = 0; i < l->kind_n; i++)
    if (strcmp(l->kind_names[i], name) == 0) return (int64_t)i;
  return -1;
}

static enum dp_status read_words(const struct dp_result *r, struct dp_ledger *l, struct dp_err *err) {
  if (!dp_result_has(r, "books") || !dp_result_has(r, "tables/books.asset"))
    return dp_fail(err, DP_FORMAT, "%s has no books (give a result of a whole run)", r->path);
  DP_TRY(dp_result_column_texts(r, "books/kind/name", &l->kind_names, &l->kind_n, err));
  DP_TRY(column(r, "books/kind/may_be_negative", l->kind_n, &l->may_be_negative, err));
  DP_TRY(dp_result_column_texts(r, "books/reason/name", &l->reason_names, &l->reason_n, err));
  DP_TRY(column(r, "books/reason/from", l->reason_n, &l->from, err));
  DP_TRY(column(r, "books/reason/to", l->reason_n, &l->to, err));
  DP_TRY(dp_result_column_texts(r, "tables/books.asset/name", &l->asset_names, &l->asset_n, err));
  DP_TRY(column(r, "tables/books.asset/decimals", l->asset_n, &l->decimals, err));
  for (size_t i = 0; i < l->reason_n; i++)
    if (l->from[i] < 0 || l->to[i] < 0 || l->from[i] >= (int64_t)l->kind_n || l->to[i] >= (int64_t)l->kind_n)
      return broken(r, err, "books/reason names a kind of account that is not in books/kind");
  for (size_t i = 0; i < l->asset_n; i++)
    if (l->decimals[i] < 0 || l->decimals[i] > 38) return broken(r, err, "an asset's decimals are out of range");
  l->external = kind_of(l, "EXTERNAL");
  l->bridge = kind_of(l, "BRIDGE");
  l->mint = kind_of(l, "MINT");
  if (l->external < 0 || l->bridge < 0 || l->mint < 0) return broken(r, err, "books/kind lacks a kind of account");
  return DP_OK;
}

/* ---- rows ---- */

/* One of the four tables: what is added up, and where to. */
struct rows {
  size_t n;
  int64_t *cell, *asset, *word; /* word: kind or reason; cell is NULL for the replicated book */
  dp_i128 *amount;
};

static void rows_free(struct rows *rows) {
  free(rows->cell);
  free(rows->asset);
  free(rows->word);
  free(rows->amount);
  *rows = (struct rows){0};
}

static enum dp_status rows_read(const struct dp_result *r, const char *table, bool journal, struct rows *rows,
                                struct dp_err *err) {
  char path[128];
  bool replicated = strncmp(table, "global_", 7) == 0;
  snprintf(path, sizeof path, "tables/books.%s/%s", table, journal ? "amount" : "balance");
  DP_TRY(dp_result_column_i128(r, path, &rows->amount, &rows->n, err));
  snprintf(path, sizeof path, "tables/books.%s/asset", table);
  DP_TRY(column(r, path, rows->n, &rows->asset, err));
  snprintf(path, sizeof path, "tables/books.%s/%s", table, journal ? "reason" : "kind");
  DP_TRY(column(r, path, rows->n, &rows->word, err));
  if (replicated) return DP_OK;
  snprintf(path, sizeof path, "tables/books.%s/cell", table);
  return column(r, path, rows->n, &rows->cell, err);
}

static size_t book_of(const struct dp_ledger *l, const struct rows *rows, size_t i) {
  return rows->cell ? (size_t)rows->cell[i] : l->book_n - 1;
}

static enum dp_status note_debt(struct dp_ledger *l, struct dp_ledger_debt debt, struct dp_err *err) {
  struct dp_ledger_debt *grown = realloc(l->debts, (l->debt_n + 1) * sizeof *grown);
  if (grown == NULL) return dp_fail_nomem(err, "the books");
  l->debts = grown;
  l->debts[l->debt_n++] = debt;
  return DP_OK;
}

static enum dp_status add_rows(const struct dp_result *r, struct dp_ledger *l, const struct rows *rows, bool journal,
                               struct dp_err *err) {
  size_t word_n = journal ? l->reason_n : l->kind_n;
  dp_i128 *sums = journal ? l->moved : l->held;
  for (size_t i = 0; i < rows->n; i++) {
    size_t book = book_of(l, rows, i), asset = (size_t)rows->asset[i], word = (size_t)rows->word[i];
    if (book >= l->book_n || asset >= l->asset_n || word >= word_n)
      return broken(r, err, "a row of the books names a cell, asset, kind or reason that does not exist");
    dp_i128 *sum = &sums[(book * l->asset_n + asset) * word_n + word];
    if (!dp_i128_add(*sum, rows->amount[i], sum)) return broken(r, err, "a sum of the books leaves 128 bits");
    if (!journal && rows->amount[i] < 0 && !l->may_be_negative[word])
      DP_TRY(note_debt(l, (struct dp_ledger_debt){book, asset, word, i, rows->amount[i]}, err));
  }
  if (!journal) l->account_n += rows->n;
  else l->posting_n += rows->n;
  return DP_OK;
}

/* Every cell has accounts, so no book can have a number beyond the accounts' count. */
static enum dp_status make_books(const struct dp_result *r, struct dp_ledger *l, const struct rows *accounts,
                                 struct dp_err *err) {
  int64_t most = -1;
  for (size_t i = 0; i < accounts->n; i++)
    if (accounts->cell[i] > most) most = accounts->cell[i];
  if (most >= (int64_t)accounts->n) return broken(r, err, "a row of the books names a cell that does not exist");
  l->book_n = (size_t)(most + 2);
  l->held = calloc(l->book_n * l->asset_n * l->kind_n + 1, sizeof *l->held);
  l->moved = calloc(l->book_n * l->asset_n * l->reason_n + 1, sizeof *l->moved);
  return l->held && l->moved ? DP_OK : dp_fail_nomem(err, "the books");
}

enum dp_status dp_ledger_read(const struct dp_result *r, struct dp_ledger *l, struct dp_err *err) {
  static const char *const tables[] = {"account", "global_account", "journal", "global_journal"};
  *l = (struct dp_ledger){0};
  DP_TRY(read_words(r, l, err));
  for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
    struct rows rows = {0};
    bool journal = t >= 2;
    enum dp_status status = rows_read(r, tables[t], journal, &rows, err);
    if (status == DP_OK && t == 0) status = make_books(r, l, &rows, err);
    if (status == DP_OK) status = add_rows(r, l, &rows, journal, err);
    rows_free(&rows);
    DP_TRY(status);
  }
  return DP_OK;
}

void dp_ledger_free(struct dp_ledger *l) {
  free(l->asset_names);
  free(l->kind_names);
  free(l->reason_names);
  free(l->decimals);
  free(l->may_be_negative);
  free(l->from);
  free(l->to);
  free(l->held);
  free(l->moved);
  free(l->debts);
  *l = (struct dp_ledger){0};
}
