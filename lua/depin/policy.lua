--- Policies: how an entity decides. Built in, their twins in Lua, and your own.
--
-- depin.policy.custom {
--   state  = { ema = 0.0 },                     -- numbers that are kept for each entity; nothing else is remembered
--   decide = function(obs, state) … return price end,
-- }
-- A pricing policy sees obs.price_usd_per_mtok (0 at its first decision), obs.lowest_usd_per_mtok (of the others in the
-- cell; 0: none), obs.utilisation_ratio, obs.electricity_usd_per_h, obs.local_hour and obs.day; it returns the price.
-- math.random draws from the entity's own luck.
local core = require "depin.core"

local policy = {
  fixed = core["policy.fixed"], -- a price that never changes
  undercut = core["policy.undercut"], -- below the lowest competitor; up when busy
  custom = core.policy,
}

--- The twin of policy.fixed: the same parameters, the same bits.
function policy.fixed_lua(options)
  local price = core["policy.fixed"](options).price_usd_per_mtok
  return core.policy {
    name = "fixed_lua",
    decide = function() return price end,
  }
end

--- The twin of policy.undercut: the same parameters, and the same operations in the same order.
function policy.undercut_lua(options)
  local c = core["policy.undercut"](options)
  local first, floor, step = c.price_usd_per_mtok, c.floor_usd_per_mtok, c.step_ratio
  local raise_above = c.raise_above_ratio
  return core.policy {
    name = "undercut_lua",
    decide = function(obs)
      local price, lowest = obs.price_usd_per_mtok, obs.lowest_usd_per_mtok
      local next_price = price
      if price <= 0 then
        next_price = first
      elseif obs.utilisation_ratio > raise_above then
        next_price = price * (1 + step)
      elseif lowest > 0 then
        next_price = lowest * (1 - step)
      end
      if next_price > 1e6 then next_price = 1e6 end -- the highest price that may be posted
      return next_price < floor and floor or next_price
    end,
  }
end

return policy
