--- Settlement chains, and how hosts are paid on them: chains = { depin.chain.ethereum { name = "ethereum" } }.
-- Every preset takes the parameters of `depinsim params ledger.chain`. Gas prices and coin prices are dated inputs:
-- those here are of mid-April 2024; depin.chain.march_2023 has those of RNP-002, with which Render left Polygon.
local core = require "depin.core"
local preset = require "depin.preset"

local chain = {
  custom = core["ledger.chain"], -- kind = "ethereum" …: what the others make
  payout = core["ledger.payout"], -- payouts = { depin.chain.payout { network = , chain = , every_n = 24 } }
  sector = core["ledger.sector"], -- projects that choose a chain
}

-- What a chain's rules are is not dated; what moves is of mid-April 2024.
local april_2024 = { date = "2024-04-15", source = "mid-April 2024, from memory, verify" }
local moves = { base_fee = april_2024, tip = april_2024, coin_usd = april_2024, load_ratio = april_2024,
                hot_load_ratio = april_2024, loss_ratio = april_2024 }

local function chain_of(name, rules, defaults)
  return preset("ledger.chain", defaults, {
    name = "depin.chain." .. name, date = rules.date, source = rules.source, fields = moves,
  })
end

-- 12 s, 30 million gas, EIP-1559, blobs. 20 gwei: "April 2024 mean 10 to 25 gwei"; ETH 3,150 USD (both from memory).
chain.ethereum = chain_of("ethereum", {}, { kind = "ethereum" }) -- the defaults of ledger.chain, with their sources

-- Slots of 0.4 s, 48 million compute units, 12 million of them for one account; 5,000 lamports a signature. A transfer
-- of an SPL token takes about 6,000 units. A price of 10,000 micro-lamports a unit is negligible beside that.
chain.solana = chain_of("solana", { source = "solana.com/docs/core/fees; SIMDs on limits" }, {
  kind = "solana", block_s = 0.4, gas_limit = 48e6, account_limit = 12e6, base_fee = 5000, tip = 10000,
  coin_decimals = 9, coin_usd = 145, load_ratio = 0.6, hot_load_ratio = 0.8, loss_ratio = 0.05, retry_s = 2,
  payout_gas = 6000, batch_gas = 2000, batch_each_gas = 5000, root_gas = 10000, claim_gas = 60000, blob_target_n = 0,
})

-- A rollup as Base after Dencun: 2 s, execution at 0.005 gwei, its data in blobs of an Ethereum (l1 = "ethereum").
chain.l2 = chain_of("l2", { date = "2024-03-13", source = "EIP-4844; Base (memory)" }, {
  kind = "l2", block_s = 2, gas_limit = 60e6, base_fee = 5e6, base_fee_least = 1, tip = 1e6, coin_decimals = 18,
  coin_usd = 3150, load_ratio = 1, blob_target_n = 0,
})

-- Polygon's proof of stake chain: Ethereum's rule, 2.1 s, fees in MATIC.
chain.polygon = chain_of("polygon", { source = "Polygon PoS (memory)" }, {
  kind = "sidechain", block_s = 2.1, gas_limit = 30e6, base_fee = 50e9, tip = 30e9, coin_usd = 0.7, blob_target_n = 0,
})

-- A Cosmos chain as Akash: blocks of 6.1 s, 0.025 uakt a gas at least, AKT 4.5 USD.
chain.cosmos = chain_of("cosmos", { source = "Akash (memory)" }, {
  kind = "cosmos", block_s = 6.1, gas_limit = 60e6, base_fee = 0.025, tip = 0, coin_decimals = 6, coin_usd = 4.5,
  load_ratio = 0.1, payout_gas = 100000, batch_gas = 60000, batch_each_gas = 30000, root_gas = 120000,
  claim_gas = 200000, blob_target_n = 0,
})

-- Filecoin: tipsets of five blocks of 10e9 gas every 30 s; FIL 6.5 USD.
chain.filecoin = chain_of("filecoin", { source = "Filecoin (memory)" }, {
  kind = "filecoin", block_s = 30, gas_limit = 50e9, base_fee = 100e6, base_fee_least = 100, tip = 150000,
  coin_decimals = 18, coin_usd = 6.5, payout_gas = 2500000, batch_gas = 3000000, batch_each_gas = 1800000,
  root_gas = 20000000, claim_gas = 25000000, blob_target_n = 0,
})

-- The inputs of March 2023 behind RNP-002's cost of a job of 200 frames, a transaction each. ETH and SOL from memory;
-- the gas price of Polygon is what its 5 USD imply for a token transfer at MATIC 1.10 USD.
local function of_march_2023(name, make, inputs)
  return function(options)
    local args = { dated = "2023-03" }
    for key, value in pairs(inputs) do args[key] = value end
    for key, value in pairs(options or {}) do args[key] = value end
    for _, key in ipairs { "base_fee", "coin_usd", "payout_gas", "tip" } do
      if inputs[key] and (options or {})[key] == nil then
        core.fact("preset", ("depin.chain.march_2023.%s.%s"):format(name, key), inputs[key], "2023-03",
          "RNP-002; coin prices from memory, verify")
      end
    end
    return make(args)
  end
end

chain.march_2023 = core.namespace("depin.chain.march_2023", {
  ethereum = of_march_2023("ethereum", chain.ethereum,
    { base_fee = 20e9, tip = 0, coin_usd = 1667, payout_gas = 21000, blob_target_n = 0 }),
  polygon = of_march_2023("polygon", chain.polygon, { base_fee = 350e9, tip = 0, coin_usd = 1.1, payout_gas = 65000 }),
  solana = of_march_2023("solana", chain.solana, { tip = 0, coin_usd = 20 }),
})

return chain
