-- Question: do 200 GPUs that strangers own in three regions answer a chat service's requests in time, and do they earn?
-- Answer at the defaults: in time, yes: 95 % of the first tokens come within 0.60 s (8 seeds, 0.596 to 0.600), and of
-- the requests all but the last 0.2 %, which run when the half hour ends, are completed. They do not earn: 200 hosts
-- get 1.2 USD and use electricity for 4.7 USD, because these customers keep them busy 9 % of the time.
--
-- Half an hour of requests as one hour-long trace of Azure's LLM service had them in November 2023, sent to a market
-- with posted prices. Runs in about a second on one core.
-- Real requests: --set trace=FILE (Azure 2023 CSV, Mooncake JSONL or CSV, or time_s,prompt_tokens,output_tokens).
--
-- Sources: rate and sizes of requests: Azure public dataset, AzureLLMInferenceTrace_conv (CC BY 4.0). Latency,
-- electricity and carbon: lua/depin/place.lua. GPUs: lua/depin/hardware.lua; times of an LLM server: kernel times of
-- Vidur (MIT), `depinsim params workload.server`. Prices: list prices of 7B models in 2023-24, about 0.2 usd a million
-- tokens. The token, the mix of GPUs and their share of each region are examples, not data.
local depin = require "depin"

local p = depin.parameters {
  trace = { "", doc = "file of requests; empty: synthetic ones with the statistics of azure_conv" },
  minutes = { 30, min = 0.1, max = 1e5, doc = "how long customers ask, in minutes; a trace runs for an hour at least" },
  rate_per_s = { 5.53, min = 0, max = 1e5, doc = "synthetic requests, all regions together" },
  hosts_n = { 200, min = 1, max = 1e6, doc = "hosts with one GPU each" },
  price_usd_per_mtok = { 0.2, min = 1e-3, max = 1e3, doc = "first price that each host posts" },
  routing = { "least_loaded", doc = "cheapest, nearest, least_loaded or two_choices" },
  take_ratio = { 0.05, min = 0, max = 1, doc = "share of each payment kept by the protocol" },
}

-- Seven hosts of ten are gamers' cards; the few with more memory take the prompts that do not fit there. A long prompt
-- needs 0.5 MiB a token beside 12.55 GiB of weights: 18,000 tokens fit on an RTX 4090, 230,000 on an H200.
local function share(ratio) return math.floor(p.hosts_n * ratio + 0.5) end
local a100_n, h100_n, h200_n = share(0.20), share(0.07), share(0.03)
local rtx4090_n = p.hosts_n - a100_n - h100_n - h200_n

local function fleet(name, count, node)
  return depin.provider {
    name = name, network = "gpus", count = count, node = node,
    pricing = depin.policy.undercut { price_usd_per_mtok = p.price_usd_per_mtok },
  }
end

-- A synthetic run ends when asked; the public traces are an hour long, and their last requests need time to finish.
local minutes = p.trace == "" and p.minutes or math.max(p.minutes, 65)

return depin.scenario {
  start = "2023-11-16T18:15:00", duration_min = minutes, settle_every_s = 300, seed = 1,

  place = depin.place.azure { regions = { "East US", "West Europe", "Japan East" } },

  tokens = {
    depin.token { name = "GPU", decimals = 6, supply = 100e6, emission = depin.emission.fixed { per_day = 10e3 } },
  },

  networks = { depin.network.posted { name = "gpus", routing = p.routing, take_ratio = p.take_ratio } },

  providers = {
    fleet("gamers", rtx4090_n, depin.hardware.rtx4090 {}),
    fleet("labs", a100_n, depin.hardware.a100_80 {}),
    fleet("centres", h100_n, depin.hardware.h100_sxm {}),
    fleet("long-context", h200_n, depin.hardware.h200 {}),
  },

  workloads = {
    depin.workload.inference {
      name = "chat", network = "gpus", trace = p.trace,
      rate_per_s = p.rate_per_s, tokens = "azure_conv", llm = depin.llm.llama2_7b,
    },
  },

  expect = {
    ["job.completed_ratio"] = depin.at_least(0.99), -- the rest had not finished when the half hour was over
    ["job.rejected"] = depin.equals(0),
    ["inference.ttft_s.p95"] = depin.at_most(1),
  },

  check = { minutes = 2, hosts_n = 20 }, -- a second's run: seven gamers of ten, and every class is there
}
