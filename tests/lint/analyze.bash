#!/usr/bin/env bash
# make check-analyze: gcc's -fanalyzer finds nothing in sim/ and analysis/. Half a minute; not part of `make check`,
# because every version of gcc finds something else. Tried with gcc 12.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
[ -n "${LINT_CC:-}" ] || skip_all "run by make check-analyze, which knows the compiler's flags"
echo 'int main(void) { return 0; }' >"$TAP_TMP/try.c"
$LINT_CC -Werror -fanalyzer -c "$TAP_TMP/try.c" -o /dev/null >"$TAP_TMP/cc" 2>&1 ||
  skip_all "$LINT_CC has no -fanalyzer: $(head -n 1 "$TAP_TMP/cc")"

find "$srcdir/sim" "$srcdir/analysis" -name '*.c' | sort >"$TAP_TMP/sources"
# shellcheck disable=SC2016 # expanded by the inner shell
TAP_TMP=$TAP_TMP xargs -P "$(nproc)" -n 1 sh -c '
  $LINT_CC $LINT_FLAGS -O2 -g -fanalyzer -Werror -c "$1" -o /dev/null 2>"$TAP_TMP/$$.said" ||
    grep -E "error:|warning:" "$TAP_TMP/$$.said" >>"$TAP_TMP/offences"
  rm "$TAP_TMP/$$.said"' sh <"$TAP_TMP/sources"
touch "$TAP_TMP/offences"
sed -i "s|^$srcdir/||" "$TAP_TMP/offences"
empty "the analyser finds nothing ($(wc -l <"$TAP_TMP/sources") files)" "$TAP_TMP/offences" \
  "mend the cause, or write it so that the analyser can follow"
done_testing
