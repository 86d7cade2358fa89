-- An economy drawn at random by --seed: every mechanism may take part, with parameters over decades.
local depin = require "depin"

local p = depin.parameters {
  days = { 0, min = 0, max = 1e4, doc = "how long it runs; 0: drawn" },
  part = { "", doc = "schema of which one parameter is given" },
  key = { "", doc = "that parameter" },
  number = { 0, doc = "its value" },
  word = { "", doc = "its value when it is a word" },
}

local function chance(ratio) return math.random() < ratio end
local function ratio() return chance(0.15) and 0 or chance(0.1) and 1 or math.random() end
local function between(low, high) return low + (high - low) * math.random() end
local function log(low, high) return low * (high / low) ^ math.random() end
local function some(low, high) return chance(0.3) and 0 or log(low, high) end
local function pick(list) return list[math.random(#list)] end
local function maybe(odds, make) if chance(odds) then return make() end end

--- A part of a scenario, with the one parameter that the command line gives.
local function make(schema, args)
  if schema == p.part then args[p.key] = p.word ~= "" and p.word or p.number end
  return depin.core[schema](args)
end

local days = between(1, 4)
if p.days > 0 then days = p.days end
local network_n = chance(0.25) and 2 or 1
local regions = {}
for i = 1, math.random(3) do
  regions[i] = make("place.region", {
    name = "region " .. i, cells_n = math.random(3), demand_weight = chance(0.2) and i > 1 and 0 or between(0.1, 3),
    supply_weight = chance(0.2) and i > 1 and 0 or between(0.1, 3), electricity_usd_per_kwh = some(0.01, 1),
    utc_offset_h = math.random(-11, 12),
  })
end

local function emission()
  local kind = pick {
    "fixed", "halving", "exponential", "epoch_decay", "steps", "target_bonded", "target_proportional", "baseline",
  }
  local args = { kind = kind }
  if kind == "fixed" or kind == "halving" then args.per_day = some(0.01, 1e6) end
  if kind == "halving" then args.halve_every_d = log(0.1, 1e3) end
  if kind == "exponential" then args.total, args.half_life_d = log(1, 1e9), log(0.1, 1e3) end
  if kind == "epoch_decay" then
    args.per_epoch, args.epoch_s, args.decay_ratio = some(0.01, 1e5), log(600, 1e6), log(1e-6, 0.9)
    args.epochs_n = chance(0.3) and 0 or math.random(50)
  end
  if kind == "steps" then
    args.curve_d, args.curve_tokens = { 0.1, between(1, 2), 3 }, { 0, some(1, 1e6), 1e6 }
  end
  if kind == "target_bonded" or kind == "target_proportional" then
    local year = kind == "target_proportional"
    args.epoch_s, args.inflation_ratio = log(3600, 1e5), year and between(0, 0.5) or between(0, 1e-3)
    args.floor_ratio, args.ceiling_ratio = 0, year and 1 or 1e-2
    args.change_ratio, args.target_ratio = year and between(0, 0.5) or between(0, 1e-4), between(0.01, 1)
    args.bonded_ratio = ratio()
  end
  if kind == "baseline" then
    args.total, args.power_eib, args.power_doubling_d = log(1, 1e9), some(0.01, 100), pick { 0, 30, -30 }
  end
  if chance(0.3) then
    args.remint_cap, args.remint_epoch_s, args.remint_epochs_n = some(0.1, 1e4), log(600, 1e5), math.random(100)
  end
  if chance(0.1) then args.end_d = between(0.5, 3) end
  return make("ledger.emission", args)
end

local function tranche(name, share)
  if chance(0.3) then
    local first = some(1, 1e4)
    return make("ledger.tranche", {
      name = name, unlock_d = { between(0, 1), between(1, 3) }, unlock_tokens = { first, first + 1 },
      sell_ratio = ratio(),
    })
  end
  return make("ledger.tranche", {
    name = name, share_ratio = share, tge_ratio = between(0, 0.99), cliff_d = some(0.1, 4), vesting_d = some(0.1, 1e3),
    sell_ratio = ratio(),
  })
end

local supply, decimals = {}, {}
local function token(i, name, staked, credited, listed)
  supply[i], decimals[i] = log(1e6, 1e10), math.random(4, 12)
  local buyback = listed and not credited and ratio() or 0
  local points = chance(0.15)
  local by = points and "work" or pick(staked and { "work", "stake", "uptime", "mixture" } or { "work", "uptime" })
  local held = chance(0.5)
  local mixed = by == "mixture"
  return make("ledger.token", {
    name = name, decimals = decimals[i], supply = supply[i], emission = maybe(0.9, emission), buyback_ratio = buyback,
    allocation = chance(0.7) and { tranche("team", 0.2 * math.random()), tranche("fund", 0.2 * math.random()) } or nil,
    network = network_n == 2 and pick { "one", "two" } or nil,
    reward_by = by, work_weight = mixed and 1 or nil, stake_weight = mixed and between(0, 2) or nil,
    uptime_weight = mixed and between(0, 2) or nil,
    points_until_d = points and between(0.2, 3) or 0, hold_ratio = held and between(0, 1) or 0,
    hold_d = held and log(0.1, 10) or 0, forfeit_held = chance(0.5), emission_ends_d = chance(0.1) and between(0.2,
    3) or 0,
  })
end

local function exchange(i, name, tide)
  local tokens, usd = supply[i] * log(1e-4, 0.1), log(100, 1e6)
  local price, kind = usd / tokens, pick { "constant_product", "constant_product", "concentrated", "conditional" }
  local positions, providers = {}, {}
  if kind == "concentrated" then
    for k = 1, math.random(0, 3) do
      local lower, upper = price * log(0.1, 0.9), price * log(1.1, 10)
      positions[k] = make("ledger.position", {
        lower_usd = lower, upper_usd = upper, tokens = tokens * log(0.01, 1), usd = usd * log(0.01, 1),
      })
    end
  end
  if kind ~= "conditional" then
    for k = 1, math.random(0, 3) do
      providers[k] = make("ledger.liquidity", {
        name = "provider " .. k, share_ratio = between(0.01, 0.32), leave_day = chance(0.4) and between(0.1, 3) or 0,
        leave_fall_ratio = chance(0.4) and between(0.01, 0.5) or 0, leave_when_losing = chance(0.3),
        patience_d = between(0, 2),
      })
    end
  end
  return make("ledger.exchange", {
    name = name .. " pool", kind = kind, token = name, tokens = tokens, usd = usd, fee_ratio = some(1e-4, 0.5),
    outside_usd_per_day = some(0.01, 1e5), factor = tide, positions = positions, providers = providers,
    path_d = kind == "conditional" and { 0, 1, 2 } or nil,
    path_usd = kind == "conditional" and { price, price * log(0.1, 10), price * log(0.1, 10) } or nil,
  })
end

local function trader(i, k, name, tide)
  local kind = pick { "momentum", "mean_reversion", "fundamental", "noise", "dump" }
  local dump = kind == "dump"
  return make("ledger.trader", {
    name = name .. " trader " .. k, kind = kind, exchange = name .. " pool", usd = not dump and some(1, 1e6) or nil,
    tokens = some(1e-6, 1e-3) * supply[i], horizon_d = log(0.05, 100), aggressiveness = some(0.1, 1e3),
    discount_per_year = kind == "fundamental" and log(0.01, 10) or nil, day = dump and between(0, 2) or nil,
    fall_ratio = dump and between(0, 0.999) or nil, factor = not dump and tide or nil,
  })
end

local function retail(name, tide)
  return make("ledger.retail", {
    name = name .. " crowd", exchange = name .. " pool", usd_per_day = some(0.1, 1e5), fomo = some(0.1, 1e3),
    rush_max_ratio = log(1, 1e4), horizon_d = log(0.1, 100), budget_usd = some(10, 1e6), hold_d = some(0.1, 1e3),
    stop_loss_ratio = chance(0.5) and ratio() or 0, cohort_d = log(0.2, 30), factor = tide,
  })
end

local function feed(name)
  return make("ledger.feed", {
    name = name .. " feed", exchange = name .. " pool", reporters_n = math.random(31), noise_ratio = some(1e-4, 1),
    lag_s = some(60, 1e5), window_s = some(60, 1e5), heartbeat_s = some(60, 1e5), deviation_ratio = some(1e-4, 1),
    outage_day = between(0, 3), outage_d = chance(0.5) and between(0, 3) or 0,
  })
end

local function credit(i, name)
  local vault = chance(0.5)
  return make("ledger.credit", {
    name = name .. " credit", token = name, kind = vault and "vault" or "burn", credit_ratio = ratio(),
    credit_usd = log(1e-5, 10), credit_decimals = math.random(0, 9), fee_ratio = not vault and ratio() or nil,
    hold_d = some(0.01, 10), spread_ratio = vault and math.random(0, 500) / 10000 or nil,
    vault_tokens = vault and some(1e-6, 1e-2) * supply[i] or nil,
  })
end

local function stake(i, name, listed)
  local window = chance(0.5) and between(0.2, 2) or 0
  return make("ledger.stake", {
    name = name .. " stake", token = name, funding = pick(listed and { "bought", "granted",
    "earned" } or { "granted", "earned" }),
    collateral_tokens = some(1e-9, 1e-2) * supply[i], required = chance(0.5), unbonding_d = some(0.05, 0.9 * days),
    uptime_window_d = window, min_uptime_ratio = ratio(), slash_downtime_ratio = window > 0 and ratio() or 0,
    jail_d = window > 0 and some(0.1, 10) or 0, slash_lost_ratio = chance(0.5) and ratio() or 0, burn_ratio = ratio(),
    delegable_tokens = some(1e-4, 0.05) * supply[i], delegated_ratio = between(0.01, 1), commission_ratio = ratio(),
    respond_d = log(0.1, 100), sell_ratio = ratio(),
  })
end

local flow, networks, providers, workloads = {}, {}, {}, {}
for i, name in ipairs { "one", network_n == 2 and "two" or nil } do
  flow[i] = chance(0.6)
  networks[i] = make("market.gateway", {
    name = name, fidelity = flow[i] and "flow" or "request", take_ratio = ratio(),
    routing = pick { "cheapest", "nearest", "least_loaded", "two_choices" }, load_refresh_s = log(60, 3600),
    cloud = maybe(0.4, function() return make("market.cloud", { price_usd_per_mtok = log(0.1, 100) }) end),
    network_preference = between(-2, 2),
  })
  workloads[#workloads + 1] = flow[i] and make("workload.demand", {
    name = name .. " demand", network = name, work_per_day = some(1e4, 1e9), growth_per_year_ratio = some(0.1, 10),
    elasticity = some(0.1, 3), budget_usd_per_day = some(1, 1e5), noise_ratio = some(0.01, 1),
    diurnal_ratio = some(0.01, 0.9), switch_d = some(0.01, 10), bass_p = some(0.01, 1),
  }) or make("workload.inference", {
    name = name .. " requests", network = name, rate_per_s = some(1e-4, 5e-3), llm = depin.llm.llama2_7b,
    burst = pick { "poisson", "gamma", "empirical" },
  })
end

local function fleet(k, name)
  return make("provider.fleet", {
    name = "fleet " .. k, network = name, count = math.random(0, 12),
    node = make("hardware.class", {
      gpu = "h100", gpu_n = 1, memory_gib = 80, bandwidth_gb_per_s = 3350, fp16_tflops = 989, tdp_w = some(10, 1e3),
      price_usd = log(10, 4e4), mtbf_h = some(10, 1e4), repair_h = some(0.1, 100),
      work_per_s = chance(0.2) and log(1, 1e3) or 0,
    }),
    pricing = make("policy.fixed", { price_usd_per_mtok = log(0.1, 100) }), sell_ratio = ratio(),
    opex_usd_per_d = some(0.01, 100), cost_spread = some(0.01, 1), capex_ratio = ratio(),
    new_owner_ratio = between(0.1, 1), hurdle_ratio = some(0.01, 1), decide_every_d = log(0.1, 5),
    belief = pick { "naive", "adaptive", "autoregressive" }, belief_weight_ratio = ratio(), prior_usd_per_d = some(1,
    1e3),
    entry = maybe(0.5, function()
      return make("provider.entry", {
        candidates_per_month_n = some(1, 300), supply_per_month_n = some(1, 300), lead_time_d = some(0.1, 3),
        horizon_d = log(1, 1e3), spare_ratio = ratio(),
      })
    end),
    exit = maybe(0.5, function()
      return make("provider.exit", {
        patience_d = log(0.1, 3), restart_cost_usd = some(1, 100), resale_ratio = ratio(), sell_ratio = ratio(),
        rental_elsewhere_usd_per_h = some(0.01, 5), life_d = chance(0.2) and between(0.5, 3) or 0,
      })
    end),
  })
end
for k = 1, math.random(2) do providers[k] = fleet(k, k == 2 and network_n == 2 and "two" or "one") end

local parts = { tokens = {}, exchanges = {}, traders = {}, retail = {}, feeds = {}, credits = {}, stakes = {} }
local function add(section, value) table.insert(parts[section], value) end
local tide = maybe(0.5, function()
  return make("ledger.factor", {
    name = "tide", kind = pick { "gbm", "jump" }, drift_per_year = between(-2, 2), volatility_per_year = some(0.1, 5),
  })
end)
for i = 1, chance(0.35) and 2 or 1 do
  local name = i == 1 and "A" or "B"
  local staked, credited, listed = chance(0.3), chance(0.35), chance(0.9)
  add("tokens", token(i, name, staked, credited, listed))
  if staked then add("stakes", stake(i, name, listed)) end
  if listed then
    local swept = tide and chance(0.5) and "tide" or nil
    add("exchanges", exchange(i, name, swept))
    for k = 1, math.random(0, 3) do add("traders", trader(i, k, name, swept)) end
    if chance(0.4) then add("retail", retail(name, swept)) end
    if chance(0.4) then add("feeds", feed(name)) end
    if credited then add("credits", credit(i, name)) end
  end
end

local events = {}
for k = 1, math.random(0, 2) do
  events[k] = make("place.shock", {
    day = between(0, 3), for_days = some(0.1, 3), demand_multiplier = some(0.1, 10),
    electricity_multiplier = some(0.1, 10),
  })
end

return depin.scenario {
  start = "2024-01-05", duration_d = days, settle_every_s = math.floor(log(1800, 43200)), seed = 1,
  place = make("place", { regions = regions }), networks = networks, providers = providers, workloads = workloads,
  factors = tide and { tide } or nil, events = #events > 0 and events or nil,
  tokens = parts.tokens, exchanges = parts.exchanges, traders = parts.traders, retail = parts.retail,
  feeds = parts.feeds, credits = parts.credits, stakes = parts.stakes,
}
