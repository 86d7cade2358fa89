/* sim/provider/operators.h — inside of sim/provider: what the files of the model "provider.fleet" share. Nobody else
 * includes it. Layer: domain. Not collective. */
#ifndef DP_PROVIDER_OPERATORS_H
#define DP_PROVIDER_OPERATORS_H

#include "books/books.h"
#include "place/place.h"
#include "provider/fleet.h"
#include "provider/npv.h"

/** A token that hosts may hold. */
struct dp_fleet_token {
  struct dp_view account, rewarded;  /* ledger.token share */
  const struct dp_instance *exchange; /* NULL: it has no price */
  unsigned price;                    /* its value price_usd */
  int slot;                          /* of dp_host.kept; −1: of another network */
};

/** `shared`: derived from the scenario, never changed after init but for the scratch of one beat. */
struct dp_fleet_shared {
  struct dp_view up, joined, capital, electricity, energy, busy, busy_since, price, payable, in_flight, balance;
  bool has_server;
  bool flow; /* the market is of flow fidelity: busy is its column, and hosts have news at settlements only */
  size_t token_n;
  struct dp_fleet_token *tokens; /* [token_n] every token of the simulation */
  int64_t *share;  /* [cell_n] hosts at the start */
  double supply_weight; /* of all cells */
  double *wish;    /* [cell_n] scratch between collect and apply of one beat */
  int64_t *order;  /* [cell_n] the same: machines ordered now */
  dp_time decide_ns; /* 0: its owners decide nothing and nothing is observed */
  int64_t opex_nusd_per_d;
  dp_time resale_age_ns; /* the resale share last asked for: most hosts are as old as the one before */
  double resale_share;
};

/** Row of table `outlook`, one a cell: what owners of the cell have observed, and what they expect. */
struct dp_outlook {
  dp_i128 income_nusd; /* since the last decision: of the cell's hosts … */
  dp_i128 host_ns;     /* … in this time of hosts that were switched on … */
  dp_i128 energy_mws;  /* … with this energy */
  double expected_usd_per_d; /* income of a host, constant over the horizon */
  double latest_usd_per_d;   /* the latest observation */
  double n, sum_x, sum_y, sum_xx, sum_xy; /* autoregression: pairs of successive observations */
  int64_t rest_ppm; /* of a machine, that the cell has a claim to (or has had too much) */
  uint32_t buyer_ppm, runner_ppm; /* cost factors at which a machine, and running a spare one, break even */
  uint32_t observation_n;
  uint32_t leaving_n; /* hosts that have left and whose accounts are still open */
  uint32_t owned_n;   /* hosts in the table of owners */
  uint32_t zero;
};

/** Row of table `cohort`: hosts of a cell by the month in which they joined. */
struct dp_cohort {
  dp_i128 capex_nusd, exited_net_nusd, exited_resale_nusd, exited_life_ns;
  dp_i128 active_net_nusd, active_resale_nusd, active_life_ns; /* at the end of the run */
  int64_t entered_n, invested_n, paid_back_n, exited_n, exited_in_profit_n;
  int64_t active_n, active_in_profit_n; /* at the end of the run */
  uint32_t month; /* yyyymm */
  uint32_t zero;
};

/** Row of table `owner`: an owner of several hosts of a cell. */
struct dp_owner {
  int64_t income_nusd; /* of hosts that have left; of all at the end */
  uint32_t host_n;
  uint32_t zero;
};

/** Row of the replicated table `orders`. */
struct dp_orders {
  int64_t ordered_n;
  int64_t latest_n;    /* of them, with the last order */
  dp_i128 wished_ppm;  /* wishes of the last order */
  dp_time ordered_ns;  /* its time */
  int64_t scarce;      /* 1: there were fewer machines than wishes */
};

struct dp_fleet_bulletin {
  int64_t wish_ppm; /* machines that the cell's candidates would buy, and its claim, in millionths */
};

enum dp_fleet_table { DP_FLEET_HOST, DP_FLEET_OUTLOOK, DP_FLEET_COHORT, DP_FLEET_OWNER };
enum dp_fleet_global { DP_FLEET_ORDERS };
enum dp_fleet_flow { DP_FLEET_FLOW_INCOME, DP_FLEET_FLOW_TIME, DP_FLEET_FLOW_ENERGY };
enum dp_fleet_value { DP_FLEET_VALUE_INCOME, DP_FLEET_VALUE_ENERGY };
enum dp_fleet_metric {
  DP_FLEET_ENTERED, DP_FLEET_EXITED, DP_FLEET_HOSTS, DP_FLEET_ACTIVE, DP_FLEET_IN_PROFIT, DP_FLEET_NET, DP_FLEET_PROFIT,
  DP_FLEET_PRICE, DP_FLEET_DECISIONS, DP_FLEET_INVESTED, DP_FLEET_PAID_BACK, DP_FLEET_PAYBACK, DP_FLEET_CAPEX,
  DP_FLEET_RESALE, DP_FLEET_OWNER_INCOME, DP_FLEET_ORDERED, DP_FLEET_INCOME
};

static inline const struct dp_fleet_config *dp__fleet_config(const struct dp_ctx *ctx) { return ctx->self->config; }
static inline struct dp_unequal dp__fleet_unequal(const struct dp_ctx *ctx) {
  return (struct dp_unequal){.cost = dp__fleet_config(ctx)->cost_spread, .belief = dp__fleet_config(ctx)->belief_spread};
}
static inline const struct dp_fleet_shared *dp__fleet_shared(const struct dp_ctx *ctx) { return ctx->self->shared; }
static inline struct dp_host *dp__host_at(const struct dp_ctx *ctx, uint32_t node) {
  return DP_ROW(dp_own_table(ctx, DP_FLEET_HOST), struct dp_host, node);
}
static inline struct dp_outlook *dp__outlook_of(const struct dp_ctx *ctx) {
  return DP_ROW(dp_own_table(ctx, DP_FLEET_OUTLOOK), struct dp_outlook, 0);
}

/** The next host of this fleet from row `from` on, or DP_NO_ROW. */
static inline uint32_t dp__host_next(const struct dp_ctx *ctx, uint32_t from) {
  const struct dp_table *hosts = dp_own_table(ctx, DP_FLEET_HOST);
  uint32_t i = dp_table_next(hosts, from);
  while (i != DP_NO_ROW && dp__host_at(ctx, i)->fleet != ctx->self->index) i = dp_table_next(hosts, i + 1);
  return i;
}

/** What electricity costs in the cell, mean since `since_ns`. */
double dp__electricity_usd_per_kwh(const struct dp_ctx *ctx, dp_time since_ns);

/* ---- views.c ---- */

/** Finds what the fleet reads of others. */
enum dp_status dp__fleet_views(struct dp_ctx *ctx, struct dp_fleet_shared *s);

/* ---- sell.c ---- */

/** At a look, before it is written down: with sells = "costs" how much of its tokens a host sells until the next. */
void dp__host_choose_sales(const struct dp_ctx *ctx, uint32_t node);

/* ---- account.c: a host's money ---- */

/** Where other domains keep a host's cash: for one look, or a walk over many hosts. */
struct dp__cash {
  struct dp_strip balance, payable, capital, joined;
};
static inline struct dp__cash dp__cash_of(const struct dp_ctx *ctx) {
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  return (struct dp__cash){dp_view_strip(ctx, &s->balance), dp_view_strip(ctx, &s->payable),
                           dp_view_strip(ctx, &s->capital), dp_view_strip(ctx, &s->joined)};
}
/** In cash: wallet and what is due, less what the owner has put in. */
static inline dp_i128 dp__cash_net_nusd(const struct dp__cash *c, const struct dp_host *h, uint32_t node) {
  const int64_t payable = *(const int64_t *)dp_strip_at(&c->payable, node);
  const int64_t capital = *(const int64_t *)dp_strip_at(&c->capital, node);
  return *(const dp_i128 *)dp_strip_at(&c->balance, h->usd_account) + payable - capital - h->capital_nusd;
}
static inline dp_i128 dp__host_net_nusd(const struct dp_ctx *ctx, uint32_t node) {
  const struct dp__cash c = dp__cash_of(ctx);
  return dp__cash_net_nusd(&c, dp__host_at(ctx, node), node);
}
/** The same before costs: all that it ever earned. */
dp_i128 dp__host_gross_nusd(const struct dp_ctx *ctx, uint32_t node);
/** Share of its price that a machine brings at an age; 0 where no resale is known of. */
double dp__resale_share(const struct dp_ctx *ctx, dp_time age_ns);
/** What a machine would bring that joined at `joined_ns`. */
static inline int64_t dp__resale_nusd(const struct dp_ctx *ctx, const struct dp_host *h, dp_time joined_ns) {
  const dp_time age_ns = (h->state == DP_HOST_LEAVING ? h->left_ns : ctx->now_ns) - joined_ns;
  const struct dp_fleet_shared *s = dp__fleet_shared(ctx);
  const double share = age_ns == s->resale_age_ns ? s->resale_share : dp__resale_share(ctx, age_ns);
  return (int64_t)((double)h->capex_nusd * share + 0.5);
}
/** What the machine would bring now. */
int64_t dp__host_resale_nusd(const struct dp_ctx *ctx, uint32_t node);
/** Cash and machine: net + resale − capex. */
dp_i128 dp__host_profit_nusd(const struct dp_ctx *ctx, uint32_t node);
/** Pays a cost; its owner puts in what the wallet lacks. */
enum dp_status dp__host_pay(struct dp_ctx *ctx, uint32_t node, dp_i128 nusd);
/** Pays the operating cost of a host that is switched on up to now. */
enum dp_status dp__host_pay_opex(struct dp_ctx *ctx, uint32_t node);
/** Books a new host into its cohort and with its owner; `note` is what it was ordered with. */
enum dp_status dp__host_born(struct dp_ctx *ctx, uint32_t node, uint64_t note);
/** Notes that it has earned its machine, if it has. */
void dp__host_pay_back(struct dp_ctx *ctx, uint32_t node);
/** The last of a host: outcome to its cohort and owner, wallets to the owner, accounts closed. */
enum dp_status dp__host_close(struct dp_ctx *ctx, uint32_t node);
/** The end of the run: cohorts and owners take in those who are still there. */
void dp__fleet_reckon(struct dp_ctx *ctx);

/* ---- outlook.c: observation, belief, entry ---- */

/** Price of a token at the last settlement, USD; 0 if it has none. */
double dp__token_price_usd(const struct dp_ctx *ctx, const struct dp_fleet_token *token);
/** What tokens are worth, for decisions and comparisons alone: at most ±1e9 usd, whatever a price has come to. */
int64_t dp__worth_nusd(double usd);
/** Tokens in a host's wallet, whole tokens. */
double dp__host_tokens(const struct dp_ctx *ctx, const struct dp_fleet_token *token, uint32_t node);
/** Takes in what a host has earned since the last look. */
void dp__host_look(struct dp_ctx *ctx, uint32_t node);
/** collect: looks at every host, learns, and says how many machines the cell's candidates would buy. */
enum dp_status dp__outlook_collect(struct dp_ctx *ctx, const struct dp_beat_info *beat);
/** clear: decides how many are bought and spreads them over the cells. */
enum dp_status dp__outlook_clear(struct dp_ctx *ctx, const struct dp_beat_info *beat);
/** apply: the cell's part is ordered from the hardware. */
enum dp_status dp__outlook_order(struct dp_ctx *ctx);
/** Electricity of a host, USD a day at a cost factor of 1. */
double dp__outlook_electricity_usd_per_d(const struct dp_ctx *ctx);

/* ---- leave.c: exit ---- */

/** apply, when owners decide: hosts switch off, on, or leave. */
enum dp_status dp__leave_decide(struct dp_ctx *ctx);
/** apply, at a settlement: hosts that have left and have nothing due are removed. */
enum dp_status dp__leave_settle(struct dp_ctx *ctx);

#endif
