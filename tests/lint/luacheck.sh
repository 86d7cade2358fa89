#!/bin/sh
# luacheck finds nothing in the Lua library and the scenarios.
. "${srcdir:-.}/tests/tap.sh"
command -v luacheck >/dev/null || skip_all "luacheck is not installed (Debian: lua-check)"
cd "$srcdir" || exit 99
ok "luacheck finds nothing in lua/" luacheck --no-color --no-cache --config .luacheckrc -q lua
ok "luacheck finds nothing in scenarios/" luacheck --no-color --no-cache --config .luacheckrc -q scenarios
done_testing
