#!/bin/sh
# Whatever call fails, or whenever the process is killed: exit code 3 and one message, and a checkpoint to go on from
# with the result of an undisturbed run. M_CHECKPOINT names the test program; KILLS how often it is killed at random.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

: "${M_CHECKPOINT:=tests/unit/m_checkpoint}" "${KILLS:=10}"
test -x "$M_CHECKPOINT" || skip_all "$M_CHECKPOINT is not built"
# shellcheck source=tests/faults/libfaults.sh
. "$srcdir/tests/faults/libfaults.sh"
DEPINSIM_FAULT_PATH=.ckpt
export DEPINSIM_FAULT_PATH

ckpt=$TAP_TMP/run.ckpt
whole=$("$M_CHECKPOINT" ping 3 run)
fresh() {
  rm -f "$ckpt" "$ckpt.old" "$ckpt.part"
  "$M_CHECKPOINT" ping 3 write "$ckpt" 500
}
goes_on() { # name
  is "$1: the run goes on from what is left" "$("$M_CHECKPOINT" ping 3 resume "$ckpt")" "$whole"
}

# The first write leaves a good one behind; the fault comes in one of the later ones.
for fault in write:1:EIO write:2:ENOSPC write:40:EIO write:77:EDQUOT space:0 space:100 space:5000 space:20000 \
  fflush:1:ENOSPC fflush:3:EIO fsync:1:EIO fsync:4:EIO close:1:EIO close:3:ENOSPC rename:1:EIO rename:2:EACCES \
  open:1:EACCES open:2:EROFS unlink:2:EPERM; do
  fresh
  exits "$fault: exit code 3" 3 with "$fault" timeout 60 "$M_CHECKPOINT" ping 3 loop "$ckpt"
  is "$fault: one message that names the file" "$(grep -c "cannot write the checkpoint .*run.ckpt" "$TAP_TMP/err")" 1
  ok "$fault: $ckpt itself is whole" test -s "$ckpt"
  is "$fault: and the newest" "$("$M_CHECKPOINT" ping 3 resume "$ckpt")" "$whole"
  ok "$fault: nothing else is left" test ! -e "$ckpt.part" -o "${fault%%:*}" = unlink
done

# A disk without hard links; a rename there that fails is undone.
fresh
exits "without links: killed at the 9th rename" 137 with link:1:EPERM,rename:9:KILL "$M_CHECKPOINT" ping 3 loop "$ckpt"
goes_on "without links"
fresh
exits "without links, a rename that fails: exit code 3" 3 with link:1:EPERM,rename:4:once-EIO timeout 60 \
  "$M_CHECKPOINT" ping 3 loop "$ckpt"
is "without links, a rename that fails: the name is given back" "$("$M_CHECKPOINT" ping 3 resume "$ckpt")" "$whole"

# Only the first rank writes; the others end with it.
if command -v "$MPIEXEC" >/dev/null; then
  fresh
  exits "a full disk with 3 ranks: exit code 3" 3 ranks 3 env DEPINSIM_FAULT=space:3000 LD_PRELOAD="$FAULTS" \
    timeout 60 "$M_CHECKPOINT" ping 3 loop "$ckpt"
  is "a full disk with 3 ranks: one message" "$(grep -c "cannot write the checkpoint" "$TAP_TMP/err")" 1
  goes_on "a full disk with 3 ranks"
fi

# Killed just before the N-th call.
for fault in write:1:KILL write:30:KILL write:99:KILL fflush:2:KILL fsync:1:KILL fsync:2:KILL fsync:3:KILL \
  close:2:KILL unlink:1:KILL unlink:2:KILL link:1:KILL link:2:KILL rename:1:KILL rename:2:KILL; do
  fresh
  exits "$fault: killed" 137 with "$fault" "$M_CHECKPOINT" ping 3 loop "$ckpt"
  goes_on "$fault"
done

# Killed at any moment.
unset DEPINSIM_FAULT_PATH
fresh
i=0
while test $i -lt "$KILLS"; do
  i=$((i + 1))
  "$M_CHECKPOINT" ping 3 loop "$ckpt" >"$TAP_TMP/loop" &
  pid=$!
  sleep "$(awk -v seed="$$$i" 'BEGIN { srand(seed); printf "%.4f", 0.02 + rand() * 0.2 }')"
  kill -9 $pid
  wait $pid 2>/dev/null
  goes_on "killed after $(wc -l <"$TAP_TMP/loop") checkpoints, the ${i}th time"
done
done_testing
