#!/bin/sh
# depinsim stress: shocks do what they say, the matrix judges them, what does not apply is said.
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

# kpi FILE NAME: one figure.
kpi() { "$DEPINSIM" kpi "$1" --format json | sed -n "s/.*\"$2\": *\([0-9.e-]*\).*/\1/p"; }
# shellcheck disable=SC2317 # called by exits
# shocked NAME DAYS: two runs of so many days, shocked at day 10 and not.
shocked() {
  "$DEPINSIM" run "$scenario" --until "$2" -o plain.h5 >plain.txt 2>&1 &&
    "$DEPINSIM" run "$scenario" --until "$2" -o "$1.h5" --shock "$1@10" >"$1.txt" 2>&1 && "$DEPINSIM" audit "$1.h5"
}

keeps "price: the books balance" 0 shocked price 11d
ok "price: sales alone take it down by 80 %" awk -v a="$(kpi plain.h5 token.price_usd)" -v b="$(kpi price.h5 token.price_usd)" \
  'BEGIN { exit !(b / a > 0.18 && b / a < 0.22) }'
keeps "emission: the books balance" 0 shocked emission 20d
is "emission: nothing is minted from that day on" "$(kpi emission.h5 token.minted)" 500000.0
keeps "demand: the books balance" 0 shocked demand 20d
ok "demand: half of it is gone" awk -v a="$(kpi plain.h5 market.work_tok)" -v b="$(kpi demand.h5 market.work_tok)" \
  'BEGIN { exit !(b / a > 0.74 && b / a < 0.77) }'
keeps "liquidity: the books balance" 0 shocked liquidity 11d
ok "liquidity: a tenth of the depth is left" awk -v a="$(kpi plain.h5 token.depth_2pct_usd)" \
  -v b="$(kpi liquidity.h5 token.depth_2pct_usd)" 'BEGIN { exit !(b / a > 0.08 && b / a < 0.12) }'
keeps "electricity: the books balance" 0 shocked electricity 20d
ok "electricity: a half of the time at three times the price is twice the bill" awk -v a="$(kpi plain.h5 energy.cost_usd)" \
  -v b="$(kpi electricity.h5 energy.cost_usd)" 'BEGIN { exit !(b / a > 1.98 && b / a < 2.02) }'
keeps "insiders: the books balance" 0 shocked insiders 20d
ok "insiders: all that unlocks is sold" awk -v a="$(kpi plain.h5 token.insiders_sold)" \
  -v b="$(kpi insiders.h5 token.insiders_sold)" 'BEGIN { exit !(b > 5 * a) }'
keeps "a shock that does not apply is refused by run" 2 "$DEPINSIM" run "$scenario" --shock feed -o x.h5
keeps "so is one that there is not" 2 "$DEPINSIM" run "$scenario" --shock plague -o x.h5

keeps "the matrix" 0 "$DEPINSIM" stress "$scenario" --until 60d --seeds 2
cp got matrix.txt
for name in undisturbed price demand emission liquidity electricity insiders; do
  ok "the row $name" grep -Eq "^$name +pass" matrix.txt
done
ok "no feed, no verdict" grep -Eq '^feed +- .*needs a price feed' matrix.txt
keeps "as JSON" 0 "$DEPINSIM" stress "$scenario" --until 20d --seeds 1 --format json
ok "has the cells" grep -q '"verdict": "pass"' got

sed 's/^  check = {/  survives = { ["token.price_usd"] = depin.at_least(0.5) },\n&/' "$scenario" >own.lua
keeps "a scenario's own criterion that fails" 1 "$DEPINSIM" stress own.lua --until 20d --seeds 1 --strict
ok "is in the matrix" grep -q 'token.price_usd ≥ 0.5' got
sed 's/^  check = {/  survives = { ["token.prise_usd"] = depin.at_least(0.5) },\n&/' "$scenario" >wrong.lua
keeps "a criterion of a KPI that there is not" 2 "$DEPINSIM" stress wrong.lua

done_testing
