--- A constructor with some parameters given: preset("ledger.emission", { kind = "fixed" }) takes a table of the others,
-- which may say otherwise about those given, too.
-- `about` says where the given ones are from: { name = "depin.credit.helium", date = "2020", source = "…", fields = {
-- credit_usd = { date = "2021-03", source = "…" } } }; what fields do not name has the date and source of the whole.
-- With `as_of`, values that are used and dated later are hindsight; without a date they are undated.
local core = require "depin.core"

--- A value as text or number.
local function shown(value)
  if type(value) == "table" then return #value .. " values" end
  return type(value) == "boolean" and tostring(value) or value
end

--- Tells of the values that the options leave as they are.
local function cite(about, defaults, options)
  local keys = {}
  for key in pairs(defaults) do
    if key ~= "kind" and key ~= "name" and key ~= "dated" and (options or {})[key] == nil then keys[#keys + 1] = key end
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local of = about.fields and about.fields[key] or about
    core.fact("preset", about.name .. "." .. key, shown(defaults[key]), of.date, of.source)
  end
end

local function preset(schema, defaults, about)
  return function(options)
    local args = {}
    for key, value in pairs(defaults) do args[key] = value end
    for key, value in pairs(options or {}) do args[key] = value end
    if about then cite(about, defaults, options) end
    return core[schema](args)
  end
end

return preset
