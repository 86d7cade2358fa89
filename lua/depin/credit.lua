--- Burn and mint: credits of a fixed price in USD that customers pay by burning a token.
-- credits = { depin.credit.helium { token = "HNT" } }. A part (credit_ratio) of the network's take buys the token on
-- its exchange; a network that pays its hosts in tokens alone has take_ratio = 1.
local core = require "depin.core"
local preset = require "depin.preset"

local credit = {
  custom = core["ledger.credit"], -- kind = "burn" or "vault"
}

local function credit_of(defaults, about) return preset("ledger.credit", defaults, about) end

--- Data credits: HNT is burned; 1 DC = 1e-5 USD (helium/docs data-credit.mdx).
credit.helium = credit_of({ name = "DC", kind = "burn", credit_usd = 1e-5, credit_decimals = 0 },
  { name = "depin.credit.helium", source = "helium/docs data-credit.mdx" })
--- Jobs priced in fiat: 95 % of the tokens are burned, 5 % are a fee (RNP-001, RNP-006).
credit.render = credit_of({ name = "render credit", kind = "burn", fee_ratio = 0.05 },
  { name = "depin.credit.render", date = "2023-11", source = "RNP-001, RNP-006" })
--- ACT (AEP-76): AKT backs 1-USD credits with 25 basis points of spread; settled work is paid in AKT, from the vault
-- first.
credit.akash_act = credit_of({ name = "ACT", kind = "vault", spread_ratio = 0.0025, hold_d = 7 },
  { name = "depin.credit.akash_act", date = "2026-03-23", source = "AEP-76, in force from that day" })

return credit
