#!/bin/sh
# The makefiles name every file, so that a tarball is complete, and no file that is gone.
. "${srcdir:-.}/tests/tap.sh"
cd "$srcdir" || exit 99

# What the makefiles name: words that look like paths; a check program stands for its source.
cat Makefile.am ./*/local.mk | grep -v '^#' | tr -s ' \\\t' '\n' |
  grep -E '^(sim|analysis|lua|scenarios|tests)/[A-Za-z0-9_./-]+$' |
  while read -r path; do if test -e "$path.c"; then echo "$path.c"; else echo "$path"; fi; done |
  sort -u >"$TAP_TMP/named"

# What is there, without what is built or written.
if test -e .git && git ls-files >/dev/null 2>&1; then
  git ls-files -co --exclude-standard sim analysis lua scenarios tests |
    while read -r f; do test ! -f "$f" || echo "$f"; done
else
  find sim analysis lua scenarios tests -type f ! -name '*.o' ! -name '*.a' ! -name '*.log' ! -name '*.trs' \
    ! -name '*.gc[dn][ao]' ! -name .dirstamp ! -name .tarball-version ! -path '*/.deps/*' ! -path 'tests/unit/[mt]_*[!c]'
fi | grep -vE '^(.*/local\.mk|sim/revision\.h|sim/script/embedded\.inc|.*/__pycache__/.*)$' | sort -u >"$TAP_TMP/there"

# A folder named as a whole covers what is in it.
awk 'NR == FNR { named[$0]; next }
  { for (path = $0; !(path in named) && path ~ /\//; ) sub(/\/[^\/]*$/, "", path); if (!(path in named)) print }
' "$TAP_TMP/named" "$TAP_TMP/there" >"$TAP_TMP/unnamed"
empty "every file is named by a makefile" "$TAP_TMP/unnamed" "add it to its folder's list in */local.mk"

generated=" ${LINT_GENERATED:-sim/revision.h sim/script/embedded.inc} sim/libdepinsim.a sim/.tarball-version "
while read -r path; do
  case $generated in *" $path "*) continue ;; esac
  test -e "$path" || echo "$path"
done <"$TAP_TMP/named" >"$TAP_TMP/gone"
empty "every file that a makefile names is there" "$TAP_TMP/gone" "take it out of */local.mk"
done_testing
