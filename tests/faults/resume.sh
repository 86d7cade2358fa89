#!/bin/sh
# A run with checkpoints is killed just before one of its calls on a file, or the call fails: what is left goes on to the
# result of an undisturbed run. The result's own calls count, those of its checkpoints, and the renames at the end.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "$DEPINSIM is not built"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
# shellcheck source=tests/faults/libfaults.sh
. "$srcdir/tests/faults/libfaults.sh"
cd "$TAP_TMP" || exit 99
scenario=$srcdir/scenarios/quickstart.lua

# 400 settlements, chunks of 64: the result is written to in between
set -- "$DEPINSIM" run "$scenario" --set minutes=2000 --set hosts_n=4 --set rate_per_s=0.05 --checkpoint-every 200min
exits "an undisturbed run" 0 "$@" -o whole.h5
whole=$("$DEPINSIM" digest whole.h5)

goes_on() { # name
  test -e r.h5.ckpt -o -e r.h5.ckpt.old || { # killed before the first checkpoint
    rm -f r.h5*
    return
  }
  exits "$1: what is left goes on" 0 "$DEPINSIM" resume r.h5.ckpt
  is "$1: the digest of an undisturbed run" "$("$DEPINSIM" digest r.h5 2>&1)" "$whole"
  ok "$1: the same result" h5diff --exclude-path /provenance/volatile whole.h5 r.h5
  is "$1: nothing else is left" "$(echo r.h5*)" r.h5
  rm -f r.h5*
}

DEPINSIM_FAULT_PATH=r.h5
export DEPINSIM_FAULT_PATH
for n in ${FAULT_NUMBERS:-300 700 1250 1400 1600}; do
  with "write:$n:KILL" "$@" -o r.h5 >out 2>err
  goes_on "killed at write $n"
done
for fault in fsync:9:KILL fsync:18:KILL fsync:19:KILL fsync:20:KILL rename:5:KILL rename:9:KILL rename:10:KILL \
  unlink:9:KILL unlink:10:KILL unlink:11:KILL unlink:12:KILL; do
  with "$fault" "$@" -o r.h5 >out 2>err
  goes_on "$fault"
done

for fault in write:100:ENOSPC write:390:EIO write:1400:EIO space:60000 space:2000000 fsync:2:EIO fsync:9:EIO \
  fsync:20:EIO rename:4:EACCES rename:10:EIO ftruncate:2:EIO; do
  exits "$fault: exit code 3" 3 with "$fault" "$@" -o r.h5
  is "$fault: one line" "$(wc -l <err | tr -d ' ')" 1
  if test -e r.h5.ckpt; then like "$fault: says how to go on" "$(cat err)" 'depinsim resume r\.h5\.ckpt'; fi
  goes_on "$fault"
done
exits "short writes: nothing is lost" 0 with write:300:short "$@" -o r.h5
is "short writes: the digest of an undisturbed run" "$("$DEPINSIM" digest r.h5)" "$whole"
done_testing
