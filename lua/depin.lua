--- The library that scenarios are written with: local depin = require "depin".
-- Every constructor takes one table of named parameters (`depinsim params` lists them) and returns a value; a value
-- called again with a table is a copy in which these parameters differ.
local core = require "depin.core"

local depin = {
  -- the experiment
  scenario = core.scenario, -- the table that the file returns
  parameters = core.parameters, -- what --set may change: name = { default, min = , max = , doc = }

  -- expectations: expect = { ["job.completed_ratio"] = depin.at_least(0.99) }
  at_least = core.at_least,
  at_most = core.at_most,
  between = core.between,
  equals = core.equals,

  -- where: regions with latency, electricity and carbon
  place = core.namespace("depin.place", require "depin.place"),

  -- machines, and who owns them
  hardware = core.namespace("depin.hardware", require "depin.hardware"),
  provider = core["provider.fleet"],
  policy = core.namespace("depin.policy", require "depin.policy"),

  -- where they sell, and what their customers could do instead
  network = core.namespace("depin.network", {
    posted = core["market.gateway"], -- hosts post prices, a gateway in every cell routes each request
  }),
  cloud = core["market.cloud"],

  -- what they are paid in besides money
  token = core["ledger.token"],
  emission = core.namespace("depin.emission", require "depin.emission"),
  tranche = core["ledger.tranche"], -- a part of the supply and how it unlocks
  exchange = core.namespace("depin.exchange", {
    constant_product = core["ledger.exchange"], -- a pool, and one price a settlement
  }),

  -- what customers ask for
  workload = core.namespace("depin.workload", {
    inference = core["workload.inference"],
  }),
  llm = core.namespace("depin.llm", {
    custom = core["workload.llm"],
    llama2_7b = core["workload.llm"] { name = "Llama-2-7B", weights_gib = 12.55 }, -- 6,738,415,616 parameters, fp16
  }),
  server = core["workload.server"], -- how every node serves: models = { depin.server { batch_n = 128 } }

  -- published models, rebuilt to be compared with
  reference = core.namespace("depin.reference", { ov_daily = core["reference.ov_daily"] }),

  -- the models' own formulas, as functions
  formula = core.formula,

  -- every schema by its own name: depin.core["provider.fleet"]
  core = core,
}

return core.namespace("depin", depin)
