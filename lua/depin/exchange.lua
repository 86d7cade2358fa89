--- Where a token's price is made; one price a settlement for all who trade:
-- depin.exchange.constant_product { token = "NEW", tokens = 1e6, usd = 100e3 }.
local core = require "depin.core"
local preset = require "depin.preset"

local exchange = {
  custom = core["ledger.exchange"], -- kind = "concentrated" …: what the others make
  position = core["ledger.position"], -- liquidity between two prices
  provider = core["ledger.liquidity"], -- who owns a part of the pool, and when he leaves
}

local function kind(name) return preset("ledger.exchange", { kind = name }) end

exchange.constant_product = kind "constant_product" -- x y = k over all prices
exchange.concentrated = kind "concentrated" -- positions = { depin.exchange.position { … } } besides tokens and usd
exchange.conditional = kind "conditional" -- path_csv, or path_d and path_usd: a given price, said in every output

return exchange
