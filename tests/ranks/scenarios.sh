#!/bin/sh
# Every scenario in its check form: one digest, one result and books that balance on any number of ranks, also when cells
# change their rank at random at every beat, and on repetition. FULL_RANKS=1 (make check-ranks) tries more.
. "${srcdir:-.}/tests/tap.sh"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
cd "$TAP_TMP" || exit 99

# ranks:balance
ways="1:auto 3:always 7:always"
test -z "$FULL_RANKS" || ways="1:auto 2:auto 3:auto 4:auto 7:auto 2:always 3:always 4:always 7:always"

for scenario in "$srcdir"/scenarios/*.lua; do
  case $scenario in *.study.lua) continue ;; esac
  name=$(basename "$scenario" .lua)
  exits "$name: the check form runs" 0 "$DEPINSIM" run "$scenario" --check-form -o "$name.h5"
  cp out "$name.kpi"
  digest=$("$DEPINSIM" digest "$name.h5")
  like "$name: a digest of 16 digits" "$digest" '^[0-9a-f]{16}$'
  exits "$name: the books balance" 0 "$DEPINSIM" audit "$name.h5"
  for way in $ways; do
    n=${way%:*} balance=${way#*:} this="$name: $way"
    set -- "$DEPINSIM" run "$scenario" --check-form --balance "$balance" -o "$name.$n.h5"
    if test "$n" -eq 1; then exits "$this: runs again" 0 "$@"; else exits "$this: runs" 0 ranks "$n" "$@"; fi
    same "$this: the same key figures" out "$name.kpi"
    is "$this: the same digest" "$("$DEPINSIM" digest "$name.$n.h5")" "$digest"
    ok "$this: h5diff finds nothing" h5diff --exclude-path /provenance/volatile "$name.h5" "$name.$n.h5"
    rm -f "$name.$n.h5"
  done
done
done_testing
