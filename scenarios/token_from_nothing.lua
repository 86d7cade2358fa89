-- Question: does a compute network's first token hold its price and pay its thousand hosts, when hosts sell what they
-- earn, insiders' tokens unlock, and only the network's own take buys it back?
--
-- A thousand people have an RTX 4090 each in the network at the start and have paid for it; others buy one when it
-- seems worth it, and leave when it does not pay. Customers ask for GPU hours as long as the price, the cloud's price
-- and their trust let them; they pay in USD, the protocol keeps a share of each payment and spends it on its token,
-- which it burns. Hosts earn the rest of the payment and new tokens by work. The price is made by nothing but the
-- trades of a day against one pool. A year, settled daily; a run takes a fraction of a second.
--
-- Answer at the defaults: no. The price falls by 71 % in the year (± 0.1 points over 8 seeds), because 32,200 tokens a
-- day are sold against 850 USD of buy-back, which settles at 0.026 USD wherever it begins. 73 % (± 1) of all hosts who
-- ever entered have more than they put in, but only 19 % (± 1) have earned their machine, and 37 % of what hosts earned
-- net came from selling new tokens; customers paid 2.0 USD for each USD of emission.
--
-- How to read it: with D USD of buy-back and E tokens for sale a day the price tends to D / E
-- (sim/ledger/README.md), with time constant (USD in the pool) / 2 D. token.price_change_ratio says where the year
-- has taken it; network.real_revenue_ratio what customers paid for each USD of emission, valued at the price of its
-- day; provider.in_profit_ratio who of all that ever entered has more than he put in, his machine at its resale value
-- included; provider.paid_back_ratio who has earned his machine. token.fall_10pct_d: how long the pool bears the sales.
-- Ask again with --set buyback_ratio=0 (emission without a sink), sell_ratio=1, insiders_sell_ratio=1, usd=40e3 and
-- tokens=400e3 (a thin pool), emission_per_day=0, outside_usd_per_day=2000, demand_multiplier=0.5. Before a run:
-- `depinsim supply` (what is minted and unlocks when). After it: `depinsim stress` and `depinsim breakeven`.
--
-- Sources: electricity: lua/depin/place.lua. GPU: lua/depin/hardware.lua. Fee of the pool: Uniswap v2. Allocation: the
-- order of magnitude of Aethir's (team 12.5 %, investors 11.5 %) and io.net's published splits. Price of a GPU hour,
-- demand and its elasticity, launch price, pool depth, emission, what hosts and insiders sell, who thinks of joining
-- are a designer's assumptions: move them. The economy is the ratio of its flows to its pool: ten times the hosts,
-- demand, pool and emission give the same price.
local depin = require "depin"

local p = depin.parameters {
  days = { 365, min = 1, max = 3650, doc = "how long it runs" },
  settle_every_s = { 86400, min = 60, max = 864000, doc = "seconds between settlements" },
  hosts_n = { 1000, min = 1, max = 1e6, doc = "hosts with one RTX 4090 each at the start" },
  candidates_per_month_n = { 20, min = 0, max = 1e6, doc = "people who think of joining" },
  demand_gpu_h_per_day = { 18000, min = 0, max = 1e9, doc = "GPU hours that the whole market wants a day" },
  growth_per_year_ratio = { 0.2, min = -0.9, max = 100, doc = "growth of that market in a year" },
  price_usd_per_gpu_h = { 0.36, min = 1e-3, max = 1e3, doc = "what hosts ask for an hour of a GPU" },
  cloud_usd_per_gpu_h = { 1, min = 1e-3, max = 1e3, doc = "what the cloud asks" },
  take_ratio = { 0.2, min = 0, max = 1, doc = "share of each payment kept by the protocol" },
  rebate_ratio = { 0, min = 0, max = 1, doc = "share of their payments that customers get back, out of the take" },
  granted_usd_per_day = { 0, min = 0, max = 1e6, doc = "grants that customers spend on work a day: no revenue" },
  host_grant_usd_per_day = { 0, min = 0, max = 1e6, doc = "grants to hosts a day" },
  self_dealing_ratio = { 0, min = 0, max = 1, doc = "part of their capacity that hosts buy from themselves when idle" },
  buyback_ratio = { 1, min = 0, max = 1, doc = "share of the take that buys the token and burns it" },
  credit_ratio = { 0, min = 0, max = 1, doc = "share of the take that buys credits, at the price of an oracle" },
  supply = { 100e6, min = 1e3, max = 1e12, doc = "tokens at the start" },
  emission_per_day = { 50e3, min = 0, max = 1e9, doc = "tokens for hosts a day, in the first year" },
  sell_ratio = { 0.6, min = 0, max = 1, doc = "part of their tokens that hosts sell at once" },
  insiders_sell_ratio = { 0.1, min = 0, max = 1, doc = "part of their unlocks that team and investors sell at once" },
  tokens = { 4e6, min = 1, max = 1e12, doc = "tokens in the pool at the start" },
  usd = { 400e3, min = 1, max = 1e9, doc = "USD in the pool at the start" },
  fee_ratio = { 0.003, min = 0, max = 0.5, doc = "fee of the pool" },
  outside_usd_per_day = { 0, min = 0, max = 1e6, doc = "outside money that buys and holds" },
  market_volatility = { 0, min = 0, max = 5, doc = "the tide that this money follows: deviation a year; 0: none" },
  shock_day = { 90, min = 0, max = 3650, doc = "from this day on …" },
  demand_multiplier = { 1, min = 0, max = 100, doc = "… demand is so many times as high" },
  electricity_multiplier = { 1, min = 0, max = 100, doc = "… and so is the price of electricity" },
  lua_pricing = { 0, min = 0, max = 1, doc = "1: hosts price by the same policy, written in Lua" },
}

local mtok_per_h = 1e6 / 3600 -- a unit of work is a second of a GPU; prices are per million units
local pricing = p.lua_pricing == 1 and depin.policy.fixed_lua or depin.policy.fixed
local tide = p.market_volatility > 0 and "market" or nil
local credits = p.credit_ratio > 0

return depin.scenario {
  start = "2025-01-01", duration_d = p.days, settle_every_s = p.settle_every_s, seed = 1,

  place = depin.place.azure { regions = { "East US", "West Europe", "Central India" } },

  tokens = {
    depin.token {
      name = "NEW", decimals = 9, supply = p.supply, buyback_ratio = p.buyback_ratio,
      emission = depin.emission.halving { per_day = p.emission_per_day, halve_every_d = 365 },
      allocation = { -- the rest is public: the pool comes from it
        depin.tranche {
          name = "team", share_ratio = 0.15, cliff_d = 180, vesting_d = 1080, sell_ratio = p.insiders_sell_ratio,
        },
        depin.tranche {
          name = "investors", share_ratio = 0.12, tge_ratio = 0.05, cliff_d = 90, vesting_d = 720,
          sell_ratio = p.insiders_sell_ratio,
        },
        depin.tranche { name = "community", share_ratio = 0.4, tge_ratio = 0.1, vesting_d = 1440 },
      },
    },
  },

  exchanges = {
    depin.exchange.constant_product {
      token = "NEW", tokens = p.tokens, usd = p.usd, fee_ratio = p.fee_ratio,
      outside_usd_per_day = p.outside_usd_per_day, factor = tide,
    },
  },
  factors = tide and { depin.factor.gbm { name = tide, volatility_per_year = p.market_volatility } } or {},
  feeds = credits and { depin.feed {} } or {},
  credits = credits and { depin.credit.custom { name = "credit", kind = "burn", credit_ratio = p.credit_ratio } } or {},

  networks = {
    depin.network.posted {
      name = "compute", fidelity = "flow", take_ratio = p.take_ratio, rebate_ratio = p.rebate_ratio,
      self_dealing_ratio = p.self_dealing_ratio, host_grant_usd_per_day = p.host_grant_usd_per_day,
      network_preference = -1, -- at equal price and latency a quarter would come
      cloud = depin.cloud { price_usd_per_mtok = p.cloud_usd_per_gpu_h * mtok_per_h },
    },
  },

  providers = {
    depin.provider {
      network = "compute", count = p.hosts_n, reprice_every_s = 7 * 86400, sell_ratio = p.sell_ratio,
      node = depin.hardware.rtx4090 { work_per_s = 1 },
      pricing = pricing { price_usd_per_mtok = p.price_usd_per_gpu_h * mtok_per_h },
      capex_ratio = 1, cost_spread = 0.3, belief = "adaptive", hurdle_ratio = 0.2,
      entry = depin.entry { candidates_per_month_n = p.candidates_per_month_n, lead_time_d = 30, spare_ratio = 0.3 },
      exit = depin.exit { patience_d = 28 },
    },
  },

  workloads = {
    depin.workload.demand {
      name = "customers", network = "compute", unit = "gpu_s", output_tok = 3600, -- jobs of an hour
      work_per_day = p.demand_gpu_h_per_day * 3600, growth_per_year_ratio = p.growth_per_year_ratio,
      reference_usd_per_mtok = 0.36 * mtok_per_h, elasticity = 1, noise_ratio = 0.1,
      start_share_ratio = 0.5, switch_d = 60, granted_usd_per_day = p.granted_usd_per_day,
    },
  },

  events = {
    depin.at {
      day = p.shock_day, demand_multiplier = p.demand_multiplier, electricity_multiplier = p.electricity_multiplier,
    },
  },

  expect = {
    ["token.price_change_ratio"] = depin.between(-0.8, -0.6), -- the answer
    ["network.real_revenue_ratio"] = depin.between(1.5, 2.5),
    ["provider.in_profit_ratio"] = depin.between(0.6, 0.9),
    ["provider.paid_back_ratio"] = depin.at_most(0.4),
    ["market.served_ratio"] = depin.at_least(0.99),
  },

  check = { days = 7 },
}
