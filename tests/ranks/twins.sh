#!/bin/sh
# A policy written in Lua decides as the built-in one of the same name, and no decision depends on which cells share a
# rank: one digest on one rank, on fewer ranks than cells and with a rank to spare.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

cat >s.lua <<'END'
local depin = require "depin"
local p = depin.parameters { policy = { "fixed" } }
local pricing = depin.policy[p.policy]
if p.policy == "custom" then
  pricing = function()
    return depin.policy.custom {
      state = { asked_n = 0, price = 0.3 },
      decide = function(obs, state)
        state.asked_n = state.asked_n + 1
        state.price = state.price * (0.9 + 0.2 * math.random()) + 0.001 * obs.utilisation_ratio
        return state.price
      end,
    }
  end
end
return depin.scenario {
  duration_min = 20, settle_every_s = 300,
  place = depin.place.azure { regions = { "East US", { "West Europe", cells_n = 2 } } },
  networks = depin.network.posted { routing = "cheapest" },
  providers = depin.provider {
    count = 20, node = depin.hardware.rtx4090 {}, reprice_every_s = 60, pricing = pricing {},
  },
  workloads = depin.workload.inference { rate_per_s = 2 },
}
END

digest_of() { # NAME POLICY RANKS: runs and prints the digest
  if test "$3" -eq 1; then "$DEPINSIM" run s.lua --set "policy=$2" -o "$1.h5"
  else ranks "$3" "$DEPINSIM" run s.lua --set "policy=$2" -o "$1.h5"; fi >out 2>err && "$DEPINSIM" digest "$1.h5"
}

# FULL_RANKS=1 (make check-ranks) tries more.
counts="2 4"
test -z "$FULL_RANKS" || counts="2 3 4 7"

for policy in fixed undercut custom; do
  digest=$(digest_of one "$policy" 1)
  like "$policy: runs" "$digest" '^[0-9a-f]{16}$'
  test "$policy" = custom || is "$policy: its Lua twin agrees" "$(digest_of twin "${policy}_lua" 1)" "$digest"
  for n in $counts; do
    name=$policy
    test "$policy" = custom || name=${policy}_lua
    is "$name: the same on $n ranks" "$(digest_of "ranks$n" "$name" "$n")" "$digest"
  done
done
done_testing
