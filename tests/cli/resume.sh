#!/bin/bash
# A run that is stopped in any way goes on from its checkpoint to the result of an undisturbed one.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
cd "$TAP_TMP" || exit 99
scenario=$srcdir/scenarios/quickstart.lua
out=$TAP_TMP/out err=$TAP_TMP/err
run() { "$DEPINSIM" run "$scenario" --set minutes=600 "$@"; }

exits "an undisturbed run" 0 run -o whole.h5
cp "$out" whole.txt
digest=$("$DEPINSIM" digest whole.h5)
goes_on() { # name, result, resume options: to the end, with the right result and nothing else
  local name=$1 result=$2
  shift 2
  exits "$name: resume" 0 "$DEPINSIM" resume "$result.ckpt" --checkpoint-every 5h "$@"
  cp "$out" resumed.txt
  cp "$err" resumed.err
  same "$name: the same key figures" resumed.txt whole.txt
  is "$name: the same digest" "$("$DEPINSIM" digest "$result")" "$digest"
  ok "$name: the same result" h5diff --exclude-path /provenance/volatile whole.h5 "$result"
  is "$name: no checkpoint is left" "$(echo "$result"*)" "$result"
}
wait_for() { # file: until it is there, 60 s at most
  local i
  for ((i = 0; i < 3000; i++)); do
    [ -e "$1" ] && return 0
    sleep 0.02
  done
  note "$1 did not come"
}
# A run in the background that is long enough to be met; in $pid.
start() { # result, options
  "$DEPINSIM" run "$scenario" --set minutes=100000 -o "$@" >"$out.bg" 2>"$err.bg" &
  pid=$!
}
ends() { # name, exit code
  wait "$pid"
  is "$1" $? "$2"
}
# A run that was killed when it had written two checkpoints, in a folder to be copied.
killed() { # result, options
  "$DEPINSIM" run "$scenario" --set minutes=600 --checkpoint-every 10min -o "$@" >"$out.bg" 2>"$err.bg" &
  wait_for "$1.ckpt.old"
  kill -9 $!
  wait $! 2>/dev/null
  rm -f "$1.ckpt.part"
}

# ---- interval, wall limit ----
exits "with checkpoints" 0 run -o every.h5 --checkpoint-every 30min
is "with checkpoints: the same digest" "$("$DEPINSIM" digest every.h5)" "$digest"
ok "with checkpoints: the same result" h5diff --exclude-path /provenance/volatile whole.h5 every.h5
is "none is left after success" "$(echo every.h5*)" every.h5

exits "a wall limit stops a run with 75" 75 "$DEPINSIM" run "$scenario" --set minutes=100000 -o wall.h5 --wall-limit 1
like "in one line that says how to go on" "$(cat "$err")" \
  '^depinsim: stopped at the wall limit, at 20[0-9: -]+ of simulated time; go on with: depinsim resume wall\.h5\.ckpt$'
is "it leaves checkpoints and the unfinished result" "$(echo wall.h5*)" "wall.h5.ckpt wall.h5.ckpt.old wall.h5.part"
exits "a run of that name is refused" 3 "$DEPINSIM" run "$scenario" -o wall.h5
like "and says how to go on" "$(cat "$err")" 'depinsim resume wall\.h5\.ckpt; or remove'
exits "the limit of a resumed run" 75 "$DEPINSIM" resume wall.h5.ckpt --wall-limit 1
rm -f wall.h5*

for ((turn = 0, code = 75; code == 75 && turn < 20; turn++)); do
  if ((turn == 0)); then run -o steps.h5 --wall-limit 0.25 >"$out" 2>"$err"; else
    "$DEPINSIM" resume steps.h5.ckpt --wall-limit 0.25 >"$out" 2>"$err"
  fi
  code=$?
done
if ((code == 75)); then # a machine that needs a quarter of a second to begin
  goes_on "stopped $turn times" steps.h5
else
  is "stopped $((turn - 1)) times, the last turn ends" $code 0
  is "stopped $((turn - 1)) times: the same digest" "$("$DEPINSIM" digest steps.h5)" "$digest"
fi

# ---- signals ----
start signals.h5
wait_for signals.h5.part
kill -USR1 "$pid"
wait_for signals.h5.ckpt
ok "SIGUSR1: the run goes on" kill -0 "$pid"
kill -TERM "$pid"
ends "SIGTERM ends it with 75" 75
is "each is told once" "$(sed 's/ at 20[0-9: -]* of simulated time/ at DATE/' "$err.bg")" \
  "depinsim: signals.h5.ckpt written at DATE
depinsim: stopped by SIGTERM, at DATE; go on with: depinsim resume signals.h5.ckpt"
rm -f signals.h5*
# shellcheck disable=SC2016 # the inner shell's dollars
env --default-signal=INT bash -c 'set -m; "$DEPINSIM" run "$1" --set minutes=100000 -o int.h5 --checkpoint-every 1h & p=$!
  for i in {1..600}; do [ -e int.h5.ckpt ] && break; sleep 0.1; done
  kill -INT $p; wait $p; echo $? >code' - "$scenario" >"$out" 2>"$err"
is "SIGINT ends a run with 130" "$(cat code)" 130
like "and says how to go on" "$(cat "$err")" '^depinsim: interrupted at .*; go on .* with: depinsim resume int\.h5\.ckpt$'
ok "with what is needed for it" test -s int.h5.ckpt -a -s int.h5.part
rm -f int.h5*

# ---- kill -9, damage, mistakes ----
mkdir kept
killed r.h5
cp r.h5.* kept/
goes_on "killed" r.h5

again() { # brings the killed run back
  rm -f r.h5*
  cp kept/* .
}
again
# Killed again while it is resumed: as it begins, and each time that it has written a checkpoint.
for delay in 0.003 0.01 0.03 0.06 newer newer newer; do
  touch mark
  "$DEPINSIM" resume r.h5.ckpt --checkpoint-every 10min >"$out.bg" 2>"$err.bg" &
  pid=$!
  if [ $delay = newer ]; then
    for ((i = 0; i < 3000; i++)); do
      [ r.h5.ckpt -nt mark ] && break
      sleep 0.01
    done
  else
    sleep $delay
  fi
  kill -9 $pid
  wait $pid 2>/dev/null
  [ $? = 137 ] || note "the resumed run was not killed"
done
goes_on "killed seven times more while it was resumed" r.h5
again
printf 'damage' | dd of=r.h5.ckpt bs=1 seek=2000 conv=notrunc 2>/dev/null
goes_on "a damaged checkpoint" r.h5
like "a damaged checkpoint: it says so" "$(cat resumed.err)" '^depinsim: r\.h5\.ckpt: .*damaged; going on from r\.h5\.ckpt\.old$'
again
truncate -s 3000 r.h5.ckpt
goes_on "a checkpoint that is cut short" r.h5
like "a checkpoint that is cut short: it says so" "$(cat resumed.err)" \
  '^depinsim: r\.h5\.ckpt: the checkpoint is cut short; going on from r\.h5\.ckpt\.old$'
again
: >r.h5.ckpt
goes_on "an empty checkpoint" r.h5
like "an empty checkpoint: it says so" "$(cat resumed.err)" '^depinsim: r\.h5\.ckpt: .*; going on from r\.h5\.ckpt\.old$'
again
rm r.h5.ckpt
goes_on "the newest is gone" r.h5
like "the newest is gone: it says so" "$(cat resumed.err)" '^depinsim: .*r\.h5\.ckpt: No such file.*; going on from r\.h5\.ckpt\.old$'
again
mkdir moved
mv r.h5.* moved/
exits "from another folder: resume" 0 "$DEPINSIM" resume "$TAP_TMP/moved/r.h5.ckpt"
is "from another folder: the same digest" "$("$DEPINSIM" digest moved/r.h5)" "$digest"

refused() { # name, what the message matches
  exits "$1: exit code 3" 3 "$DEPINSIM" resume r.h5.ckpt
  like "$1: what is wrong" "$(cat "$err")" "$2"
  is "$1: in one line" "$(wc -l <"$err")" 1
}
again
truncate -s 3000 r.h5.ckpt
truncate -s 3000 r.h5.ckpt.old
refused "both are damaged" 'r\.h5\.ckpt: the checkpoint is cut short.*r\.h5\.ckpt\.old is of no use either'
again
rm r.h5.part
refused "the unfinished result is gone" 'r\.h5\.part is missing.*run the scenario again'
again
truncate -s 5000 r.h5.part
refused "the unfinished result is cut short" 'r\.h5\.part is cut short'
again
printf 'damage' | dd of=r.h5.part bs=1 seek=900 conv=notrunc 2>/dev/null
refused "the unfinished result is damaged" 'r\.h5\.part is damaged, or of another run'
again
killed other.h5 --seed 7
cp other.h5.ckpt r.h5.ckpt
refused "the checkpoint of another run" 'r\.h5\.part is (damaged, or of another run|cut short)'
rm -f other.h5*

# The same program of another revision, which is what a cluster has after an update: a text of equal length in its bytes.
again
revision=$("$DEPINSIM" --version | sed -n '1s/^.*(\(.*\))$/\1/p')
if [ ${#revision} -ge 7 ]; then
  LC_ALL=C sed "s/$revision/${revision//[0-9]/x}/g" "$DEPINSIM" >other_program
  chmod +x other_program
  exits "another version of the program: exit code 3" 3 ./other_program resume r.h5.ckpt
  like "another version: both are named" "$(cat "$err")" \
    "r\\.h5\\.ckpt: the checkpoint is of another scenario: it has program = .*\\($revision\\), and here there is program = .*\\(${revision//[0-9]/x}\\)"
  is "another version: in one line" "$(wc -l <"$err")" 1
  goes_on "the version that wrote it" r.h5
else
  skip "another version of the program" "its revision, '$revision', is too short to be found in its bytes"
fi
again
for f in r.h5.ckpt r.h5.ckpt.old; do printf '\011' | dd of=$f bs=1 seek=7 conv=notrunc 2>/dev/null; done
refused "a checkpoint of another form" 'a checkpoint of form 9, and this program reads form [0-9]+ \(resume with the version that wrote it\)'
exits "what is no checkpoint" 3 "$DEPINSIM" resume "$scenario.ckpt"
cp "$scenario" text.ckpt
exits "a text is no checkpoint" 3 "$DEPINSIM" resume text.ckpt
like "and is named so" "$(cat "$err")" 'text\.ckpt: not a checkpoint of depinsim'
exits "a result is no checkpoint" 2 "$DEPINSIM" resume whole.h5
like "but the name of one is shown" "$(cat "$err")" 'ends in \.ckpt'

# ---- two at once ----
start busy.h5 --checkpoint-every 1d
wait_for busy.h5.ckpt
cp busy.h5.ckpt aside
rm -f busy.h5.ckpt.old
exits "a run that goes on is not resumed" 3 "$DEPINSIM" resume busy.h5.ckpt
like "and it says why" "$(cat "$err")" 'another run is writing it'
exits "a second run of the same result is refused" 3 "$DEPINSIM" run "$scenario" -o busy.h5
kill -TERM "$pid"
ends "the first run is not disturbed" 75
rm -f busy.h5* aside

# ---- what cannot be written ----
again
mkdir r.h5.ckpt.part
exits "a checkpoint that cannot be written: exit code 3" 3 "$DEPINSIM" resume r.h5.ckpt
like "it says how to go on" "$(cat "$err")" 'cannot write the checkpoint .*go on with: depinsim resume r\.h5\.ckpt$'
rmdir r.h5.ckpt.part
goes_on "after that" r.h5
cp whole.h5 open.h5
exec 3<open.h5
exits "a result that is open elsewhere is replaced" 0 run -o open.h5
is "the reader keeps what it has opened" "$(cmp - whole.h5 <&3 && echo same)" same
exec 3<&-
if [ "$(id -u)" != 0 ]; then
  mkdir -m 555 readonly
  exits "a folder that may not be written" 3 run -o readonly/r.h5
  like "is named" "$(cat "$err")" 'readonly/r\.h5'
fi

# ---- traces ----
mkdir data
awk 'BEGIN { print "time_s,prompt_tokens,output_tokens"; for (i = 0; i < 4000; i++) print i * 9 "," 200 + i % 700 "," 50 + i % 90 }' \
  >data/t.csv
exits "a run of a trace" 0 run -o whole_t.h5 --set trace=data/t.csv
killed t.h5 --set trace=data/t.csv
mv data away
exits "a trace that is gone: exit code 3" 3 "$DEPINSIM" resume t.h5.ckpt
like "it is named" "$(cat "$err")" 'data/t\.csv'
mkdir data
sed '$d' away/t.csv >data/t.csv
exits "another trace: exit code 3" 3 "$DEPINSIM" resume t.h5.ckpt
like "the parameter is named" "$(cat "$err")" 'the checkpoint is of another scenario: it has .*trace = .*t\.csv'
cp away/t.csv data/t.csv
# shellcheck disable=SC2016 # the inner shell's dollars
exits "the same trace, from another folder" 0 sh -c 'cd / && exec "$DEPINSIM" resume "$TAP_TMP/t.h5.ckpt"'
is "the trace goes on where it was" "$("$DEPINSIM" digest t.h5)" "$("$DEPINSIM" digest whole_t.h5)"

# ---- the scenario comes from the checkpoint ----
cp "$scenario" own.lua
scenario=own.lua
killed own.h5 --format json
scenario=$srcdir/scenarios/quickstart.lua
echo 'error "changed"' >own.lua
exits "a scenario that was changed since" 0 "$DEPINSIM" resume own.h5.ckpt --quiet
like "the format is that of the run" "$(cat "$out")" '^  "digest": '
# shellcheck disable=SC2016
exits "the same run, undisturbed" 0 sh -c 'cp "$0" own.lua && "$DEPINSIM" run own.lua --set minutes=600 -o own2.h5' "$scenario"
ok "gives the same result, provenance included" h5diff --exclude-path /provenance/volatile own.h5 own2.h5

# ---- killed between the last two steps ----
: >whole.h5.part.undo
: >whole.h5.ckpt
exits "the result is there already" 0 "$DEPINSIM" resume whole.h5.ckpt
is "and nothing else" "$(echo whole.h5*)" whole.h5

# ---- self-check ----
exits "a self-check" 0 "$DEPINSIM" run "$scenario" --check-form --self-check -o self.h5
exits "without" 0 "$DEPINSIM" run "$scenario" --check-form -o plain.h5
is "changes nothing" "$("$DEPINSIM" digest self.h5)" "$("$DEPINSIM" digest plain.h5)"
done_testing
