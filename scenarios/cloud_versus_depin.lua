-- Question: at what price does a network of strangers' GPUs win customers from the cloud, given its latency?
-- Answer at the defaults: at half of the cloud's 0.2 USD per million tokens, about 0.09 (4 seeds), half of the
-- customers have come; at the cloud's own price 29 % take the network, and at the hosts' floor of 0.02 USD 84 %.
--
-- Customers of an LLM service choose request by request, by a logit on the logarithm of the price and on the seconds to
-- the first token: the cloud's posted price and steady latency, or a network whose hosts undercut each other from the
-- cloud's price down to their floor. Half a day; runs in about a second on one core.
--
-- How to read it: the hosts' mean price (series provider.fleet: price_sum / hosts) falls hour by hour, and the share of
-- requests that stay with the cloud (series market.gateway: cloud_jobs / submitted) falls with it. Customers are split
-- evenly where price_weight * ln(cloud price / price) = reluctance + latency_weight_per_s * (latency gap in s).
-- Ask again with --set reluctance=0, cloud_ttft_s=0.1, routing=nearest, cloud_usd_per_mtok=0.1.
--
-- Sources: price: list prices of 7B models in 2023-24 (genai-prices, MIT). Rate and sizes of requests: Azure public
-- dataset, AzureLLMInferenceTrace_conv (CC BY 4.0). Latency, electricity: lua/depin/place.lua. GPUs: lua/depin/
-- hardware.lua. Elasticity a little above 1 and the form of the choice: McFadden 1974. The cloud's time to the first
-- token, the weight of a second and the reluctance are assumptions: move them.
local depin = require "depin"

local p = depin.parameters {
  cloud_usd_per_mtok = { 0.2, min = 1e-3, max = 1e3, doc = "the cloud's price of a million output tokens" },
  cloud_ttft_s = { 0.3, min = 0, max = 60, doc = "the cloud's time to the first token, network included" },
  floor_usd_per_mtok = { 0.02, min = 1e-3, max = 1e3, doc = "hosts never go below" },
  step_ratio = { 0.03, min = 0, max = 0.5, doc = "how far a host goes below the cheapest other one" },
  price_weight = { 1.2, min = 0, max = 100, doc = "utility lost per unit of ln(price)" },
  latency_weight_per_s = { 0.5, min = 0, max = 1000, doc = "utility lost a second to the first token" },
  reluctance = { 1, min = -10, max = 10, doc = "utility lost by trusting strangers" },
  routing = { "nearest", doc = "cheapest, nearest, least_loaded or two_choices" },
  hosts_n = { 60, min = 1, max = 1e6, doc = "hosts with one GPU each" },
  rate_per_s = { 5.53, min = 0, max = 1e5, doc = "requests, all regions together" },
  hours = { 12, min = 0.01, max = 1e4, doc = "how long it runs" },
}

return depin.scenario {
  start = "2023-11-16", duration_h = p.hours, settle_every_s = 600, seed = 1,

  place = depin.place.azure { regions = { "East US", "West Europe", "Japan East" } },

  networks = {
    depin.network.posted {
      name = "strangers", routing = p.routing,
      cloud = depin.cloud {
        price_usd_per_mtok = p.cloud_usd_per_mtok,
        ttft_s = p.cloud_ttft_s,
        tpot_s = 0.02,
      },
      price_weight = p.price_weight,
      latency_weight_per_s = p.latency_weight_per_s,
      network_preference = -p.reluctance,
    },
  },

  providers = {
    depin.provider {
      network = "strangers", count = p.hosts_n, node = depin.hardware.rtx4090 {}, reprice_every_s = 600,
      pricing = depin.policy.undercut {
        price_usd_per_mtok = p.cloud_usd_per_mtok,
        floor_usd_per_mtok = p.floor_usd_per_mtok,
        step_ratio = p.step_ratio,
      },
    },
  },

  workloads = {
    depin.workload.inference {
      name = "chat", network = "strangers", rate_per_s = p.rate_per_s, tokens = "azure_conv",
      diurnal_ratio = 0.5, llm = depin.llm.llama2_7b,
    },
  },

  expect = {
    ["cloud.share_ratio"] = depin.between(0.2, 0.8), -- both have customers
    ["job.completed_ratio"] = depin.at_least(0.99),
    ["provider.price_usd_per_mtok"] = depin.at_most(0.1),
  },

  check = { hours = 0.1, hosts_n = 9, rate_per_s = 3 },
}
