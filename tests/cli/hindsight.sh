#!/bin/sh
# `as_of`: what is dated later is listed by lint, heads the figures and is in the result.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
cd "$TAP_TMP" || exit 99

# As exits; what was printed stays in the file got.
keeps() {
  exits "$@"
  cp "$TAP_TMP/out" got
}

printf 'date,price_usd\n2024-01-01,1\n2024-02-01,2\n2024-03-01,3\n' >path.csv
scenario_of() { # as_of
  cat <<END2
local depin = require "depin"
return depin.scenario {
  start = "2024-01-01", as_of = "$1", duration_d = 3, settle_every_s = 86400,
  place = depin.place.azure { regions = { "East US" } },
  tokens = depin.token { name = "A", supply = 1e6 },
  exchanges = depin.exchange.conditional { token = "A", tokens = 1e5, usd = 1e4, path_csv = "path.csv" },
  networks = depin.network.posted { name = "n" },
}
END2
}
scenario_of 2024-01-31 >early.lua
keeps "lint lists what is later" 0 "$DEPINSIM" lint early.lua
ok "a parameter whose source is later, with its value" \
  grep -q 'parameter: market.gateway.prompt_price_ratio = 0.333333: 2026: ' got
ok "a value of a preset that is later" \
  grep -q 'preset: depin.place.azure.rtt_ms = [0-9]* values: 2026: \|electricity_usd_per_kwh = ' got
ok "rows of data that are later" grep -q 'data: ledger.exchange.path_csv = .*: 2024-03-01: 2 rows are later' got
ok "what has no date is said to be undated" \
  grep -q 'preset: depin.place.azure.East US.electricity_usd_per_kwh = 0.165: undated: from memory' got
keeps "a run of it" 0 "$DEPINSIM" run early.lua -o early.h5
ok "is headed by it" grep -q '^hindsight: [0-9]* inputs are dated later than as_of = 2024-01-31, [0-9]* are undated' got
keeps "its figures are too" 0 "$DEPINSIM" kpi early.h5
ok "from the result alone" grep -q '^hindsight:' got
keeps "the report is written" 0 "$DEPINSIM" report early.h5 -o early.html
ok "it heads them with hindsight" grep -q '<b>Hindsight: dated later.*prompt_price_ratio = 0.333333: 2026: ' early.html
ok "and lists the undated" grep -q '<b>Undated: .*electricity_usd_per_kwh = 0.165: undated' early.html

# dates of presets, rules, and of the scenario's own values
cat >dated.lua <<'END2'
local depin = require "depin"
local p = depin.parameters {
  fee = { 0.04, doc = "a fee", date = "2025-03", source = "somewhere" },
  old = { 1, doc = "known", date = "2019" },
  tip = { 2, doc = "no date", source = "hearsay" },
}
return depin.scenario {
  start = "2020-01-01", as_of = "2020-01-01", duration_d = 3,
  place = depin.place.single { name = "world" },
  tokens = depin.token { name = "HNT", supply = depin.dated { "supply", 1e9, date = "2021-05-06", source = "a page" },
    emission = depin.wireless.hip20_emission { start = "2020-01-01", days = 3 } },
  networks = depin.network.posted { name = "n", take_ratio = p.fee },
  providers = depin.provider { network = "n", count = 1, node = depin.hardware.rtx4090 {} },
}
END2
keeps "dates of everything that has one" 0 "$DEPINSIM" lint dated.lua
ok "a rule by its proposal" grep -q 'rule: depin.wireless.hip20_emission = .*: 2020-11-04: HIP-20' got
ok "a figure of a machine by its launch" grep -q 'preset: depin.hardware.rtx4090.tdp_w = 450: 2022-10: ' got
ok "its price is undated" grep -q 'preset: depin.hardware.rtx4090.price_usd = 1700: undated: ' got
ok "a parameter of the scenario" grep -q 'input: fee = 0.04: 2025-03: somewhere' got
ok "a value of depin.dated" grep -q 'input: supply = 1000000000: 2021-05-06: a page' got
ok "a parameter without a date" grep -q 'input: tip = 2: undated: hearsay' got
ok "what was known is not listed" bash -c '! grep -q "input: old" got'
keeps "a value of --set is its user's" 0 "$DEPINSIM" lint dated.lua -s fee=0.05
ok "and no hindsight" bash -c '! grep -q "input: fee" got'

scenario_of 2030-01-01 >late.lua
keeps "nothing is later than 2030" 0 "$DEPINSIM" lint late.lua
ok "and lint says so" grep -q '^hindsight: 0 ' got
scenario_of yesterday >wrong.lua
keeps "as_of is a date" 2 "$DEPINSIM" lint wrong.lua

# the scenarios that claim dates
hotspot=$srcdir/scenarios/helium_hotspot.lua
keeps "a hotspot is bought on as_of" 0 "$DEPINSIM" lint "$hotspot" -s purchase=2021-06-01
ok "its date is that of the purchase" grep -q '^hindsight: [0-9]* inputs are dated later than as_of = 2021-06-01' got
ok "HIP-83 is later" grep -q 'wireless.coverage.witness_max = 14: 2023-05-05: HIP-83' got
ok "HIP-17 is not" bash -c '! grep -q ": HIP-17" got'
keeps "bought in 2020" 0 "$DEPINSIM" lint "$hotspot"
for rule in HIP-15 HIP-17 HIP-20 HIP-52; do ok "$rule is later" grep -q ": 202[0-9-]*: $rule" got; done
keeps "given paths" 0 "$DEPINSIM" lint "$hotspot" -s mode=conditional
ok "each point of them is later" grep -q 'input: fleet on 2022-01-01 = 450000: 2022-01-01: ByteTree' got
keeps "burn-mint" 0 "$DEPINSIM" lint "$srcdir/scenarios/akash_market.lua"
ok "is later than the auction's start" grep -q 'input: burn_mint_d = 173: 2026-03-23: AEP-76' got

sed 's/^  networks = .*/&\n  stakes = depin.stake.aethir { token = "A", unbonding_d = 1 },/' early.lua >stake.lua
keeps "a preset that says yes or no" 0 "$DEPINSIM" lint stake.lua
ok "is cited too" grep -q 'preset: depin.stake.aethir.required = true: 2025: docs.aethir.com' got

# ---- a price that is given and not made ----
sed -e 's/^return depin.scenario {/local p = depin.parameters { fee = { 0.003, min = 0, max = 1, doc = "of the pool" } }\n&/' \
  -e 's/token = "A", tokens/token = "A", fee_ratio = p.fee, tokens/' early.lua >given.lua
cat >given.study.lua <<'END2'
local depin = require "depin"
return depin.study { scenario = "given.lua", vary = { fee = { 0.001, 0.01 } }, kpis = { "token.price_usd" } }
END2
keeps "a sweep of it" 0 "$DEPINSIM" sweep given.study.lua -o given.h5
ok "says what is given" grep -q '^conditional: given by the scenario and not made by the runs: ledger.exchange: price' got
keeps "as JSON" 0 "$DEPINSIM" sweep given.study.lua -o given.h5 --format json
ok "too" grep -q '"conditional": "ledger.exchange: price"' got
keeps "its tornado" 0 "$DEPINSIM" sensitivity given.study.lua -o tornado.h5
cp "$TAP_TMP/err" said
ok "says it beside the table" grep -q '^depinsim: conditional: given by the scenario' said
keeps "the sweep's report" 0 "$DEPINSIM" report given.h5 -o given.html
ok "says it above its figures" grep -q 'Conditional:</b> given by the scenario and not made by the run: ledger.exchange: price' given.html

done_testing
