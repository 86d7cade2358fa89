--- A constructor with some parameters given: preset("ledger.emission", { kind = "fixed" }) takes a table of the others,
-- which may say otherwise about those given, too.
local core = require "depin.core"

local function preset(schema, defaults)
  return function(options)
    local args = {}
    for key, value in pairs(defaults) do args[key] = value end
    for key, value in pairs(options or {}) do args[key] = value end
    return core[schema](args)
  end
end

return preset
