-- Question: does a small inference network's first token hold its price and pay its hosts, when hosts sell what they
-- earn, insiders' tokens unlock, and only the network's own take buys it back?
--
-- Ten hosts with an H100 each answer long prompts; customers pay in USD, the protocol keeps a share of each payment
-- and spends part of that on its token, which it burns. Hosts earn the rest of the payment and new tokens by work.
-- The price is made by nothing but the trades of a settlement against one pool. A year; runs in some seconds on one
-- core.
--
-- Answer at the defaults: no. The price falls by 61 % in the year, because 940 tokens a day are sold against 16 USD
-- of buy-back, which settles at 0.017 USD wherever it begins. Hosts stay in profit, but more than half of their net
-- income is what their sales of new tokens brought; customers paid 0.87 USD for each USD of emission.
--
-- How to read it: with D USD of buy-back and E tokens for sale a day the price tends to D / E
-- (sim/ledger/README.md), with time constant (USD in the pool) / 2 D. token.price_change_ratio says where the year
-- has taken it; network.real_revenue_ratio what customers paid for each USD of emission: below 1 the emission
-- subsidises the work, and what hosts earn hangs on the price; provider.net_income_usd and in_profit_ratio what is
-- left to them after electricity (not after the machines). token.fall_10pct_d: how long the pool bears the sales.
-- Ask again with --set buyback_ratio=0 (emission without a sink), sell_ratio=1, insiders_sell_ratio=1, usd=5000 (a
-- thin pool), emission_per_day=0, outside_usd_per_day=200.
--
-- Sources: sizes of requests: Mooncake trace (Apache-2.0). Electricity: lua/depin/place.lua. GPUs:
-- lua/depin/hardware.lua. Fee of the pool: Uniswap v2. Allocation: the order of magnitude of Aethir's (team 12.5 %,
-- investors 11.5 %) and io.net's published splits. Price of a token of text, rate, launch price, pool depth,
-- emission, what hosts and insiders sell are a designer's assumptions: move them. The network is small, but its
-- economy is the ratio of its flows to its pool: ten times the requests, pool and emission give the same price.
local depin = require "depin"

local p = depin.parameters {
  days = { 365, min = 1, max = 3650, doc = "how long it runs" },
  settle_every_s = { 21600, min = 60, max = 864000, doc = "seconds between settlements" },
  hosts_n = { 10, min = 1, max = 1e5, doc = "hosts with one H100 each" },
  rate_per_s = { 0.05, min = 0, max = 1e4, doc = "requests" },
  price_usd_per_mtok = { 4, min = 1e-3, max = 1e4, doc = "what hosts ask for a million output tokens" },
  take_ratio = { 0.2, min = 0, max = 1, doc = "share of each payment kept by the protocol" },
  buyback_ratio = { 1, min = 0, max = 1, doc = "share of the take that buys the token and burns it" },
  supply = { 10e6, min = 1e3, max = 1e12, doc = "tokens at the start" },
  emission_per_day = { 1500, min = 0, max = 1e9, doc = "tokens for hosts a day, in the first year" },
  sell_ratio = { 0.6, min = 0, max = 1, doc = "part of their tokens that hosts sell at once" },
  insiders_sell_ratio = { 0.02, min = 0, max = 1, doc = "part of their unlocks that team and investors sell at once" },
  tokens = { 400e3, min = 1, max = 1e12, doc = "tokens in the pool at the start" },
  usd = { 40e3, min = 1, max = 1e9, doc = "USD in the pool at the start" },
  fee_ratio = { 0.003, min = 0, max = 0.5, doc = "fee of the pool" },
  outside_usd_per_day = { 0, min = 0, max = 1e6, doc = "outside money that buys and holds" },
}

return depin.scenario {
  start = "2025-01-01", duration_d = p.days, settle_every_s = p.settle_every_s, seed = 1,

  place = depin.place.azure { regions = { "East US" } },

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
      outside_usd_per_day = p.outside_usd_per_day,
    },
  },

  networks = {
    depin.network.posted { name = "inference", take_ratio = p.take_ratio, load_refresh_s = 3600 },
  },

  providers = {
    depin.provider {
      network = "inference", count = p.hosts_n, node = depin.hardware.h100_sxm {}, reprice_every_s = 86400,
      pricing = depin.policy.fixed { price_usd_per_mtok = p.price_usd_per_mtok }, sell_ratio = p.sell_ratio,
    },
  },

  workloads = {
    depin.workload.inference {
      name = "customers", network = "inference", rate_per_s = p.rate_per_s, tokens = "mooncake", burst = "poisson",
      llm = depin.llm.llama2_7b,
    },
  },

  expect = {
    ["job.completed_ratio"] = depin.at_least(0.99),
    ["token.price_change_ratio"] = depin.between(-0.75, -0.45), -- the answer
    ["network.real_revenue_ratio"] = depin.between(0.7, 1),
    ["provider.in_profit_ratio"] = depin.at_least(0.9),
  },

  check = { days = 3, settle_every_s = 3600 },
}
