#!/bin/bash
# Runs are killed at random moments on 1, 2 and 3 ranks and go on with another number of ranks, until they end: the digest
# and the result are those of an undisturbed run.   tests/kill/storm.sh [KILLS]   (4; `make check-kill`: 60)
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "$DEPINSIM is not built"
command -v pgrep >/dev/null || skip_all "pgrep is not installed (Debian: procps)"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
: "${STORM_KILLS:=${1:-4}}" "${STORM_SEED:=$$}"
cd "$TAP_TMP" || exit 99
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" # Open MPI leaks
RANDOM=$STORM_SEED
note "STORM_SEED=$STORM_SEED"
ranks_n=(1)
if command -v "$MPIEXEC" >/dev/null; then ranks_n=(1 2 3); fi

# Runs of one to three seconds, each with more settlements than a chunk of the result has rows.
names=(quickstart cloud token)
scenarios=("$srcdir/scenarios/quickstart.lua" "$srcdir/scenarios/cloud_versus_depin.lua"
  "$srcdir/scenarios/token_from_nothing.lua")
settings=("minutes=700" "hours=24" "days=3000")
every=(20min 1h 60d)

for s in "${!names[@]}"; do
  exits "${names[s]}: an undisturbed run" 0 "$DEPINSIM" run "${scenarios[s]}" --set "${settings[s]}" -o "${names[s]}.h5"
  cp out "${names[s]}.txt"
done

launch() { # ranks command…: in the background, as $pid
  local n=$1
  shift
  if ((n == 1)); then timeout 120 "$@" >out 2>err & else timeout 120 "$MPIEXEC" -n "$n" "$@" >out 2>err & fi
  pid=$!
}

# Launcher and ranks at once: none has time to do anything about it. A launcher's ranks are in groups of their own.
tree() {
  local child
  echo "$1"
  for child in $(pgrep -P "$1"); do tree "$child"; done
}
kill_tree() {
  local all
  mapfile -t all < <(tree "$1")
  kill -9 "${all[@]}" 2>/dev/null
}

kill_n=0
resume_kill_n=0
round=0
while ((kill_n < STORM_KILLS && round < 2 * STORM_KILLS + 2)); do
  s=$((round % ${#names[@]}))
  round=$((round + 1))
  result=r$round.h5
  history=
  for ((turn = 0; turn < 12; turn++)); do
    n=${ranks_n[RANDOM % ${#ranks_n[@]}]}
    resumes=0
    if [ -e $result.ckpt ]; then
      launch "$n" "$DEPINSIM" resume $result.ckpt
      resumes=1
    else
      launch "$n" "$DEPINSIM" run "${scenarios[s]}" --set "${settings[s]}" -o $result \
        --checkpoint-every "${every[s]}"
    fi
    # the later turns are left to end
    if ((turn < 6)); then
      sleep "$(awk -v r="$RANDOM" -v n="$n" 'BEGIN { printf "%.3f", (n > 1 ? 0.45 : 0.1) + r / 32768 * 1.2 }')"
      kill_tree $pid
    fi
    wait $pid 2>/dev/null
    code=$?
    history="$history $n:$code"
    ((code == 137)) || break
    kill_n=$((kill_n + 1))
    resume_kill_n=$((resume_kill_n + resumes))
  done
  name="round $round (${names[s]}, ranks:code$history)"
  if ((code == 0)); then
    pass "$name ends"
  else
    fail "$name ends" "$(cat err)"
    continue
  fi
  is "$name: the digest of an undisturbed run" "$("$DEPINSIM" digest $result)" "$("$DEPINSIM" digest "${names[s]}.h5")"
  ok "$name: the same result" h5diff --exclude-path /provenance/volatile "${names[s]}.h5" $result
  is "$name: nothing is left" "$(echo $result*)" $result
  rm -f $result
done
note "$kill_n runs were killed, $resume_kill_n of them while they were resumed"
# the chance to fail this with 20 kills is below one in a million
if ((STORM_KILLS >= 20)); then ok "some were killed while they were resumed" test "$resume_kill_n" -gt 0; fi
done_testing
