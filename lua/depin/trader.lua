--- Speculators with budgets of USD and tokens: depin.trader.momentum { exchange = "pool", usd = 50e3, horizon_d = 20 }.
local core = require "depin.core"
local preset = require "depin.preset"

local trader = {
  custom = core["ledger.trader"], -- kind = "momentum" …: what the others make
}

local function kind(name) return preset("ledger.trader", { kind = name }) end

trader.momentum = kind "momentum" -- buys what has risen over its moving average
trader.mean_reversion = kind "mean_reversion" -- buys what has fallen below it
trader.fundamental = kind "fundamental" -- compares the price with the network's discounted take
trader.noise = kind "noise" -- trades at random
trader.dump = kind "dump" -- sells on a day until the price has fallen by fall_ratio

return trader
