#!/bin/sh
# No file over 600 lines, no function over 80, no line far over 120 columns.
. "${srcdir:-.}/tests/tap.sh"
cd "$srcdir" || exit 99
find sim analysis tests lua scenarios \( -name '*.[ch]' -o -name '*.lua' -o -name '*.sh' \) ! -name revision.h |
  sort >"$TAP_TMP/files"

xargs awk 'FNR == 601 { print FILENAME ":601: goes on past 600 lines" }' <"$TAP_TMP/files" >"$TAP_TMP/files_long"
empty "no file over 600 lines" "$TAP_TMP/files_long" "find the second thing inside and give it its own file"

# shellcheck disable=SC2016 # awk's dollars
# C: a block that opens at the end of a line that begins in column 0, and closes with "}" alone in column 0. The
# function's head counts. Tables and structs close with "};".
grep '\.[ch]$' "$TAP_TMP/files" | xargs awk '
  FNR == 1 { head = 0; open = 0 }
  /^[A-Za-z_]/ && !open { if (!head) head = FNR; name = $0 }
  !open && (/^$/ || /^[#\/]/ || /;[[:space:]]*$/) { head = 0 }
  !open && head && /\{[[:space:]]*$/ { open = head }
  open && /^\}/ {
    if ($0 ~ /^\}[[:space:]]*$/ && FNR - open + 1 > 80) print FILENAME ":" open ": " FNR - open + 1 " lines: " name
    open = 0; head = 0
  }' >"$TAP_TMP/c_long"
empty "no C function over 80 lines" "$TAP_TMP/c_long" "split it where its paragraphs already are"

# shellcheck disable=SC2016
# Lua: from a line that opens a function to the "end" at the same indentation.
grep '\.lua$' "$TAP_TMP/files" | xargs -r awk '
  FNR == 1 { depth = 0 }
  /^[[:space:]]*--/ { next }
  {
    match($0, /^[[:space:]]*/)
    indent = RLENGTH
    if ($0 ~ /^[[:space:]]*end[^A-Za-z0-9_]*$/)
      while (depth > 0 && indents[depth] >= indent) {
        if (indents[depth] == indent && FNR - starts[depth] + 1 > 80)
          print FILENAME ":" starts[depth] ": " FNR - starts[depth] + 1 " lines"
        depth--
      }
    if ($0 ~ /(^|[^A-Za-z0-9_])function[^A-Za-z0-9_]/ && $0 !~ /(^|[^A-Za-z0-9_])end[^A-Za-z0-9_]*$/) {
      depth++
      indents[depth] = indent
      starts[depth] = FNR
    }
  }' >"$TAP_TMP/lua_long"
empty "no Lua function over 80 lines" "$TAP_TMP/lua_long" "split it where its paragraphs already are"

# The style's 120 columns with some mercy; tests hold long literals.
grep -v '^tests/' "$TAP_TMP/files" | LC_ALL=C.UTF-8 xargs grep -nE '^.{131,}' | cut -c 1-100 >"$TAP_TMP/lines_long"
empty "no line over 130 columns" "$TAP_TMP/lines_long" "break the line at 120"

done_testing
