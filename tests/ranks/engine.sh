#!/bin/sh
# The engine over MPI: one result at every number of ranks, and no rank ever hangs.
# M_ENGINE names the test program (tests/unit/m_engine).
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

: "${M_ENGINE:=tests/unit/m_engine}"
test -x "$M_ENGINE" || skip_all "$M_ENGINE is not built"
command -v "$MPIEXEC" >/dev/null || skip_all "no $MPIEXEC"

# FULL_RANKS=1 (make check-ranks) tries more.
all_cells="1 3 7" counts="1 3"
test -z "$FULL_RANKS" || all_cells="1 2 3 5 7" counts="1 2 3 4 7"

# One line of digest, events, windows and beats: equal to the serial run's, also with ranks that have no cell.
for cells in $all_cells; do
  serial=$("$M_ENGINE" ping "$cells")
  for n in $counts; do
    is "$cells cells on $n ranks give the serial result" "$(ranks "$n" "$M_ENGINE" ping "$cells")" "$serial"
  done
done

serial=$("$M_ENGINE" ping 7)
is "7 cells on 10 ranks, which write only to whom they have something for" "$(ranks 10 "$M_ENGINE" ping 7)" "$serial"
is "a run stopped by its last rank goes on to the same result" "$(ranks 3 "$M_ENGINE" stop 7)" "stopped
$serial"

for n in $counts; do
  is "reductions, gather, broadcast, exchange and agreement work on $n ranks" "$(ranks "$n" "$M_ENGINE" comm)" \
    "comm works"
done

# A failure on any rank ends the run everywhere with its exit code and one message.
one_message() { # name, exit code, message, arguments
  name=$1
  want=$2
  message=$3
  shift 3
  exits "$name: exit code $want" "$want" ranks 3 timeout 60 "$M_ENGINE" "$@"
  is "$name: one message" "$(grep -c "^$message" "$TAP_TMP/err")" 1
}
one_message "a handler that fails on the last rank" 1 "cell 6 breaks down" fail 7 6
one_message "a handler that fails on the first rank" 1 "cell 0 breaks down" fail 7 0
one_message "a message below its channel's least delay" 4 \
  "a message of kind 0 by channel air takes 7000000 ns, but the channel's least delay is 10000000 ns" early 7 4
one_message "a replicated table that differs" 4 "the replicated table ping.total differs between ranks" differ 7

done_testing
