--- Tranches from lists of unlocks; a tranche with a cliff and vesting is depin.tranche { … }.
local core = require "depin.core"

local allocation = {}

--- A tranche from a list: depin.allocation.unlocks { name = "team", unlocks = { { 365, 1e6 }, … }, sell_ratio = 0.1 };
-- each unlock is { day, tokens }.
function allocation.unlocks(options)
  local args, days, tokens = {}, {}, {}
  for key, value in pairs(options or {}) do
    if key ~= "unlocks" then args[key] = value end
  end
  local list = options and options.unlocks
  if type(list) ~= "table" or #list == 0 then
    core.fail "depin.allocation.unlocks: unlocks must be a list { { day, tokens }, … }"
  end
  for i, unlock in ipairs(list) do
    if type(unlock) ~= "table" or type(unlock[1]) ~= "number" or type(unlock[2]) ~= "number" then
      core.fail(("depin.allocation.unlocks: unlock %d must be { day, tokens }"):format(i))
    end
    days[i], tokens[i] = unlock[1], unlock[2]
  end
  args.unlock_d, args.unlock_tokens = days, tokens
  return core["ledger.tranche"](args)
end

--- The tranches of a file: allocation = depin.allocation.csv { path = "unlocks.csv", classes = { "team", "investors" },
-- sell_ratio = 0.1 }. Its columns: class, day, and amount (tokens) or share (of the supply); each row unlocks so much
-- more. Every class of the file is named; sell_ratio is a number for all, or a table { team = 0.1, … }.
function allocation.csv(options)
  local o, tranches = options or {}, {}
  for key in pairs(o) do
    if key ~= "path" and key ~= "classes" and key ~= "sell_ratio" then
      core.fail(("depin.allocation.csv: unknown parameter '%s' (there are: path, classes, sell_ratio)")
        :format(tostring(key)))
    end
  end
  if type(o.classes) ~= "table" or #o.classes == 0 then
    core.fail "depin.allocation.csv: classes must be a list of the names in the file's column class"
  end
  for i, name in ipairs(o.classes) do
    local sell = o.sell_ratio
    if type(sell) == "table" then sell = sell[name] end
    tranches[i] = core["ledger.tranche"] { name = name, csv = o.path, sell_ratio = sell }
  end
  return tranches
end

return allocation
