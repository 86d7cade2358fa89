--- What the library asks of the tables that a study is made of.
local core = require "depin.core"

local checks = {}

--- Fails, through `fail(format, …)`, on a key of `given` that is none of `known`, and says what was meant.
function checks.keys(fail, where, given, known)
  for key in pairs(given) do
    local found = false
    for _, name in ipairs(known) do found = found or name == key end
    if not found then
      local meant = core.suggest(tostring(key), known)
      fail("%s has no '%s' (%s)", where, tostring(key),
        meant and "did you mean '" .. meant .. "'?" or "there are: " .. table.concat(known, ", "))
    end
  end
end

function checks.is_finite(x)
  return type(x) == "number" and x == x and x > -math.huge and x < math.huge
end

return checks
