#!/bin/sh
# The top level of the repository holds what the layout names and nothing else. What a user leaves there (a scenario, a
# result) is not in the repository.
. "${srcdir:-.}/tests/tap.sh"
cd "$srcdir" || exit 99
if ! test -e .git || ! git ls-files >/dev/null 2>&1; then skip_all "not a git repository"; fi
git ls-files | cut -d / -f 1 | sort -u | while read -r entry; do
  case $entry in
    .* | configure.ac | Makefile.am | README.md | COPYING | bootstrap | sim | analysis | lua | scenarios | tests) ;;
    *) echo "$entry" ;;
  esac
done >"$TAP_TMP/strange"
empty "the top level holds what the layout names" "$TAP_TMP/strange" "move it into the folder it belongs to"
done_testing
