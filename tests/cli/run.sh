#!/bin/sh
# run, lint, new: what lands where, exit codes, expectations; nothing is left of a run that failed.
. "${srcdir:-.}/tests/tap.sh"
export DEPINSIM
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
out=../out err=../err

exits "new writes a scenario" 0 "$DEPINSIM" new mine
exits "new does not overwrite" 3 "$DEPINSIM" new mine.lua
exits "lint accepts it" 0 "$DEPINSIM" lint mine.lua
is "lint ends with ok" "$(tail -n 1 $out)" ok
like "lint shows parameters" "$(cat $out)" '^  hosts_n = 20'
like "lint shows cells and lookahead" "$(cat $out)" '^[0-9]+ cells, lookahead '
exits "lint shows what --set changed" 0 "$DEPINSIM" lint mine.lua --set hosts_n=7
like "lint shows the default too" "$(cat $out)" 'hosts_n = 7 \(default 20\)'
is "lint writes nothing" "$(ls)" mine.lua

exits "run" 0 "$DEPINSIM" run mine.lua
is "the result has the scenario's name" "$(ls)" "mine.h5
mine.lua"
like "the table has key figures" "$(cat $out)" '^job\.submitted +[0-9]+$'
like "an expectation that holds" "$(cat $out)" '^expect job\.completed_ratio ≥ 0\.9: [0-9.]+ ok$'
is "nothing on stderr when it is not a terminal" "$(cat $err)" ""

exits "run --format json" 0 "$DEPINSIM" run mine.lua --check-form -o r.h5 --format json
cp $out run.json
digest=$("$DEPINSIM" digest r.h5)
is "JSON carries the file's digest" "$(sed -n 's/^  "digest": "\(.*\)",$/\1/p' run.json)" "$digest"
exits "kpi --format json" 0 "$DEPINSIM" kpi r.h5 --format json
same "run and kpi print the same object" $out run.json
if test -x /usr/bin/python3; then
  ok "JSON has scenario, digest, kpi and units, counts whole" /usr/bin/python3 -c '
import json
r = json.load(open("run.json"))
assert list(r) == ["scenario", "digest", "kpi", "units"] and r["scenario"] == "mine"
assert type(r["kpi"]["job.submitted"]) is int and set(r["kpi"]) == set(r["units"])'
fi

exits "equal seeds" 0 "$DEPINSIM" run mine.lua --check-form -o r2.h5 --seed 1
is "equal seeds, equal digests" "$("$DEPINSIM" digest r2.h5)" "$digest"
exits "another seed" 0 "$DEPINSIM" run mine.lua --check-form -o r2.h5 --seed 2
ok "another seed, another digest" test "$("$DEPINSIM" digest r2.h5)" != "$digest"
exits "until a date" 0 "$DEPINSIM" run mine.lua --until 2024-04-15T00:10:00 -o d1.h5
exits "until a duration" 0 "$DEPINSIM" run mine.lua --until 10min -o d2.h5
is "a date and a duration mean the same" "$("$DEPINSIM" digest d1.h5)" "$("$DEPINSIM" digest d2.h5)"

exits "more hosts in a cell than an instant has room for" 0 "$DEPINSIM" run mine.lua --set hosts_n=400000 --until 1s -q -o d1.h5
like "all of them join" "$(cat $out)" '^provider\.entered_n +400000$'

sed 's/at_least(0.9)/at_least(1.5)/' mine.lua >failing.lua
exits "a failing expectation" 1 "$DEPINSIM" run failing.lua
like "it is named on stdout" "$(cat $out)" 'expect job\.completed_ratio ≥ 1\.5: [0-9.]+ FAILED'
is "and once on stderr" "$(grep -c 'job.completed_ratio' $err)" 1
ok "its result is kept" "$DEPINSIM" digest failing.h5
exits "with --set it does not apply" 0 "$DEPINSIM" run failing.lua --set minutes=5
like "and is reported so" "$(cat $out)" 'not applicable with --set'
exits "unless --expect says so" 1 "$DEPINSIM" run failing.lua --set minutes=5 --expect

rm -f ./*.h5
left() { is "$1: no output is left" "$(ls ./*.h5* 2>/dev/null)" ""; }
fails() { # name code regex command…
  name=$1 code=$2 regex=$3
  shift 3
  exits "$name: exit code $code" "$code" "$@"
  is "$name: one line on stderr, nothing on stdout" "$(wc -l <$err | tr -d ' ') $(wc -c <$out | tr -d ' ')" "1 0"
  like "$name: what is wrong" "$(cat $err)" "$regex"
  left "$name"
}
fails "a missing scenario" 3 'nofile\.lua' "$DEPINSIM" run nofile.lua
fails "an unknown parameter" 2 "did you mean 'hosts_n'" "$DEPINSIM" run mine.lua --set host_n=3
fails "a folder as the output" 3 'is a folder' "$DEPINSIM" run mine.lua -o .
fails "an output in a folder that is not there" 3 'No such file' "$DEPINSIM" run mine.lua -o no/x.h5
fails "the scenario as the output" 2 'is the scenario itself' "$DEPINSIM" run mine.lua -o mine.lua
printf 'time_s,prompt_tokens,output_tokens\n0,10,10\n' >trace.csv
fails "the trace as the output" 3 'trace\.csv: it exists and is no HDF5 file' \
  "$DEPINSIM" run "$srcdir/scenarios/quickstart.lua" --set trace=trace.csv -o trace.csv
like "the trace is untouched" "$(tail -n 1 trace.csv)" '^0,10,10$'
fails "an end before the start" 2 'not later than' "$DEPINSIM" run mine.lua --until 2020-01-01
ok "the scenario is untouched" grep -q 'depin.scenario' mine.lua

# Under a launcher the rank that fails speaks alone, and its code is everyone's.
for n in 2 3; do
  exits "an unknown parameter on $n ranks" 2 ranks "$n" "$DEPINSIM" run mine.lua --set host_n=3
  is "it is said once on $n ranks" "$(grep -c "did you mean 'hosts_n'" $err)" 1
  exits "a missing scenario on $n ranks" 3 ranks "$n" "$DEPINSIM" run nofile.lua
  is "it is said once on $n ranks, too" "$(grep -c 'nofile.lua' $err)" 1
  exits "a usage error on $n ranks" 2 ranks "$n" "$DEPINSIM" run --sede
  is "usage is said once on $n ranks" "$(grep -c 'did you mean --seed' $err)" 1
done
exits "models on two ranks" 0 ranks 2 "$DEPINSIM" models books
is "what is not parallel speaks once" "$(grep -c '^books:' $out)" 1
left "failures on ranks"

# An interrupt: from a shell that does not ignore it for its children.
# shellcheck disable=SC2016
env --default-signal=INT bash -c 'set -m; "$DEPINSIM" run mine.lua --set minutes=900000 -o long.h5 & p=$!
  for i in {1..200}; do [ -e long.h5.part ] && break; sleep 0.1; done
  sleep 1; kill -INT $p; wait $p; echo $? >code' >$out 2>$err
is "an interrupt ends a run with 130" "$(cat code)" 130
like "it says when, and what is left" "$(cat $err)" '^depinsim: interrupted at 2024-.* (is in long\.h5\.part|there is no result)$'
ok "there is no result under the result's name" test ! -e long.h5
done_testing
