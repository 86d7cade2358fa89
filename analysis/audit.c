/* analysis/audit.c — the proof: zero sums, journal against balances, no debt, bridges, supply. */
#include "analysis/audit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/ledger.h"

#define LISTED_MAX 100 /* discrepancies that are shown one by one */

struct audit {
  const struct dp_ledger *ledger;
  json_t *found; /* array of discrepancies */
  size_t found_n;
  bool overflow;
};

static bool put(json_t *object, const char *key, json_t *value) { return json_object_set_new(object, key, value) == 0; }

/* An exact amount in whole units, as text: doubles end at 2^53. */
static json_t *units(const struct audit *a, size_t asset, dp_i128 amount) {
  char text[DP_I128_DECIMAL_TEXT];
  return json_string(dp_i128_decimal_text(amount, (unsigned)a->ledger->decimals[asset], text));
}

static void add(struct audit *a, dp_i128 *sum, dp_i128 amount) {
  if (!dp_i128_add(*sum, amount, sum)) a->overflow = true;
}

static void take(struct audit *a, dp_i128 *sum, dp_i128 amount) {
  if (!dp_i128_sub(*sum, amount, sum)) a->overflow = true;
}

/* Notes that `what` (in `book`, NULL for all of them) is `got` where it should be `want`. */
static void note(struct audit *a, const char *book, size_t asset, const char *what, dp_i128 got, dp_i128 want) {
  char difference[DP_I128_TEXT], text[512], g[DP_I128_DECIMAL_TEXT], w[DP_I128_DECIMAL_TEXT];
  unsigned decimals = (unsigned)a->ledger->decimals[asset];
  dp_i128 d = 0;
  if (++a->found_n > LISTED_MAX) return;
  if (!dp_i128_sub(got, want, &d)) a->overflow = true;
  snprintf(text, sizeof text, "%s: %s: %s %s instead of %s (%s base units off)", book ? book : "all books",
           a->ledger->asset_names[asset], what, dp_i128_decimal_text(got, decimals, g),
           dp_i128_decimal_text(want, decimals, w), dp_i128_text(d, difference));
  json_t *entry = json_object();
  put(entry, "book", book ? json_string(book) : json_null());
  put(entry, "asset", json_string(a->ledger->asset_names[asset]));
  put(entry, "text", json_string(text));
  put(entry, "is", units(a, asset, got));
  put(entry, "should_be", units(a, asset, want));
  put(entry, "off_base", json_string(difference));
  json_array_append_new(a->found, entry);
}

/* ---- a book ---- */

static void check_book(struct audit *a, size_t book, size_t asset) {
  const struct dp_ledger *l = a->ledger;
  char name[32], what[96];
  dp_i128 sum = 0;
  dp_ledger_book_name(l, book, name);
  for (size_t kind = 0; kind < l->kind_n; kind++) {
    dp_i128 held = dp_ledger_held(l, book, asset, kind), journal = 0;
    add(a, &sum, held);
    for (size_t r = 0; r < l->reason_n; r++) {
      dp_i128 moved = dp_ledger_moved(l, book, asset, r);
      if (l->to[r] == (int64_t)kind) add(a, &journal, moved);
      if (l->from[r] == (int64_t)kind) take(a, &journal, moved);
    }
    if (held == journal) continue;
    snprintf(what, sizeof what, "the %.48s accounts hold, by the journal,", l->kind_names[kind]);
    note(a, name, asset, what, held, journal);
  }
  if (sum != 0) note(a, name, asset, "the balances add up to", sum, 0);
  for (size_t r = 0; r < l->reason_n; r++) {
    if (dp_ledger_moved(l, book, asset, r) >= 0) continue;
    snprintf(what, sizeof what, "what was posted for %.48s adds up to", l->reason_names[r]);
    note(a, name, asset, what, dp_ledger_moved(l, book, asset, r), 0);
  }
}

static void check_debts(struct audit *a) {
  for (size_t i = 0; i < a->ledger->debt_n; i++) {
    const struct dp_ledger_debt *d = &a->ledger->debts[i];
    char name[32], what[96];
    snprintf(what, sizeof what, "account %zu of the table (%.48s) holds", d->row, a->ledger->kind_names[d->kind]);
    note(a, dp_ledger_book_name(a->ledger, d->book, name), d->asset, what, d->balance, 0);
  }
}

/* ---- an asset over all books ---- */

static dp_i128 total_held(struct audit *a, size_t asset, size_t kind) {
  dp_i128 sum = 0;
  for (size_t book = 0; book < a->ledger->book_n; book++) add(a, &sum, dp_ledger_held(a->ledger, book, asset, kind));
  return sum;
}

static dp_i128 total_moved(struct audit *a, size_t asset, size_t reason) {
  dp_i128 sum = 0;
  for (size_t book = 0; book < a->ledger->book_n; book++) add(a, &sum, dp_ledger_moved(a->ledger, book, asset, reason));
  return sum;
}

/* {"REASON": "amount", …} of what moved from (to) a kind; *total is their sum. Nothing moved: left out. */
static json_t *reasons_of(struct audit *a, size_t asset, const int64_t *side, int64_t kind, dp_i128 *total) {
  json_t *reasons = json_object();
  *total = 0;
  for (size_t r = 0; r < a->ledger->reason_n; r++) {
    if (side[r] != kind) continue;
    dp_i128 moved = total_moved(a, asset, r);
    add(a, total, moved);
    if (moved != 0) put(reasons, a->ledger->reason_names[r], units(a, asset, moved));
  }
  return reasons;
}

/* Σ of all accounts but those of creation and destruction. */
static dp_i128 total_owned(struct audit *a, size_t asset) {
  dp_i128 sum = 0;
  for (size_t kind = 0; kind < a->ledger->kind_n; kind++)
    if ((int64_t)kind != a->ledger->mint) add(a, &sum, total_held(a, asset, kind));
  return sum;
}

static json_t *check_asset(struct audit *a, size_t asset) {
  const struct dp_ledger *l = a->ledger;
  json_t *sheet = json_object(), *held = json_object();
  dp_i128 in, out, minted, burned, supply = 0, in_flight = total_held(a, asset, (size_t)l->bridge);
  put(sheet, "asset", json_string(l->asset_names[asset]));
  put(sheet, "decimals", json_integer(l->decimals[asset]));
  put(sheet, "external_in", reasons_of(a, asset, l->from, l->external, &in));
  put(sheet, "external_out", reasons_of(a, asset, l->to, l->external, &out));
  json_decref(reasons_of(a, asset, l->from, l->mint, &minted));
  json_decref(reasons_of(a, asset, l->to, l->mint, &burned));
  put(sheet, "minted", units(a, asset, minted));
  put(sheet, "burned", units(a, asset, burned));
  for (size_t kind = 0; kind < l->kind_n; kind++)
    if ((int64_t)kind != l->bridge && (int64_t)kind != l->mint && (int64_t)kind != l->external)
      put(held, l->kind_names[kind], units(a, asset, total_held(a, asset, kind)));
  put(sheet, "held", held);
  put(sheet, "in_flight", units(a, asset, in_flight));
  for (size_t book = 0; book < l->book_n; book++) check_book(a, book, asset);
  if (in_flight < 0) note(a, NULL, asset, "the bridges add up to", in_flight, 0);
  add(a, &supply, minted);
  take(a, &supply, burned);
  dp_i128 owned = total_owned(a, asset);
  if (owned != supply) note(a, NULL, asset, "all accounts add up to, by what was minted less burned,", owned, supply);
  return sheet;
}

static json_t *examine(struct audit *a, const struct dp_ledger *l) {
  json_t *report = json_object(), *assets = json_array();
  *a = (struct audit){.ledger = l, .found = json_array()};
  for (size_t asset = 0; asset < l->asset_n; asset++) json_array_append_new(assets, check_asset(a, asset));
  check_debts(a);
  put(report, "balanced", json_boolean(a->found_n == 0 && !a->overflow));
  put(report, "books", json_integer((json_int_t)l->book_n));
  put(report, "accounts", json_integer((json_int_t)l->account_n));
  put(report, "assets", assets);
  put(report, "discrepancy_n", json_integer((json_int_t)a->found_n));
  put(report, "discrepancies", a->found);
  return report;
}

/* ---- for people ---- */

static const char *text_of(const json_t *object, const char *key) {
  const char *text = json_string_value(json_object_get(object, key));
  return text ? text : "";
}

static void print_lines(struct dp_str *out, const char *head, json_t *amounts) {
  const char *name;
  json_t *amount;
  json_object_foreach(amounts, name, amount) {
    dp_str_printf(out, "  %-12s  %-18s %30s\n", head, name, json_string_value(amount));
    head = "";
  }
}

static void print_report(struct dp_str *out, const json_t *report) {
  size_t i;
  json_t *sheet, *entry;
  const json_t *found = json_object_get(report, "discrepancies");
  json_array_foreach(json_object_get(report, "assets"), i, sheet) {
    dp_str_printf(out, "%s\n", text_of(sheet, "asset"));
    print_lines(out, "external in", json_object_get(sheet, "external_in"));
    print_lines(out, "external out", json_object_get(sheet, "external_out"));
    dp_str_printf(out, "  %-31s  %30s\n", "minted", text_of(sheet, "minted"));
    dp_str_printf(out, "  %-31s  %30s\n", "burned", text_of(sheet, "burned"));
    print_lines(out, "held", json_object_get(sheet, "held"));
    dp_str_printf(out, "  %-31s  %30s\n", "in flight", text_of(sheet, "in_flight"));
  }
  if (json_is_true(json_object_get(report, "balanced"))) {
    dp_str_printf(out, "audit: balanced (%" JSON_INTEGER_FORMAT " books, %" JSON_INTEGER_FORMAT " accounts)\n",
                  json_integer_value(json_object_get(report, "books")),
                  json_integer_value(json_object_get(report, "accounts")));
    return;
  }
  dp_str_printf(out, "audit: not balanced, %" JSON_INTEGER_FORMAT " discrepancies\n",
                json_integer_value(json_object_get(report, "discrepancy_n")));
  json_array_foreach(found, i, entry) dp_str_printf(out, "  %s\n", text_of(entry, "text"));
}

static enum dp_status report_on(struct dp_str *out, enum dp_text_format format, const struct dp_result *r,
                                const struct dp_ledger *l, struct dp_err *err) {
  struct audit a;
  json_t *report = examine(&a, l);
  enum dp_status status = DP_OK;
  if (format == DP_TEXT_JSON) {
    char *text = json_dumps(report, JSON_INDENT(2));
    if (text != NULL) dp_str_printf(out, "%s\n", text);
    else out->failed = true;
    free(text);
  } else {
    print_report(out, report);
  }
  if (a.overflow) status = dp_fail(err, DP_INVARIANT, "%s: a sum of the books leaves 128 bits", r->path);
  else if (a.found_n > 0)
    status = dp_fail(err, DP_INVARIANT, "%s: the books do not balance: %s (%zu discrepancies)", r->path,
                     text_of(json_array_get(a.found, 0), "text"), a.found_n);
  else if (out->failed) status = dp_fail_nomem(err, "the audit");
  json_decref(report);
  return status;
}

enum dp_status dp_audit_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err) {
  struct dp_result *r;
  struct dp_ledger ledger;
  DP_TRY(dp_result_open(path, &r, err));
  enum dp_status status = dp_ledger_read(r, &ledger, err);
  if (status == DP_OK) status = report_on(out, format, r, &ledger, err);
  dp_ledger_free(&ledger);
  dp_result_close(r);
  return status;
}
