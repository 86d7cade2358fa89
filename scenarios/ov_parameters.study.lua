-- Question: which of thirteen parameters of a published daily model decide how many nodes it has after three years?
--
-- depinsim sweep runs 209,952 points (three levels of eight parameters, two of five) three times each, 1,096 days each:
-- README.md, "Studies", says with what it compares. depinsim sensitivity --method sobol asks the same with fewer runs.
local depin = require "depin"

return depin.study {
  scenario = "ov_parameters.lua",
  vary = {
    initial_demand_per_day = { 5e9, 1e10, 2e10 },
    demand_growth_pct = { 0, 0.1, 0.2 },
    unit_price_usd = { 1e-6, 1.25e-6, 1.5e-6 },
    apr_threshold_pct = { 5, 10, 20 },
    incentive_vesting_d = { 365, 730, 1460 },
    seller_vesting_d = { 730, 1095, 1460 },
    node_stake_token_n = { 5000, 10000, 20000 },
    node_growth_cap_pct = { 5, 10, 20 },
    node_setup_cost_usd = { 1000, 2000 },
    initial_valuation_usd = { 25e6, 50e6 },
    foundation_burn_usd = { 125e3, 250e3 },
    initial_node_n = { 25000, 50000 },
    apr_controller_kp = { 1, 2 },
  },
  replicates = 3,
  kpis = { "reference.node_n", "reference.node_mean_n", "reference.revenue_cost_ratio", "reference.token_price_usd",
    "reference.cash_usd" },
  series = { "reference.ov_daily.node_amount", "reference.ov_daily.dex_token_price" },
  band_n = 25,
}
