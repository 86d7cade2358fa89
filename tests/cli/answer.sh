#!/bin/sh
# depinsim answer: a scenario's question, a sentence for each expectation, and what the seeds leave open.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
out=../out

"$DEPINSIM" new base >/dev/null || exit 99
# expecting FILE TABLE: the new scenario with that `expect`.
expecting() { sed "s|^  expect = .*|  expect = { $2 },|" base.lua >"$1"; }
# answer FILE OPTION...: of its check form
# shellcheck disable=SC2317 # called by exits
answer() { "$DEPINSIM" answer "$@" --check-form; }

expecting good.lua '["job.completed_ratio"] = depin.at_least(0.5), ["provider.entered_n"] = depin.equals(8), '\
'["job.latency_s.p50"] = depin.between(0, 100)'
exits "all hold" 0 answer good.lua
cp $out four
is "the question is the scenario's" "$(head -n 1 four)" \
  "good: do the hosts of a small GPU network earn more than their electricity costs?"
is "the summary" "$(sed -n 2p four)" "Answer: 3 of 3 hold"
like "equal values have no width" "$(cat four)" '^  provider\.entered_n is 8 ± 0 \(95 %, 4 seeds\): = 8, yes$'
like "a unit and an interval" "$(cat four)" \
  '^  job\.latency_s\.p50 is [0-9.]+ ± [0-9.]+ s \(95 %, 4 seeds\): in \[0, 100\], yes$'
like "it says that these are not the scenario's own runs" "$(cat four)" 'these runs are with --check-form$'
exits "again" 0 answer good.lua
same "equal seeds, equal words" $out four

exits "as JSON" 0 answer good.lua --format json --seeds 3 --seed 5
cp $out good.json
for seed in 5 6 7; do
  "$DEPINSIM" run good.lua --check-form --seed $seed -q -o $seed.h5 >/dev/null
  "$DEPINSIM" kpi $seed.h5 --format json >$seed.json
done
if test -x /usr/bin/python3; then
  cat >judge.py <<'P'
import json, statistics
a = json.load(open("good.json"))
assert a["first_seed"] == 5 and a["seeds"] == 3 and a["holds_n"] == 3 and len(a["expectations"]) == 3
runs = [open(f"{seed}.json").read() for seed in (5, 6, 7)]
def find(node, name):
    if isinstance(node, dict):
        if name in node:
            return node[name]["value"] if isinstance(node[name], dict) else node[name]
        node = list(node.values())
    if isinstance(node, list):
        return next((x for x in (find(n, name) for n in node) if x is not None), None)
for e in a["expectations"]:
    v = [float(find(json.loads(r), e["kpi"])) for r in runs]
    h = 4.302652729911275 * statistics.stdev(v) / 3 ** 0.5  # Student's t of 95 % and two degrees, from tables
    assert abs(e["mean"] - statistics.mean(v)) <= 1e-5 * (1 + abs(e["mean"])), (e, v)
    assert abs(e["half_width"] - h) <= 1e-4 * (abs(h) + 1e-3), (e, v, h)
    if e["kpi"] == "job.latency_s.p50":
        print(f"{e['mean']:.12g} {e['half_width']:.12g}")
P
  exits "its intervals are Student's of the runs with seeds 5 to 7" 0 /usr/bin/python3 judge.py
  read -r mean width <$out
  expecting open.lua "[\"job.latency_s.p50\"] = depin.at_least($mean)"
  exits "a bound at the mean is no failure" 0 answer open.lua --seeds 3 --seed 5
  is "it is not resolved" "$(sed -n 2p $out)" "Answer: 0 of 1 holds, 1 is not resolved (more --seeds)"
  like "and says which bound the interval crosses" "$(cat $out)" ", not resolved: the interval crosses $mean\$"
  # beyond NAME FACTOR EXIT: a bound so many half-widths above the mean
  beyond() {
    expecting edge.lua "[\"job.latency_s.p50\"] = depin.at_most($(awk -v m="$mean" -v h="$width" -v f="$2" \
      'BEGIN { printf "%.12g", m + f * h }'))"
    exits "$1" "$3" answer edge.lua --seeds 3 --seed 5
  }
  beyond "a bound within the interval" 0.99 0
  like "is not resolved" "$(cat $out)" 'not resolved: the interval crosses'
  beyond "a bound just above it" 1.01 0
  like "holds" "$(cat $out)" ', yes$'
  beyond "a bound just below it" -1.01 1
  like "does not" "$(cat $out)" ', no$'
fi

expecting bad.lua '["job.completed_ratio"] = depin.at_least(0.5), ["provider.entered_n"] = depin.at_most(7)'
exits "one does not hold" 1 answer bad.lua
is "the summary counts it" "$(sed -n 2p $out)" "Answer: 1 of 2 hold, 1 does not"
like "its sentence" "$(cat $out)" '^  provider\.entered_n is 8 ± 0 \(95 %, 4 seeds\): ≤ 7, no$'
like "stderr has the verdict" "$(cat "$TAP_TMP/err")" '1 of 2 expectations do not hold'
exits "--set changes the runs" 0 "$DEPINSIM" answer bad.lua --set hosts_n=7 --set minutes=5
like "and the verdict" "$(cat $out)" '^  provider\.entered_n is 7 ± 0 \(95 %, 4 seeds\): ≤ 7, yes$'

exits "one seed" 0 answer bad.lua --seeds 1
like "resolves nothing" "$(cat $out)" \
  '^  provider\.entered_n is 8 \(1 seed\): ≤ 7, not resolved: one value has no interval$'
expecting none.lua '["provider.payback_d"] = depin.at_most(100)'
exits "a figure without value does not hold" 1 answer none.lua --set rate_per_s=0
like "and it is said" "$(cat $out)" '^  provider\.payback_d has no value: ≤ 100 cannot be judged$'

grep -v '^  expect = ' base.lua >mute.lua
exits "a scenario without expectations" 2 answer mute.lua
like "is given a remedy" "$(cat "$TAP_TMP/err")" 'mute\.lua expects nothing.*add expect = '
expecting wrong.lua '["job.complete_ratio"] = depin.at_least(0.5)'
exits "a KPI that there is not" 2 "$DEPINSIM" answer wrong.lua
like "is named" "$(cat "$TAP_TMP/err")" 'job\.complete_ratio'
exits "seeds that are no number" 2 answer good.lua --seeds few
exits "the last seed has none behind it" 2 answer good.lua --seed 9223372036854775807
exits "a scenario that there is not" 3 answer nothing.lua
mkdir scratch
exits "with its scratch files elsewhere" 1 env TMPDIR="$PWD/scratch" "$DEPINSIM" answer bad.lua --check-form
is "nothing is left there" "$(ls scratch)" ""
done_testing
