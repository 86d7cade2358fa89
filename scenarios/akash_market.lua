-- Question: do hosts who lease GPUs by reverse auction on Akash-like terms earn anything, and does it change when
-- burn-mint takes the place of the take rate?
--
-- Answer, at the defaults (seeds 1 to 16, mean and 95 % interval): cash yes, a living no, under either rule. With
-- the take rate all the year hosts net 249,000 USD, and with what their machines lose in value -205,668 +- 16,000:
-- 14 % of those who ever entered are in profit, and of 200 hosts 27 are left, at 73 % utilisation and 0.88 USD an
-- hour. With burn-mint all the year the same seeds give 15,010 +- 9,402 USD more: the 4 % that the protocol no
-- longer keeps, less spread and slippage. With the change on 23 March most hosts have left before it: -200,891 +-
-- 16,809 (12 seeds), not resolved from no change.
--
-- Customers post orders for an A100 for some days at a highest price; free hosts bid their price, times a factor of
-- their own for each order; the cheapest of the first 20 bids wins (Akash AEP-2, chain-sdk market params). Payment
-- flows by the second. Until the date of the rules the protocol keeps 4 % (AEP-23). From 23 March 2026 on (AEP-76)
-- all of it buys AKT, which backs credits of one USD; a credit used pays hosts in AKT at that day's price, and they
-- sell it. New AKT goes to those who stake, before and after. A year from 1 October 2025; runs in a few seconds on
-- one core.
--
-- How to read it: provider.profit_usd, cash less electricity, running costs and the machine's loss of value, of all
-- hosts that ever entered; provider.in_profit_ratio of them. --set burn_mint_d=0: the take rate for ever;
-- burn_mint_d=1: burn-mint from the first day; the same seed has the same orders, costs and failures.
-- credit.halted_n: settlements at which the vault's circuit breaker held customers' money back.
--
-- Sources: number of GPUs, their use and spend: 150-200 GPUs, 50-70 % in use (modularcapital.xyz, Jan 2024). Price
-- of AKT 1.14 USD (Sep 2025, AEP-76). Supply 230 million and inflation of 13 % a year: from memory, verify.
-- Machines: lua/depin/hardware.lua. Electricity: lua/depin/place.lua. Prices that hosts post, length of leases,
-- depth of the pool, outside money that balances first sales, running costs: assumptions; move them.
local depin = require "depin"

local p = depin.parameters {
  days = { 365, min = 5, max = 3650, doc = "how long it runs" },
  burn_mint_d = { 173, min = 0, max = 3650, doc = "day from which burn-mint holds (2026-03-23: 173); 0: never",
    date = "2026-03-23", source = "AEP-76" },
  hosts_n = { 200, min = 2, max = 1e5, doc = "hosts with one A100 each", date = "2024-01",
    source = "150 to 200 GPUs: modularcapital.xyz" },
  orders_per_day = { 18, min = 0, max = 1e5, doc = "orders of all customers" },
  lease_d = { 7, min = 0.01, max = 365, doc = "mean length of a lease" },
  max_usd_per_h = { 1.6, min = 0, max = 100, doc = "most that customers pay, half of it to one and a half times it" },
  price_usd_per_h = { 0.77, min = 1e-3, max = 100, doc = "what hosts ask at least" },
  cost_spread_ratio = { 0.6, min = 0, max = 10, doc = "spread of their prices over orders" },
  take_ratio = { 0.04, min = 0, max = 1, doc = "take rate before burn-mint", date = "2023",
    source = "AEP-23" },
  pool_usd = { 3e6, min = 1, max = 1e10, doc = "USD in the pool" },
  sigma = { 0.8, min = 0, max = 5, doc = "tide of outside money, a year" },
}

local price_usd = depin.dated { "price_usd", 1.14, date = "2025-09", source = "an example in AEP-76's text" }
local supply = depin.dated { "supply", 230e6, source = "from memory, verify" }
local inflation = depin.dated { "inflation", 0.13, source = "from memory, verify" }
local sold_per_day = supply * inflation / 365 * 0.3 -- by those who stake

return depin.scenario {
  start = "2025-10-01", as_of = "2025-10-01", duration_d = p.days, settle_every_s = 21600, seed = 1,

  place = depin.place.azure { regions = { "East US", "West Europe", "Japan East" } },

  factors = { depin.factor.gbm { name = "tide", volatility_per_year = p.sigma } },

  tokens = {
    depin.token {
      name = "AKT", decimals = 6, supply = supply, reward_by = "stake", network = "akash",
      emission = depin.emission.fixed { per_day = supply * inflation / 365 },
    },
  },

  stakes = {
    depin.stake.cosmos {
      token = "AKT", delegable_tokens = 160e6, delegated_ratio = 0.85, half_yield_ratio = 0.04, sell_ratio = 0.3,
      unbonding_d = math.min(21, p.days / 2),
    },
  },

  exchanges = {
    depin.exchange.constant_product {
      token = "AKT", usd = p.pool_usd, tokens = p.pool_usd / price_usd, factor = "tide",
      outside_usd_per_day = sold_per_day * price_usd,
    },
  },

  credits = p.burn_mint_d > 0
      and { depin.credit.akash_act { token = "AKT", vault_tokens = 2e5, starts_d = p.burn_mint_d } } or {},

  networks = { depin.network.posted { name = "akash", fidelity = "flow", take_ratio = p.take_ratio } },

  auctions = {
    depin.auction {
      name = "leases", network = "akash", orders_per_day = p.orders_per_day, duration_d = p.lease_d,
      max_usd_per_h = p.max_usd_per_h, max_spread_ratio = 0.5, cost_spread_ratio = p.cost_spread_ratio,
      take_ratio = p.take_ratio, all_through_protocol_d = p.burn_mint_d,
    },
  },

  providers = {
    depin.provider {
      network = "akash", count = p.hosts_n, node = depin.hardware.a100_80 {}, reprice_every_s = 864000, sell_ratio = 1,
      pricing = depin.policy.fixed { price_usd_per_mtok = p.price_usd_per_h * 1e6 / 3600 }, -- a unit is a second
      opex_usd_per_d = 1, cost_spread = 0.3, capex_ratio = 1, exit = depin.exit { resale_ratio = 0.9 },
    },
  },

  expect = {
    ["provider.in_profit_ratio"] = depin.at_most(0.3), -- the answer
    ["provider.net_income_usd"] = depin.at_least(100e3),
    ["lease.price_usd_per_h"] = depin.between(0.8, 1),
  },

  check = { days = 12, burn_mint_d = 6, hosts_n = 20, orders_per_day = 4, lease_d = 2 },
}
