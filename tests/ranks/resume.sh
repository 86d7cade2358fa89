#!/bin/bash
# A run goes on with another number of ranks; a rank that dies or fails takes the others down at once.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
command -v pgrep >/dev/null || skip_all "pgrep is not installed (Debian: procps)"
cd "$TAP_TMP" || exit 99
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" # Open MPI leaks
scenario=$srcdir/scenarios/quickstart.lua
out=$TAP_TMP/out err=$TAP_TMP/err
# shellcheck disable=SC2317 # called through exits
limit() { timeout -k 5 100 "$@"; }

exits "an undisturbed run" 0 "$DEPINSIM" run "$scenario" --set minutes=600 -o whole.h5
digest=$("$DEPINSIM" digest whole.h5)
wait_for() { # file
  local i
  for ((i = 0; i < 600; i++)); do
    [ -e "$1" ] && return 0
    sleep 0.1
  done
  note "$1 did not come"
}
# In the background, its cells at other ranks after every beat; the launcher in $launcher, its ranks in ${members[@]}.
start() { # ranks, minutes, result
  timeout -k 5 100 "$MPIEXEC" -n "$1" "$DEPINSIM" run "$scenario" --set "minutes=$2" --checkpoint-every 20min -o "$3" \
    --balance always >"$out.bg" 2>"$err.bg" &
  pid=$!
  wait_for "$3.ckpt.old"
  launcher=$(pgrep -P $pid)
  mapfile -t members < <(pgrep -P "$launcher")
}
goes_on() { # name, ranks, result
  exits "$1: resume on $2 ranks" 0 limit "$MPIEXEC" -n "$2" "$DEPINSIM" resume "$3.ckpt" --balance always
  is "$1: the same digest" "$("$DEPINSIM" digest "$3")" "$digest"
  ok "$1: the same result" h5diff --exclude-path /provenance/volatile whole.h5 "$3"
  is "$1: nothing is left" "$(echo "$3"*)" "$3"
}

start 3 600 a.h5
kill -9 "${members[@]}"
wait $pid
goes_on "3 ranks, all killed" 2 a.h5

start 2 600 b.h5
kill -9 "${members[1]}"
wait $pid
code=$?
ok "2 ranks, one killed: the launcher ends at once" test $code -ne 0 -a $code -ne 124
for ((i = 0; i < 100; i++)); do # the launcher does not wait for what it kills
  kill -0 "${members[0]}" 2>/dev/null || break
  sleep 0.1
done
is "2 ranks, one killed: the other one goes too" "$(kill -0 "${members[0]}" 2>/dev/null && echo there)" ""
exits "2 ranks, one killed: resume on one" 0 "$DEPINSIM" resume b.h5.ckpt
is "2 ranks, one killed: the same digest" "$("$DEPINSIM" digest b.h5)" "$digest"

# SIGUSR1 to the launcher reaches every rank, each at another time.
start 3 100000 c.h5
kill -USR1 "$launcher"
for ((i = 0; i < 300; i++)); do
  grep -q 'c.h5.ckpt written' "$err.bg" && break
  sleep 0.1
done
is "SIGUSR1 on 3 ranks: a checkpoint, told once" "$(grep -c 'c.h5.ckpt written at 20' "$err.bg")" 1
ok "SIGUSR1 on 3 ranks: the run goes on" kill -0 "${members[@]}"
mkdir c.h5.ckpt.part # the next one cannot be written
wait $pid
is "3 ranks, the first of which fails: exit code 3" $? 3
is "3 ranks, the first of which fails: it is said once" "$(grep -c 'cannot write the checkpoint' "$err.bg")" 1
rm -rf c.h5*

exits "a wall limit on 3 ranks: 75" 75 limit "$MPIEXEC" -n 3 "$DEPINSIM" run "$scenario" --set minutes=100000 -o w.h5 \
  --wall-limit 2
is "it is said once" "$(grep -c 'stopped at the wall limit' "$err")" 1
exits "and again on 2" 75 limit "$MPIEXEC" -n 2 "$DEPINSIM" resume w.h5.ckpt --wall-limit 2
done_testing
