-- Question: what does a Helium hotspot earn net of electricity in its first two years, with the price of its token
-- and without? Where among all hotspots do 14 USD fall?
--
-- Answer at the defaults (endogenous; start months 2020-01 to 2022-04; mean of ten seeds with its 95 % interval):
-- without a price 366 HNT (172 to 560) against 21 USD of electricity, which a price of 0.06 USD would pay; with the
-- prices of the run a net income of 834 USD (600 to 1,067). 14 USD are percentile 29 (20 to 37; single seeds 13 to
-- 50): between a fifth and two fifths keep less, most of them hotspots that nobody witnesses. Whether the mean hotspot
-- also earns its own 500 USD is not resolved. With the given paths of fleet and price (mode=conditional, a test of
-- accounting): 141 HNT, 1,104 USD net, 14 USD are percentile 10.8 (10.1 to 11.5).
--
-- By month of purchase, each run begun on that day with its fleet and price (helium_months.study.lua): percentile 64
-- (59 to 69) in 2020-01, when a beacon finds no witness, 51 (47 to 55) in 2021-01, 19 (18 to 20) in 2021-07, 10.2 (9.7
-- to 10.7) in 2022-01 and 8.9 (8.5 to 9.4) in 2022-04. Their incomes, 7,400 to 33,000 USD, are what a buyer who counts
-- on the market of the day before would have hoped for: on the given paths the mean falls from 4,299 USD (2020-01) over
-- 2,879 (2021-01) and 434 (2022-01) to 191 (2022-04), and 14 USD stay at percentile 8 to 17.
--
-- By place (part of all, percentile; scale of HIP-17 from 0.9, 0.5, 0.1, 0): no witness 29 %, 90; 1.7 %, 66; 0.3 %, 39;
-- none. One to three 15 %, 3; 7 %, 3; 4 %, 1; 0.5 %, 4. Four to nine 4, 4, 6, 2 %, 0. Ten and more 1, 2, 9 %, 0;
-- 14 %, 2.
-- By 5 or 12 W and 0.136 or 0.228 USD/kWh, a quarter each: 27, 28, 28, 31.
--
-- What moves the percentile most (points up or down, one input at a time to the ends of its range, ten seeds;
-- helium_hotspot.study.lua): the radio first: clustering +40 (0.4: people live more evenly) to -11 (1.2), hears_ratio
-- +15 (0.1) to -4 (0.6), twice the area +8, half of it -8, no HIP-17 +2; then the market: drift +18 (-0.5 a year) to -5
-- (1), volatility -7 (0.5) to +10 (1.5), outside money +8 (a quarter) to -9 (four times), pool -1 to +1; then who comes
-- and goes: imitation +15 (0.1) to -4 (0.7), attention -6 (0.05) to +12 (1), lead time -5 (none) to +8 (240 days),
-- candidates +4 to -4, supply +3 to 0. What an owner himself decides moves little: resale +3 (0.8), the dearer
-- electricity -0.7 to +1.6 (0.45 USD/kWh), 20 for 12 W +1.3, 12 for 5 W +0.9. Part of the emission after 2023: 0.2.
-- Conditional, from 10.6 (four seeds): clustering 19.3 (0.4), 7.9 (1.2); area 17.0 (twice), 7.1 (half);
-- hears_ratio=0.15 13.5, density=none 11.7, iot_ratio=0.2 10.7.
--
-- How to read it: a hotspot is judged when it is two years old, or when it has left before, if it joined early
-- enough to be judged at all: nobody is forgotten. wireless.earned_token is what it earned without a price,
-- wireless.net_income_usd with the prices of the days on which it sold, less electricity; wireless.profit_usd
-- counts the hotspot (500 USD) too. wireless.threshold_percentile is the part of them that kept less than
-- threshold_usd (14 USD in two years: a reader's comment under an article of April 2024, an anecdote; nothing here
-- is fitted to it). By month of entry and stratum (scale of HIP-17, witnesses, power, price of electricity) the
-- file has the table wireless.coverage.cohort: `judged_n` is a stratum's weight, `below_n` those below the
-- threshold, `bins` the exact histogram. Nobody's location is chosen by hand: where people live is random and
-- uneven (clustering), and hotspots go where people live.
--
-- Two modes. mode=endogenous: the price is made by trades; owners buy hotspots for what the past has earned, wait
-- for delivery, and switch off what does not pay its electricity. mode=conditional: fleet and price are given
-- paths (below, or --set fleet_csv=FILE with date, hotspots_n and --set price_csv=FILE with date, price_usd), no
-- forecast, and every output says conditional. In both, as_of is the day of purchase (--set purchase=2021-06-01): the
-- run begins on it with the fleet and the price of that day, and lint lists what it knows from later. Hotspots that
-- were ordered and not delivered on that day are not known.
--
-- What is simulated is scale_ratio of the world: of its area, hotspots, emission and money, so that density and
-- price are those of the whole. Runs in some seconds.
--
-- Sources: emission HIP-20; its part for coverage HIP-20 and HIP-10 (lua/depin/wireless.lua), from 2023-04-18
-- iot_ratio; units HIP-15, density HIP-17, at most 14 witnesses HIP-83. Fleet: 14,000 to 450,000 in 2021 and about
-- 1,000,000 in early 2023, then below 400,000 a year later (ByteTree summary); 232,193 in October 2021 (Insider);
-- before 2021 a straight line from the first day of mining. Price: coarse points from memory, verify (9.9 USD in
-- 2021 is a seller's report: staceyoniot.com). Electricity: North America 0.136, Europe 0.228 USD/kWh
-- (globalpetrolprices.com, 2024), half each. 5 W typical, 12 W rated (from memory, verify), half each. 500 USD a
-- hotspot: ByteTree. What outside buyers bring, candidates, deliveries,
-- horizon, range of a radio and uneven settlement are assumptions.
local depin = require "depin"

local p = depin.parameters {
  mode = { "endogenous", doc = "endogenous, or conditional: given paths of fleet and price" },
  purchase = { "2020-01-01", doc = "first day, and as_of: fleet and price are those of that day" },
  days = { 0, min = 0, max = 3650, doc = "how long; 0: to 2024-04-29: the last cohort of 2022-04 is two years old" },
  settle_every_s = { 86400, min = 3600, max = 864000, doc = "seconds between settlements" },
  scale_ratio = { 0.02, min = 1e-4, max = 1, doc = "part of the world that is simulated" },
  threshold_usd = { 14, min = -1e6, max = 1e6, doc = "net income in judge_d days that hotspots are compared with" },
  judge_d = { 730, min = 1, max = 3650, doc = "age at which they are" },
  -- radio
  density = { "2020", doc = "limits of HIP-17: 2020, 2023, none", date = "2020-10-20", source = "HIP-17" },
  hexes_n = { 7400, min = 1, max = 1e5, doc = "hexagons of resolution 4 (1,770 km2) of the world with hotspots" },
  cells_n = { 4, min = 1, max = 1e5, doc = "modelling units that they are split into" },
  clustering = { 0.8, min = 0, max = 3, doc = "how uneven people live" },
  hears_ratio = { 0.3, min = 0, max = 1, doc = "of hotspots within about 3 km, those that hear a beacon" },
  iot_ratio = { 0.4, min = 0, max = 1, doc = "of the emission, for IoT after 2023-04-18; 0.18 in 2025 (HIP-147)",
    date = "2023-04-18", source = "assumption between the split of 2025 and all" },
  -- costs
  low_usd_per_kwh = { 0.136, min = 0, max = 10, doc = "electricity of one half",
    date = "2024", source = "North America, households: globalpetrolprices.com" },
  high_usd_per_kwh = { 0.228, min = 0, max = 10, doc = "electricity of the other half",
    date = "2024", source = "Europe, households: globalpetrolprices.com" },
  low_w = { 5, min = 0, max = 1000, doc = "power of one half", source = "typical (from memory, verify)" },
  high_w = { 12, min = 0, max = 1000, doc = "power of the other half", source = "rated (from memory, verify)" },
  hotspot_usd = { 500, min = 0, max = 1e5, doc = "price of a hotspot",
    source = "ByteTree; 500 USD at the beginning: HIP-20, 2020-11-04" },
  resale_ratio = { 0, min = 0, max = 1, doc = "of it, what a new one brings second-hand; 0: all is sunk" },
  -- owners (endogenous)
  candidates_n = { 3000, min = 0, max = 1e9, doc = "who think of a hotspot in a month, in the whole world" },
  imitation_ratio = { 0.35, min = 0, max = 100, doc = "and so many for each hotspot there is, a month" },
  supply_n = { 80000, min = 0, max = 1e9, doc = "hotspots to be had in a month, in the whole world" },
  lead_time_d = { 120, min = 0, max = 3650, doc = "from order to delivery" },
  patience_d = { 90, min = 1, max = 3650, doc = "window in which running must pay" },
  attention_ratio = { 0.3, min = 0, max = 1, doc = "of owners whose window did not pay, those that switch off" },
  -- money (endogenous), at the beginning of 2020; of a later start in proportion to the value of a day's emission
  pool_usd = { 2e6, min = 1, max = 1e12, doc = "USD in the pool, whole world" },
  outside_usd_per_day = { 100e3, min = 0, max = 1e12, doc = "outside money that buys and holds, times the tide" },
  drift_per_year = { 0.6, min = -5, max = 5, doc = "of the market's tide" },
  volatility_per_year = { 1, min = 0, max = 5, doc = "of the market's tide" },
  retail_usd_per_day = { 50e3, min = 0, max = 1e12, doc = "money of a crowd that follows the price" },
  -- given paths (conditional)
  fleet_csv = { "", doc = "date, hotspots_n (whole world, times scale_ratio); empty: the points below" },
  price_csv = { "", doc = "date, price_usd; empty: the points below" },
}

local start, first = p.purchase, depin.wireless.hip20_day(p.purchase)
local days = p.days > 0 and p.days or math.max(1, depin.wireless.hip20_day "2024-04-29" - first)
local conditional = p.mode == "conditional"
local from_memory = "coarse points from memory, verify"

-- Points { date, value, source }, whole world.
local fleet = {
  { "2020-01-01", 4127, "a straight line from the first day of mining" }, { "2021-01-01", 14000, "ByteTree summary" },
  { "2021-10-15", 232193, "Insider" }, { "2022-01-01", 450000, "ByteTree summary" },
  { "2023-02-15", 1000000, "ByteTree summary" }, { "2024-02-15", 400000, "ByteTree summary" },
}
local price = {
  { "2020-01-01", 0.25 }, { "2020-07-01", 0.6 }, { "2020-10-01", 1.3 }, { "2021-01-01", 1.6 }, { "2021-03-01", 6 },
  { "2021-04-15", 14 }, { "2021-07-01", 10 }, { "2021-09-01", 20 }, { "2021-11-01", 45 }, { "2022-01-01", 32 },
  { "2022-04-01", 22 }, { "2022-06-01", 9 }, { "2022-10-01", 4.5 }, { "2023-01-01", 2.5 }, { "2023-04-01", 1.5 },
  { "2023-12-01", 6 }, { "2024-04-01", 5 },
}

local function cite(name, point)
  local source = point[3] or from_memory
  return depin.dated { ("%s on %s"):format(name, point[1]), point[2], date = point[1], source = source }
end

--- The value of a day after 2019-08-01, on straight lines between points; `name` is cited with the points it takes.
local function at(points, day, name)
  local before
  for _, point in ipairs(points) do
    local d = depin.wireless.hip20_day(point[1])
    if d == day or (d > day and not before) then return cite(name, point) end
    if d > day then
      local d0 = depin.wireless.hip20_day(before[1])
      local low, high = cite(name, before), cite(name, point)
      return low + (high - low) * (day - d0) / (d - d0)
    end
    before = point
  end
  return cite(name, before)
end

--- All points as days from the start and values: the value of the first day, and what comes later.
local function path(points, name)
  local path_d, values = { 0 }, { at(points, first, name) }
  for _, point in ipairs(points) do
    local d = depin.wireless.hip20_day(point[1]) - first
    if d > 0 then path_d[#path_d + 1], values[#values + 1] = d, cite(name, point) end
  end
  return path_d, values
end

local function minted_per_day(day) return depin.wireless.hip20_minted(day + 1) - depin.wireless.hip20_minted(day) end

local share_d, share_ratio = depin.wireless.hip20_share { start = start, iot_ratio = p.iot_ratio }

local hexes_n = math.max(1, math.floor(p.hexes_n * p.scale_ratio / p.cells_n + 0.5)) -- of a cell
local first_price_usd = at(price, first, "price_usd")
-- of a day's emission, over that of 2020-01-01
local value_ratio = first_price_usd * minted_per_day(first) / (price[1][2] * minted_per_day(153))
local exchange = {
  name = "pool", token = "HNT", usd = p.pool_usd * value_ratio * p.scale_ratio,
  tokens = p.pool_usd * value_ratio * p.scale_ratio / first_price_usd,
}
local coverage = {
  token = "HNT", mode = p.mode, density = p.density, hexes_n = hexes_n, clustering = p.clustering,
  hears_ratio = p.hears_ratio, share_d = share_d, share_ratio = share_ratio, power_w = { p.low_w, p.high_w },
  electricity_usd_per_kwh = { p.low_usd_per_kwh, p.high_usd_per_kwh }, hotspot_usd = p.hotspot_usd,
  resale_ratio = p.resale_ratio, judge_d = p.judge_d, threshold_usd = p.threshold_usd,
}
local retail, factors
if conditional then
  coverage.fleet_csv, coverage.fleet_ratio, exchange.path_csv = p.fleet_csv, p.scale_ratio, p.price_csv
  if p.fleet_csv == "" then
    coverage.fleet_d, coverage.fleet_n = path(fleet, "fleet")
  end
  if p.price_csv == "" then exchange.path_d, exchange.path_usd = path(price, "price_usd") end
else
  exchange.outside_usd_per_day, exchange.factor = p.outside_usd_per_day * value_ratio * p.scale_ratio, "tide"
  coverage.count = math.tointeger(at(fleet, first, "fleet") * p.scale_ratio // 1)
  coverage.candidates_per_month_n = p.candidates_n * p.scale_ratio
  coverage.imitation_per_month_ratio = p.imitation_ratio
  coverage.supply_per_month_n, coverage.lead_time_d = p.supply_n * p.scale_ratio, p.lead_time_d
  coverage.patience_d, coverage.attention_ratio = p.patience_d, p.attention_ratio
  factors = {
    depin.factor.gbm { name = "tide", drift_per_year = p.drift_per_year, volatility_per_year = p.volatility_per_year },
  }
  retail = {
    depin.retail {
      exchange = "pool", usd_per_day = p.retail_usd_per_day * value_ratio * p.scale_ratio, factor = "tide",
    },
  }
end
return depin.scenario {
  start = start, as_of = start, duration_d = days, settle_every_s = p.settle_every_s, seed = 1,

  place = depin.place.single { name = "world", cells_n = p.cells_n },

  tokens = {
    depin.token {
      name = "HNT", decimals = 8, rewards = "coverage", -- what was minted before the start is held by the public
      supply = depin.wireless.hip20_minted(first) * p.scale_ratio,
      emission = depin.wireless.hip20_emission { start = start, days = days, scale_ratio = p.scale_ratio },
    },
  },

  factors = factors,
  retail = retail,
  exchanges = { conditional and depin.exchange.conditional(exchange) or depin.exchange.constant_product(exchange) },
  wireless = { depin.wireless.coverage(coverage) },

  expect = {
    ["wireless.threshold_percentile"] = depin.between(10, 55), -- the answer, whatever the seed
    ["wireless.electricity_usd"] = depin.between(15, 30),
    ["wireless.breakeven_price_usd"] = depin.at_most(0.5),
  },

  check = { days = 60, scale_ratio = 0.01, judge_d = 30, settle_every_s = 21600 },
}
