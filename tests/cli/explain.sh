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
exits "a percentile" 0 "$DEPINSIM" explain q.h5 job.latency_s.p95
like "is of a histogram" "$(cat $out)" 'percentiles of the histogram latency'
for name in $("$DEPINSIM" kpi q.h5 --format csv | sed -n '2,$s/,.*//p'); do
  "$DEPINSIM" explain q.h5 "$name" | grep -q '^formula$' || echo "$name"
done >unexplained
empty "every key figure has a formula" unexplained "declare its metric in the model's table"
exits "a misspelt one" 2 "$DEPINSIM" explain q.h5 energy.used_kw
like "says what was meant" "$(cat ../err)" "did you mean 'energy.used_kwh'"
exits "a file that is no result" 3 "$DEPINSIM" explain "$srcdir/README.md" job.submitted
done_testing
