### The depin library in Lua, compiled into the program; a module's name is its path below lua/.

EXTRA_DIST += $(lua_modules)

### sources: everything below is one list a folder, sorted; tests/lint/sources.sh names what is missing

lua_modules = \
  lua/depin.lua \
  lua/depin/allocation.lua \
  lua/depin/chain.lua \
  lua/depin/checks.lua \
  lua/depin/credit.lua \
  lua/depin/emission.lua \
  lua/depin/exchange.lua \
  lua/depin/factor.lua \
  lua/depin/hardware.lua \
  lua/depin/hold.lua \
  lua/depin/place.lua \
  lua/depin/policy.lua \
  lua/depin/preset.lua \
  lua/depin/stake.lua \
  lua/depin/study.lua \
  lua/depin/trader.lua \
  lua/depin/tune.lua \
  lua/depin/wireless.lua
