--- The tide of a market, which scales the outside money of those who name it and never a price:
-- depin.factor.gbm { name = "tide", volatility_per_year = 0.7 }.
local core = require "depin.core"
local preset = require "depin.preset"

local factor = {
  custom = core["ledger.factor"], -- kind = "gbm" …: what the others make
}

local function kind(name) return preset("ledger.factor", { kind = name }) end

factor.gbm = kind "gbm" -- geometric Brownian motion
factor.jump = kind "jump" -- the same with jumps (Merton)
factor.bootstrap = kind "bootstrap" -- csv: blocks of real days from before as_of

return factor
