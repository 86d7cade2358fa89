#!/bin/sh
# Many ranks write only to whom they have events for: on a ring of processes that is two others, however many there are.
. "${srcdir:-.}/tests/tap.sh"
command -v "$MPIEXEC" >/dev/null || skip_all "no $MPIEXEC"
cd "$TAP_TMP" || exit 99

field() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$2"; }
phold() { # neighbours, ranks
  set -- "$1" "$2" "$DEPINSIM" bench phold --lps 960 --start 16 --remote 1 --neighbours "$1" --cells 96 --end 5 \
    --format json
  near=$1 n=$2
  shift 2
  if test "$n" -gt 1; then ranks "$n" "$@" >"result.$near.$n"; else "$@" >"result.$near.$n"; fi
}
between() { # least, most, value: nothing when it is
  awk -v a="$1" -v b="$2" -v x="$3" 'BEGIN { if (x == "" || x < a || x > b) print x " is not from " a " to " b }'
}

phold 10 1
is "one rank sends nothing" "$(field messages result.10.1)" 0
for n in 9 12 16; do
  phold 10 "$n"
  per_window=$(field messages_per_window_rank "result.10.$n")
  is "$n ranks in a ring: one or two messages a window and rank ($per_window)" "$(between 1 2 "$per_window")" ""
  is "$n ranks: the serial digest" "$(field digest "result.10.$n")" "$(field digest result.10.1)"
done

# With destinations anywhere the same ranks write to most others.
phold 479 9
per_window=$(field messages_per_window_rank result.479.9)
is "9 ranks that all have events for each other: seven or eight ($per_window)" "$(between 7 8 "$per_window")" ""
done_testing
