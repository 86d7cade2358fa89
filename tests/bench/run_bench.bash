#!/usr/bin/env bash
# run_bench.bash — measures a fixed set of runs, each interleaved with the yardstick (heap.c), and keeps a record.
# `make bench` calls it; nothing here passes or fails. Environment:
#   DEPINSIM, HEAP   the two programs
#   BENCH_CSV        where the record is appended (bench.csv)
#   BENCH_N          runs of each, the best counts (5); whole runs take a third of it, at least one
#   BENCH_SET        words of the cases to run (all): phold mm8 idle quickstart ten_million ranks
# A line of the record: date, revision, machine, cores, case, what is counted, how many a second, of the yardstick,
# ratio, seconds of the best run, bytes a pending event, bytes a logical process. Where nothing fits a field is empty.
# The yardstick and what runs on one core are timed by the processor's time; whole runs and ranks by the wall clock, so
# they mean something on an idle machine only.
set -u
export LC_ALL=C
: "${srcdir:=.}" "${DEPINSIM:=./depinsim}" "${HEAP:=tests/bench/heap}" "${BENCH_CSV:=bench.csv}" "${BENCH_N:=5}"
: "${BENCH_SET:=phold mm8 idle quickstart ten_million ranks}" "${MPIEXEC:=mpirun}"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/depinsim-bench.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT

revision=$(sh "$srcdir/sim/version.sh")
machine=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1 | tr -d ',"')
cores=$(getconf _NPROCESSORS_ONLN)
header="date,revision,machine,cores,case,counted,per_s,yardstick_per_s,ratio,seconds,bytes_per_event,bytes_per_lp"
test -s "$BENCH_CSV" || echo "$header" >"$BENCH_CSV"

# The last core: the first one has more of the system's work.
pin=()
if command -v taskset >/dev/null && taskset -c $((cores - 1)) true 2>/dev/null; then pin=(taskset -c $((cores - 1))); fi

field() { sed -n "s/^ *\"$1\": \([0-9.eE+-]*\),\{0,1\}\$/\1/p" "$tmp/result" | head -n 1; }
larger() { awk -v a="$1" -v b="$2" 'BEGIN { print (a + 0 > b + 0 ? a : b) }'; }

record() { # case, counted, per_s, yardstick_per_s, seconds, bytes_per_event, bytes_per_lp
  local ratio
  ratio=$(awk -v a="$3" -v b="$4" 'BEGIN { if (b + 0 > 0) printf "%.3f", a / b }')
  printf '%-24s %12.0f %-14s' "$1" "$3" "$2/s"
  if test -n "$ratio"; then printf ' %12.0f heap   ratio %s%s' "$4" "$ratio" "${6:+  $(printf %.1f "$6") B/event}"; fi
  printf '\n'
  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ),$revision,$machine,$cores,$1,$2,$3,$4,$ratio,$5,$6,$7" >>"$BENCH_CSV"
}

yardstick() { # arguments of heap: sets best_heap to its best so far
  best_heap=$(larger "$best_heap" "$("${pin[@]}" "$HEAP" "$@" | sed 's/.*: \([0-9]*\) events.*/\1/')")
}

clock=cpu_seconds # or seconds, by the wall clock
best_of() { # case, arguments of heap up to --, arguments of depinsim
  local name=$1 heap=() best=0 i rate seconds='' seconds_now per_event='' per_lp=''
  best_heap=0
  shift
  while test "$1" != --; do
    heap+=("$1")
    shift
  done
  shift
  for ((i = 0; i < BENCH_N; i++)); do
    "${pin[@]}" "$DEPINSIM" "$@" --format json >"$tmp/result" || return
    seconds_now=$(field "$clock")
    rate=$(awk -v n="$(field events)" -v s="$seconds_now" 'BEGIN { printf "%.1f", n / s }')
    if test "$(larger "$rate" "$best")" = "$rate"; then
      best=$rate seconds=$seconds_now per_event=$(field bytes_per_event) per_lp=$(field bytes_per_lp)
    fi
    yardstick "${heap[@]}"
  done
  record "$name" events "$best" "$best_heap" "$seconds" "$per_event" "$per_lp"
}

phold() { # lps start remote lookahead end
  best_of "phold-$1x$2-r$3-l$4" phold "$1" "$2" "$3" "$4" 1 "$5" -- \
    bench phold --lps "$1" --start "$2" --remote "$3" --lookahead "$4" --mean 1 --end "$5"
}

idle() { # a simulation in which nothing happens: to be made and freed, and a settlement
  local i best_run=0 best_settlement=0
  for ((i = 0; i < BENCH_N; i++)); do
    "${pin[@]}" "$DEPINSIM" bench idle --format json >"$tmp/result" || return
    best_run=$(larger "$best_run" "$(awk -v s="$(field run_seconds)" 'BEGIN { print 1 / s }')")
    best_settlement=$(larger "$best_settlement" "$(awk -v s="$(field settlement_seconds)" 'BEGIN { print 1 / s }')")
  done
  record idle-run runs "$best_run" '' '' '' ''
  record idle-settlement settlements "$best_settlement" '' '' '' ''
}

whole_run() { # case, ranks, scenario: requests a second, the yardstick is M/M/8
  local name=$1 ranks=$2 best=0 i began seconds rate best_seconds='' command=("$DEPINSIM")
  best_heap=0
  if test "$ranks" -gt 1 && command -v "$MPIEXEC" >/dev/null; then command=("$MPIEXEC" -n "$ranks" "$DEPINSIM"); fi
  for ((i = 0; i < (BENCH_N + 2) / 3; i++)); do
    began=$(date +%s.%N)
    "${command[@]}" run "$3" -o "$tmp/result.h5" --format json >"$tmp/result" 2>"$tmp/err" || {
      cat "$tmp/err"
      return
    }
    seconds=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.3f", b - a }')
    rate=$(awk -v n="$(field job.submitted)" -v s="$seconds" 'BEGIN { printf "%.1f", n / s }')
    if test "$(larger "$rate" "$best")" = "$rate"; then best=$rate best_seconds=$seconds; fi
    yardstick queue 8 0.9 1000000
  done
  record "$name" requests "$best" "$best_heap" "$best_seconds" '' ''
}

export srcdir
# shellcheck source=tests/environment.sh
. "$srcdir/tests/environment.sh"
unset OMPI_MCA_mpi_yield_when_idle # two ranks have a core each

echo "depinsim $revision on $machine, $cores cores${pin[0]:+, pinned to core $((cores - 1))}; best of $BENCH_N"
for case in $BENCH_SET; do
  case $case in
    phold)
      for remote in 0.1 1.0; do
        phold 1024 1 $remote 0.1 1500
        phold 1024 16 $remote 0.1 100
        phold 65536 16 $remote 0.1 5
        phold 1048576 1 $remote 0.1 5
      done
      phold 1024 1 0.1 0.001 1500
      ;;
    mm8) best_of mm8 queue 8 0.9 1000000 -- bench queue --servers 8 --rho 0.9 --jobs 1000000 ;;
    idle) idle ;;
    quickstart) whole_run quickstart 1 "$srcdir/scenarios/quickstart.lua" ;;
    ten_million) whole_run ten_million 2 "$srcdir/tests/bench/ten_million.lua" ;;
    ranks)
      if command -v "$MPIEXEC" >/dev/null; then
        pinned=("${pin[@]}") real=$DEPINSIM pin=()
        printf '#!/bin/sh\nexec %s -n 2 %s "$@"\n' "$MPIEXEC" "$real" >"$tmp/two"
        chmod +x "$tmp/two"
        DEPINSIM=$tmp/two clock=seconds
        best_of phold-65536x16-2ranks phold 65536 16 0.1 0.1 1 5 -- \
          bench phold --lps 65536 --start 16 --remote 0.1 --lookahead 0.1 --mean 1 --end 20
        DEPINSIM=$real clock=cpu_seconds pin=("${pinned[@]}")
      fi
      ;;
    *) echo "no case is called $case" ;;
  esac
done
echo "the record: $BENCH_CSV"
