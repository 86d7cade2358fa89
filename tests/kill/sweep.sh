#!/bin/bash
# A sweep of token_from_nothing over 90 days on two ranks is killed three times with SIGKILL, each time in the middle,
# and goes on: the file is that of an undisturbed one.   tests/kill/sweep.sh [RUNS]   (200; `make check-studies`: 10,000)
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "$DEPINSIM is not built"
command -v pgrep >/dev/null || skip_all "pgrep is not installed (Debian: procps)"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
: "${SWEEP_RUNS:=${1:-200}}" "${SWEEP_KILLS:=3}"
cd "$TAP_TMP" || exit 99
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" # Open MPI leaks
n=1
if command -v "$MPIEXEC" >/dev/null; then n=2; fi
cp "$srcdir/scenarios/token_from_nothing.lua" .
cat >s.lua <<LUA
local depin = require "depin"
return depin.study {
  scenario = "token_from_nothing.lua",
  set = { days = 90 },
  vary = {
    emission_per_day = depin.range { 1e3, 1e6, log = true },
    sell_ratio = depin.range { 0, 1 },
    take_ratio = depin.range { 0, 0.5 },
  },
  design = "sobol", points_n = $((SWEEP_RUNS / 10)), replicates = 10,
  series = { "ledger.exchange.price" }, band_n = 13,
}
LUA

began=$EPOCHREALTIME
exits "$SWEEP_RUNS runs, undisturbed" 0 ranks $n "$DEPINSIM" sweep s.lua -o undisturbed.h5 --format csv
cp out undisturbed.csv
ms=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", 1000 * (b - a) }')
note "undisturbed: $ms ms"

# Launcher and ranks at once.
tree() {
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do tree "$child"; done
}
size() { stat -c %s killed.h5.part 2>/dev/null || echo 0; }

kill_n=0
nap=$(awk -v ms="$ms" -v n="$SWEEP_KILLS" 'BEGIN { print ms / (n + 2) / 1000 }')
for ((i = 0; i < 40 && kill_n < SWEEP_KILLS; i++)); do
  before=$(size)
  ranks $n "$DEPINSIM" sweep s.lua -o killed.h5 --format csv >/dev/null 2>&1 &
  pid=$!
  sleep "$nap"
  mapfile -t all < <(tree "$pid")
  kill -9 "${all[@]}" 2>/dev/null
  wait "$pid" 2>/dev/null
  if [ -e killed.h5 ]; then # it was faster than the last time
    rm -f killed.h5
    nap=$(awk -v x="$nap" 'BEGIN { print x / 2 }')
    kill_n=0
  elif [ "$(size)" -gt "$before" ]; then
    kill_n=$((kill_n + 1))
  fi
done
is "it was killed $SWEEP_KILLS times, and had come further each time" "$kill_n" "$SWEEP_KILLS"
exits "what is left is run" 0 ranks $n "$DEPINSIM" sweep s.lua -o killed.h5 --resume --format csv
same "the table is that of the undisturbed sweep" out undisturbed.csv
ok "and so is the file" h5diff --exclude-path /provenance/volatile undisturbed.h5 killed.h5
is "nothing else is left" "$(echo killed.h5*)" killed.h5
done_testing
