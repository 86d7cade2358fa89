-- Question: which parameters of a published daily DePIN model decide how many nodes it has after three years?
--
-- The daily model of Outlier Ventures, rebuilt (sim/reference/README.md), with thirteen of its parameters declared,
-- so that a study can move them: scenarios/ov_parameters.study.lua. 1,096 days; runs in a few milliseconds on one core.
--
-- Answer at the published parameters: 22,102 nodes stay of 50,000, paid by customers alone; all incentives have vested
-- and the pool that they were sold into is nearly empty. The study says what moves that number.
--
-- How to read it: reference.node_n are the nodes at the end, node_mean_n over the days; revenue_cost_ratio is what
-- customers pay the nodes for each USD of their costs. Ask again with --set demand_growth_pct=0, unit_price_usd=1e-6.
--
-- Source of all numbers: OutlierVentures/DePINSimulator, commit 7b08256 (MIT), parameter subset 0; bounds are ours.
local depin = require "depin"

local p = depin.parameters {
  days = { 1096, min = 1, max = 36500, doc = "how long it runs" },
  initial_demand_per_day = { 1e10, min = 1e6, max = 1e14, doc = "units that customers ask for at first" },
  demand_growth_pct = { 0.1, min = -10, max = 10, doc = "% by which that grows a day" },
  unit_price_usd = { 0.00000125, min = 1e-8, max = 1e-3, doc = "of one unit" },
  apr_threshold_pct = { 10, min = 0.1, max = 1000, doc = "% a year that nodes ask for" },
  incentive_vesting_d = { 730, min = 30, max = 10000, doc = "days in which incentives vest" },
  seller_vesting_d = { 1095, min = 30, max = 10000, doc = "days in which early holders' tokens vest" },
  node_stake_token_n = { 10000, min = 1, max = 60000, doc = "whole tokens that a node stakes" },
  node_growth_cap_pct = { 10, min = 0.1, max = 100, doc = "% of the nodes a day that join or leave at most" },
  node_setup_cost_usd = { 1000, min = 10, max = 1e5, doc = "of one node" },
  initial_valuation_usd = { 5e7, min = 1e5, max = 1e10, doc = "of the whole supply" },
  foundation_burn_usd = { 25e4, min = 0, max = 1e7, doc = "that the foundation spends" },
  initial_node_n = { 50000, min = 100, max = 50000, doc = "nodes on the first day" },
  apr_controller_kp = { 2, min = 0.01, max = 100, doc = "nodes per squared % of the gap to the APR asked for" },
}

return depin.scenario {
  start = "2024-01-01", duration_d = p.days, settle_every_s = 86400, seed = 1,

  references = {
    depin.reference.ov_daily {
      initial_demand_per_day = p.initial_demand_per_day, demand_growth_pct = p.demand_growth_pct,
      unit_price_usd = p.unit_price_usd, apr_threshold_pct = p.apr_threshold_pct,
      incentive_vesting_d = p.incentive_vesting_d, seller_vesting_d = p.seller_vesting_d,
      node_stake_token_n = p.node_stake_token_n, node_growth_cap_pct = p.node_growth_cap_pct,
      node_setup_cost_usd = p.node_setup_cost_usd, initial_valuation_usd = p.initial_valuation_usd,
      foundation_burn_usd = p.foundation_burn_usd, initial_node_n = p.initial_node_n,
      apr_controller_kp = p.apr_controller_kp,
    },
  },

  expect = {
    ["reference.node_n"] = depin.equals(22102),
    ["reference.revenue_cost_ratio"] = depin.at_least(1),
  },

  check = { days = 40 },
}
