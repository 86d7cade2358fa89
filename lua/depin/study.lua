--- Studies: one scenario at many points, each several times.
--
-- return depin.study {
--   scenario = "token_from_nothing.lua",          -- beside the study
--   vary = {
--     take_ratio = depin.grid { 0.02, 0.05, 0.1 }, -- these values
--     sell_ratio = depin.range { 0, 1, n = 5 },    -- between the two; n levels on a grid
--   },
--   design = "grid",                              -- or "zip", "lhs", "sobol"
--   replicates = 20,                              -- runs a point, each with its own luck, the same at every point
--   kpis = { "token.price_usd" },
--   survive = { ["provider.active_n"] = depin.at_least(1) }, -- what a run keeps to count as alive in the report
-- }
local checks = require "depin.checks"
local core = require "depin.core"
local tune = require "depin.tune"

local study = {}

local AXIS, STUDY = {}, {} -- marks of what grid, range and study make

local function fail(...)
  core.fail("study: " .. string.format(...))
end

local function check_keys(where, given, known)
  checks.keys(fail, where, given, known)
end

local is_finite = checks.is_finite

local function is_whole(x, low)
  return is_finite(x) and x == math.floor(x) and x >= low
end

--- These values: numbers, texts, or true and false.
function study.grid(values)
  if type(values) ~= "table" or #values == 0 then
    fail("depin.grid: write the values in braces: depin.grid { 1, 2, 3 }")
  end
  local kind = type(values[1])
  local out = { mark = AXIS, kind = kind, n = #values }
  for key in pairs(values) do
    if math.type(key) ~= "integer" then fail("depin.grid: a value has no name ('%s')", tostring(key)) end
  end
  for i, value in ipairs(values) do
    if type(value) ~= kind then fail("depin.grid: the values are a %s and a %s", kind, type(value)) end
    if kind ~= "number" and kind ~= "string" and kind ~= "boolean" or kind == "number" and not is_finite(value) then
      fail("depin.grid: a value is a finite number, a text, true or false, not %s", tostring(value))
    end
    out[i] = kind == "boolean" and tostring(value) or value
  end
  return out
end

--- Anything between two numbers: depin.range { low, high, n = levels, log = true, whole = true }.
function study.range(low, high)
  local options = type(low) == "table" and low or { low, high }
  check_keys("depin.range", options, { 1, 2, "n", "log", "whole" })
  local a, b = options[1], options[2]
  if not is_finite(a) or not is_finite(b) or a >= b then fail("depin.range: give two numbers, the lower first") end
  if options.n ~= nil and not is_whole(options.n, 2) then fail("depin.range: n must be a whole number of 2 or more") end
  if options.log and a <= 0 then fail("depin.range: log needs bounds above 0, got %g", a) end
  return { mark = AXIS, kind = "range", low = a, high = b, n = options.n or 0, log = options.log and true or false,
    whole = options.whole and true or false }
end

local KEYS = { "scenario", "vary", "design", "points_n", "replicates", "seed", "set", "kpis", "series", "band_n",
  "precision", "run_limit_s", "tune", "sensitivity", "question", "survive" }

local function names(where, list)
  if list == nil then return {} end
  if type(list) == "string" then list = { list } end
  if type(list) ~= "table" then fail("%s must be a list of names", where) end
  for key, name in pairs(list) do
    if math.type(key) ~= "integer" or type(name) ~= "string" then fail("%s must be a list of names", where) end
  end
  return list
end

local function whole(where, value, low, fallback)
  if value == nil then return fallback end
  if not is_whole(value, low) then
    fail("%s must be a whole number of %d or more, got %s", where, low, tostring(value))
  end
  return value
end

local function axes(vary)
  local out = {}
  if type(vary) ~= "table" then fail("vary must be a table { name = depin.grid { … } or depin.range { … } }") end
  for name, axis in pairs(vary) do
    if type(name) ~= "string" then fail("vary: a parameter has a name (write name = depin.grid { … })") end
    if type(axis) == "table" and axis.mark ~= AXIS then axis = study.grid(axis) end
    if type(axis) ~= "table" then fail("vary: %s must be depin.grid { … } or depin.range { … }", name) end
    out[#out + 1] = { name = name, axis = axis }
  end
  return out
end

local function settings(set)
  local out = {}
  for name, value in pairs(set or {}) do
    local kind = type(value)
    if type(name) ~= "string" or kind ~= "number" and kind ~= "string" and kind ~= "boolean" then
      fail("set: write name = value, a number, a text, true or false")
    end
    out[#out + 1] = { name = name, value = kind == "number" and string.format("%.17g", value) or tostring(value) }
  end
  return out
end

local function precision(p)
  if p == nil then return nil end
  if type(p) ~= "table" then fail("precision must be a table { kpi =, half_width_ratio =, most_n = }") end
  check_keys("precision", p, { "kpi", "half_width_ratio", "most_n" })
  if type(p.kpi) ~= "string" then fail("precision: kpi must name the key figure that is to be known so well") end
  if not is_finite(p.half_width_ratio) or p.half_width_ratio <= 0 then
    fail("precision: half_width_ratio must be a number above 0: the interval's half over the mean")
  end
  return { kpi = p.kpi, half_width_ratio = p.half_width_ratio, most_n = whole("precision: most_n", p.most_n, 2, 1000) }
end

local function sensitivity(s)
  if s == nil then return nil end
  if type(s) ~= "table" then fail("sensitivity must be a table { method =, blocks_n = }") end
  check_keys("sensitivity", s, { "method", "blocks_n" })
  local method = s.method or "tornado"
  if not (method == "tornado" or method == "morris" or method == "sobol") then
    fail("sensitivity: method must be \"tornado\", \"morris\" or \"sobol\", got %s", tostring(method))
  end
  return { method = method, blocks_n = whole("sensitivity: blocks_n", s.blocks_n, 2, 0) }
end

--- What a run keeps to survive: bounds on its own key figures.
local function survive(given)
  local out = {}
  if given == nil then return out end
  if type(given) ~= "table" then fail("survive must be a table { [\"kpi.name\"] = depin.at_least(…) }") end
  for kpi, bound in pairs(given) do
    if type(kpi) ~= "string" then fail("survive: write [\"kpi.name\"] = depin.at_least(…)") end
    if type(bound) == "table" and bound.stat then
      fail("survive: %s: one run has no quantile (leave it out; the report shows the share of runs that survive)", kpi)
    end
    if type(bound) ~= "userdata" then
      fail("survive: %s must be depin.at_least(x), at_most(x), between(a, b) or equals(x)", kpi)
    end
    out[#out + 1] = { kpi = kpi, expect = bound }
  end
  return out
end

--- A study, which the file returns.
function study.study(options)
  if type(options) ~= "table" then fail("write depin.study { scenario = \"…\", vary = { … } }") end
  check_keys("depin.study", options, KEYS)
  if type(options.scenario) ~= "string" then fail("scenario must be the path of a scenario, relative to the study") end
  local designs = { "grid", "zip", "lhs", "sobol" }
  local design = options.design or "grid"
  if type(design) ~= "string" or not (design == "grid" or design == "zip" or design == "lhs" or design == "sobol") then
    local meant = type(design) == "string" and core.suggest(design, designs)
    fail("design must be \"grid\", \"zip\", \"lhs\" or \"sobol\", got %s%s", tostring(design),
      meant and " (did you mean '" .. meant .. "'?)" or "")
  end
  local p = precision(options.precision)
  local replicates = whole("replicates", options.replicates, 1, (p or options.tune) and 10 or 1)
  if p and replicates < 2 then fail("replicates must be 2 or more where a precision is asked for: the first look") end
  if p and p.most_n < replicates then fail("precision: most_n is below replicates") end
  local limit = options.run_limit_s
  if limit ~= nil and (not is_finite(limit) or limit <= 0) then
    fail("run_limit_s must be a number above 0: seconds of real time that one run may take")
  end
  return { mark = STUDY, run_limit_s = limit or 0, place = core.here(), scenario = options.scenario, design = design,
    points_n = whole("points_n", options.points_n, 1, 0), replicates = replicates,
    seed = whole("seed", options.seed, 0, -1), axes = axes(options.vary or {}), set = settings(options.set),
    kpis = names("kpis", options.kpis), series = names("series", options.series),
    band_n = whole("band_n", options.band_n, 2, 65), precision = p, question = options.question or "",
    tune = tune.check(options.tune), sensitivity = sensitivity(options.sensitivity),
    survive = survive(options.survive) }
end

study.study = core.framed(study.study)

return study
