#!/bin/sh
# The example model over MPI: digest, events, series and KPIs do not depend on the number of ranks.
# M_MODEL names the test program (tests/unit/m_model).
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

: "${M_MODEL:=tests/unit/m_model}"
test -x "$M_MODEL" || skip_all "$M_MODEL is not built"
command -v "$MPIEXEC" >/dev/null || skip_all "no $MPIEXEC"

# FULL_RANKS=1 (make check-ranks) tries more.
counts="1 3"
test -z "$FULL_RANKS" || counts="1 2 3 4 7"

for cells in 1 3 7; do
  "$M_MODEL" run "$cells" >"$TAP_TMP/serial"
  for n in $counts; do
    ranks "$n" "$M_MODEL" run "$cells" >"$TAP_TMP/ranks"
    same "$cells cells on $n ranks give the serial result" "$TAP_TMP/serial" "$TAP_TMP/ranks"
  done
done

exits "an instance that cannot be set up ends every rank with exit code 2" 2 \
  ranks 3 timeout 60 "$M_MODEL" break 3
for step in collect apply; do
  exits "a cell that breaks down in $step ends every rank with exit code 4" 4 ranks 3 timeout 60 "$M_MODEL" "$step" 3
  is "its rank tells ($step)" "$(grep -c '^template.counter at 20s: cell 2 breaks down' "$TAP_TMP/err")" 1
done

done_testing
