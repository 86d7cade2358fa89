/* sim/cli/shock.c — the shocks of `stress`. None sets a price: somebody sells, leaves or pays more. */
#include "cli/shock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ledger/chain.h"
#include "ledger/exchange.h"
#include "ledger/feed.h"
#include "ledger/token.h"
#include "ledger/trader.h"
#include "place/shock.h"
#include "workload/inference.h"

#define PRICE_FALL 0.8
#define DEMAND_LEFT 0.5
#define LIQUIDITY_LEAVES 0.9
#define FEED_LAG_S (3 * 86400.0)
#define GAS_TIMES 20
#define ELECTRICITY_TIMES 3

const struct dp_stress_shock dp_stress_shocks[] = {
    {"price", "somebody sells until the price has fallen by 80 %", "an exchange whose price is made by trades"},
    {"demand", "demand falls by 50 %", "customers who ask at a rate"},
    {"emission", "nothing is minted any more", "a token with an emission"},
    {"liquidity", "nine tenths of every pool leave", "an exchange whose price is made by trades"},
    {"feed", "price feeds see the market 3 days late, from the start", "a price feed"},
    {"gas", "fees of settlement chains are 20 times as high, from the start", "a settlement chain"},
    {"electricity", "electricity costs 3 times as much", "machines"},
    {"insiders", "every class of the allocation sells all that unlocks, from the start", "an allocation and an exchange"},
    {0},
};

/* ---- copies ---- */

/** A block that lives as long as the changed scenario: a copy of `from`, or zeros. */
static void *copy(struct dp_shocked *s, const void *from, size_t size) {
  if (!dp_array_resize(&s->blocks, s->block_n + 1, sizeof *s->blocks)) return NULL;
  void *block = dp_zeros(1, size);
  if (block && from) memcpy(block, from, size);
  if (block) s->blocks[s->block_n++] = block;
  return block;
}

/** Gives an instance its own configuration to be changed. NULL: no memory. */
static void *own(struct dp_shocked *s, struct dp_instance_spec *in) {
  void *config = copy(s, in->config, in->model->schema->size);
  if (config) in->config = config;
  return config;
}

static enum dp_status add(struct dp_shocked *s, const struct dp_model *model, const char *name, void **config,
                          struct dp_err *err) {
  *config = copy(s, NULL, model->schema->size);
  if (!*config || !dp_array_resize(&s->instances, s->spec.instance_n + 1, sizeof *s->instances))
    return dp_fail_nomem(err, "a shock");
  dp_schema_defaults(model->schema, *config);
  s->instances[s->spec.instance_n++] = (struct dp_instance_spec){model, name, *config};
  s->spec.instances = s->instances;
  s->applies = true;
  return DP_OK;
}

static bool is(const struct dp_instance_spec *in, const char *model) { return strcmp(in->model->name, model) == 0; }

static bool has(const struct dp_shocked *s, const char *model) {
  for (size_t i = 0; i < s->spec.instance_n; i++)
    if (is(&s->instances[i], model)) return true;
  return false;
}

/** The next instance of a model from number *i on, which is moved behind it; NULL: there is none. */
static struct dp_instance_spec *next(const struct dp_shocked *s, const char *model, size_t *i) {
  while (*i < s->spec.instance_n)
    if (is(&s->instances[(*i)++], model)) return &s->instances[*i - 1];
  return NULL;
}

/* ---- the shocks ---- */

static bool is_pool(const struct dp_instance_spec *in) {
  return ((const struct dp_exchange_config *)in->config)->kind != DP_EXCHANGE_CONDITIONAL;
}

static enum dp_status dump(struct dp_shocked *s, struct dp_err *err) {
  struct dp_instance_spec *in;
  char text[32];
  unsigned nth = 0;
  size_t k = 0;
  const bool alone = next(s, "ledger.exchange", &k) && !next(s, "ledger.exchange", &k);
  for (size_t i = 0, n = s->spec.instance_n; i < n && (in = next(s, "ledger.exchange", &i)); nth++) {
    struct dp_trader_config *c;
    void *config;
    if (!is_pool(in)) continue;
    const char *exchange = in->name; /* one without a name has the model's, several those of their tokens */
    if (!exchange) exchange = alone ? in->model->name : ((const struct dp_exchange_config *)in->config)->token.name;
    snprintf(text, sizeof text, "shock %u", nth + 1);
    const char *name = copy(s, text, strlen(text) + 1);
    if (!exchange || !name) return dp_fail_nomem(err, "a shock");
    DP_TRY(add(s, &dp_trader_model, name, &config, err));
    c = config;
    c->kind = DP_TRADER_DUMP;
    c->exchange.name = exchange;
    c->day = s->day;
    c->fall_ratio = PRICE_FALL;
  }
  return DP_OK;
}

static enum dp_status lose_demand(struct dp_shocked *s, struct dp_err *err) {
  struct dp_instance_spec *in;
  void *config;
  if (has(s, "workload.demand")) {
    DP_TRY(add(s, &dp_shock_model, "shock", &config, err));
    ((struct dp_shock_config *)config)->day = s->day;
    ((struct dp_shock_config *)config)->demand_multiplier = DEMAND_LEFT;
  }
  for (size_t i = 0; (in = next(s, "workload.inference", &i));) {
    struct dp_inference_config *c = own(s, in); /* requests have no event that would change their rate */
    if (!c) return dp_fail_nomem(err, "a shock");
    if (c->trace && c->trace[0]) continue;
    c->rate_per_s *= DEMAND_LEFT;
    s->applies = true;
  }
  return DP_OK;
}

static enum dp_status end_emission(struct dp_shocked *s, struct dp_err *err) {
  struct dp_instance_spec *in;
  for (size_t i = 0; (in = next(s, "ledger.token", &i));) {
    struct dp_token_config *c = own(s, in);
    struct dp_emission *e = c && c->emission.part ? copy(s, c->emission.part, sizeof *e) : NULL;
    if (!c || (c->emission.part && !e)) return dp_fail_nomem(err, "a shock");
    if (!e) continue;
    if (e->end_d <= 0 || e->end_d > s->day) e->end_d = s->day;
    c->emission.part = e;
    s->applies = true;
  }
  return DP_OK;
}

/** Every provider leaves, and one more who has what they lack of nine tenths. */
static enum dp_status leave(struct dp_shocked *s, struct dp_exchange_config *c, struct dp_err *err) {
  struct dp_part_ref *refs = copy(s, NULL, (c->providers.n + 1) * sizeof *refs);
  double left = LIQUIDITY_LEAVES;
  size_t n = 0;
  if (!refs) return dp_fail_nomem(err, "a shock");
  for (; n < c->providers.n; n++) {
    struct dp_exchange_provider *p = copy(s, c->providers.v[n].part, sizeof *p);
    if (!p) return dp_fail_nomem(err, "a shock");
    if (p->leave_day <= 0 || p->leave_day > s->day) p->leave_day = s->day;
    left -= p->share_ratio;
    refs[n].part = p;
  }
  if (left > 1e-6) {
    struct dp_exchange_provider *p = copy(s, NULL, sizeof *p);
    if (!p) return dp_fail_nomem(err, "a shock");
    dp_schema_defaults(&dp_exchange_provider_schema, p);
    p->name = "shock";
    p->share_ratio = left;
    p->leave_day = s->day;
    refs[n++].part = p;
  }
  c->providers = (struct dp_part_refs){refs, n};
  s->applies = true;
  return DP_OK;
}

static enum dp_status drain(struct dp_shocked *s, struct dp_err *err) {
  struct dp_instance_spec *in;
  for (size_t i = 0; (in = next(s, "ledger.exchange", &i));) {
    struct dp_exchange_config *c = own(s, in);
    if (!c) return dp_fail_nomem(err, "a shock");
    if (is_pool(in)) DP_TRY(leave(s, c, err));
  }
  return DP_OK;
}

static enum dp_status delay(struct dp_shocked *s, struct dp_err *err) {
  struct dp_instance_spec *in;
  for (size_t i = 0; (in = next(s, "ledger.feed", &i));) {
    struct dp_feed_config *c = own(s, in);
    if (!c) return dp_fail_nomem(err, "a shock");
    c->lag_s = fmax(c->lag_s, FEED_LAG_S);
    s->applies = true;
  }
  return DP_OK;
}

static enum dp_status raise_gas(struct dp_shocked *s, struct dp_err *err) {
  struct dp_instance_spec *in;
  for (size_t i = 0; (in = next(s, "ledger.chain", &i));) {
    struct dp_chain_config *c = own(s, in);
    if (!c) return dp_fail_nomem(err, "a shock");
    c->base_fee *= GAS_TIMES;
    c->base_fee_least *= GAS_TIMES;
    c->tip *= GAS_TIMES;
    c->data_base_units_per_byte *= GAS_TIMES;
    s->applies = true;
  }
  return DP_OK;
}

static enum dp_status raise_electricity(struct dp_shocked *s, struct dp_err *err) {
  void *config;
  if (!has(s, "provider.fleet")) return DP_OK;
  DP_TRY(add(s, &dp_shock_model, "shock", &config, err));
  ((struct dp_shock_config *)config)->day = s->day;
  ((struct dp_shock_config *)config)->electricity_multiplier = ELECTRICITY_TIMES;
  return DP_OK;
}

static enum dp_status sell_all(struct dp_shocked *s, struct dp_err *err) {
  struct dp_instance_spec *in;
  for (size_t i = 0; has(s, "ledger.exchange") && (in = next(s, "ledger.token", &i));) {
    struct dp_token_config *c = own(s, in);
    struct dp_part_ref *refs = c ? copy(s, NULL, (c->allocation.n + 1) * sizeof *refs) : NULL;
    if (!refs) return dp_fail_nomem(err, "a shock");
    for (size_t k = 0; k < c->allocation.n; k++) {
      struct dp_tranche *t = copy(s, c->allocation.v[k].part, sizeof *t);
      if (!t) return dp_fail_nomem(err, "a shock");
      t->sell_ratio = 1;
      refs[k].part = t;
      s->applies = true;
    }
    c->allocation.v = refs;
  }
  return DP_OK;
}

/* ---- all ---- */

static enum dp_status (*const changes[])(struct dp_shocked *, struct dp_err *) = {
    dump, lose_demand, end_emission, drain, delay, raise_gas, raise_electricity, sell_all};

static enum dp_status unknown(const char *text, size_t len, struct dp_err *err) {
  struct dp_str names = {0};
  for (const struct dp_stress_shock *k = dp_stress_shocks; k->name; k++)
    dp_str_printf(&names, "%s%s", names.len ? ", " : "", k->name);
  dp_fail(err, DP_USAGE, "--shock: '%.*s' is no shock (there are: %s)", (int)len, text, dp_str_text(&names));
  dp_str_fini(&names);
  return DP_USAGE;
}

enum dp_status dp_shock_apply(const char *text, const struct dp_spec *spec, struct dp_shocked *out, struct dp_err *err) {
  const size_t len = strcspn(text, "@");
  const double days = (double)spec->end_ns / (double)DP_DAY;
  size_t k = 0;
  *out = (struct dp_shocked){.spec = *spec, .day = days / 4};
  while (dp_stress_shocks[k].name &&
         (strlen(dp_stress_shocks[k].name) != len || strncmp(dp_stress_shocks[k].name, text, len) != 0))
    k++;
  if (!dp_stress_shocks[k].name) return unknown(text, len, err);
  if (text[len] == '@' && dp_parse_f64(text + len + 1, 0, days, &out->day, err) != DP_OK) {
    dp_err_prefix(err, "--shock: the day: ");
    return DP_USAGE;
  }
  if (out->day <= 0) out->day = 1e-9; /* 0 is "never" where a day may be left out */
  if (!dp_array_resize(&out->instances, spec->instance_n + 1, sizeof *out->instances))
    return dp_fail_nomem(err, "a shock");
  memcpy(out->instances, spec->instances, spec->instance_n * sizeof *out->instances);
  out->spec.instances = out->instances;
  return changes[k](out, err);
}

void dp_shocked_fini(struct dp_shocked *s) {
  for (size_t i = 0; i < s->block_n; i++) free(s->blocks[i]);
  free(s->blocks);
  free(s->instances);
  *s = (struct dp_shocked){0};
}
