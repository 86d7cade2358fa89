#!/bin/sh
# Who may include whom: base < engine < model < books, place < the other domains < script, output < analysis < cli.
. "${srcdir:-.}/tests/tap.sh"
cd "$srcdir" || exit 99

# One line an #include: file, line number, what is included ("…" or <…>).
includes=$TAP_TMP/includes
find sim analysis -name '*.[ch]' | sort | xargs grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' /dev/null |
  sed -E 's/^([^:]*):([0-9]*):[^"<]*(["<])([^">]*)[">].*$/\1 \2 \3\4/' >"$includes"

awk '
  BEGIN {
    split("base 0 engine 1 model 2 books 3 place 3 script 5 output 5 analysis 6 cli 7", pair, " ")
    for (i = 1; i in pair; i += 2) rank[pair[i]] = pair[i + 1]
  }
  function layer(folder) { return folder in rank ? rank[folder] : 4 }
  function folder_of(path) { sub(/^sim\//, "", path); return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : "" }
  {
    from = folder_of($1)
    to = substr($3, 1, 1) == "\"" ? folder_of(substr($3, 2)) : ""
    if (to == "" || from == to) next
    if (from == "") { # sim/main.c
      if (to != "cli" && to != "base") print $1 ":" $2 ": main.c includes " to "/: it only dispatches to cli/"
    } else if (layer(to) >= layer(from)) {
      print $1 ":" $2 ": " from " (layer " layer(from) ") includes " to " (layer " layer(to) ")"
    }
  }' "$includes" >"$TAP_TMP/up"
empty "a layer includes only what is to its left, domains never each other" "$TAP_TMP/up" \
  "move the shared thing down (model/vocabulary.h for what domains publish) or make it an event, flow or callback"

grep -E ' <mpi\.h' "$includes" | grep -v '^sim/engine/comm' | sed 's/ /:/' >"$TAP_TMP/mpi"
empty "only sim/engine/comm* includes mpi.h" "$TAP_TMP/mpi" "call engine/comm.h"

grep -E ' <hdf5' "$includes" | grep -vE '^(sim/output/|analysis/)' | sed 's/ /:/' >"$TAP_TMP/hdf5"
empty "only sim/output/ and analysis/ include hdf5.h" "$TAP_TMP/hdf5" "call output/"

while read -r file line name; do
  case $name in
    \"*) name=${name#\"} ;;
    *) continue ;;
  esac
  case " ${LINT_GENERATED:-sim/revision.h sim/script/embedded.inc} config.h " in
    *" sim/$name "* | *" $name "*) continue ;;
  esac
  test -f "sim/$name" || test -f "$name" || echo "$file:$line: \"$name\""
done <"$includes" >"$TAP_TMP/unrooted"
empty "include paths are rooted at sim/ or the top level" "$TAP_TMP/unrooted" "write \"folder/file.h\""

done_testing
