#!/bin/sh
# The top level holds what the layout names and nothing else.
. "${srcdir:-.}/tests/tap.sh"
cd "$srcdir" || exit 99
if test -e .git && git ls-files >/dev/null 2>&1; then
  git ls-files -co --exclude-standard | cut -d / -f 1 | sort -u
else
  ls
fi | while read -r entry; do
  case $entry in
    .* | configure.ac | Makefile.am | README.md | COPYING | bootstrap | sim | analysis | lua | scenarios | tests) ;;
    # generated: git leaves them out, a tarball carries some of them, distcheck adds _build and _inst
    _build | _inst | _sub | configure | aclocal.m4 | Makefile | Makefile.in | \
      config.* | build-aux | autom4te.cache | stamp-h1 | depinsim) ;;
    *) echo "$entry" ;;
  esac
done >"$TAP_TMP/strange"
empty "the top level holds what the layout names" "$TAP_TMP/strange" "move it into the folder it belongs to"
done_testing
