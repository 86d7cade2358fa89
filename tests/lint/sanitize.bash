#!/usr/bin/env bash
# make check-tsan, make check-asan: builds the program and the tests of the engine once more, with the sanitizers of
# $SANITIZERS, in a folder of its own, and runs them: the unit tests, PHOLD on 1, 2 and 10 ranks (few ranks meet in one
# way, many in another), M/M/8, and the check form of a scenario on 1 and 2. A minute or two; not part of `make check`.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
: "${SANITIZERS:=address,undefined}" "${SANITIZE_LIBS:=}"
[ -n "${LINT_CC:-}" ] || skip_all "run by make check-tsan or check-asan, which know the compiler's flags"
flags=(-O1 -g -fno-omit-frame-pointer "-fsanitize=$SANITIZERS")
if [ "$SANITIZERS" != thread ]; then flags+=(-fno-sanitize-recover=all); fi
echo 'int main(void) { return 0; }' >"$TAP_TMP/try.c"
if ! { $LINT_CC "${flags[@]}" "$TAP_TMP/try.c" -o "$TAP_TMP/try" && "$TAP_TMP/try"; } >"$TAP_TMP/cc" 2>&1; then
  skip_all "$LINT_CC cannot build with -fsanitize=$SANITIZERS: $(head -n 1 "$TAP_TMP/cc")"
fi
export TSAN_OPTIONS="suppressions=$srcdir/tests/tsan.supp print_suppressions=0"
export UBSAN_OPTIONS=print_stacktrace=1 FLAGS="${flags[*]}" TAP_TMP

# ---- build ----

find "$srcdir/sim" "$srcdir/analysis" -name '*.c' ! -name main.c | sort >"$TAP_TMP/sources"
# shellcheck disable=SC2016 # expanded by the inner shell
xargs -P "$(nproc)" -n 1 sh -c '
  object=$TAP_TMP/$(printf %s "${1#"$srcdir"/}" | tr / _).o
  $LINT_CC $LINT_FLAGS $FLAGS -c "$1" -o "$object" || echo "$1" >>"$TAP_TMP/failed"' sh \
  <"$TAP_TMP/sources" >"$TAP_TMP/cc" 2>&1
ok "the library is built with -fsanitize=$SANITIZERS" test ! -s "$TAP_TMP/failed"
ar rcs "$TAP_TMP/library.a" "$TAP_TMP"/*.o
link() { # source, program
  # shellcheck disable=SC2086,SC2317 # lists of flags; called through ok
  $LINT_CC $LINT_FLAGS $FLAGS "$srcdir/$1" "$TAP_TMP/library.a" $SANITIZE_LIBS -o "$TAP_TMP/$2"
}
ok "so is the program" link sim/main.c depinsim
program=$TAP_TMP/depinsim

# ---- run ----

# A sanitizer speaks on stderr and ends the process with a code of its own.
clean() { # name, command
  exits "$1" 0 "${@:2}"
  if grep -q 'Sanitizer\|runtime error' "$TAP_TMP/err" "$TAP_TMP/out"; then fail "$1: it reports nothing"; fi
}

if [ "${LINT_CMOCKA:-no}" = yes ]; then
  for test in queue table pack comm engine report balance checkpoint many sim bench; do
    [ -e "$srcdir/tests/unit/t_$test.c" ] || continue
    ok "t_$test is built" link "tests/unit/t_$test.c" "t_$test"
    clean "t_$test" "$TAP_TMP/t_$test"
  done
fi

phold=(bench phold --lps 960 --start 4 --end 10 --cells 40)
clean "PHOLD" "$program" "${phold[@]}"
digest=$(grep ^digest "$TAP_TMP/out")
clean "M/M/8" "$program" bench queue --servers 8 --jobs 20000
clean "a scenario" "$program" run "$srcdir/scenarios/quickstart.lua" --check-form -o "$TAP_TMP/one.h5"
if command -v "$MPIEXEC" >/dev/null; then
  for n in 2 10; do
    clean "PHOLD on $n ranks" ranks "$n" "$program" "${phold[@]}"
    is "the same digest" "$(grep ^digest "$TAP_TMP/out")" "$digest"
  done
  clean "a scenario on 2 ranks" ranks 2 \
    "$program" run "$srcdir/scenarios/quickstart.lua" --check-form -o "$TAP_TMP/two.h5"
  is "the same digest of the scenario" "$("$program" digest "$TAP_TMP/two.h5")" "$("$program" digest "$TAP_TMP/one.h5")"
fi
done_testing
