-- Question: is it customers or token incentives that keep the nodes of a published DePIN model, and how many stay?
--
-- The daily model of Outlier Ventures, rebuilt (sim/reference/README.md): 50,000 nodes on the first day, incentives
-- that vest evenly, a controller that lets nodes join and leave with their APR. A year; runs in a few hundredths of a
-- second on one core.
--
-- Answer at the published parameters: customers. Incentives are sold into a pool that they drain: after a year they
-- bring 5 % of the nodes' costs, customers 123 %, and of 50,000 nodes the 11,215 stay that this revenue can pay. Five
-- times the demand keeps nearly all of them (subset 2: 49,460); slower vesting and a higher APR asked for keep fewer
-- (subset 1: 9,122). The model has no chance in it, so that there is no interval.
--
-- How to read it: series reference.ov_daily has all 28 published variables under their published names, one row a day,
-- to be laid beside the original's output column by column. reference.revenue_cost_ratio above 1: customers alone pay.
-- Ask again with --set subset=1, demand_factor=3, years=5.
--
-- Source of all numbers: OutlierVentures/DePINSimulator, commit 7b08256 (MIT), its three parameter sets.
local depin = require "depin"

local p = depin.parameters {
  subset = { 0, min = 0, max = 2, doc = "which of the three published parameter sets: 0, 1 or 2" },
  demand_factor = { 1, min = 0, max = 1000, doc = "first demand over the published one" },
  years = { 1, min = 0.003, max = 100, doc = "how long it runs, in years of 365 days" },
}

local subsets = {
  [0] = { apr_threshold_pct = 10, initial_demand_per_day = 1e10, incentive_vesting_d = 730 },
  [1] = { apr_threshold_pct = 20, initial_demand_per_day = 1e10, incentive_vesting_d = 1460 },
  [2] = { apr_threshold_pct = 10, initial_demand_per_day = 5e10, incentive_vesting_d = 1460 },
}
local set = subsets[p.subset] or error("subset must be 0, 1 or 2, got " .. p.subset)

return depin.scenario {
  start = "2024-01-01", duration_d = 365 * p.years, settle_every_s = 86400, seed = 1,

  references = {
    depin.reference.ov_daily {
      apr_threshold_pct = set.apr_threshold_pct,
      initial_demand_per_day = set.initial_demand_per_day * p.demand_factor,
      incentive_vesting_d = set.incentive_vesting_d,
    },
  },

  expect = {
    ["reference.node_n"] = depin.equals(11215),
    ["reference.revenue_cost_ratio"] = depin.at_least(1),
    ["reference.incentive_cost_ratio"] = depin.at_most(0.1),
  },

  check = { years = 0.1 },
}
