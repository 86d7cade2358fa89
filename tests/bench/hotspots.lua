-- Question: how long do 500,000 hotspots with hourly rewards take for two years? (a benchmark: mpirun -n 2)
local depin = require "depin"

local p = depin.parameters {
  hotspots_n = { 500000, min = 1, max = 1e7, doc = "hotspots at the start" },
  cells_n = { 4, min = 1, max = 100, doc = "cells that they are spread over" },
  days = { 730, min = 1, max = 3650, doc = "how long it runs" },
}

return depin.scenario {
  start = "2021-08-01", duration_d = p.days, settle_every_s = 3600, seed = 1,
  place = depin.place.custom { regions = { depin.place.region { name = "world", cells_n = p.cells_n } } },
  tokens = {
    depin.token {
      name = "HNT", decimals = 8, supply = 100e6, rewards = "coverage",
      emission = depin.wireless.hip20_emission { start = "2021-08-01", days = p.days },
    },
  },
  exchanges = {
    depin.exchange.constant_product { token = "HNT", tokens = 2e6, usd = 20e6, outside_usd_per_day = 300e3 },
  },
  wireless = {
    depin.wireless.coverage {
      token = "HNT", count = p.hotspots_n, power_w = { 5, 12 }, electricity_usd_per_kwh = { 0.136, 0.228 },
      candidates_per_month_n = 30000, hexes_n = 61,
    },
  },
  check = { days = 3, hotspots_n = 1000 },
}
