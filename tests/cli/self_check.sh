#!/bin/sh
# Every scenario in its check form under --self-check: the digests of all ranks agree after every window, invariants hold
# after every event, events come in order, freed memory is poisoned; and the result is that of the plain run.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "$DEPINSIM is not built"
cd "$TAP_TMP" || exit 99
for scenario in "$srcdir"/scenarios/*.lua; do
  case $scenario in *.study.lua) continue ;; esac
  name=$(basename "$scenario" .lua)
  exits "$name: plain" 0 "$DEPINSIM" run "$scenario" --check-form -o plain.h5
  cp out plain.txt
  digest=$("$DEPINSIM" digest plain.h5)
  exits "$name: self-check" 0 "$DEPINSIM" run "$scenario" --check-form --self-check -o self.h5
  same "$name: self-check: the same key figures" out plain.txt
  is "$name: self-check: the same digest" "$("$DEPINSIM" digest self.h5)" "$digest"
  if command -v "$MPIEXEC" >/dev/null; then
    exits "$name: self-check on 2 ranks" 0 ranks 2 "$DEPINSIM" run "$scenario" --check-form --self-check -o self2.h5
    is "$name: self-check on 2 ranks: the same digest" "$("$DEPINSIM" digest self2.h5)" "$digest"
  fi
done
done_testing
