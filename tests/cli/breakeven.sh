#!/bin/sh
# depinsim breakeven: the tables follow payback = (price - resale) / (income - electricity - opex).
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
scenario=$srcdir/scenarios/token_from_nothing.lua
cd "$TAP_TMP" || exit 99

# As exits; what was printed stays in the file got.
keeps() {
  exits "$@"
  cp "$TAP_TMP/out" got
}

keeps "a scenario's machines" 0 "$DEPINSIM" breakeven "$scenario" --until 60d
ok "by hardware and region" grep -Eq '^rtx4090 +1700( +[0-9]+){3}$' got
ok "what never pays says so" grep -q never got
keeps "as JSON" 0 "$DEPINSIM" breakeven "$scenario" --until 60d --format json
ok "each cell follows the formula" python3 - <<'END2'
import json
r = json.load(open("got"))
# an RTX 4090: 1,700 USD, 450 W, idle 5 %, 100 W of host (lua/depin/hardware.lua); tariffs of the three regions
tariff = (0.165 + 0.228 + 0.08) / 3
resale = 1700 * 0.7 * (1 - 0.31) ** (730 / 365)
n = 0
for c in r["rows"]:
    if c["machine"] != "scenario": continue
    u, p = c["utilisation_ratio"], c["token_price_usd"]
    income = r["cash_usd_per_d"] * u / r["utilisation_ratio"] + r["tokens_per_d"] * p
    net = income - 24 * (100 + 450 * (0.05 + 0.95 * u)) / 1000 * tariff
    days = (1700 - resale) / net if net > 0 else float("inf")
    assert (c["payback_d"] is None) == (days > 3650), c
    assert c["payback_d"] is None or abs(c["payback_d"] / days - 1) < 1e-9, (c, days)
    n += 1
assert n == 30
END2
keeps "as CSV" 0 "$DEPINSIM" breakeven "$scenario" --until 60d --format csv
is "a row a cell" "$(grep -c . got)" $((1 + 10 * 3 + 6 * 5))
# Hotspots: 500 USD less resale over what the mean one earned a day less its electricity.
keeps "hotspots, as JSON" 0 "$DEPINSIM" breakeven "$srcdir/scenarios/helium_hotspot.lua" --check-form --format json
cp got hotspots.json
exits "their payback is (price - resale) / (income - electricity)" 0 python3 - <<'END2'
import json
r = json.load(open("hotspots.json"))
never = 0
for c in r["rows"]:
    net = r["tokens_per_d"] * c["token_price_usd"] - c["power_w"] * 0.024 * c["electricity_usd_per_kwh"]
    days = r["hotspot_usd"] * (1 - r["resale_ratio"]) / net if net > 0 else float("inf")
    never += days > 3650
    assert (c["payback_d"] is None) == (days > 3650), c
    assert c["payback_d"] is None or abs(c["payback_d"] / days - 1) < 1e-9, (c, days)
assert len(r["rows"]) == 6 * 2 * 2 and 4 <= never < 24, never
END2
keeps "hotspots, as text" 0 "$DEPINSIM" breakeven "$srcdir/scenarios/helium_hotspot.lua" --check-form
ok "without a price never" grep -Eq '^0 +never +never +never +never$' got
cat >idle.lua <<'END2'
local depin = require "depin"
return depin.scenario { duration_d = 3, networks = depin.network.posted { name = "n" },
  providers = depin.provider { network = "n", count = 1, node = depin.hardware.t4 {} } }
END2
for form in text json csv; do
  keeps "nobody buys a machine, as $form" 0 "$DEPINSIM" breakeven "$srcdir/scenarios/ov_depinsimulator.lua" -c --format $form
  cp got none.$form
done
is "is said in a sentence" "$(cat none.text)" "no provider: nobody buys a machine, and none is to be earned"
is "and in CSV by no rows" "$(cat none.csv)" "machine,region,token_price_usd,utilisation_ratio,payback_d"
ok "and in JSON by a note" python3 -c 'import json
r = json.load(open("none.json")); assert r["rows"] == [] and "no provider" in r["note"]'
keeps "nobody earned anything" 2 "$DEPINSIM" breakeven idle.lua

done_testing
