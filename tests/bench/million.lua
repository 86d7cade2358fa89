-- Question: how long does depinsim take for a million hosts, thirty days, settled hourly, at flow fidelity?
--
-- A benchmark, not a study. A thousand cells of a thousand hosts: what a cell's models share stays in the cache.
-- Sources: latency, electricity and carbon: lua/depin/place.lua. GPUs: lua/depin/hardware.lua. Demand (about half of
-- what keeps every host busy), mix of GPUs and price are examples.
local depin = require "depin"

local p = depin.parameters {
  hosts_n = { 1e6, min = 10, max = 1e7, doc = "hosts with one GPU each" },
  days = { 30, min = 0.1, max = 3650, doc = "how long" },
  cells_n = { 100, min = 1, max = 1e4, doc = "cells of each of ten regions" },
}

local regions = {}
for i, name in ipairs {
  "East US", "West US 2", "West Europe", "UK South", "Japan East", "Southeast Asia", "Australia East", "Brazil South",
  "Central India", "South Africa North",
} do
  regions[i] = { name, cells_n = p.cells_n }
end

return depin.scenario {
  start = "2024-01-01", duration_d = p.days, settle_every_s = 3600, seed = 1,
  place = depin.place.azure { regions = regions },
  networks = { depin.network.posted { name = "gpus", fidelity = "flow", take_ratio = 0.05 } },
  providers = {
    depin.provider {
      network = "gpus", count = p.hosts_n, node = depin.hardware.rtx4090 {}, reprice_every_s = 86400,
      pricing = depin.policy.fixed { price_usd_per_mtok = 0.2 },
    },
  },
  workloads = {
    depin.workload.demand {
      name = "chat", network = "gpus", work_per_day = p.hosts_n * 6.5e6, diurnal_ratio = 0.4, weekend_ratio = 0.8,
    },
  },
}
