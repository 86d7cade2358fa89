#!/bin/sh
# A checkpoint of one number of ranks goes on at another with the result of an undisturbed run; so does a run whose
# cells change their ranks on the way. M_CHECKPOINT names the test program (tests/unit/m_checkpoint).
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

: "${M_CHECKPOINT:=tests/unit/m_checkpoint}"
test -x "$M_CHECKPOINT" || skip_all "$M_CHECKPOINT is not built"
command -v "$MPIEXEC" >/dev/null || skip_all "no $MPIEXEC"

# FULL_RANKS=1 (make check-ranks) tries more.
pairs="1:3:333 3:2:1000 2:4:2990" counts="3" some="3"
test -z "$FULL_RANKS" || pairs="1:2:0 3:1:333 2:4:1000 4:3:1750 2:2:2990 7:4:1500 2:7:1200" counts="1 2 3 4 7" some="1 3"

at() { # number of ranks, command…
  n=$1
  shift
  if test "$n" -eq 1; then "$@"; else ranks "$n" "$@"; fi
}

for world in "ping 7" "market 5"; do
  # shellcheck disable=SC2086 # two words
  set -- $world
  whole=$("$M_CHECKPOINT" "$1" "$2" run)
  for pair in $pairs; do
    from=${pair%%:*}
    to=${pair#*:}
    to=${to%:*}
    ms=${pair##*:}
    test "$1" = ping || ms=$((ms * 400))
    at "$from" "$M_CHECKPOINT" "$1" "$2" write "$TAP_TMP/run.ckpt" "$ms" >/dev/null
    got=$(at "$to" "$M_CHECKPOINT" "$1" "$2" resume "$TAP_TMP/run.ckpt")
    is "$1: from $from ranks to $to, stopped at $ms ms" "$got" "$whole"
    "$M_CHECKPOINT" "$1" "$2" write "$TAP_TMP/serial.ckpt" "$ms"
    is "$1: $from ranks write a file as long as that of one" "$(wc -c <"$TAP_TMP/run.ckpt")" \
      "$(wc -c <"$TAP_TMP/serial.ckpt")"
  done
  got=$(at 3 "$M_CHECKPOINT" "$1" "$2" inside "$TAP_TMP/run.ckpt" 700)
  is "$1: writing inside a pulse changes nothing" "$got" "$whole"
  got=$("$M_CHECKPOINT" "$1" "$2" resume "$TAP_TMP/run.ckpt")
  is "$1: nothing that is under way between ranks is lost" "$got" "$whole"
  for n in $counts; do
    is "$1: cells that change ranks at random on $n ranks change nothing" \
      "$(at "$n" "$M_CHECKPOINT" "$1" "$2" migrate)" "$whole"
  done
  for n in $some; do
    head -c 1500 "$TAP_TMP/run.ckpt" >"$TAP_TMP/short.ckpt"
    exits "$1: a file cut short is refused on $n ranks" 3 at "$n" "$M_CHECKPOINT" "$1" "$2" resume "$TAP_TMP/short.ckpt"
    cp "$TAP_TMP/run.ckpt" "$TAP_TMP/short.ckpt.old"
    is "$1: the older one is taken then on $n ranks" \
      "$(at "$n" "$M_CHECKPOINT" "$1" "$2" resume "$TAP_TMP/short.ckpt")" "older
$whole"
    rm "$TAP_TMP/short.ckpt.old"
  done
  exits "$1: a checkpoint of other cells is refused on 2 ranks" 3 at 2 "$M_CHECKPOINT" "$1" $(($2 + 1)) resume \
    "$TAP_TMP/run.ckpt"
done
done_testing
