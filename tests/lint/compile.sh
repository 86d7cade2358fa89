#!/bin/sh
# Under the flags that configure found: no source gives a warning, and every header compiles alone.
. "${srcdir:-.}/tests/tap.sh"
test -n "${LINT_CC:-}" || skip_all "run by make check, which knows the compiler's flags"
export TAP_TMP
folders="$srcdir/sim $srcdir/analysis"
test "${LINT_CMOCKA:-yes}" = no || folders="$folders $srcdir/tests" # the unit tests need cmocka

# Compiles every file named on stdin with the given flags and appends what the compiler says to $TAP_TMP/offences.
compile_each() {
  : >"$TAP_TMP/offences"
  # shellcheck disable=SC2016 # expanded by the inner shell
  flags="$*" xargs -P 2 -n 1 sh -c '
    said=$($LINT_CC $LINT_FLAGS -Werror $flags "$1" 2>&1) || printf "%s\n" "$said" >>"$TAP_TMP/offences"' sh
  sed -i "s|^$srcdir/||" "$TAP_TMP/offences"
}

# shellcheck disable=SC2086 # several folders
find $folders -name '*.h' ! -name revision.h | sort >"$TAP_TMP/headers"
compile_each -fsyntax-only -x c <"$TAP_TMP/headers"
empty "every header compiles alone ($(wc -l <"$TAP_TMP/headers"))" "$TAP_TMP/offences" \
  "include in the header what the header uses"

# with the optimiser, because some warnings need its analysis
# shellcheck disable=SC2086
find $folders -name '*.c' | sort >"$TAP_TMP/sources"
compile_each -O2 -c -o /dev/null <"$TAP_TMP/sources"
empty "no source gives a warning ($(wc -l <"$TAP_TMP/sources"))" "$TAP_TMP/offences" \
  "mend the cause; a cast says that a narrowing is meant"

done_testing
