#!/bin/sh
# plot: figures through gnuplot, with units on the axes; a script of its own where gnuplot is missing; clear errors.
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
scenario=$srcdir/scenarios/token_from_nothing.lua
exits "a result" 0 "$DEPINSIM" run "$scenario" --check-form -q -o a.h5
exits "another" 0 "$DEPINSIM" run "$scenario" --check-form -q -o b.h5 --set usd=5000
cp "$scenario" . && cat >s.lua <<'LUA'
local depin = require "depin"
return depin.study { scenario = "token_from_nothing.lua", vary = { usd = depin.grid { 5e3, 4e4 } }, replicates = 3,
  set = { days = 2, settle_every_s = 21600 }, kpis = { "token.price_usd" }, series = { "ledger.exchange.price" } }
LUA
exits "a sweep" 0 "$DEPINSIM" sweep s.lua -q -o s.h5

exits "a script" 0 "$DEPINSIM" plot a.h5 b.h5 --series ledger.exchange.price -o p.gp
like "with a unit on the y axis" "$(cat p.gp)" "^set ylabel '.*USD.*'"
like "with a unit on the x axis" "$(cat p.gp)" "^set xlabel '(hours|days) since the start'"
is "a line a file" "$(grep -c 'with lines' p.gp)" 2
rows=$(h5dump -H -d /series/ledger.exchange/time a.h5 2>/dev/null | sed -n 's/.*SIMPLE { ( \([0-9]*\) ).*/\1/p' | head -n 1)
if test -n "$rows"; then is "a point a settlement" "$(sed -n '/^\$d0/,/^EOD/p' p.gp | grep -c '^[0-9]')" "$rows"; fi
exits "bands of a sweep" 0 "$DEPINSIM" plot s.h5 --series ledger.exchange.price -o s.gp
like "hold 90 % of the runs" "$(cat s.gp)" 'using 1:3:4 with filledcurves'
exits "two key figures" 0 "$DEPINSIM" plot a.h5 b.h5 --kpi network.take_usd,network.burn_usd -o two.gp
like "have an axis with their unit alone" "$(cat two.gp)" "^set ylabel 'USD'$"
rm two.gp
exits "a key figure of a sweep" 0 "$DEPINSIM" plot s.h5 --kpi token.price_usd -o k.gp
like "over its parameter, with its unit" "$(cat k.gp)" "^set xlabel 'usd.*USD"

cat >three.lua <<'LUA'
local depin = require "depin"
return depin.study { scenario = "token_from_nothing.lua", set = { days = 1, settle_every_s = 21600 },
  vary = { buyback_ratio = depin.grid { 0, 1 }, emission_per_day = depin.range { 1e3, 1e5, n = 2, log = true },
    usd = depin.grid { 5e3, 4e4 } }, kpis = { "token.price_usd" } }
LUA
exits "a sweep of three parameters" 0 "$DEPINSIM" sweep three.lua -q -o three.h5
exits "its key figure" 0 "$DEPINSIM" plot three.h5 --kpi token.price_usd -o three.gp
is "is a line for each combination of the other two" "$(grep -c "yerrorlines.* title 'emission_per_day = [0-9e+]*, usd = [0-9]*'" three.gp)" 4
sed 's/buyback_ratio.*, emission/emission/; s/n = 2/n = 3/' three.lua >log.lua
exits "a sweep spread by logarithms" 0 "$DEPINSIM" sweep log.lua -q -o log.h5
exits "its key figure" 0 "$DEPINSIM" plot log.h5 --kpi token.price_usd -o log.gp
is "has an axis of logarithms" "$(grep -c '^set logscale x$' log.gp) $(grep -c '^set logscale x$' three.gp)" "1 0"
sed 's/usd = depin.grid { 5e3, 4e4 }/usd = depin.range { 5e3, 4e4, n = 7 }/' three.lua >many.lua
exits "a sweep of many combinations" 0 "$DEPINSIM" sweep many.lua -q -o many.h5
exits "its key figure" 0 "$DEPINSIM" plot many.h5 --kpi token.price_usd -o many.gp
is "shows no more than can be told apart" "$(grep -c yerrorlines many.gp)" 12
like "and says so" "$(cat ../err)" 'the first 12 of 14 combinations'
rm three.* log.* many.*

for form in svg pdf png; do
  if command -v gnuplot >/dev/null; then
    exits "$form" 0 "$DEPINSIM" plot a.h5 b.h5 --series ledger.exchange.price -o "p.$form"
    ok "$form: something is in it" test -s "p.$form"
    exits "$form: bars" 0 "$DEPINSIM" plot a.h5 b.h5 --kpi token.price_usd -o "it's.$form"
    exits "$form: bands" 0 "$DEPINSIM" plot s.h5 --series ledger.exchange.price --points 1 --title "a 'title'" -o "s.$form"
  else
    skip "$form" "gnuplot is not installed (Debian: gnuplot-nox)"
  fi
done
if command -v gnuplot >/dev/null; then like "the picture names unit and line" "$(cat p.svg)" 'USD'; fi
exits "without gnuplot" 3 env PATH=/nowhere "$DEPINSIM" plot a.h5 --series ledger.exchange.price -o q.svg
like "the remedy is named" "$(cat ../err)" 'gnuplot-nox'
exits "and no figure is left" 1 test -e q.svg

wrong() { # name, regex, arguments…
  name=$1 regex=$2
  shift 2
  exits "$name" 2 "$DEPINSIM" plot "$@"
  like "  says what is right" "$(cat ../err)" "$regex"
}
wrong "two units on one axis" 'draw them apart' a.h5 --series ledger.exchange.price,ledger.token.supply -o x.svg
wrong "an unknown series" 'depinsim info a\.h5' a.h5 --series ledger.exchange.prise -o x.svg
wrong "an unknown key figure" 'depinsim kpi' a.h5 --kpi token.prise_usd -o x.svg
wrong "no form" '\.svg' a.h5 --kpi token.price_usd -o x.doc
wrong "nothing to draw" 'series or --kpi' a.h5 -o x.svg
exits "a folder that is not there" 3 "$DEPINSIM" plot a.h5 --kpi token.price_usd -o /nowhere/x.svg
done_testing
