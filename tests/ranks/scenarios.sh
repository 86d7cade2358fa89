#!/bin/sh
# Every scenario in its check form: one digest and one result at 1, 2, 3 and 4 ranks, and on repetition.
. "${srcdir:-.}/tests/tap.sh"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
cd "$TAP_TMP" || exit 99

for scenario in "$srcdir"/scenarios/*.lua; do
  name=$(basename "$scenario" .lua)
  exits "$name: the check form runs" 0 "$DEPINSIM" run "$scenario" --check-form -o "$name.1.h5"
  cp out "$name.kpi"
  digest=$("$DEPINSIM" digest "$name.1.h5")
  like "$name: a digest of 16 digits" "$digest" '^[0-9a-f]{16}$'
  exits "$name: the books balance" 0 "$DEPINSIM" audit "$name.1.h5"
  for n in again 2 3 4; do
    if test "$n" = again; then
      exits "$name: runs again" 0 "$DEPINSIM" run "$scenario" --check-form -o "$name.$n.h5"
    else
      exits "$name: runs on $n ranks" 0 ranks "$n" "$DEPINSIM" run "$scenario" --check-form -o "$name.$n.h5"
    fi
    same "$name: the same key figures ($n)" out "$name.kpi"
    is "$name: the same digest ($n)" "$("$DEPINSIM" digest "$name.$n.h5")" "$digest"
    ok "$name: h5diff finds nothing ($n)" h5diff --exclude-path /provenance/volatile "$name.1.h5" "$name.$n.h5"
  done
done
done_testing
