-- Question: what do customers pay for each USD of new tokens in four networks, and whose hosts stay when no new
-- tokens are minted any more?
--
-- Answer (12 seeds, mean and 95 % interval): cents where stake is paid, dollars where work is. For a USD of
-- emission, over two years with emission, customers pay 0.0051 +- 0.0013 USD at Livepeer, 0.0095 +- 0.0025 at
-- Akash, 0.92 at Render and 0.96 at Helium (both +- 0.001; there customers' money is what makes the price). When it
-- ends after the first year, of the hosts that stay with it: all of Akash's and 96 % of Livepeer's stay, whose
-- customers pay them in money; half of Helium's, 186 +- 7 of 348, on net emissions that pass on what is burned;
-- none of Render's 1,000, whose jobs burn tokens and pay nobody: a network can have a revenue and not survive its
-- rules.
--
-- One network at a time, by its own public rules: --set network=helium, render, akash or livepeer (the default). A
-- year with its emission, then a year without; --set ends=0 lets it go on, to compare. Runs in a second on one
-- core.
--
-- How to read it: network.real_revenue_ratio, outside money for work over the emission at its price, of the whole
-- run; with --set ends=0 that of two years with emission. provider.active_n: hosts that are still switched on. A
-- host leaves when two windows in a row brought less than electricity and running costs (sim/provider/README.md).
--
-- Rules and sizes, with the date they are from ("computed" from the others; "(memory)": to be
-- verified). Everything is an input; lint lists what is dated later than the start of a network's run.
--   helium 2026-06: 182.5 million HNT at 0.28 USD; 20,547.95 a day by HIP-20; all data money (10,423 USD a day, Q2
--     2025) burns HNT, of which 34.24 an epoch come back (net emissions, which do not end); hosts get tokens alone.
--     370,000 hotspots of 5 W, a thousand in each host of the model.
--   render 2023-11: 644 million RENDER at 4 USD (memory); 190,142 a month to node operators (RNP-006); 269,000
--     burned in 30 days, 95 % of what jobs cost (RNP-001); operators get tokens alone. 1,000 nodes (75,000 / 75 of
--     an epoch).
--   akash 2024-04, before burn-mint: 230 million AKT (memory) at 4.5 USD (memory); 13 % a year (memory) to those who
--     stake, not to hosts; customers pay about 2,000 USD a day to 200 GPUs, 4 % of it to the protocol (AEP-23).
--   livepeer 2024-06: 32 million LPT (computed from 80 million USD a year) at 14 USD (memory); inflation steers the
--     bonded half (Minter.sol), 0.049 % a day at the start; by stake to 100 orchestrators and their delegators;
--     fees of 53,000 USD a quarter go to orchestrators.
-- Assumed: depth of each pool (a day's sales are 2 % of it), outside money that just balances first sales and burns
-- and goes when emission does, its tide (gbm of 80 % a year), what is sold, costs of running and their spread.
local depin = require "depin"

local p = depin.parameters {
  network = { "livepeer", doc = "helium, render, akash or livepeer" },
  days = { 720, min = 10, max = 7300, doc = "how long it runs" },
  ends = { 360, min = 0, max = 7300, doc = "day of the last emission; 0: it goes on" },
  patience_d = { 30, min = 1, max = 365, doc = "window after which a host judges" },
  sell_ratio = { 0.9, min = 0, max = 1, doc = "part of their tokens that hosts sell" },
  staker_sell_ratio = { 0.3, min = 0, max = 1, doc = "part of their rewards that delegators sell" },
  demand_ratio = { 1, min = 0, max = 1000, doc = "demand over that of the date" },
  outside_ratio = { 1, min = 0, max = 100, doc = "outside money over what balances first sales and burns" },
  sigma = { 0.8, min = 0, max = 5, doc = "tide of outside money, a year" },
  cost_spread = { 0.5, min = 0, max = 2, doc = "spread of hosts' costs" },
}

local last_d = p.ends > 0 and p.ends or p.days + 1

--- Tokens minted by each point, flat after the last: a schedule that ends.
local function until_the_end(minted)
  local curve = { { last_d, minted(last_d) } }
  local halving = 425 -- 2027-08-01 from 2026-06-02
  if last_d > halving then table.insert(curve, 1, { halving, minted(halving) }) end
  return curve
end

-- Each: start, supply, price_usd; tokens_per_day that are sold when hosts sell all; revenue_usd_per_day; burn: part
-- of the revenue that buys the token; hosts and what they cost.
local networks = {
  helium = {
    start = "2026-06-02", token = "HNT", decimals = 8, supply = 182.5e6, price_usd = 0.28,
    emission = depin.emission.steps {
      curve = until_the_end(function(d) return 20547.95 * math.min(d, 425) + 10273.97 * math.max(0, d - 425) end),
      remint_cap = 34.24,
    },
    sold_per_day = (20547.95 + 1643.5) * p.sell_ratio,
    revenue_usd_per_day = 10423, take_ratio = 1, credit = depin.credit.helium,
    hosts_n = 370, watts = 5000, opex_usd_per_d = 0,
  },
  render = {
    start = "2023-11-01", token = "RENDER", decimals = 8, supply = 644245094, price_usd = 4,
    emission = depin.emission.steps { curve = { { last_d, 190142 * 12 / 365 * last_d } } },
    sold_per_day = 190142 * 12 / 365 * p.sell_ratio,
    revenue_usd_per_day = 269000 / 30 * 4 / 0.95, take_ratio = 1, credit = depin.credit.render,
    hosts_n = 1000, watts = 450, opex_usd_per_d = 0.2,
  },
  akash = {
    start = "2024-04-15", token = "AKT", decimals = 6, supply = 230e6, price_usd = 4.5,
    emission = depin.emission.steps { curve = { { last_d, 0.13 * 230e6 / 365 * last_d } } },
    reward_by = "stake", delegable = 160e6, delegated_ratio = 0.85, stake = depin.stake.cosmos, half_yield_ratio = 0.04,
    sold_per_day = 0.13 * 230e6 / 365 * p.staker_sell_ratio,
    revenue_usd_per_day = 2000, take_ratio = 0.04,
    hosts_n = 200, watts = 650, opex_usd_per_d = 1,
  },
  livepeer = {
    start = "2024-06-15", token = "LPT", decimals = 9, supply = 32e6, price_usd = 14,
    emission = depin.emission.livepeer { inflation_ratio = 0.00049 * 0.8 }, ends = true,
    reward_by = "stake", collateral = 32e3, delegable = 16e6, delegated_ratio = 0.75, stake = depin.stake.livepeer,
    half_yield_ratio = 0.1,
    sold_per_day = 0.00049 * 32e6 * (0.8 * p.staker_sell_ratio + 0.2 * p.sell_ratio),
    revenue_usd_per_day = 53000 / 91, take_ratio = 0,
    hosts_n = 100, watts = 450, opex_usd_per_d = 3,
  },
}
local n = networks[p.network] or error("network must be helium, render, akash or livepeer, got " .. p.network)

-- Their dates and sources, as the list above has them; what is from memory has no date.
local memory = "from memory, verify"
local facts = {
  helium = {
    supply = { "2026-06", "HIP-149" }, price_usd = { "2026-06", "HIP-149" }, sold_per_day = { "2020-11-04", "HIP-20" },
    revenue_usd_per_day = { "2025-06", "heliumbluemoon.com repost, Q2 2025" }, hosts_n = { "2025", "370,000 hotspots" },
  },
  render = {
    supply = { "2023", "RNP-001" }, price_usd = { nil, memory }, sold_per_day = { "2023-11", "RNP-006" },
    revenue_usd_per_day = { "2024", "269,000 RENDER burned in 30 days, 2023-24: binance.com square" },
    hosts_n = { "2023-11", "RNP-006: 75,000 over 75 of an epoch" },
  },
  akash = {
    supply = { nil, memory }, price_usd = { nil, memory }, sold_per_day = { nil, memory },
    revenue_usd_per_day = { "2024-01", "modularcapital.xyz" }, hosts_n = { "2024-01", "modularcapital.xyz" },
  },
  livepeer = {
    supply = { "2024-06", "computed from 80 million USD a year" }, price_usd = { nil, memory },
    sold_per_day = { "2024-06", "Minter.sol: 0.049 % a day" },
    revenue_usd_per_day = { "2024-06", "fees of 53,000 USD a quarter" }, hosts_n = { nil, "100 orchestrators" },
  },
}
for _, key in ipairs { "supply", "price_usd", "sold_per_day", "revenue_usd_per_day", "hosts_n" } do
  local of = facts[p.network][key]
  depin.dated { p.network .. "." .. key, n[key], date = of[1], source = of[2] }
end

local revenue = n.revenue_usd_per_day * p.demand_ratio
local sold_usd = n.sold_per_day * n.price_usd
local burn_usd = n.credit and n.revenue_usd_per_day or 0
local pool_usd = 50 * math.max(sold_usd, burn_usd)

-- A unit of work is what customers pay 1e-6 USD for; hosts could do four times as much as is asked at the start.
local node = depin.hardware.custom {
  gpu = p.network, memory_gib = 1, bandwidth_gb_per_s = 1, fp16_tflops = 1, tdp_w = n.watts, idle_ratio = 0.5,
  overhead_w = 0, price_usd = 0, mtbf_h = 2000, repair_h = 12,
  work_per_s = 4 * n.revenue_usd_per_day * 1e6 / 86400 / n.hosts_n,
}

return depin.scenario {
  start = n.start, as_of = n.start, duration_d = p.days, settle_every_s = 86400, seed = 1,

  place = depin.place.azure { regions = { "East US", "West Europe" } },

  factors = { depin.factor.gbm { name = "tide", volatility_per_year = p.sigma } },

  tokens = {
    depin.token {
      name = n.token, decimals = n.decimals, supply = n.supply, emission = n.emission, reward_by = n.reward_by,
      emission_ends_d = n.ends and last_d or 0,
    },
  },

  exchanges = {
    depin.exchange.constant_product {
      token = n.token, usd = pool_usd, tokens = pool_usd / n.price_usd, factor = "tide",
      outside_usd_per_day = math.max(0, sold_usd - burn_usd) * p.outside_ratio, outside_until_d = last_d,
    },
  },

  stakes = n.stake and {
    n.stake {
      token = n.token, collateral_tokens = n.collateral, delegable_tokens = n.delegable,
      delegated_ratio = n.delegated_ratio,
      half_yield_ratio = n.half_yield_ratio, sell_ratio = p.staker_sell_ratio, unbonding_d = math.min(21, p.days / 2),
    },
  } or {},

  credits = n.credit and { n.credit { token = n.token } } or {},

  networks = { depin.network.posted { name = p.network, fidelity = "flow", take_ratio = n.take_ratio } },

  providers = {
    depin.provider {
      network = p.network, count = n.hosts_n, node = node, reprice_every_s = 864000, sell_ratio = p.sell_ratio,
      pricing = depin.policy.fixed { price_usd_per_mtok = 1 }, opex_usd_per_d = n.opex_usd_per_d,
      cost_spread = p.cost_spread, exit = depin.exit { patience_d = p.patience_d },
    },
  },

  workloads = {
    depin.workload.demand {
      name = "customers", network = p.network, work_per_day = revenue * 1e6, noise_ratio = 0.2,
    },
  },

  expect = {
    ["network.real_revenue_ratio"] = depin.at_most(0.02), -- the answer for the default
    ["provider.active_n"] = depin.between(90, 100),
  },

  check = { days = 30, ends = 15, patience_d = 5 },
}
