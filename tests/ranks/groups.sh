#!/bin/bash
# depinsim sweep --ranks-per-run: several ranks run each run together, and the file is that of one rank, whatever fails,
# crashes, takes too long or is killed on the way.
# shellcheck source=tests/tap.sh disable=SC2317 # functions that ok and exits call
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "$DEPINSIM is not built"
command -v "$MPIEXEC" >/dev/null || skip_all "no $MPIEXEC"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
cd "$TAP_TMP" || exit 99

# Three cells, on three continents. A host breaks down (or, at half an hour, never answers) at a certain local hour.
cat >world.lua <<'LUA'
local depin = require "depin"
local p = depin.parameters {
  hours = { 2, min = 0.1, max = 1e6, doc = "how long it runs" },
  rate_per_s = { 0.2, min = 0, max = 10, doc = "requests" },
  hour = { 50, min = 0, max = 100, doc = "local hour at which hosts break down" },
}
if p.rate_per_s > 5 then error("too many requests for this world") end
return depin.scenario {
  duration_h = p.hours, settle_every_s = 600, seed = 3,
  place = depin.place.azure { regions = { "East US", "West Europe", "Japan East" } },
  networks = { depin.network.posted { name = "net" } },
  providers = { depin.provider { network = "net", count = 6, node = depin.hardware.rtx4090 {},
    pricing = depin.policy.custom { decide = function(obs)
      if obs.local_hour >= p.hour and obs.local_hour < p.hour + 0.5 then
        if p.hour % 1 ~= 0 then while true do end end
        error("out of order at " .. obs.local_hour)
      end
      return 1
    end } } },
  workloads = { depin.workload.inference { name = "w", network = "net", rate_per_s = p.rate_per_s,
    llm = depin.llm.llama2_7b } },
}
LUA
study() { # lines of the study…
  printf '%s\n' 'local depin = require "depin"' 'return depin.study {' '  scenario = "world.lua",'
  printf '  %s\n' "$@" '}'
}
same_content() { h5diff --exclude-path /provenance/volatile "$1" "$2"; }
groups() { # ranks, of them in a group, arguments…
  groups_n=$1 groups_of=$2
  shift 2
  ranks "$groups_n" "$DEPINSIM" "$@" --ranks-per-run "$groups_of"
}

# FULL_RANKS=1 (make check-ranks) tries more.
shapes="2:2 4:2"
test -z "$FULL_RANKS" || shapes="1:1 2:2 4:1 4:2 4:4 6:3 7:7 8:2"

# ---- one file ----
# shellcheck disable=SC2016 # no expansion is meant
study 'vary = { rate_per_s = { 0.1, 0.3, 6 }, hour = { 50, 2, 9, 20, 9.5 } }, replicates = 2,' \
  'kpis = { "job.submitted", "job.completed_ratio", "energy.used_kwh" },' \
  'series = { "hardware.node.busy", "hardware.node.energy" }, band_n = 11,' >s.lua
exits "on one rank" 1 "$DEPINSIM" sweep s.lua -o one.h5 --format csv
cp out one.csv
for shape in $shapes; do
  n=${shape%:*} of=${shape#*:}
  exits "$n ranks in groups of $of: failed runs are noted, the others go on" 1 \
    groups "$n" "$of" sweep s.lua -o g.h5 --format csv
  same "the table is that of one rank" out one.csv
  ok "and so is the file, with its bands" same_content one.h5 g.h5
done
messages=$(h5dump -d /failures/message g.h5)
like "a scenario that refuses its parameters says so" "$messages" 'world\.lua:7: too many requests for this world'
for hour in 2 9 20; do # one in every cell
  like "so does a host that breaks down at $hour:00" "$messages" "world\.lua:16: out of order at $hour\.0"
done
like "and one that never answers" "$messages" 'at 30min: world\.lua:15: more than 10000000 instructions in one call'

study 'vary = { rate_per_s = { 0.05, 0.1 } }, replicates = 3, kpis = { "job.submitted" },' \
  'precision = { kpi = "job.submitted", half_width_ratio = 0.05, most_n = 60 },' >precise.lua
ok "a precision on one rank" "$DEPINSIM" sweep precise.lua
ok "and in groups" groups 4 2 sweep precise.lua -o p.h5
ok "takes as many runs" same_content precise.h5 p.h5

cp "$srcdir"/scenarios/token_from_nothing*.lua .
ok "tune on one rank" "$DEPINSIM" tune token_from_nothing.study.lua -o tune.h5 --budget 60
ok "and in groups, of which most ranks have no cell" groups 4 2 tune token_from_nothing.study.lua -o t.h5 --budget 60
ok "gives the same design" same_content tune.h5 t.h5

# ---- numbers that make no groups ----
wrong() { # ranks, of them in a group, regex
  exits "$1 ranks in groups of $2" 2 groups "$1" "$2" sweep s.lua -o wrong.h5
  like "  is an error with a remedy" "$(cat err)" "^depinsim sweep: --ranks-per-run$3"
}
wrong 2 0 ": '0' is out of range"
wrong 4 3 ' 3: 4 ranks do not make whole groups of 3 \(start 3 or 6 of them, or say --ranks-per-run 2\)$'
wrong 2 4 ' 4: there are only 2 ranks \(mpirun -n 4 starts 4'
exits "a group without a launcher" 2 "$DEPINSIM" sweep s.lua --ranks-per-run 2 -o wrong.h5
like "  is one as well" "$(cat err)" '^depinsim sweep: --ranks-per-run 2: there is only 1 rank \(mpirun -n 2'
is "nothing was written" "$(echo wrong*)" "wrong*"

# ---- time ----
study 'vary = { hours = { 1, 500000, 2 } }, replicates = 1, kpis = { "job.submitted" }, run_limit_s = 1,' >limit.lua
exits "a run that takes too long ends on every rank of its group" 1 \
  timeout 100 "$MPIEXEC" -n 2 "$DEPINSIM" sweep limit.lua --ranks-per-run 2 --format csv
is "the others have their figures" "$(awk -F, '/job.submitted/ { print $5 }' out | paste -sd,)" "1,0,1"
like "and why is in the file" "$(h5dump -d /failures/message limit.h5)" 'it took longer than run_limit_s = 1 s'

study 'vary = { rate_per_s = depin.grid { 0.1, 0.2, 0.3 } }, replicates = 100, kpis = { "job.submitted" },' \
  'series = { "hardware.node.busy" }, band_n = 5,' >long.lua
exits "the wall limit ends all groups with 75" 75 groups 4 2 sweep long.lua -o long.h5 --wall-limit 100ms
like "which says how far it came" "$(cat err)" 'stopped: [0-9]+ of 300 runs are done'

# ---- kills and signals ----
command -v pgrep >/dev/null || {
  skip "kills and signals" "pgrep is not installed (Debian: procps)"
  done_testing
}
tree() { # launcher and ranks
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do tree "$child"; done
}
rank_of() { # launcher, rank: its process
  local child
  for child in $(tree "$1"); do
    if tr '\0' '\n' 2>/dev/null <"/proc/$child/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$2"; then
      echo "$child"
      return
    fi
  done
}
size() { stat -c %s "$1" 2>/dev/null || echo 0; }
started() { # arguments: begins them in the background; pid is the launcher's, or that of who started it
  touch began
  ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" timeout 100 "$MPIEXEC" "$@" >out 2>err </dev/null &
  pid=$!
}
grown() { # file, bytes, of launcher $pid: waits until it is larger
  for _ in {1..600}; do
    if [ "$(size "$1")" -gt "$2" ]; then return; fi
    kill -0 "$pid" 2>/dev/null || return
    sleep 0.05
  done
}
kill_n=0
for shape in 4:2 2:2 4:4; do
  before=$(size long.h5.part)
  started -n "${shape%:*}" "$DEPINSIM" sweep long.lua -o long.h5 --ranks-per-run "${shape#*:}"
  grown long.h5.part "$before"
  mapfile -t all < <(tree "$pid")
  kill -9 "${all[@]}" 2>/dev/null
  wait "$pid" 2>/dev/null
  if [ ! -e long.h5 ]; then kill_n=$((kill_n + 1)); fi
done
is "it was killed three times, in groups of three shapes" "$kill_n" 3
ok "what is left is run, in yet another" groups 3 1 sweep long.lua -o long.h5 --resume --format csv
cp out long.csv
ok "undisturbed, on one rank" "$DEPINSIM" sweep long.lua -o undisturbed.h5 --format csv
same "the table is the same" out long.csv
ok "and so is the file" same_content undisturbed.h5 long.h5

# FILE.part.at has a line for each rank, which says in which run it is: the first is rank 0's.
in_run() { # file, run: waits until this start of it is in that run
  for _ in {1..600}; do
    sleep 0.05
    [ "$1" -nt began ] || continue
    if [ "$(od -An -tu8 -j4096 -N8 "$1" 2>/dev/null | tr -d ' ')" = "$(($2 + 1))" ]; then return; fi
  done
}
study 'vary = { hours = { 1, 500000, 2 } }, replicates = 1, kpis = { "job.submitted" },' >crash.lua
for i in 1 2; do
  started -n 2 "$DEPINSIM" sweep crash.lua --ranks-per-run 2
  in_run crash.h5.part.at 1
  kill -SEGV "$(rank_of "$pid" 1)" # it helps rank 0
  wait "$pid" 2>/dev/null
  if [ "$i" = 1 ]; then
    ok "a run that has crashed one of its ranks is tried again" test -e crash.h5.part -a ! -e crash.h5
  fi
done
exits "one that has twice is a failed run, and the others go on" 1 groups 2 2 sweep crash.lua --format csv
is "which have their figures" "$(awk -F, '/job.submitted/ { print $5 }' out | paste -sd,)" "1,0,1"
like "why is in the file" "$(h5dump -d /failures/message crash.h5)" 'crashed: it ended the process by signal 11, 2 times'

# A group of four that vanishes is one death of its run, not four: five take it out.
for i in 1 2; do
  started -n 4 "$DEPINSIM" sweep crash.lua -o vanish.h5 --ranks-per-run 4
  in_run vanish.h5.part.at 1
  mapfile -t all < <(tree "$pid")
  kill -9 "${all[@]}" 2>/dev/null
  wait "$pid" 2>/dev/null
done
exits "a run whose group vanished twice is tried again" 75 groups 2 2 sweep crash.lua -o vanish.h5 --wall-limit 2s

# Ranks 0 and 2 lead, 1 and 3 help; each group is in a run without end.
study 'vary = { hours = { 500000 } }, replicates = 4, kpis = { "job.submitted" },' >endless.lua
for rank in 0 1 2 3; do
  started -n 4 "$DEPINSIM" sweep endless.lua --ranks-per-run 2
  for _ in {1..600}; do # until rank 2 is in a run
    sleep 0.05
    if [ endless.h5.part.at -nt began ] && [ "$(size endless.h5.part.at)" -gt $((4096 + 2 * 16)) ]; then break; fi
  done
  kill -INT "$(rank_of "$pid" "$rank")"
  wait "$pid" && code=0 || code=$?
  is "an interrupt of rank $rank ends all groups" "$code" 130
  like "and says that it can go on" "$(cat err)" 'interrupted: 0 of 4 runs are done \(the same command goes on from there\)'
done
done_testing
