#!/bin/bash
# depinsim sweep: one file whatever the ranks and the kills, runs that are those of `depinsim run`, clear errors.
# shellcheck disable=SC2016,SC2317 # awk programs; functions that ok calls
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

cat >world.lua <<'LUA'
-- Question: how many jobs are done?
local depin = require "depin"
local p = depin.parameters {
  minutes = { 30, min = 1, max = 1e6, doc = "how long it runs" },
  rate_per_s = { 0.2, min = 0, max = 10, doc = "requests" },
  hosts_n = { 2, min = 1, max = 100, doc = "hosts" },
  tokens = { "mooncake", doc = "sizes of requests" },
}
if p.rate_per_s > 5 then error("too many requests for this world") end
return depin.scenario {
  duration_min = p.minutes, settle_every_s = 60, seed = 3,
  place = depin.place.azure { regions = { "East US" } },
  networks = { depin.network.posted { name = "net" } },
  providers = { depin.provider { network = "net", count = p.hosts_n, node = depin.hardware.rtx4090 {},
    pricing = depin.policy.fixed { price_usd_per_mtok = 1 } } },
  workloads = { depin.workload.inference { name = "w", network = "net", rate_per_s = p.rate_per_s, tokens = p.tokens,
    llm = depin.llm.llama2_7b } },
}
LUA
study() { # file, lines of the study…
  {
    echo 'local depin = require "depin"'
    echo 'return depin.study {'
    echo '  scenario = "world.lua",'
    shift 1
    printf '  %s\n' "$@"
    echo '}'
  }
}
study _ 'vary = {' '  rate_per_s = depin.grid { 0.1, 0.2 },' '  hosts_n = depin.range { 1, 3, n = 3 },' '},' \
  'replicates = 4,' 'kpis = { "job.submitted", "job.completed_ratio" },' \
  'series = { "hardware.node.utilisation_ratio" },' 'band_n = 11,' >s.lua

series=$("$DEPINSIM" sweep s.lua 2>&1 | sed -n "s/.*did you mean '\([^']*\)'.*/\1/p")
test -z "$series" || sed -i "s/hardware.node.utilisation_ratio/$series/" s.lua
grep -q "no series" <<<"$("$DEPINSIM" sweep s.lua 2>&1)" && sed -i '/series =/d' s.lua
rm -f s.h5 s.h5.part

same_content() { h5diff --exclude-path /provenance/volatile "$1" "$2"; }

ok "a study runs" "$DEPINSIM" sweep s.lua -o one.h5
like "its table names the points" "$(cat out)" '^ +5 +3 +0\.2 '
is "nothing is left beside the result" "$(ls one.h5*)" "one.h5"
for n in 2 3; do
  ok "on $n ranks" ranks $n "$DEPINSIM" sweep s.lua -o "r$n.h5"
  ok "the file is the same" same_content one.h5 "r$n.h5"
done

digest=$(h5dump -d /runs/digest -s 0 -c 1 one.h5 | sed -n 's/.*(0): \([0-9]*\).*/\1/p')
"$DEPINSIM" run world.lua --set hosts_n=1 --set rate_per_s=0.1 -o run.h5 >/dev/null
is "its first run is that of depinsim run" "$(printf '%016x' "$digest")" "$("$DEPINSIM" digest run.h5)"
last=$(h5dump -d /runs/digest -s 3 -c 1 one.h5 | sed -n 's/.*(3): \([0-9]*\).*/\1/p')
"$DEPINSIM" run world.lua --set hosts_n=1 --set rate_per_s=0.1 --replicate 3 -o run.h5 >/dev/null
is "its fourth that of --replicate 3" "$(printf '%016x' "$last")" "$("$DEPINSIM" digest run.h5)"
exits "a replicate that is none" 2 "$DEPINSIM" run world.lua --replicate 1.5

# ---- kills ----
sed -e 's/replicates = 4/replicates = 40/' s.lua >long.lua
"$DEPINSIM" sweep long.lua -o long.h5 >/dev/null
killed() { # every 0.15 s of its life, until it ends
  for _ in {1..200}; do
    "$@" >/dev/null 2>&1 &
    pid=$!
    sleep 0.15
    if ! kill -9 "$pid" 2>/dev/null; then
      wait "$pid"
      return
    fi
    wait "$pid" 2>/dev/null
  done
  return 1
}
ok "killed again and again, it comes to its end" killed "$DEPINSIM" sweep long.lua -o killed.h5
ok "with the file of an undisturbed one" same_content long.h5 killed.h5
exits "the wall limit ends it with 75" 75 "$DEPINSIM" sweep long.lua -o wall.h5 --wall-limit 50ms
like "which says how far it came" "$(cat err)" 'stopped: [0-9]+ of 240 runs are done'
head -c -7 wall.h5.part >short && cp short wall.h5.part
ok "it goes on from a journal that was cut in a record" "$DEPINSIM" sweep long.lua -o wall.h5 --resume
ok "with the same file" same_content long.h5 wall.h5
exits "there is nothing to resume then" 3 "$DEPINSIM" sweep long.lua -o wall.h5 --resume
exits "the limit again" 75 "$DEPINSIM" sweep long.lua -o other.h5 --wall-limit 50ms
exits "a journal of another study is refused" 3 "$DEPINSIM" sweep s.lua -o other.h5
like "with a remedy" "$(cat err)" '^depinsim: other\.h5\.part is of another study.*--restart'
ok "--restart begins anew" "$DEPINSIM" sweep s.lua -o other.h5 --restart
ok "and gives the same" same_content one.h5 other.h5

# ---- failures ----
study _ 'vary = { rate_per_s = { 0.1, 6 } }, replicates = 2, kpis = { "job.submitted" },' >fail.lua
exits "a run that fails makes the exit code 1" 1 "$DEPINSIM" sweep fail.lua
like "the others ran" "$(cat out)" '^fail|^world: 2 points, 4 runs, 2 of them failed'
like "why is in the file" "$(h5dump -d /failures/message fail.h5)" 'world\.lua:9: too many requests'

# ---- a run that crashes, one that takes too long ----
study _ 'vary = { minutes = { 5, 900000, 10 }, rate_per_s = { 0.2 } },' 'replicates = 1,' \
  'kpis = { "job.submitted" },' >crash.lua
crashes() { # the long run gets a deadly signal
  "$DEPINSIM" sweep crash.lua >out 2>err &
  pid=$!
  for _ in {1..600}; do
    sleep 0.05
    # the first run is in the journal when the second has begun, and was written after 50 ms
    if [ "$(stat -c %s crash.h5.part.at 2>/dev/null || echo 0)" -gt 4096 ] &&
      [ "$(od -An -tu8 -j4096 -N8 crash.h5.part.at | tr -d ' ')" = 2 ]; then break; fi
  done
  kill -SEGV "$pid"
  wait "$pid" 2>/dev/null
}
crashes
ok "a run that has crashed once is tried again" test -e crash.h5.part -a ! -e crash.h5
crashes
exits "one that has crashed twice is a failed run, and the others go on" 1 "$DEPINSIM" sweep crash.lua --format csv
cp out crash.csv
is "which have their figures" "$(awk -F, '/job.submitted/ { print $6 }' crash.csv | paste -sd,)" "1,0,1"
like "why is in the file" "$(h5dump -d /failures/message crash.h5)" 'crashed: it ended the process by signal 11, 2 times'
is "nothing else is left" "$(echo crash.h5*)" crash.h5
sed 's/replicates = 1,/replicates = 1, run_limit_s = 1,/' crash.lua >limit.lua
exits "a run that takes too long is a failed run" 1 timeout 100 "$DEPINSIM" sweep limit.lua --format csv
cp out limit.csv
same "the others are what they were" limit.csv crash.csv
like "and why is in the file" "$(h5dump -d /failures/message limit.h5)" 'it took longer than run_limit_s = 1 s'

# ---- precision ----
study _ 'vary = { rate_per_s = { 0.1, 0.4 } }, replicates = 3, kpis = { "job.submitted" },' \
  'precision = { kpi = "job.submitted", half_width_ratio = 0.03, most_n = 200 },' >precise.lua
ok "replicates until a precision is reached" "$DEPINSIM" sweep precise.lua --format csv
cp out precise.csv
ok "at every point" awk -F, 'NR > 1 && !($7 <= 0.03 * $6 && $5 > 3) { bad = 1 } END { exit bad || NR != 3 }' precise.csv
ok "the same on three ranks" ranks 3 "$DEPINSIM" sweep precise.lua -o p3.h5
ok "which ran as many" same_content precise.h5 p3.h5

# ---- other forms ----
ok "as JSON" "$DEPINSIM" sweep s.lua -r 2 --format json
is "which has all points" "$(tr ',' '\n' <out | grep -c '"point":')" 6
study _ 'vary = { rate_per_s = depin.range(0.1, 0.3), tokens = { "mooncake", "azure_code" } }, design = "lhs", points_n = 6,' \
  'kpis = { "job.submitted" },' >lhs.lua
ok "a Latin hypercube over numbers and texts" "$DEPINSIM" sweep lhs.lua
is "has each text as often" "$(h5dump -d /points/parameter/tokens lhs.h5 | grep -o '"mooncake"' | wc -l)" 3
exits "an interrupted one" 130 timeout --preserve-status -s INT 0.1 "$DEPINSIM" sweep long.lua -o int.h5 --replicates 4000 --quiet
size() { wc -c <int.h5.part 2>/dev/null || echo 0; }
for signal in TERM USR1; do # what queues send before their limit
  "$DEPINSIM" sweep long.lua -o int.h5 --replicates 40000 --restart --quiet 2>err &
  until test "$(size)" -gt 0; do sleep 0.01; done
  begun=$(size)
  until test "$(size)" -gt "$begun"; do sleep 0.01; done # runs are written down
  kill -s "$signal" $!
  wait $! && code=0 || code=$?
  is "SIG$signal stops it" "$code" 75
done
like "which says how to go on" "$(cat err)" 'stopped: [0-9]+ of [0-9]+ runs are done \(the same command goes on from there\)'

# ---- what is wrong says where ----
wrong() { # name, regex, lines…
  tap_wrong=$1 tap_regex=$2
  shift 2
  study _ "$@" >wrong.lua
  exits "$tap_wrong" 2 "$DEPINSIM" sweep wrong.lua
  like "  and says so" "$(cat err)" "$tap_regex"
}
wrong "an undeclared parameter" "^wrong\.lua:5: study: rate: world\.lua declares no such parameter \(did you mean" \
  'vary = {' '  rate = { 1, 2 },' '},'
wrong "unequal zip lengths" "^wrong\.lua:[45]: study: vary: a zip needs lists of one length.*hosts_n has 2.*has 3" \
  'vary = { hosts_n = { 1, 2 }, rate_per_s = { 1, 2, 3 } }, design = "zip",'
wrong "a value out of bounds" "^wrong\.lua:4: study: vary: hosts_n = 1000 is outside of \[1, 100\]" \
  'vary = { hosts_n = { 1, 1000 } },'
wrong "half a host" "^wrong\.lua:4: study: vary: hosts_n = 1\.5 is not a whole number" 'vary = { hosts_n = { 1, 1.5 } },'
wrong "a range on a grid" "^wrong\.lua:4: study: vary: hosts_n: a range has no levels" \
  'vary = { hosts_n = depin.range(1, 4) },'
wrong "an unknown KPI" "no KPI 'job\.complete_ratio' \(did you mean 'job\.completed_ratio'" 'kpis = { "job.complete_ratio" },'
wrong "an unknown key" "^wrong\.lua:2: study: depin\.study has no 'varied'" 'varied = {},'
wrong "an unknown design" "design must be .* got lsh \(did you mean 'lhs'" 'design = "lsh",'
wrong "a set name that is none" "^wrong\.lua:4: study: set: .*days" 'set = { days = 3 },'
wrong "a parameter that is set and varied" "both varied and set" 'vary = { hosts_n = { 1 } }, set = { hosts_n = 2 },'
echo 'return 5' >wrong.lua
exits "a file that is no study" 2 "$DEPINSIM" sweep wrong.lua
exits "a scenario in a study's place" 2 "$DEPINSIM" sweep world.lua
study _ 'vary = {},' | sed 's/world.lua/gone.lua/' >wrong.lua
exits "a scenario that is not there" 3 "$DEPINSIM" sweep wrong.lua
like "  named with the line" "$(cat err)" '^wrong\.lua:3: study: .*gone\.lua'
echo text >plain.h5
exits "what is no result is not written over" 3 "$DEPINSIM" sweep s.lua -o plain.h5
exits "a reader of single results says what it is" 3 "$DEPINSIM" kpi one.h5
like "  in words" "$(cat err)" 'is the result of a sweep'
done_testing
