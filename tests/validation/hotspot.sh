#!/bin/sh
# The hotspots of scenarios/helium_hotspot.lua and the fees of scenarios/eth_versus_solana.lua against what was
# published: HIP-20's emission, strata that add up, given paths (real daily prices where they are at hand), RNP-002's frames.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
cd "$TAP_TMP" || exit 99
hotspot=$srcdir/scenarios/helium_hotspot.lua

# near NAME GOT WANTED TOLERANCE (of it)
near() {
  ok "$1" awk -v got="$2" -v want="$3" -v most="$4" \
    'BEGIN { d = got - want; if (d < 0) d = -d; exit !(got != "" && d <= most * (want < 0 ? -want : want)) }'
}
# figure FILE KPI
figure() { awk -F, -v name="$2" '$1 == name { print $2 }' "$1"; }
# run NAME OPTIONS…: its key figures go to NAME.csv
run() {
  name=$1
  shift
  exits "run: $name" 0 "$DEPINSIM" run -q "$hotspot" -o "$name.h5" "$@"
  "$DEPINSIM" kpi "$name.h5" --format csv >"$name.csv"
}

small="-s scale_ratio=0.005 -s settle_every_s=86400"
# shellcheck disable=SC2086
run half $small -s days=700 -s judge_d=300
# HIP-20: 60 million a year to 2021-08-01
near "HIP-20's emission of 700 days" "$(figure half.csv token.minted)" \
  "$(awk 'BEGIN { printf "%.8f", 0.005 * (577 * 60e6 + 123 * 30e6) / 365 }')" 1e-9
near "59, 60, 61 % of it are paid for coverage" "$(figure half.csv wireless.rewarded_token)" \
  "$(awk 'BEGIN { print 0.005 * (212 * 60e6 * 0.59 + 365 * 60e6 * 0.6 + 123 * 30e6 * 0.61) / 365 }')" 0.005
"$DEPINSIM" kpi half.h5 --format csv | tr -d '"' | awk -F, '
  index($1, "wireless.weight_ratio.s") == 1 { sub("wireless.weight_ratio.", "", $1); place[$1] = $2; places += $2 }
  index($1, "wireless.weight_ratio.p") == 1 { costs += $2 }
  index($1, "wireless.percentile.s") == 1 { sub("wireless.percentile.", "", $1); below[$1] = $2 }
  $1 == "wireless.threshold_percentile" { all = $2 }
  END { for (s in place) if (place[s] > 0) sum += place[s] * below[s]; print places, costs, sum - all }' >sums
near "weights of the places add up" "$(cut -d' ' -f1 sums)" 1 1e-9
near "weights of power and price of electricity too" "$(cut -d' ' -f2 sums)" 1 1e-9
near "percentiles of the places make that of all" "$(awk '{ print 1 + $3 }' sums)" 1 1e-9

printf 'date,hotspots_n\n2020-01-01,10000\n2020-07-01,40000\n2020-12-31,20000\n' >fleet.csv
# shellcheck disable=SC2086
run given $small -s mode=conditional -s days=366 -s judge_d=200 -s fleet_csv=fleet.csv
near "a given fleet is followed" "$(figure given.csv wireless.hotspots_n)" 100 0.05
ok "and was at its peak when it was said" \
  awk -v d="$(figure given.csv wireless.peak_d)" 'BEGIN { exit !(d > 175 && d < 195) }'
near "it says that it is conditional" "$(figure given.csv wireless.conditional_n)" 1 0
"$DEPINSIM" kpi given.h5 >given.txt
ok "so do its key figures" grep -q '^conditional: .*price.*fleet' given.txt
"$DEPINSIM" report given.h5 -o given.html
ok "so does its report" grep -q 'Conditional:' given.html
"$DEPINSIM" lint "$hotspot" -s mode=conditional -s fleet_csv=fleet.csv >given.lint
ok "so does lint" grep -q '^conditional: ' given.lint
ok "rows of the file are hindsight" grep -q 'data: wireless.coverage.fleet_csv = .*: 2 rows are later' given.lint

prices=${DEPINSIM_DATA:+$DEPINSIM_DATA/tokens/btc_eth_daily_usd.csv}
if test -n "$prices" && test -r "$prices"; then
  awk -F, 'BEGIN { print "date,price_usd" } $2 == "BTC" && $1 >= "2020-01-01" && $4 > 0 { print $1 "," $4 / 1000 }' \
    "$prices" >price.csv
  # shellcheck disable=SC2086
  run real $small -s mode=conditional -s days=300 -s judge_d=200 -s price_csv=price.csv
  last=$(awk -F, '$1 <= "2020-10-27" { p = $2 } END { print p }' price.csv)
  near "the price is that of the file's day" "$(figure real.csv token.price_usd)" "$last" 0.05
else
  skip "real daily prices" "there is no ../shared/data/tokens/btc_eth_daily_usd.csv (\$DEPINSIM_DATA)"
fi

# RNP-002, March 2023: 200 frames, a transaction each: 140 USD, 5 USD, 0.001 SOL (at 20 USD)
exits "run: March 2023" 0 \
  "$DEPINSIM" run -q "$srcdir/scenarios/eth_versus_solana.lua" -c -s inputs=march_2023 -o march.h5
"$DEPINSIM" kpi march.h5 --format csv >march.csv
frames() { awk -F, -v name="chain.payment_usd@$1" '$1 == name { print 200 * $2 }' march.csv; }
near "200 frames on Ethereum: 140 USD" "$(frames ethereum)" 140 0.05
near "on Polygon: 5 USD" "$(frames polygon)" 5 0.1
near "on Solana: 0.001 SOL" "$(frames solana)" 0.02 1e-6

done_testing
