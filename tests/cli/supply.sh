#!/bin/sh
# depinsim supply: the schedule agrees with closed forms, with the run, and adds up at every date.
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

keeps "a scenario's supply" 0 "$DEPINSIM" supply "$scenario"
ok "a row a date, with a bar" grep -Eq "^2025-0[1-9].*#-" got
keeps "two years by 365 days as CSV" 0 "$DEPINSIM" supply "$scenario" --until 2190d --every 365d --format csv
cp got supply.csv
value() { awk -F, -v day="$1" -v name="$2" '$3 == day && $4 == name { print $5 }' supply.csv; }
is "the first year mints 365 days of emission" "$(value 365 minted)" 18250000
is "the second half of that" "$(value 730 minted)" 27375000
is "the team has all at the end of cliff and vesting" "$(value 1460 'unlocked team')" 15000000
# shellcheck disable=SC2016 # fields of awk
ok "locked + circulating = supply at every date" awk -F, '
  $4 == "locked" { l[$3] = $5 } $4 == "circulating" { c[$3] = $5 } $4 == "supply" { s[$3] = $5; n++ }
  END { for (d in s) if ((l[d] + c[d] - s[d]) ^ 2 > 1e-6 * s[d]) exit 1; exit n < 7 }' supply.csv

"$DEPINSIM" run "$scenario" --until 100d --set buyback_ratio=0 -o run.h5 >run.txt 2>&1
"$DEPINSIM" supply "$scenario" --until 100d --format csv >supply.csv
ok "the run mints what the schedule says" test "$(value 100 minted)" = \
  "$(awk '$1 == "token.minted" { printf "%.15g", $2 }' run.txt)"
ok "without a burn its supply is the schedule's" test "$(value 100 supply)" = \
  "$(awk '$1 == "token.supply" { printf "%.15g", $2 }' run.txt)"

cat >bonded.lua <<'END2'
local depin = require "depin"
return depin.scenario {
  duration_d = 30, settle_every_s = 86400,
  tokens = depin.token { name = "LPT", supply = 1e6, emission = depin.emission.livepeer { bonded_ratio = 0.4 } },
}
END2
keeps "an emission that hangs on the run" 0 "$DEPINSIM" supply bonded.lua --format json
ok "names what is assumed of it" grep -q '"assumed": "the emission hangs on the bonded share; here bonded_ratio = 0.4' got

# Every scenario has an answer, those without a token a sentence.
for scenario_of in "$srcdir"/scenarios/*.lua; do
  case $scenario_of in *.study.lua) continue ;; esac
  name=${scenario_of##*/}
  keeps "supply of $name" 0 "$DEPINSIM" supply "$scenario_of"
  ok "says something" test -s got
  keeps "as JSON" 0 "$DEPINSIM" supply "$scenario_of" --format json
  ok "a note in place of tokens, or tokens" python3 -c 'import json
r = json.load(open("got")); assert ("note" in r) == (r["tokens"] == [])'
  keeps "as CSV" 0 "$DEPINSIM" supply "$scenario_of" --format csv
  is "its head" "$(head -n 1 got)" token,date,day,name,value
done
keeps "no token, no supply" 0 "$DEPINSIM" supply "$srcdir/scenarios/hot_region.lua"
is "is said in a sentence" "$(cat got)" "no token: nothing is minted and nothing unlocks"
keeps "projects, no supply" 0 "$DEPINSIM" supply "$srcdir/scenarios/eth_versus_solana.lua"
ok "says what there is" grep -q "; the 276 projects of .* have a capitalisation and no supply$" got
keeps "--every takes a time" 2 "$DEPINSIM" supply "$scenario" --every soon

done_testing
