#!/bin/sh
# depinsim lua: a file with the library and no simulation, in the sandbox of scenarios.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

cat >hello.lua <<'END'
local depin = require "depin"
print("hello", depin.hardware.rtx4090 {}.memory_gib)
END
exits "print goes to stdout" 0 "$DEPINSIM" lua hello.lua
is "the library is there" "$(cat out)" "hello	24.0"
echo 'os.execute("touch harm")' >harm.lua
exits "there is no os" 2 "$DEPINSIM" lua harm.lua
like "the line is named" "$(cat err)" '^harm\.lua:1: '
ok "no harm was done" test ! -e harm
exits "a missing file" 3 "$DEPINSIM" lua nofile.lua
echo 'while true do end' >loop.lua
exits "an endless loop ends" 2 "$DEPINSIM" lua loop.lua
like "its line is named" "$(cat err)" '^loop\.lua:1: '
done_testing
