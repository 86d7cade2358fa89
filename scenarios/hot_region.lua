-- Question: three of four customers live in one region: how many of the hosts must live there to serve them at home?
-- Answer: a quarter. At a fifth, 18 % of the requests go abroad and the slowest 5 % wait 39 s for a first token.
--
-- Customers of an LLM service ask the nearest host with room, in eight regions of four districts each. Of 100 hosts so
-- many live in the hot region; requests served abroad, 95th percentile of the time to the first token and to the last:
--   75: 0 %, 0.5 s, 9 s    30: 0 %, 0.6 s, 13 s    25: 0 %, 0.8 s, 16 s    20: 18 %, 39 s, 51 s    12: 41 %, 39 s, 51 s
-- (--set hot_hosts_ratio=0.2 and so on).
--
-- It also shows what balancing wins: the hot region's districts are neighbours, so without it one rank has them all. On
-- two cores (Xeon, Sapphire Rapids): one rank 6.5 s; two with --balance off 6.8 s, the busier one computing 1.65 times
-- the mean; two as it comes 3.7 s, 1.04 times. The check form takes less than a second.
--
-- Sources: latency between regions, electricity: lua/depin/place.lua. Sizes of requests: Azure public dataset,
-- AzureLLMInferenceTrace_conv (CC BY 4.0). GPUs: lua/depin/hardware.lua. The shares, the number of hosts and 20 ms
-- between districts (two last miles) are examples, not data.
local depin = require "depin"

local p = depin.parameters {
  hot_demand_ratio = { 0.75, min = 0.001, max = 0.999, doc = "share of the customers in the hot region" },
  hot_hosts_ratio = { 0.3, min = 0.001, max = 0.999, doc = "share of the hosts there" },
  cells_n = { 4, min = 1, max = 1000, doc = "districts of each region: what is run in parallel" },
  hosts_n = { 8000, min = 8, max = 1e6, doc = "hosts with one GPU each" },
  rate_per_s = { 4000, min = 0, max = 1e6, doc = "requests, all regions together" },
  minutes = { 10, min = 0.05, max = 1e5, doc = "how long customers ask" },
}

local names = {
  "Southeast Asia", "East US", "West US 2", "West Europe", "Japan East", "Australia East", "Brazil South",
  "Central India",
}

local function share(hot, i) return i == 1 and hot or (1 - hot) / (#names - 1) end

local regions = {}
for i, name in ipairs(names) do
  regions[i] = {
    name, cells_n = p.cells_n,
    demand_weight = share(p.hot_demand_ratio, i), supply_weight = share(p.hot_hosts_ratio, i),
  }
end

return depin.scenario {
  start = "2024-01-01", duration_min = p.minutes, settle_every_s = 5, seed = 1,

  place = depin.place.azure { regions = regions, local_rtt_ms = 20 },

  networks = { depin.network.posted { name = "gpus", routing = "nearest", take_ratio = 0.05 } },

  providers = {
    depin.provider {
      network = "gpus", count = p.hosts_n, node = depin.hardware.rtx4090 {},
      pricing = depin.policy.fixed { price_usd_per_mtok = 0.2 },
    },
  },

  workloads = {
    depin.workload.inference {
      name = "chat", network = "gpus", rate_per_s = p.rate_per_s, tokens = "azure_conv", llm = depin.llm.llama2_7b,
    },
  },

  expect = {
    ["market.remote_ratio"] = depin.at_most(0.01),
    ["inference.ttft_s.p95"] = depin.at_most(1),
    ["job.timed_out"] = depin.equals(0),
  },

  check = { minutes = 0.25, hosts_n = 320, rate_per_s = 160, cells_n = 2 },
}
