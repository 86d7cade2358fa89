--- Speculators with budgets of USD and tokens: depin.trader.momentum { exchange = "pool", usd = 50e3, horizon_d = 20 }.
local core = require "depin.core"

local trader = {
  custom = core["ledger.trader"], -- kind = "momentum" …: what the others make
}

local function kind(name)
  return function(options)
    local args = { kind = name }
    for key, value in pairs(options or {}) do args[key] = value end
    return core["ledger.trader"](args)
  end
end

trader.momentum = kind "momentum" -- buys what has risen over its moving average
trader.mean_reversion = kind "mean_reversion" -- buys what has fallen below it
trader.fundamental = kind "fundamental" -- compares the price with the network's discounted take
trader.noise = kind "noise" -- trades at random
trader.dump = kind "dump" -- sells on a day until the price has fallen by fall_ratio

return trader
