-- Question: which inputs move the percentile of 14 USD among hotspots most: the radio, the owner's side, or the money?
--
-- depinsim sensitivity moves one input at a time to the ends of its range, ten seeds each (--set mode=conditional asks
-- the same of the given paths; --method morris moves them together). The ranges are what could be argued for, not what
-- was measured; electricity and power move as a whole. Answer: in helium_hotspot.lua.
local depin = require "depin"

return depin.study {
  scenario = "helium_hotspot.lua",
  vary = {
    -- where the hotspot stands
    hexes_n = depin.range { 3700, 14800, log = true },
    clustering = depin.range { 0.4, 1.2 },
    hears_ratio = depin.range { 0.1, 0.6 },
    density = depin.grid { "2020", "none" },
    iot_ratio = depin.range { 0.18, 0.8 },
    -- the owner's side
    low_usd_per_kwh = depin.range { 0.05, 0.228 },
    high_usd_per_kwh = depin.range { 0.136, 0.45 },
    low_w = depin.range { 2, 12 },
    high_w = depin.range { 5, 20 },
    attention_ratio = depin.range { 0.05, 1 },
    resale_ratio = depin.range { 0, 0.8 },
    -- who comes, and when
    lead_time_d = depin.range { 0, 240 },
    candidates_n = depin.range { 1000, 9000, log = true },
    imitation_ratio = depin.range { 0.1, 0.7 },
    supply_n = depin.range { 20000, 320000, log = true },
    -- the price's side
    pool_usd = depin.range { 8e5, 5e6, log = true },
    outside_usd_per_day = depin.range { 25e3, 400e3, log = true },
    drift_per_year = depin.range { -0.5, 1 },
    volatility_per_year = depin.range { 0.5, 1.5 },
  },
  replicates = 10,
  kpis = { "wireless.threshold_percentile", "wireless.net_income_usd" },
}
