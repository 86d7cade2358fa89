--- How a token is minted; each kind has its own parameters:
-- depin.emission.halving { per_day = 10e3, halve_every_d = 365 }.
local core = require "depin.core"

local emission = {
  custom = core["ledger.emission"], -- kind = "fixed" …: what the others make
}

local function kind(name)
  return function(options)
    local args = { kind = name }
    for key, value in pairs(options or {}) do args[key] = value end
    return core["ledger.emission"](args)
  end
end

emission.fixed = kind "fixed" -- per_day
emission.halving = kind "halving" -- per_day, halve_every_d
emission.exponential = kind "exponential" -- total, half_life_d
emission.epoch_decay = kind "epoch_decay" -- per_epoch, epoch_s, decay_ratio, epochs_n

return emission
