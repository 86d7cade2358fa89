#!/bin/sh
# A result file has the same bytes at every number of ranks; a file that cannot be written ends every rank.
# M_OUTPUT names the test program (tests/unit/m_output).
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

: "${M_OUTPUT:=tests/unit/m_output}"
test -x "$M_OUTPUT" || skip_all "$M_OUTPUT is not built"
command -v "$MPIEXEC" >/dev/null || skip_all "no $MPIEXEC"

# FULL_RANKS=1 (make check-ranks) tries more.
counts="2 7" # seven ranks, five cells
test -z "$FULL_RANKS" || counts="1 2 3 4 7"

ok "a serial run writes its result" "$M_OUTPUT" "$TAP_TMP/serial.h5" 100
for n in $counts; do
  ok "a run on $n ranks writes its result" ranks "$n" "$M_OUTPUT" "$TAP_TMP/$n.h5" 100
  ok "it has the bytes of the serial run's on $n ranks" cmp "$TAP_TMP/serial.h5" "$TAP_TMP/$n.h5"
done

exits "a result that cannot be written ends all ranks with exit code 3" 3 \
  ranks 3 timeout 60 "$M_OUTPUT" "$TAP_TMP/no/folder/x.h5" 100
is "with one message" "$(grep -c "^cannot write .*x.h5.part: No such file or directory (make the folder" "$TAP_TMP/err")" 1

done_testing
