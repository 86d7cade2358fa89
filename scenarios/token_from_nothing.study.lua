-- Question: what decides the price of a small network's first token after a quarter, and how much emission does a price
-- of 0.06 USD leave room for?
--
-- depinsim sweep: emission and the take that buys back, against each other. depinsim sensitivity: which of the
-- parameters the price hangs on (a tornado). depinsim tune: the emission at which the price is 0.06 USD on day 90.
--
-- Source: assumptions of scenarios/token_from_nothing.lua; ranges are what a designer would try.
local depin = require "depin"

return depin.study {
  scenario = "token_from_nothing.lua",
  set = { days = 90 },
  vary = {
    emission_per_day = depin.range { 5e3, 500e3, n = 3, log = true },
    take_ratio = depin.range { 0.05, 0.4, n = 2 },
    sell_ratio = depin.range { 0.2, 1, n = 2 },
  },
  replicates = 5,
  kpis = { "token.price_usd", "network.real_revenue_ratio", "provider.in_profit_ratio" },
  series = { "ledger.exchange.price" },
  survive = { -- what a run keeps at its end to count as alive in the report's safe region
    ["token.price_usd"] = depin.at_least(0.02),
    ["network.real_revenue_ratio"] = depin.at_least(1), -- customers pay as much as the emission is worth
  },
  tune = { objective = { kpi = "token.price_usd", goal = 0.06 }, budget_n = 150 },
}
