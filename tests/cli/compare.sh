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

# ---- over time ----
exits "two settings of one scenario" 0 "$DEPINSIM" compare a.lua --short --set-b hosts_n=4 --seeds 6 --format csv --bands \
  --series market.gateway.spend --series provider.fleet.active
cp $out bands.csv
for seed in 1 2 3 4 5 6; do
  for side in a b; do
    test $side = a && hosts=8 || hosts=4
    "$DEPINSIM" run a.lua --check-form --seed $seed --set "hosts_n=$hosts" -q -o "$side$seed.h5" >/dev/null
    "$DEPINSIM" export "$side$seed.h5" --format csv -o "$side$seed" >/dev/null
  done
done
if test -x /usr/bin/python3; then
  cat >bands.py <<'P'
import csv, glob, statistics
def levels(side, seed):
    rows = list(csv.DictReader(open(glob.glob(f"{side}{seed}/series.market.gateway*.csv")[0])))
    sum, out = 0, {}
    for row in rows:
        sum += float(row["spend"])
        out[float(row["time_s"])] = sum
    return out
a, b = ([levels(side, seed) for seed in range(1, 7)] for side in "ab")
lines = [l for l in csv.DictReader(open("bands.csv")) if l["series"] == "market.gateway.spend"]
assert [float(l["time_s"]) for l in lines] == sorted(a[0]) and len(lines) > 1
for l in lines:
    t = float(l["time_s"])
    for name, v in ("a", [x[t] for x in a]), ("b", [x[t] for x in b]), ("difference", [y[t] - x[t] for x, y in zip(a, b)]):
        q = statistics.quantiles(v, n=20, method="inclusive")
        for got, want in zip((l[name + "_p5"], l[name + "_p50"], l[name + "_p95"]), (q[0], q[9], q[18])):
            assert abs(float(got) - want) <= 1e-9 * (1 + abs(want)), (t, name, got, want)
    assert l["pairs"] == "6" and l["unit"] == "USD"
assert len({l["series"] for l in csv.DictReader(open("bands.csv"))}) == 2
P
  ok "bands are Python's quantiles of the runs and of their differences, at every time" /usr/bin/python3 bands.py
fi
exits "a comparison as a page" 0 "$DEPINSIM" compare a.lua --short --set-b hosts_n=4 --seeds 3 -o page.html
like "its text has a few times" "$(cat $out)" '^  [0-9.a-z]+ +8 \[8, 8\] +4 \[4, 4\] +-4 \[-4, -4\]$'
like "and says what chance alone leaves the same" "$(cat $out)" '^  the same in every pair at every time$'
like "the page draws both and the difference around zero" "$(cat page.html)" 'class="band c0".*class="band c1"'
like "with units on the axes" "$(cat page.html)" '>B − A, hosts<'
is "every difference has its line of zero" "$(grep -o 'class="zero"' page.html | wc -l)" "$(grep -c '>B − A, [^<]*</text>' page.html)"
if command -v xmllint >/dev/null; then
  xmllint --html --noout page.html 2>&1 | grep -v -e 'Tag [a-z]* invalid' -e '^ *[<^]' -e '^ *$' | grep error >wrong
  empty "it is well-formed" wrong "see xmllint --html"
fi
if command -v chromium >/dev/null; then
  chromium --headless=new --no-sandbox --disable-gpu --enable-logging=stderr --virtual-time-budget=3000 \
    --dump-dom "file://$PWD/page.html" >dom 2>log
  is "a browser has no complaint" "$(grep -c 'CONSOLE' log)" 0
else
  skip "a browser has no complaint" "no chromium"
fi
exits "results of two seeds" 0 "$DEPINSIM" compare a1.h5 a2.h5
like "do not share their luck, and that is said" "$(cat $out)" '^the seeds differ: '
exits "a series that there is not" 2 "$DEPINSIM" compare a1.h5 b1.h5 --series market.gateway.spent
like "is answered with the one that was meant" "$(cat "$TAP_TMP/err")" 'did you mean market\.gateway\.[a-z.]*spend'
exits "one scenario with no change" 2 "$DEPINSIM" compare a.lua
exits "one result" 2 "$DEPINSIM" compare a.h5
exits "settings of results" 2 "$DEPINSIM" compare a.h5 b.h5 --set-b hosts_n=3
exits "a page that cannot be written" 3 "$DEPINSIM" compare a.h5 b.h5 -o /nowhere/x.html
cat >s.study.lua <<'LUA'
local depin = require "depin"
return depin.study { question = "do hosts matter?", scenario = "a.lua", vary = { hosts_n = depin.grid { 4, 8 } },
  replicates = 2, kpis = { "job.completed" } }
LUA
exits "a sweep" 0 "$DEPINSIM" sweep s.study.lua -q -o s.h5 --check-form
exits "results of sweeps" 2 "$DEPINSIM" compare s.h5 s.h5
like "have no runs to pair, with a remedy" "$(cat "$TAP_TMP/err")" 'not the runs that pairs are made of \(compare the scenario'
is "nothing is left in the folder of scratch files" "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'depinsim.??????' -newer bands.csv)" ""

exits "one of each" 2 "$DEPINSIM" compare a.h5 b.lua
echo 'error("no such luck")' >wrong.lua
exits "a scenario that does not load" 1 "$DEPINSIM" compare a.lua wrong.lua --short --seeds 2
like "is named with its line" "$(cat "$TAP_TMP/err")" 'wrong\.lua:1: no such luck'
head -c 3000 a.h5 >cut.h5
exits "a truncated result" 3 "$DEPINSIM" compare a.h5 cut.h5
done_testing
