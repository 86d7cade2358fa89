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
local settle_s = math.floor(log(1800, 43200))
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
  local held = math.random(0, 2) -- not, over a time, or by age
  local mixed = by == "mixture"
  return make("ledger.token", {
    name = name, decimals = decimals[i], supply = supply[i], emission = maybe(0.9, emission), buyback_ratio = buyback,
    allocation = chance(0.7) and { tranche("team", 0.2 * math.random()), tranche("fund", 0.2 * math.random()) } or nil,
    network = network_n == 2 and pick { "one", "two" } or nil,
    reward_by = by, work_weight = mixed and 1 or nil, stake_weight = mixed and between(0, 2) or nil,
    uptime_weight = mixed and between(0, 2) or nil,
    points_until_d = points and between(0.2, 3) or 0, hold_ratio = held == 1 and between(0, 1) or 0,
    hold_d = held == 1 and log(0.1, 10) or 0, hold_age_d = held == 2 and { 0, between(0.1, 1), 2 } or nil,
    hold_age_ratio = held == 2 and { ratio(), ratio(), ratio() } or nil,
    hold_return_d = held == 2 and between(0.1, 4) or nil, hold_return_ratio = held == 2 and ratio() or nil,
    forfeit_held = chance(0.5), emission_ends_d = chance(0.1) and between(0.2,
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

local flow, networks, providers, workloads, auctions = {}, {}, {}, {}, {}

--- Leases of hosts in place of work that is asked for.
local function auction(name, take)
  local most = log(0.01, 10)
  return make("market.auction", {
    name = name .. " leases", network = name, orders_per_day = some(0.1, 30),
    duration = pick { "exponential", "fixed" }, duration_d = log(0.01, 5),
    max_usd_per_h = most, max_spread_ratio = ratio(), patience_s = log(600, 1e6),
    round_s = log(600, 2e4), bids_max_n = math.random(30), cost_spread_ratio = some(0.01, 2),
    bidding = pick { "cost_plus", "equilibrium" }, markup_ratio = some(0.01, 1),
    payment = pick { "own_bid", "next_bid" }, min_reputation_ratio = ratio(), take_ratio = take,
    all_through_protocol_d = chance(0.3) and between(0.1, 3) or 0,
  })
end

for i, name in ipairs { "one", network_n == 2 and "two" or nil } do
  flow[i] = chance(0.6)
  local leased, take = flow[i] and chance(0.3), ratio()
  networks[i] = make("market.gateway", {
    name = name, fidelity = flow[i] and "flow" or "request", take_ratio = take,
    rebate_ratio = chance(0.4) and take * ratio() or 0, self_dealing_ratio = flow[i] and not leased and ratio() or 0,
    host_grant_usd_per_day = some(0.01, 1e5), host_grant_until_d = some(0.1, 3),
    routing = pick { "cheapest", "nearest", "least_loaded", "two_choices" }, load_refresh_s = log(60, 3600),
    cloud = maybe(0.4, function() return make("market.cloud", { price_usd_per_mtok = log(0.1, 100) }) end),
    network_preference = between(-2, 2),
  })
  if leased then auctions[#auctions + 1] = auction(name, take) end
  workloads[#workloads + 1] = not leased and (flow[i] and make("workload.demand", {
    name = name .. " demand", network = name, work_per_day = some(1e4, 1e9), growth_per_year_ratio = some(0.1, 10),
    elasticity = some(0.1, 3), budget_usd_per_day = some(1, 1e5), noise_ratio = some(0.01, 1),
    diurnal_ratio = some(0.01, 0.9), switch_d = some(0.01, 10), bass_p = some(0.01, 1),
    granted_usd_per_day = some(0.01, 1e5), granted_until_d = some(0.1, 3),
  }) or make("workload.inference", {
    name = name .. " requests", network = name, rate_per_s = some(1e-4, 5e-3), llm = depin.llm.llama2_7b,
    burst = pick { "poisson", "gamma", "empirical" },
  })) or nil
end

local function pricing()
  local price, lua = log(0.1, 100), chance(0.3) and "_lua" or ""
  if chance(0.5) then return depin.policy["fixed" .. lua] { price_usd_per_mtok = price } end
  return depin.policy["undercut" .. lua] {
    price_usd_per_mtok = price, floor_usd_per_mtok = price * between(0.1, 1), step_ratio = between(0.01, 0.5),
    raise_above_ratio = between(0.1, 1),
  }
end

local function fleet(k, name)
  return make("provider.fleet", {
    name = "fleet " .. k, network = name, count = math.random(0, 12),
    node = make("hardware.class", {
      gpu = "h100", gpu_n = 1, memory_gib = 80, bandwidth_gb_per_s = 3350, fp16_tflops = 989, tdp_w = some(10, 1e3),
      price_usd = log(10, 4e4), mtbf_h = some(10, 1e4), repair_h = some(0.1, 100),
      work_per_s = chance(0.2) and log(1, 1e3) or 0,
    }),
    pricing = pricing(), sells = pick { "share", "costs" }, reprice_every_s = log(600, 1e5), sell_ratio = ratio(),
    opex_usd_per_d = some(0.01, 100), cost_spread = some(0.01, 1), belief_spread = some(0.01, 1), capex_ratio = ratio(),
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

local parts = {
  tokens = {}, exchanges = {}, traders = {}, retail = {}, feeds = {}, credits = {}, stakes = {}, wireless = {},
  chains = {}, payouts = {},
}
local function add(section, value) table.insert(parts[section], value) end

--- Two chains; some networks pay their hosts on one, and may move to the other.
local function settle()
  local kinds = { "ethereum", "solana", "l2", "polygon", "cosmos", "filecoin" }
  add("chains", depin.chain.ethereum {
    name = "first", base_fee = log(1e6, 1e11), coin_usd = log(1e-3, 1e3), load_ratio = some(0.1, 3),
    expiry_s = log(600, 1e5),
  })
  local kind = pick(kinds)
  add("chains", depin.chain[kind] {
    name = "second", l1 = kind == "l2" and "first" or nil, coin_usd = log(1e-4, 100), load_ratio = some(0.1, 3),
    loss_ratio = kind == "solana" and ratio() * 0.9 or nil, probe_n = chance(0.2) and 3 or 0,
  })
  for i in ipairs(networks) do
    if i == 1 or chance(0.5) then
      local mode = pick { "push", "multisend", "merkle" }
      local moves, here = chance(0.4), pick { "first", "second" }
      add("payouts", make("ledger.payout", {
        name = "payout " .. i, network = i == 1 and "one" or "two", chain = here, mode = mode,
        payer = mode ~= "multisend" and pick { "treasury", "host" } or "treasury", per_tx_n = math.random(20),
        every_n = math.random(6), fee_ratio_most = some(1e-3, 10), wait_most_d = log(0.1, 10),
        least_usd = some(1e-3, 1), claim_fee_ratio = between(0.01, 1), tip_ratio = some(0.1, 3),
        move_d = moves and between(0.1, 3) or nil,
        move_to = moves and (here == "first" and "second" or "first") or nil,
        move_usd = moves and some(0.01, 100) or nil,
        move_fee_ratio = moves and some(0.01, 1) or nil, move_after_d = moves and log(0.1, 2) or nil,
      }))
    end
  end
end
if chance(0.4) then settle() end

--- A token of its own that hotspots are paid with.
local function hotspots(tide)
  local path = chance(0.3)
  supply[3] = log(1e6, 1e9)
  add("tokens", make("ledger.token", {
    name = "C", decimals = math.random(4, 9), supply = supply[3], emission = emission(), rewards = "coverage",
    emission_ends_d = chance(0.2) and between(0.2, 3) or 0,
  }))
  if chance(0.8) then add("exchanges", exchange(3, "C", tide)) end
  add("wireless", make("wireless.coverage", {
    name = "hotspots", token = "C", mode = path and "conditional" or "endogenous", hexes_n = math.random(7),
    count = not path and math.random(0, 200) or nil, clustering = some(0.1, 3),
    density = pick { "none", "2020", "2023" }, hears_ratio = ratio(), witness_max = math.random(30),
    sell_ratio = ratio(), power_w = { 5, 12 },
    electricity_usd_per_kwh = { 0.1, some(0.01, 1) }, hotspot_usd = some(1, 1e3), lead_time_d = some(0.1, 2),
    fleet_d = path and { 0, 1, 2 } or nil, decide_every_d = 2.5 * settle_s / 86400 + some(0.01, 1),
    fleet_n = path and { math.random(0, 100), math.random(0, 300), math.random(0, 100) } or nil,
    candidates_per_month_n = not path and some(1, 3e3) or nil, supply_per_month_n = not path and some(1, 3e3) or nil,
    patience_d = log(0.1, 3), attention_ratio = ratio(), resale_ratio = ratio(), judge_d = between(0.5, 3),
    prior_usd_per_d = some(0.01, 10),
    share_d = { 0, 1 }, share_ratio = { ratio(), ratio() },
  }))
end
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

if chance(0.25) then hotspots(tide and chance(0.5) and "tide" or nil) end

local events = {}
for k = 1, math.random(0, 2) do
  events[k] = make("place.shock", {
    day = between(0, 3), for_days = some(0.1, 3), demand_multiplier = some(0.1, 10),
    electricity_multiplier = some(0.1, 10),
  })
end

return depin.scenario {
  start = "2024-01-05", duration_d = days, settle_every_s = settle_s, seed = 1,
  place = make("place", { regions = regions }), networks = networks, providers = providers, workloads = workloads,
  factors = tide and { tide } or nil, events = #events > 0 and events or nil,
  tokens = parts.tokens, exchanges = parts.exchanges, traders = parts.traders, retail = parts.retail,
  feeds = parts.feeds, credits = parts.credits, stakes = parts.stakes,
  chains = parts.chains, payouts = parts.payouts, auctions = auctions, wireless = parts.wireless,
}
