--- What `depinsim tune` looks for: the tune table of a study.
--
-- tune = {
--   objective = { kpi = "token.price_usd", goal = "max" },   -- "max", "min", or the number that it is to be
--   constraints = { ["provider.in_profit_ratio"] = depin.at_least(0.9, { quantile = "p5" }) },
--   budget_n = 500,                                           -- runs
--   pareto = { kpi = "network.emission_usd", goal = "min" },  -- a second objective: a front instead of one design
-- }
-- or, to learn parameters from data:
-- tune = { fit = { series = "exchange.price_usd", data = "price.csv", column = "usd", blind_from = "60d" } }
local checks = require "depin.checks"
local core = require "depin.core"

local tune = {}

local BOUND = {} -- mark of what at_least and its like make of a quantile

local function fail(...)
  core.fail("study: tune: " .. string.format(...))
end

local function check_keys(where, given, known)
  if type(given) ~= "table" then fail("%s must be a table { %s = … }", where, known[1]) end
  checks.keys(fail, where, given, known)
end

local is_finite = checks.is_finite

local function whole(where, value, low, fallback)
  if value == nil then return fallback end
  if not is_finite(value) or value ~= math.floor(value) or value < low then
    fail("%s must be a whole number of %d or more, got %s", where, low, tostring(value))
  end
  return value
end

--- -1: the mean; else the share of the runs that lie below.
local function statistic(where, quantile)
  if quantile == nil or quantile == "mean" then return -1 end
  local x = type(quantile) == "string" and tonumber(quantile:match("^p(%d+)$"))
  x = x and x / 100 or quantile
  if not is_finite(x) or x < 0 or x > 1 then
    fail("%s: quantile must be \"mean\", a text like \"p5\" or a number between 0 and 1, got %s", where,
      tostring(quantile))
  end
  return x
end

--- depin.at_least and its like, which in a study may say of what: depin.at_least(0.9, { quantile = "p5" }).
function tune.bound(make)
  return core.framed(function(...)
    local n = select("#", ...)
    local options = select(n, ...)
    if n < 2 or type(options) ~= "table" then return make(...) end
    check_keys("a bound", options, { "quantile" })
    local numbers = table.pack(...)
    local stat = statistic("a bound", options.quantile)
    return { mark = BOUND, expect = make(table.unpack(numbers, 1, n - 1)), stat = stat }
  end)
end

local function objective(where, o)
  check_keys(where, o, { "kpi", "goal", "quantile", "tolerance" })
  if type(o.kpi) ~= "string" then fail("%s: kpi must name a key figure", where) end
  local goal = o.goal
  if not (goal == "max" or goal == "min" or is_finite(goal)) then
    fail("%s: goal must be \"max\", \"min\" or the number that %s is to be, got %s", where, o.kpi, tostring(goal))
  end
  local is_value = type(goal) == "number"
  local tolerance = o.tolerance
  if tolerance ~= nil and (not is_value or not is_finite(tolerance) or tolerance <= 0) then
    fail("%s: tolerance must be a number above 0, and goes with a number as goal", where)
  end
  if is_value and tolerance == nil then tolerance = goal ~= 0 and math.abs(goal) * 0.01 or 1e-3 end
  return { kpi = o.kpi, goal = is_value and "value" or goal, target = is_value and goal or 0,
    tolerance = tolerance or 0, stat = statistic(where, o.quantile) }
end

local function constraints(given)
  local out = {}
  if given == nil then return out end
  if type(given) ~= "table" then fail("constraints must be a table { [\"kpi.name\"] = depin.at_least(…) }") end
  for kpi, bound in pairs(given) do
    if type(kpi) ~= "string" then fail("constraints: write [\"kpi.name\"] = depin.at_least(…)") end
    local marked = type(bound) == "table" and bound.mark == BOUND
    if not marked and type(bound) ~= "userdata" then
      fail("constraints: %s must be depin.at_least(x), at_most(x), between(a, b) or equals(x), with "
        .. "{ quantile = \"p5\" } behind the number for another figure than the mean", kpi)
    end
    out[#out + 1] = { kpi = kpi, expect = marked and bound.expect or bound, stat = marked and bound.stat or -1 }
  end
  return out
end

local UNIT_S = { s = 1, min = 60, h = 3600, d = 86400 }

-- Days of blind_from: a number of days, or "60d", "1440h"; of blind_from_s: seconds.
local function blind_from_d(f)
  local x, s = f.blind_from, f.blind_from_s
  if x ~= nil and s ~= nil then fail("fit: both blind_from and blind_from_s are given") end
  if x == nil and s == nil then return math.huge end
  if type(x) == "string" then
    local number, unit = x:match("^([%d.]+) ?(%a+)$")
    x = UNIT_S[unit] and tonumber(number) and tonumber(number) * UNIT_S[unit] / 86400
  elseif x == nil then
    x = is_finite(s) and s / 86400
  end
  if not is_finite(x) or x <= 0 then
    fail("fit: blind_from must be a number of days above 0 or a text with its unit (\"60d\", \"36h\"), and "
      .. "blind_from_s seconds: data from there on are not looked at until the end")
  end
  return x
end

local function fit(f)
  if f == nil then return nil end
  check_keys("fit", f, { "series", "data", "column", "time", "blind_from", "blind_from_s", "kpi" })
  if f.kpi ~= nil then
    fail("fit takes a series; a key figure that is to have a value is objective = { kpi = …, goal = value }")
  end
  for _, key in ipairs { "series", "data", "column" } do
    if type(f[key]) ~= "string" then
      fail("fit: %s must be a text: %s", key, ({ series = "the series that is to be like the data",
        data = "the path of a CSV file", column = "the file's column with the data" })[key])
    end
  end
  if f.time ~= nil and type(f.time) ~= "string" then fail("fit: time must name the column with days, or with dates") end
  return { series = f.series, data = f.data, column = f.column, time = f.time or "day",
    blind_from_d = blind_from_d(f) }
end

local METHODS = { "auto", "nelder_mead", "sobol" }

--- Checks the table that a study gives as tune.
function tune.check(t)
  if t == nil then return nil end
  check_keys("tune", t, { "objective", "constraints", "pareto", "fit", "budget_n", "method", "confirm_n" })
  if (t.objective == nil) == (t.fit == nil) then
    fail("give either objective = { kpi = …, goal = … } or fit = { series = …, data = …, column = … }")
  end
  local method = t.method or "auto"
  local known = false
  for _, name in ipairs(METHODS) do known = known or name == method end
  if not known then
    fail("method must be \"%s\", got %s", table.concat(METHODS, "\", \""), tostring(method))
  end
  local objectives = {}
  if t.objective ~= nil then objectives[1] = objective("objective", t.objective) end
  if t.pareto ~= nil then
    if t.fit ~= nil then fail("pareto goes with an objective, not with a fit") end
    objectives[2] = objective("pareto", t.pareto)
    for _, o in ipairs(objectives) do
      if o.goal == "value" then fail("a front is of goals \"max\" and \"min\", not of a number") end
    end
    if t.pareto.kpi == t.objective.kpi then fail("pareto is the same key figure as objective") end
  end
  return { objectives = objectives, constraints = constraints(t.constraints), fit = fit(t.fit), method = method,
    budget_n = whole("budget_n", t.budget_n, 1, 1000), confirm_n = whole("confirm_n", t.confirm_n, 2, 0) }
end

return tune
