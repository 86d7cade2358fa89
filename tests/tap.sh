# shellcheck shell=sh
# tests/tap.sh — sourced by the shell tests: prints TAP, gives a private temporary directory, sets the environment.
#   . "${srcdir:-.}/tests/tap.sh"
#   plan 3                                  how many tests follow (or leave it out and end with done_testing)
#   ok "name" command…                      passes when the command exits 0
#   exits "name" 2 command…                 passes when the command exits with that code
#   is "name" "$got" "$want"                passes when the two strings are equal
#   like "name" "$text" 'regex'             passes when a line of the text matches the extended regular expression
#   same "name" FILE FILE                   passes when diff finds nothing
#   empty "name" FILE "remedy"              passes when the file, a list of offences, is empty
#   pass "name", fail "name" why…           a verdict that the test reached by itself
#   skip "name" why…                        counts as skipped; skip_all why… ends the whole test as skipped
#   note text…                              diagnostic lines, one an argument
#   ranks 3 command…                        runs the command under $MPIEXEC on that many ranks
#   done_testing                            the last line of every test
# ok and exits keep the command's output in $TAP_TMP/out and $TAP_TMP/err and show both when the test fails.
# Set here: srcdir (absolute, the top source directory), DEPINSIM (the program), TAP_TMP, and DEPINSIM_DATA (real data;
# unset where there is none).

# shellcheck source=tests/environment.sh
. "${srcdir:-.}/tests/environment.sh"

TAP_TMP=$(mktemp -d "${TMPDIR:-/tmp}/depinsim-test.XXXXXX") || exit 99
export TAP_TMP
tap_n=0
tap_plan=
# A test that is killed leaves nothing behind either.
trap 'rm -rf "$TAP_TMP"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

note() { printf '%s\n' "$@" | sed 's/^/# /'; }

plan() {
  tap_plan=$1
  echo "1..$1"
}

tap_result() { # verdict, name, directive
  tap_n=$((tap_n + 1))
  # "#" would start a directive
  printf '%s %d - %s%s\n' "$1" "$tap_n" "$(printf '%s' "$2" | tr '#\n' '~ ')" "${3:+ # $3}"
}

pass() { tap_result ok "$1"; }

fail() {
  tap_result 'not ok' "$1"
  shift
  test $# -eq 0 || note "$@"
}

skip() {
  tap_name=$1
  shift
  tap_result ok "$tap_name" "SKIP $*"
}

skip_all() {
  echo "1..0 # SKIP $*"
  exit 0
}

tap_run() { # runs the command, its output kept; sets tap_status
  tap_status=0
  "$@" >"$TAP_TMP/out" 2>"$TAP_TMP/err" </dev/null || tap_status=$?
}

exits() {
  tap_name=$1
  tap_want=$2
  shift 2
  tap_run "$@"
  if test "$tap_status" -eq "$tap_want"; then
    pass "$tap_name"
  else
    fail "$tap_name" "exit code $tap_status, expected $tap_want: $*"
    head -n 40 "$TAP_TMP/out" | sed 's/^/# out: /'
    head -n 40 "$TAP_TMP/err" | sed 's/^/# err: /'
  fi
}

ok() {
  tap_ok_name=$1
  shift
  exits "$tap_ok_name" 0 "$@"
}

is() {
  if test "$2" = "$3"; then
    pass "$1"
  else
    fail "$1" "     got: $2" "expected: $3"
  fi
}

like() {
  if printf '%s\n' "$2" | grep -Eq -e "$3"; then
    pass "$1"
  else
    fail "$1" "no line matches: $3" "$2"
  fi
}

same() {
  if diff "$2" "$3" >"$TAP_TMP/diff" 2>&1; then
    pass "$1"
  else
    fail "$1" "$2 and $3 differ"
    head -n 40 "$TAP_TMP/diff" | sed 's/^/# /'
  fi
}

empty() {
  if test -s "$2"; then
    fail "$1" "$(head -n 60 "$2")" "remedy: $3"
  else
    pass "$1"
  fi
}

ranks() { # Open MPI leaks by itself: leak checks belong to serial runs
  tap_ranks=$1
  shift
  ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" "$MPIEXEC" -n "$tap_ranks" "$@"
}

# Ends with status 0 whatever the verdicts: they are in the TAP, and a harness counts an exit code as one more failure.
done_testing() {
  test -n "$tap_plan" || echo "1..$tap_n"
  exit 0
}
