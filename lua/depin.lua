--- The library that scenarios are written with: local depin = require "depin".
-- Every constructor takes one table of named parameters (`depinsim params` lists them) and returns a value; a value
-- called again with a table is a copy in which these parameters differ.
local core = require "depin.core"

local study = require "depin.study"
local tune = require "depin.tune"

local depin = {
  -- the experiment
  scenario = core.scenario, -- the table that the file returns
  parameters = core.parameters, -- what --set may change: name = { default, min =, max =, doc =, date =, source = }
  -- a published value: depin.dated { "name", value, date = "2024-04", source = "…" } is the value, and with as_of
  -- lint says whether it was known
  dated = core.framed(function(row)
    if type(row) ~= "table" or type(row[1]) ~= "string" or row[2] == nil then
      core.fail "depin.dated: write { \"name\", value, date = \"2024-04\", source = \"…\" }"
    end
    core.fact("input", row[1], row[2], row.date, row.source)
    return row[2]
  end),

  -- expectations: expect = { ["job.completed_ratio"] = depin.at_least(0.99) }
  at_least = tune.bound(core.at_least),
  at_most = tune.bound(core.at_most),
  between = tune.bound(core.between),
  equals = tune.bound(core.equals),

  -- the experiment at many points: `depinsim sweep`
  study = study.study,
  grid = study.grid,
  range = study.range,

  -- where: regions with latency, electricity and carbon
  place = core.namespace("depin.place", require "depin.place"),
  -- a change from outside: events = { depin.at { day = 10, for_days = 5, demand_multiplier = 0.5 } }
  at = core["place.shock"],

  -- machines, and who owns them
  hardware = core.namespace("depin.hardware", require "depin.hardware"),
  provider = core["provider.fleet"],
  entry = core["provider.entry"], -- who buys a machine and joins
  exit = core["provider.exit"], -- when a host switches off or leaves
  policy = core.namespace("depin.policy", require "depin.policy"),

  -- hotspots that are paid for radio coverage
  wireless = core.namespace("depin.wireless", require "depin.wireless"),

  -- where they sell, and what their customers could do instead
  network = core.namespace("depin.network", {
    posted = core["market.gateway"], -- hosts post prices, a gateway in every cell routes each request
  }),
  cloud = core["market.cloud"],
  auction = core["market.auction"], -- hosts are leased by reverse auction: auctions = { depin.auction { … } }

  -- what they are paid in besides money
  token = core["ledger.token"],
  emission = core.namespace("depin.emission", require "depin.emission"),
  hold = core.namespace("depin.hold", require "depin.hold"), -- what is held back: depin.token { … } (depin.hold.storj)
  tranche = core["ledger.tranche"], -- a part of the supply and how it unlocks
  allocation = core.namespace("depin.allocation", require "depin.allocation"), -- tranches from lists and files
  credit = core.namespace("depin.credit", require "depin.credit"), -- burn and mint
  stake = core.namespace("depin.stake", require "depin.stake"), -- collateral, delegation, unbonding, slashing
  exchange = core.namespace("depin.exchange", require "depin.exchange"),
  trader = core.namespace("depin.trader", require "depin.trader"), -- speculators with budgets
  retail = core["ledger.retail"], -- a crowd that follows the price, and what became of it
  factor = core.namespace("depin.factor", require "depin.factor"), -- the tide of a market
  feed = core["ledger.feed"], -- what an oracle says
  chain = core.namespace("depin.chain", require "depin.chain"), -- where payouts to hosts settle

  -- what customers ask for
  workload = core.namespace("depin.workload", {
    inference = core["workload.inference"],
    demand = core["workload.demand"], -- rates instead of requests, for a network of flow fidelity
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
