#!/bin/sh
# A disk that fills up and a run that is killed: one message, no half result, nothing that stops the next run.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

test -x "$DEPINSIM" || skip_all "$DEPINSIM is not built"
scenario=$srcdir/scenarios/quickstart.lua
result=$TAP_TMP/r.h5

run() { "$DEPINSIM" run "$scenario" --set minutes="$1" -o "$result"; }

# ulimit counts blocks of 512 or 1024 bytes; the signal is ignored so that the write fails as it does on a full disk.
small_disk() {
  (
    trap '' XFSZ
    ulimit -f "$1"
    run 2
  )
}

for blocks in 1 20 100; do
  exits "a full disk ($blocks blocks) ends the run with exit code 3" 3 small_disk "$blocks"
  like "with the reason and the remedy" "$(cat "$TAP_TMP/err")" 'r\.h5\.part: .*\(free space or choose another -o\)'
  is "in one line" "$(grep -vc ^profiling: "$TAP_TMP/err")" 1 # gcov, too, wants to write
  is "and leaves no file" "$(ls "$TAP_TMP"/r.h5* 2>/dev/null)" ""
done

"$DEPINSIM" run "$scenario" --set minutes=6000 -o "$result" >"$TAP_TMP/out" 2>&1 &
victim=$!
n=0
until test -s "$result.part" || test "$n" -ge 300; do
  n=$((n + 1))
  sleep 0.1
done
sleep 0.5
kill -9 "$victim" 2>/dev/null
wait "$victim" 2>/dev/null
test ! -e "$result"
is "a killed run leaves no result" "$?" 0
if test -e "$result.part"; then
  exits "what it leaves is refused" 3 "$DEPINSIM" info "$result.part"
  like "as not complete or damaged" "$(cat "$TAP_TMP/err")" 'not complete|damaged|HDF5'
else
  skip "what it leaves is refused" "the run ended before it was killed"
fi
ok "the next run replaces it" run 2
ok "with a whole result" "$DEPINSIM" digest "$result"
is "and nothing beside it" "$(ls "$TAP_TMP"/r.h5*)" "$result"

done_testing
