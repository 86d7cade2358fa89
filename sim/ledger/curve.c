#include <config.h>

#include "ledger/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "ledger/emission.h"

#define DAYS_MAX 36500.0 /* a hundred years */

static enum dp_status push(struct dp_curve *c, dp_time at_ns, dp_i128 amount, struct dp_err *err) {
  if (c->n == c->room) {
    const size_t room = c->room ? 2 * c->room : 16;
    dp_time *at = realloc(c->at_ns, room * sizeof *at);
    if (at) c->at_ns = at;
    dp_i128 *amounts = at ? realloc(c->amount, room * sizeof *amounts) : NULL;
    if (!amounts) return dp_fail_nomem(err, "a curve");
    c->amount = amounts;
    c->room = room;
  }
  c->at_ns[c->n] = at_ns;
  c->amount[c->n++] = amount;
  return DP_OK;
}

static enum dp_status time_of(double day, dp_time *out, struct dp_err *err) {
  if (!(day >= 0 && day <= DAYS_MAX))
    return dp_fail(err, DP_SCENARIO, "day %g is outside [0, %g]", day, DAYS_MAX);
  *out = (dp_time)llround(day * (double)DP_DAY);
  return DP_OK;
}

enum dp_status dp_curve_add(struct dp_curve *c, double day, double tokens, int64_t decimals, struct dp_err *err) {
  dp_time at_ns;
  dp_i128 amount;
  DP_TRY(time_of(day, &at_ns, err));
  if (!dp_token_base_units(tokens, decimals, &amount))
    return dp_fail(err, DP_SCENARIO, "%g tokens at day %g are negative or do not fit 126 bits of base units", tokens,
                   day);
  if (c->n && at_ns <= c->at_ns[c->n - 1])
    return dp_fail(err, DP_SCENARIO, "day %g does not come after the one before it (sort the days)", day);
  if (amount < dp_curve_total(c))
    return dp_fail(err, DP_SCENARIO, "the curve falls at day %g, to %g tokens (give the sum minted so far, which never "
                   "falls)", day, tokens);
  return push(c, at_ns, amount, err);
}

enum dp_status dp_curve_step(struct dp_curve *c, double day, dp_i128 amount, struct dp_err *err) {
  dp_time at_ns;
  dp_i128 sum;
  DP_TRY(time_of(day, &at_ns, err));
  if (amount < 0 || !dp_i128_add(dp_curve_total(c), amount, &sum))
    return dp_fail(err, DP_SCENARIO, "an unlock at day %g is negative or too large", day);
  if (c->n && at_ns < c->at_ns[c->n - 1])
    return dp_fail(err, DP_SCENARIO, "day %g comes before the one above it (sort the days)", day);
  if (!c->n || at_ns > c->at_ns[c->n - 1]) return push(c, at_ns, sum, err);
  c->amount[c->n - 1] = sum;
  return DP_OK;
}

void dp_curve_free(struct dp_curve *c) {
  free(c->at_ns);
  free(c->amount);
  *c = (struct dp_curve){0};
}

/* Points at or before t. */
static size_t before(const struct dp_curve *c, dp_time t_ns) {
  size_t low = 0, high = c->n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (c->at_ns[middle] <= t_ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

dp_i128 dp_curve_stair(const struct dp_curve *c, dp_time t_ns) {
  const size_t n = before(c, t_ns);
  return n ? c->amount[n - 1] : 0;
}

dp_i128 dp_curve_line(const struct dp_curve *c, dp_time t_ns) {
  const size_t n = before(c, t_ns);
  const dp_time from_ns = n ? c->at_ns[n - 1] : 0;
  const dp_i128 from = n ? c->amount[n - 1] : 0;
  if (n == c->n) return from;
  return from + dp_token_share_of(c->amount[n] - from, t_ns - from_ns, c->at_ns[n] - from_ns);
}

dp_i128 dp_curve_total(const struct dp_curve *c) { return c->n ? c->amount[c->n - 1] : 0; }

/* ---- files ---- */

static enum dp_status read_points(struct dp_csv *csv, int64_t decimals, struct dp_curve *curve, struct dp_err *err) {
  int day, tokens;
  DP_TRY(dp_csv_need_column(csv, "day", &day, err));
  DP_TRY(dp_csv_need_column(csv, "tokens", &tokens, err));
  for (bool eof = false;;) {
    double d, sum;
    struct dp_err why = {0};
    DP_TRY(dp_csv_next(csv, NULL, &eof, err));
    if (eof) break;
    DP_TRY(dp_csv_f64(csv, day, 0, DAYS_MAX, &d, err));
    DP_TRY(dp_csv_f64(csv, tokens, 0, 1e18, &sum, err));
    if (dp_curve_add(curve, d, sum, decimals, &why) != DP_OK) return dp_csv_fail(csv, -1, err, "%s", why.text);
  }
  return curve->n ? DP_OK : dp_csv_fail(csv, -1, err, "a curve needs at least one row");
}

enum dp_status dp_curve_read(const char *path, int64_t decimals, struct dp_curve *curve, struct dp_err *err) {
  struct dp_csv *csv;
  DP_TRY(dp_csv_open(path, 0, &csv, err));
  enum dp_status status = read_points(csv, decimals, curve, err);
  dp_csv_close(csv);
  return status;
}

struct unlock_columns {
  int class_name, day, amount, share;
};

static enum dp_status find_columns(struct dp_csv *csv, struct unlock_columns *c, struct dp_err *err) {
  DP_TRY(dp_csv_need_column(csv, "class", &c->class_name, err));
  DP_TRY(dp_csv_need_column(csv, "day", &c->day, err));
  c->amount = dp_csv_column(csv, "amount");
  c->share = dp_csv_column(csv, "share");
  if ((c->amount < 0) != (c->share < 0)) return DP_OK;
  return dp_csv_fail(csv, -1, err, "an unlock file needs one of the columns 'amount' (tokens) and 'share' (of the supply)");
}

static enum dp_status read_amount(struct dp_csv *csv, const struct unlock_columns *c,
                                  const struct dp_unlock_file *file, dp_i128 *out, struct dp_err *err) {
  double x;
  if (c->share >= 0) {
    DP_TRY(dp_csv_f64(csv, c->share, 0, 1, &x, err));
    *out = dp_token_part(file->genesis, dp_token_ppb(x));
    return DP_OK;
  }
  DP_TRY(dp_csv_f64(csv, c->amount, 0, 1e18, &x, err));
  if (dp_token_base_units(x, file->decimals, out)) return DP_OK;
  return dp_csv_fail(csv, c->amount, err, "%g tokens do not fit 126 bits", x);
}

static bool known(const struct dp_unlock_file *file, const char *name) {
  for (size_t i = 0; i < file->class_n; i++)
    if (strcmp(file->classes[i], name) == 0) return true;
  return false;
}

static enum dp_status read_row(struct dp_csv *csv, const struct unlock_columns *c, const struct dp_unlock_file *file,
                               struct dp_curve *curve, struct dp_err *err) {
  const char *name = dp_csv_text(csv, c->class_name);
  double day;
  dp_i128 amount;
  struct dp_err why = {0};
  if (!known(file, name))
    return dp_csv_fail(csv, c->class_name, err, "no tranche is named '%s' (name every class of the file)", name);
  if (strcmp(name, file->class_name) != 0) return DP_OK;
  DP_TRY(dp_csv_f64(csv, c->day, 0, DAYS_MAX, &day, err));
  DP_TRY(read_amount(csv, c, file, &amount, err));
  return dp_curve_step(curve, day, amount, &why) == DP_OK ? DP_OK : dp_csv_fail(csv, -1, err, "%s", why.text);
}

static enum dp_status read_rows(struct dp_csv *csv, const struct dp_unlock_file *file, struct dp_curve *curve,
                                struct dp_err *err) {
  struct unlock_columns c;
  DP_TRY(find_columns(csv, &c, err));
  for (bool eof = false;;) {
    DP_TRY(dp_csv_next(csv, NULL, &eof, err));
    if (eof) break;
    DP_TRY(read_row(csv, &c, file, curve, err));
  }
  return curve->n ? DP_OK : dp_csv_fail(csv, -1, err, "no row is of class '%s'", file->class_name);
}

enum dp_status dp_curve_read_unlocks(const struct dp_unlock_file *file, struct dp_curve *curve, struct dp_err *err) {
  struct dp_csv *csv;
  DP_TRY(dp_csv_open(file->path, 0, &csv, err));
  enum dp_status status = read_rows(csv, file, curve, err);
  dp_csv_close(csv);
  return status;
}
