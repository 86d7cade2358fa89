# shellcheck shell=sh
# tests/faults/libfaults.sh — sourced after tests/tap.sh: builds the preload library.
#   with FAULT command…   runs the command with DEPINSIM_FAULT=FAULT; faults.c says what there is
FAULTS=$TAP_TMP/faults.so
: "${LINT_CC:=cc}"
$LINT_CC -shared -fPIC -O1 -D_GNU_SOURCE -o "$FAULTS" "${srcdir:-.}/tests/faults/faults.c" -ldl >"$TAP_TMP/cc" 2>&1 ||
  skip_all "no compiler for the preload library: $(head -n 1 "$TAP_TMP/cc")"

ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" # the library comes before the sanitizer's
export ASAN_OPTIONS

with() {
  fault=$1
  shift
  env DEPINSIM_FAULT="$fault" LD_PRELOAD="$FAULTS${LD_PRELOAD:+:$LD_PRELOAD}" "$@"
}
