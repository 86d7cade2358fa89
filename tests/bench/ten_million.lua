-- Question: how long does depinsim take for ten million requests of inference on 2,000 GPUs in ten regions?
--
-- A benchmark, not a study: `make bench` runs it, one request a second and GPU on average for 5,000 seconds.
-- Sources: sizes of requests: Azure public dataset, AzureLLMInferenceTrace_conv (CC BY 4.0). Latency, electricity and
-- carbon: lua/depin/place.lua. GPUs: lua/depin/hardware.lua. The rate, the mix of GPUs and the price are examples.
local depin = require "depin"

local p = depin.parameters {
  requests_n = { 10e6, min = 1, max = 1e9, doc = "requests, about: they come at random" },
  hosts_n = { 2000, min = 10, max = 1e6, doc = "hosts with one GPU each" },
  rate_per_s = { 2000, min = 0.001, max = 1e6, doc = "requests a second, all regions together" },
  routing = { "least_loaded", doc = "cheapest, nearest, least_loaded or two_choices" },
}

local function fleet(name, ratio, node)
  return depin.provider {
    name = name, network = "gpus", count = math.floor(p.hosts_n * ratio + 0.5), node = node,
    pricing = depin.policy.fixed { price_usd_per_mtok = 0.2 },
  }
end

return depin.scenario {
  start = "2024-01-01", duration_min = p.requests_n / p.rate_per_s / 60, settle_every_s = 300, seed = 1,

  place = depin.place.azure {},

  networks = { depin.network.posted { name = "gpus", routing = p.routing, take_ratio = 0.05 } },

  providers = {
    fleet("gamers", 0.7, depin.hardware.rtx4090 {}),
    fleet("labs", 0.2, depin.hardware.a100_80 {}),
    fleet("centres", 0.1, depin.hardware.h100_sxm {}),
  },

  workloads = {
    depin.workload.inference {
      name = "chat", network = "gpus", rate_per_s = p.rate_per_s, tokens = "azure_conv", llm = depin.llm.llama2_7b,
    },
  },
}
