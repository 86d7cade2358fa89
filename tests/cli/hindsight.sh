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
ok "a parameter whose source is later" grep -q 'parameter: market.gateway.prompt_price_ratio: .*2026' got
ok "a preset whose comment is later" grep -q 'preset: depin.place: .*2024' got
ok "rows of data that are later" grep -q 'data: ledger.exchange.path_csv = .*: 2 rows' got
keeps "a run of it" 0 "$DEPINSIM" run early.lua -o early.h5
ok "is headed by it" grep -q '^hindsight: [0-9]* inputs are dated later than as_of = 2024-01-31' got
keeps "its figures are too" 0 "$DEPINSIM" kpi early.h5
ok "from the result alone" grep -q '^hindsight:' got
scenario_of 2030-01-01 >late.lua
keeps "nothing is later than 2030" 0 "$DEPINSIM" lint late.lua
ok "and lint says so" grep -q '^hindsight: 0 ' got
scenario_of yesterday >wrong.lua
keeps "as_of is a date" 2 "$DEPINSIM" lint wrong.lua

done_testing
