#!/bin/bash
# On a terminal a run shows the simulated date, the share done, events a second and the time left.
. "${srcdir:-.}/tests/tap.sh"
command -v tmux >/dev/null || skip_all "tmux is not installed"
cd "$TAP_TMP" || exit 99

terminal() { env -u TMUX LC_ALL=C.UTF-8 tmux -f /dev/null -S "$TAP_TMP/tmux" "$@"; }
wait_for() { # regex: until a line of the screen matches, 30 s at most
  for _ in {1..300}; do
    terminal capture-pane -p -t run >screen 2>/dev/null && grep -Eq "$1" screen && return 0
    sleep 0.1
  done
  cat screen >&2
  return 1
}

trap 'terminal kill-server 2>/dev/null; rm -rf "$TAP_TMP"' EXIT
"$DEPINSIM" new long >/dev/null
ok "a terminal starts" terminal new-session -d -s run -x 110 -y 30 "sh"
terminal send-keys -t run "$DEPINSIM run long.lua --set minutes=900000; echo code \$?" Enter
bar='^2024-[0-9-]+ [0-9:]+ +[0-9.]+ %  [0-9.]+ [kM ]*events/s  ETA [0-9:-]+$'
ok "a terminal shows date, share, events a second and what is left" wait_for "$bar"
first=$(grep -E "$bar" screen)
moved() {
  for _ in {1..100}; do
    wait_for "$bar" || return 1
    [ "$(grep -E "$bar" screen)" = "$first" ] || return 0
    sleep 0.1
  done
  return 1
}
ok "it moves" moved
terminal send-keys -t run C-c
ok "Ctrl-C ends the run with 130" wait_for '^code 130$'
ok "and says so" grep -q 'interrupted at 2024-' screen
is "the bar is gone" "$(grep -cE "$bar" screen)" 0
terminal send-keys -t run "clear; $DEPINSIM run long.lua --check-form; echo code \$?" Enter
ok "a run that ends says where its result is" wait_for '^long\.h5: [0-9]+ events in [0-9.]+ s'
terminal send-keys -t run "clear; $DEPINSIM run long.lua --check-form --quiet; echo quiet \$?" Enter
ok "--quiet runs" wait_for '^quiet 0$'
is "--quiet says nothing of it" "$(grep -c '^long\.h5: ' screen)" 0

# ---- a sweep ----
"$DEPINSIM" new many --study >/dev/null && sed -i 's/replicates = 3/replicates = 2000/' many.study.lua
terminal resize-window -t run -x 80 -y 30
terminal send-keys -t run "clear; $DEPINSIM sweep many.study.lua; echo sweep \$?" Enter
line='^[0-9]+ of 18000 runs +[0-9.]+ %  [0-9.]+ [kM ]*runs/s  ETA [0-9:-]+$'
ok "a sweep shows runs done, share, runs a second and what is left" wait_for "$line"
is "in one line of 80 columns" "$(grep -c . screen)" 1
terminal send-keys -t run C-c
ok "Ctrl-C ends it with 130" wait_for '^sweep 130$'
ok "and says that the same command goes on" grep -q 'interrupted: [0-9]* of 18000 runs are done (the same command goes on' screen
is "its line is gone" "$(grep -cE "$line" screen)" 0

exits "a pipe" 0 "$DEPINSIM" run long.lua --check-form
is "nothing of it on a pipe" "$(cat err)" ""
done_testing
