--- Hotspots that are paid for radio coverage: depin.wireless.helium { token = "HNT", power_w = { 5, 12 }, … }.
local core = require "depin.core"

local wireless = {
  coverage = core["wireless.coverage"],
}

-- HIP-20's split of HNT: proof of coverage and data transfer, in the years from August 2019. Of the latter, what data
-- did not use went to proof of coverage as well (HIP-10), and data used little (6,500 USD in June 2022: Fortune).
local coverage_ratio = { 0.29 + 0.30, 0.275 + 0.325, 0.26 + 0.35, 0.245 + 0.375 }

local function days_before(year, month, day) -- days from 2019-08-01 to a date (proleptic Gregorian)
  local function count(y, m, d)
    local a = (14 - m) // 12
    y, m = y - a, m + 12 * a - 3
    return d + (153 * m + 2) // 5 + 365 * y + y // 4 - y // 100 + y // 400
  end
  return count(year, month, day) - count(2019, 8, 1)
end

--- Days from 2019-08-01, the beginning of HIP-20's first year, to a date "2020-01-31".
function wireless.hip20_day(date)
  local year, month, day = tostring(date):match "^(%d%d%d%d)%-(%d%d)%-(%d%d)$"
  if not year then core.fail("depin.wireless.hip20_day: a date \"2020-01-31\" is needed, not " .. tostring(date)) end
  return days_before(math.tointeger(year), math.tointeger(month), math.tointeger(day))
end

--- HNT minted by the schedule alone from 2019-08-01 to a day after it (HIP-20: 60 million a year, halved every two).
function wireless.hip20_minted(day)
  local sum, per_day = 0, 60e6 / 365
  while day > 730 do
    sum, day, per_day = sum + 730 * per_day, day - 730, per_day / 2
  end
  return sum + math.max(0, day) * per_day
end

--- HIP-20 seen from a start date, as an emission: { start = "2020-01-01", days = 1580, scale_ratio = 1 }.
function wireless.hip20_emission(options)
  core.fact("rule", "depin.wireless.hip20_emission", "60 million HNT a year, halved every two", "2020-11-04", "HIP-20")
  local from, scale = wireless.hip20_day(options.start), options.scale_ratio or 1
  local args = { kind = "steps", curve_d = {}, curve_tokens = {} }
  for key, value in pairs(options) do
    if key ~= "start" and key ~= "days" and key ~= "scale_ratio" then args[key] = value end
  end
  local function point(day)
    args.curve_d[#args.curve_d + 1] = day
    args.curve_tokens[#args.curve_tokens + 1] =
      (wireless.hip20_minted(from + day) - wireless.hip20_minted(from)) * scale
  end
  local halving = 730 - from % 730
  while halving < options.days do
    point(halving)
    halving = halving + 730
  end
  point(options.days)
  return core["ledger.emission"](args)
end

--- What is paid for coverage from a start date on: HIP-20's shares of each year until HNT for IoT went through a token
-- of its own (2023-04-18: HIP-52), then `iot_ratio` of the emission: proof of coverage and data of that token.
function wireless.hip20_share(options)
  core.fact("rule", "depin.wireless.hip20_share", "59 to 62 % for coverage and unused data", "2020-11-04",
    "HIP-20; HIP-10")
  core.fact("rule", "depin.wireless.hip20_share: iot_ratio", options.iot_ratio, "2023-04-18",
    "HIP-52: HNT for IoT goes through a token of its own")
  local from = wireless.hip20_day(options.start)
  local move = wireless.hip20_day "2023-04-18" - from
  local days, ratios = {}, {}
  for year = 1, #coverage_ratio do
    local day = (year - 1) * 365 - from
    if day < move then
      if day <= 0 then
        days[1], ratios[1] = 0, coverage_ratio[year]
      else
        days[#days + 1], ratios[#ratios + 1] = day, coverage_ratio[year]
      end
    end
  end
  if move > 0 then days[#days + 1], ratios[#ratios + 1] = move, options.iot_ratio end
  if move <= 0 then days, ratios = { 0 }, { options.iot_ratio } end
  return days, ratios
end

return wireless
