#!/bin/sh
# compare: what differs between two results, and between two scenarios over seeds.
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
out=../out

exits "a scenario" 0 "$DEPINSIM" new a
sed 's/hosts_n = 8/hosts_n = 4/; s/take_ratio = 0.05/take_ratio = 0.08/' a.lua >b.lua
exits "two scenarios" 0 "$DEPINSIM" compare a.lua b.lua --short --seeds 3
like "the parameter that differs" "$(cat $out)" '^market\.gateway\.gpus take_ratio: 0\.05 -> 0\.08$'
like "a mean difference with its verdict" "$(cat $out)" '^provider\.entered_n +8 +4 +-4 +0 +-50\.0 % +lower$'
like "equal seeds share their luck" "$(cat $out)" '^job\.submitted +[0-9.]+ +[0-9.]+ +0 +0 +\+0\.0 % +equal$'
is "no file is left" "$(ls)" "a.lua
b.lua"
for x in a b; do "$DEPINSIM" run $x.lua --check-form -q >/dev/null; done
exits "two results" 0 "$DEPINSIM" compare a.h5 b.h5
like "have no interval" "$(cat $out)" '^provider\.entered_n +8 +4 +-4 +-50\.0 % +lower$'
exits "a result with itself" 0 "$DEPINSIM" compare a.h5 a.h5 --format csv
is "is equal in everything" "$(sed 1d $out | grep -cv -e ',equal$' -e ',not defined$')" 0
exits "JSON" 0 "$DEPINSIM" compare a.h5 b.h5 --format json
if test -x /usr/bin/python3; then
  cp $out c.json
  ok "JSON has verdicts and parameters" /usr/bin/python3 -c '
import json
c = json.load(open("c.json"))
assert c["kpi"]["provider.entered_n"]["verdict"] == "lower" and c["runs"] == 1 and "take_ratio" in c["parameters"]'
fi
exits "diff of two scenarios" 0 "$DEPINSIM" diff a.lua b.lua
is "lists what differs and nothing else" "$(cat $out)" "market.gateway.gpus take_ratio: 0.05 -> 0.08"
exits "diff of two results" 0 "$DEPINSIM" diff a.h5 b.h5
like "too" "$(cat $out)" '^market\.gateway\.gpus take_ratio: 0\.05 -> 0\.08$'
exits "diff of one with itself" 0 "$DEPINSIM" diff a.lua a.lua
is "finds nothing" "$(cat $out)" "no parameter differs"
exits "one of each" 2 "$DEPINSIM" compare a.h5 b.lua
echo 'error("no such luck")' >wrong.lua
exits "a scenario that does not load" 1 "$DEPINSIM" compare a.lua wrong.lua --short --seeds 2
like "is named with its line" "$(cat "$TAP_TMP/err")" 'wrong\.lua:1: no such luck'
head -c 3000 a.h5 >cut.h5
exits "a truncated result" 3 "$DEPINSIM" compare a.h5 cut.h5
done_testing
