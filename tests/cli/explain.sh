#!/bin/sh
# explain: a key figure's definition, formula and parts, which add up to it.
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
out=../out

exits "a result" 0 "$DEPINSIM" run "$srcdir/scenarios/quickstart.lua" --check-form -q -o q.h5
exits "a ratio" 0 "$DEPINSIM" explain q.h5 hardware.utilisation_ratio
like "its formula" "$(cat $out)" '^  [a-z_]+ / [a-z_]+$'
like "its value" "$(head -n 1 $out)" '^hardware\.utilisation_ratio = 0\.[0-9]+'
exits "a sum over regions" 0 "$DEPINSIM" explain q.h5 energy.used_kwh
like "its formula" "$(cat $out)" '^  sum of energy over the run$'
is "the shares of its parts make 100 %" \
  "$(sed -n 's/^    .*(\([0-9.]*\) %)$/\1/p' $out | awk '{ s += $1 } END { printf "%.0f", s }')" 100
like "and names the model" "$(cat $out)" '^  declared by the model hardware\.node; .*: sim/hardware/README\.md$'
exits "a percentile" 0 "$DEPINSIM" explain q.h5 job.latency_s.p95
like "is of a histogram" "$(cat $out)" 'percentiles of the histogram latency'
for name in $("$DEPINSIM" kpi q.h5 --format csv | sed -n '2,$s/,.*//p'); do
  "$DEPINSIM" explain q.h5 "$name" >../one
  grep -q '^formula$' ../one || echo "$name"
  file=$(sed -n 's/^  declared by .*where they come from: //p' ../one)
  test -n "$file" && test -s "$srcdir/$file" || echo "$name" >&3
done >unexplained 3>absent
empty "every key figure has a formula" unexplained "declare its metric in the model's table"
empty "and a source that exists" absent "a model's name begins with its folder in sim/, which has a README.md"
exits "a misspelt one" 2 "$DEPINSIM" explain q.h5 energy.used_kw
like "says what was meant" "$(cat ../err)" "did you mean 'energy.used_kwh'"

cp "$srcdir/scenarios/token_from_nothing.lua" . && cat >s.lua <<'LUA'
local depin = require "depin"
return depin.study { scenario = "token_from_nothing.lua", replicates = 2, kpis = { "token.price_usd" },
  vary = { buyback_ratio = depin.grid { 0, 1 }, emission_per_day = depin.grid { 0, 50e3, 3e6 } },
  set = { days = 2, settle_every_s = 21600 } }
LUA
exits "a sweep" 0 "$DEPINSIM" sweep s.lua -q -o s.h5
exits "a figure of it" 0 "$DEPINSIM" explain s.h5 token.price_usd
like "its range" "$(cat $out)" '^token\.price_usd = 0\.0[0-9]* to 0\.[0-9]* usd: means of 6 points, 12 runs$'
like "where it is least" "$(cat $out)" '^  least at buyback_ratio = [01], emission_per_day = 3 M$'
like "its model" "$(cat $out)" 'sim/ledger/README\.md$'
like "its largest driver first" "$(sed -n '/^largest drivers/,$p' $out | sed -n 2p)" '^  -0\.[0-9]+  emission_per_day: '
exits "a sensitivity analysis" 0 "$DEPINSIM" sensitivity s.lua -q -o v.h5
exits "a figure of it" 0 "$DEPINSIM" explain v.h5 token.price_usd
like "its largest effect first" "$(sed -n '/^largest drivers (tornado/,$p' $out | sed -n 2p)" \
  '^  emission_per_day: 0\.[0-9]+ \[.*\], -0\.[0-9]+ \[-0'
exits "a misspelt one" 2 "$DEPINSIM" explain s.h5 token.prise_usd
like "says what was meant" "$(cat ../err)" "did you mean 'token.price_usd'"
exits "a file that is no result" 3 "$DEPINSIM" explain "$srcdir/README.md" job.submitted
done_testing
