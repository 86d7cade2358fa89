--- Stake: collateral of hosts, delegation, unbonding, slashing: stakes = { depin.stake.cosmos { token = "AKT", … } }.
-- A token whose hosts are rewarded by it has reward_by = "stake" (or a mixture).
local core = require "depin.core"
local preset = require "depin.preset"

local stake = {
  custom = core["ledger.stake"], -- everything as given
}

local function stake_of(defaults, about) return preset("ledger.stake", defaults, about) end

--- Holders delegate, hosts bond nothing: 21 days to unbond, 5 % commission at least (cosmos-sdk x/staking).
stake.cosmos = stake_of({ funding = "granted", unbonding_d = 21, commission_ratio = 0.05 },
  { name = "depin.stake.cosmos", source = "cosmos-sdk x/staking" })
--- Livepeer: 7 rounds of 5,760 blocks of 12 s to unbond (migrations.config.ts); orchestrators set their cut.
stake.livepeer = stake_of({ funding = "granted", unbonding_d = 5.6, commission_ratio = 0.1 },
  { name = "depin.stake.livepeer", source = "livepeer/protocol migrations.config.ts" })
--- Aethir: 10,000 ATH an H100, less for down time (docs.aethir.com; CMC 2025, low confidence), bought by owners.
stake.aethir = stake_of({
  funding = "bought", collateral_per_gpu_tokens = 10e3, required = true, uptime_window_d = 1, min_uptime_ratio = 0.5,
  slash_downtime_ratio = 0.01,
}, { name = "depin.stake.aethir", date = "2025", source = "docs.aethir.com; CMC 2025, low confidence" })

return stake
