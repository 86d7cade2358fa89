/* analysis/supply.c — the schedule of a token as text, JSON and CSV. */
#include "analysis/supply.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "books/books.h"
#include "ledger/sector.h"
#include "ledger/token.h"

#define BAR_WIDTH 24
#define ROWS_MAX 100000

/** A token at a date, in tokens. */
struct row {
  dp_time at_ns;
  double emission, minted, locked, supply, circulating, inflation;
  double *unlocked; /* [class_n] */
};

struct schedule {
  const struct dp_instance *token;
  const struct dp_allocation *allocation;
  struct dp_str assumption;
  struct row *rows; /* [n] */
  double *unlocked; /* [n][class_n] */
  size_t n, class_n;
};

static const char *class_name(const struct schedule *s, size_t i) {
  return ((const struct dp_tranche *)s->allocation->tranches->v[i].part)->name;
}

/* ---- computing ---- */

/* What an emission that has a memory needs to be told. */
static void describe(struct schedule *s, const struct dp_mint_rule *rule) {
  const struct dp_emission *e = rule->emission;
  struct dp_str *out = &s->assumption;
  if (!e) return;
  if (e->kind == DP_EMISSION_TARGET_BONDED || e->kind == DP_EMISSION_PROPORTIONAL)
    dp_str_printf(out, "the emission hangs on the bonded share; here bonded_ratio = %g of the supply all along",
                  e->bonded_ratio);
  if (e->kind == DP_EMISSION_BASELINE)
    dp_str_printf(out, "the emission hangs on storage power; here power_eib = %g, power_doubling_d = %g", e->power_eib,
                  e->power_doubling_d);
  if (e->remint_cap > 0)
    dp_str_printf(out, "%sburned tokens are minted again; here nothing is burned", out->len ? "; " : "");
}

static double units(const struct dp_sim *sim, const struct schedule *s, dp_i128 base) {
  return dp_books_units(sim, dp_token_asset(s->token), base);
}

static enum dp_status fill_row(const struct dp_sim *sim, struct schedule *s, struct dp_mint_state *state, struct row *r,
                               const struct row *before, struct dp_err *err) {
  const struct dp_ctx ctx = {.engine = sim->engine, .self = s->token};
  const struct dp_mint_rule *rule = dp_token_mint_rule(s->token);
  const struct dp_table *tranches = dp_token_tranches(&ctx, s->token);
  const dp_i128 genesis = dp_token_state_of(&ctx, s->token)->genesis;
  dp_i128 minted, seen, locked = 0;
  if (!dp_mint_total(rule, state, before ? before->at_ns : 0, &seen)) seen = 0;
  const struct dp_mint_input in = {.now_ns = r->at_ns, .supply = genesis + seen, .staked = -1, .power_bytes = -1};
  DP_TRY(dp_mint_advance(rule, state, &in, err));
  if (!dp_mint_total(rule, state, r->at_ns, &minted))
    return dp_fail(err, DP_RANGE, "the emission of %s overflows 127 bits", s->token->name);
  for (uint32_t i = 0; i < s->class_n; i++) {
    const dp_i128 unlocked = dp_allocation_unlocked(s->allocation, tranches, i, r->at_ns);
    locked += DP_ROW(tranches, struct dp_tranche_row, i)->amount - unlocked;
    r->unlocked[i] = units(sim, s, unlocked);
  }
  r->minted = units(sim, s, minted);
  r->locked = units(sim, s, locked);
  r->supply = units(sim, s, genesis + minted);
  r->circulating = units(sim, s, genesis + minted - locked);
  if (!before) return DP_OK;
  r->emission = units(sim, s, minted - seen);
  r->inflation = before->supply > 0
                     ? r->emission / before->supply * 365 * (double)DP_DAY / (double)(r->at_ns - before->at_ns)
                     : (double)NAN;
  return DP_OK;
}

static enum dp_status compute(const struct dp_sim *sim, struct schedule *s, dp_time every_ns, struct dp_err *err) {
  const dp_time end = sim->spec.end_ns;
  struct dp_mint_state state = dp_mint_start(dp_token_mint_rule(s->token));
  s->allocation = dp_token_allocation(s->token);
  s->class_n = s->allocation->tranches ? s->allocation->tranches->n : 0;
  s->n = (size_t)((end - 1) / every_ns) + 2;
  if (s->n > ROWS_MAX) return dp_fail(err, DP_RANGE, "more than %d dates (make --every longer)", ROWS_MAX);
  s->rows = calloc(s->n, sizeof *s->rows);
  s->unlocked = calloc(s->n * (s->class_n + 1), sizeof *s->unlocked);
  if (!s->rows || !s->unlocked) return dp_fail_nomem(err, "a schedule");
  describe(s, dp_token_mint_rule(s->token));
  for (size_t i = 0; i < s->n; i++) {
    struct row *r = &s->rows[i];
    r->at_ns = i + 1 < s->n ? (dp_time)i * every_ns : end;
    r->unlocked = &s->unlocked[i * s->class_n];
    DP_TRY(fill_row(sim, s, &state, r, i ? r - 1 : NULL, err));
  }
  return DP_OK;
}

static void schedule_fini(struct schedule *s) {
  dp_str_fini(&s->assumption);
  free(s->rows);
  free(s->unlocked);
}

/* ---- text ---- */

static void put_amount(struct dp_str *out, double x) { dp_str_printf(out, " %14.*f", x < 1e4 && x > 0 ? 2 : 0, x); }

/* What circulates of all that will ever be there: #; what is locked: - */
static void put_bar(struct dp_str *out, const struct row *r, double most) {
  const int full = (int)lround(r->circulating / most * BAR_WIDTH), all = (int)lround(r->supply / most * BAR_WIDTH);
  dp_str_append(out, "  ");
  for (int i = 0; i < BAR_WIDTH; i++) dp_str_append(out, i < full ? "#" : i < all ? "-" : "");
  dp_str_append(out, "\n");
}

static void print_text(struct dp_str *out, const struct dp_sim *sim, const struct schedule *s) {
  char date[DP_DATE_TEXT], head[32];
  const double most = s->rows[s->n - 1].supply > 0 ? s->rows[s->n - 1].supply : 1;
  dp_str_printf(out, "%s: %.15g tokens at the start; # circulates, - is locked\n", s->token->name, s->rows[0].supply);
  if (s->assumption.len) dp_str_printf(out, "assumed: %s\n", dp_str_text(&s->assumption));
  dp_str_printf(out, "%-10s %8s %14s %14s", "date", "day", "emission", "minted");
  for (size_t i = 0; i < s->class_n; i++) {
    snprintf(head, sizeof head, "%.14s", class_name(s, i));
    dp_str_printf(out, " %14s", head);
  }
  dp_str_printf(out, " %14s %14s %14s %9s\n", "locked", "circulating", "supply", "% a year");
  for (size_t k = 0; k < s->n; k++) {
    const struct row *r = &s->rows[k];
    dp_format_date(sim->spec.start_epoch_ns + r->at_ns, date);
    dp_str_printf(out, "%.10s %8.6g", date, (double)r->at_ns / (double)DP_DAY);
    put_amount(out, r->emission);
    put_amount(out, r->minted);
    for (size_t i = 0; i < s->class_n; i++) put_amount(out, r->unlocked[i]);
    put_amount(out, r->locked);
    put_amount(out, r->circulating);
    put_amount(out, r->supply);
    if (k) dp_str_printf(out, " %9.3f", r->inflation * 100);
    else dp_str_printf(out, " %9s", "");
    put_bar(out, r, most);
  }
}

/* ---- CSV and JSON ---- */

static void print_csv(struct dp_str *out, const struct dp_sim *sim, const struct schedule *s) {
  static const char *const names[] = {"emission", "minted", "locked", "circulating", "supply", "inflation_per_year_ratio"};
  char date[DP_DATE_TEXT];
  for (size_t k = 0; k < s->n; k++) {
    const struct row *r = &s->rows[k];
    const double values[] = {r->emission, r->minted, r->locked, r->circulating, r->supply, r->inflation};
    dp_format_date(sim->spec.start_epoch_ns + r->at_ns, date);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      dp_str_printf(out, "%s,%.10s,%.15g,%s,%.15g\n", s->token->name, date, (double)r->at_ns / (double)DP_DAY, names[i],
                    values[i]);
    for (size_t i = 0; i < s->class_n; i++)
      dp_str_printf(out, "%s,%.10s,%.15g,unlocked %s,%.15g\n", s->token->name, date, (double)r->at_ns / (double)DP_DAY,
                    class_name(s, i), r->unlocked[i]);
  }
}

static json_t *json_row(const struct dp_sim *sim, const struct schedule *s, const struct row *r) {
  char date[DP_DATE_TEXT];
  dp_format_date(sim->spec.start_epoch_ns + r->at_ns, date);
  date[10] = '\0';
  json_t *unlocked = json_object();
  for (size_t i = 0; i < s->class_n; i++) json_object_set_new(unlocked, class_name(s, i), json_real(r->unlocked[i]));
  return json_pack("{s:s, s:f, s:f, s:f, s:o, s:f, s:f, s:f, s:o}", "date", date, "day",
                   (double)r->at_ns / (double)DP_DAY, "emission", r->emission, "minted", r->minted, "unlocked", unlocked,
                   "locked", r->locked, "circulating", r->circulating, "supply", r->supply, "inflation_per_year_ratio",
                   isfinite(r->inflation) ? json_real(r->inflation) : json_null());
}

static json_t *json_token(const struct dp_sim *sim, const struct schedule *s) {
  json_t *rows = json_array();
  for (size_t k = 0; k < s->n; k++) json_array_append_new(rows, json_row(sim, s, &s->rows[k]));
  return json_pack("{s:s, s:o, s:o}", "token", s->token->name, "assumed",
                   s->assumption.len ? json_string(dp_str_text(&s->assumption)) : json_null(), "rows", rows);
}

/* @param note  NULL: none */
static void print_json(struct dp_str *out, const struct dp_sim *sim, json_t *tokens, const char *note) {
  json_t *root = json_pack("{s:s, s:O}", "scenario", sim->spec.name ? sim->spec.name : "", "tokens", tokens);
  if (root && note) json_object_set_new(root, "note", json_string(note));
  char *text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
  if (text) dp_str_printf(out, "%s\n", text);
  else out->failed = true;
  free(text);
  json_decref(root);
}

/* ---- a scenario without a token ---- */

#define CSV_HEAD "token,date,day,name,value\n"

/* What a scenario has in place of a token of its own, whose supply no schedule knows. */
static void put_others(struct dp_str *out, const struct dp_sim *sim) {
  for (const struct dp_instance *i = dp_sim_first(sim, "ledger.sector"); i; i = dp_sim_next(i))
    dp_str_printf(out, "; the %lld projects of %s have a capitalisation and no supply",
                  (long long)((const struct dp_sector_config *)i->config)->projects_n, i->name);
  for (const struct dp_instance *i = dp_sim_first(sim, "reference.ov_daily"); i; i = dp_sim_next(i))
    dp_str_printf(out, "; the tokens of %s are a published model's own, and only a run knows them", i->name);
}

static enum dp_status print_none(struct dp_str *out, enum dp_text_format format, const struct dp_sim *sim,
                                 struct dp_err *err) {
  struct dp_str note = {0};
  json_t *none = json_array();
  dp_str_append(&note, "no token: nothing is minted and nothing unlocks");
  put_others(&note, sim);
  if (format == DP_TEXT_PLAIN) dp_str_printf(out, "%s\n", dp_str_text(&note));
  if (format == DP_TEXT_CSV) dp_str_append(out, CSV_HEAD);
  if (format == DP_TEXT_JSON) print_json(out, sim, none, dp_str_text(&note));
  json_decref(none);
  const bool failed = note.failed || out->failed;
  dp_str_fini(&note);
  return failed ? dp_fail_nomem(err, "a schedule") : DP_OK;
}

/* ---- all ---- */

enum dp_status dp_supply_print(struct dp_str *out, enum dp_text_format format, const struct dp_sim *sim, dp_time every_ns,
                               struct dp_err *err) {
  const struct dp_instance *token = dp_sim_first(sim, "ledger.token");
  enum dp_status status = DP_OK;
  if (!token) return print_none(out, format, sim, err);
  json_t *tokens = json_array();
  if (every_ns <= 0) every_ns = (sim->spec.end_ns / 12 + DP_DAY - 1) / DP_DAY * DP_DAY;
  if (format == DP_TEXT_CSV) dp_str_append(out, CSV_HEAD);
  for (bool first = true; token && status == DP_OK; token = dp_sim_next(token), first = false) {
    struct schedule s = {.token = token};
    status = compute(sim, &s, every_ns, err);
    if (status == DP_OK && format == DP_TEXT_PLAIN && !first) dp_str_append(out, "\n");
    if (status == DP_OK && format == DP_TEXT_PLAIN) print_text(out, sim, &s);
    if (status == DP_OK && format == DP_TEXT_CSV) print_csv(out, sim, &s);
    if (status == DP_OK && format == DP_TEXT_JSON) json_array_append_new(tokens, json_token(sim, &s));
    schedule_fini(&s);
  }
  if (status == DP_OK && format == DP_TEXT_JSON) print_json(out, sim, tokens, NULL);
  json_decref(tokens);
  return status == DP_OK && out->failed ? dp_fail_nomem(err, "a schedule") : status;
}
