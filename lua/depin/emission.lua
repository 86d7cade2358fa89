--- How a token is minted; each kind has its own parameters:
-- depin.emission.halving { per_day = 10e3, halve_every_d = 365 }.
-- Any kind takes remint_cap: of what is burned, so much an epoch of remint_epoch_s enters a pool, of which each epoch
-- mints one part in remint_epochs_n again (Helium's net emissions).
local core = require "depin.core"
local preset = require "depin.preset"

local emission = {
  custom = core["ledger.emission"], -- kind = "fixed" …: what the others make
}

local function kind(name) return preset("ledger.emission", { kind = name }) end

-- functions of time alone
emission.fixed = kind "fixed" -- per_day
emission.halving = kind "halving" -- per_day, halve_every_d
emission.exponential = kind "exponential" -- total, half_life_d
emission.epoch_decay = kind "epoch_decay" -- per_epoch, epoch_s, decay_ratio, epochs_n

-- inflation that steers the bonded part of the supply
emission.target_bonded = kind "target_bonded" -- epoch_s, inflation_ratio, change_ratio, target_ratio, ceiling_ratio …
emission.target_proportional = kind "target_proportional" -- the same words, of a year

-- minting by time and by storage power: power_eib, power_doubling_d
-- (Filecoin: 330 million by time, 770 million by baseline)
emission.baseline = preset("ledger.emission", { kind = "baseline", total = 1.1e9 },
  { name = "depin.emission.baseline", date = "2020-10", source = "Filecoin, main net (builtin-actors reward)" })

--- Splits { { day, tokens }, … } into two lists.
local function columns(where, points)
  local days, tokens = {}, {}
  if type(points) ~= "table" or #points == 0 then
    core.fail(where .. " must be a list { { day, tokens }, … }")
  end
  for i, point in ipairs(points) do
    if type(point) ~= "table" or type(point[1]) ~= "number" or type(point[2]) ~= "number" then
      core.fail(("%s: point %d must be { day, tokens }"):format(where, i))
    end
    days[i], tokens[i] = point[1], point[2]
  end
  return days, tokens
end

--- A custom curve, { curve = { { day, tokens minted by then }, … } } or { csv = path } with the columns day and tokens:
-- straight lines from 0 at the start through the points; nothing is minted after the last.
function emission.steps(options)
  local args = { kind = "steps" }
  for key, value in pairs(options or {}) do
    if key == "curve" then
      args.curve_d, args.curve_tokens = columns("depin.emission.steps: curve", value)
    elseif key == "csv" then
      args.curve_csv = value
    else
      args[key] = value
    end
  end
  return core["ledger.emission"](args)
end

--- A custom curve from a function, { minted = function(day) … return tokens end, days = 365, step_d = 1 }: it is asked
-- once, while the scenario is loaded, for the tokens minted by each step of step_d from 0 to days.
function emission.lua(options)
  local args, o = { kind = "steps" }, { step_d = 1 }
  for key, value in pairs(options or {}) do
    if key == "minted" or key == "days" or key == "step_d" then o[key] = value else args[key] = value end
  end
  if type(o.minted) ~= "function" then core.fail "depin.emission.lua: minted must be a function of the day" end
  if type(o.days) ~= "number" or type(o.step_d) ~= "number" or not (o.step_d > 0 and o.days >= o.step_d) then
    core.fail "depin.emission.lua: days and step_d must be numbers, with 0 < step_d <= days"
  end
  local steps_n, last = o.days // o.step_d, 0
  if steps_n > 100000 then core.fail "depin.emission.lua: more than 100,000 steps (make step_d longer)" end
  args.curve_d, args.curve_tokens = {}, {}
  for i = 0, steps_n do
    local day = i * o.step_d
    local tokens = o.minted(day)
    if type(tokens) ~= "number" or tokens ~= tokens or tokens < 0 then
      core.fail(("depin.emission.lua: minted(%g) must be a number of at least 0"):format(day))
    elseif tokens < last then
      core.fail(("depin.emission.lua: minted falls from %g to %g tokens at day %g (return the sum minted so far)")
        :format(last, tokens, day))
    end
    args.curve_d[#args.curve_d + 1], args.curve_tokens[#args.curve_tokens + 1], last = day, tokens, tokens
  end
  return core["ledger.emission"](args)
end

-- protocols

--- HNT from the year that began on 2019-08-01 (HIP-20): 60 million a year, halving every two years; net emissions.
emission.helium = preset("ledger.emission", {
  kind = "halving", per_day = 60e6 / 365, halve_every_d = 730, remint_cap = 34.24,
}, { name = "depin.emission.helium", date = "2020-11-04", source = "HIP-20" })
--- IO (docs.iog.net): 300 million in 175,319 hours.
emission.io_net = preset("ledger.emission", {
  kind = "epoch_decay",
  per_epoch = 500e6 * (0.08 / 8760), epoch_s = 3600, decay_ratio = 1.38869523959793e-5, epochs_n = 175319,
}, { name = "depin.emission.io_net", source = "docs.iog.net" })
--- DIMO (DIP-2): 1,105,000 a week, 15 % less every 52 weeks, for 40 of these years.
emission.dimo = preset("ledger.emission", {
  kind = "epoch_decay", per_epoch = 52 * 1105000, epoch_s = 52 * 7 * 86400, decay_ratio = 0.15, epochs_n = 40,
}, { name = "depin.emission.dimo", source = "DIP-2" })
--- LPT on Arbitrum since 2022 (LIP-34, LIP-40): rounds of 5,760 blocks of 12 s; no ceiling but the whole supply.
emission.livepeer = preset("ledger.emission", {
  kind = "target_bonded",
  epoch_s = 69120, inflation_ratio = 218500e-9, change_ratio = 500e-9, target_ratio = 0.5, ceiling_ratio = 1,
}, { name = "depin.emission.livepeer", date = "2022", source = "LIP-34, LIP-40; Arbitrum since 2022" })
--- Defaults of cosmos-sdk x/mint, by days in place of blocks.
emission.cosmos = preset("ledger.emission", {
  kind = "target_proportional",
  epoch_s = 86400, inflation_ratio = 0.13, change_ratio = 0.13, target_ratio = 0.67, floor_ratio = 0.07,
  ceiling_ratio = 0.2,
}, { name = "depin.emission.cosmos", source = "cosmos-sdk x/mint" })
emission.filecoin = emission.baseline

return emission
