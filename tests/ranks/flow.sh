#!/bin/sh
# Flow fidelity: one digest and one result at 1, 2, 3 and 4 ranks with every routing rule, and after a checkpoint.
. "${srcdir:-.}/tests/tap.sh"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
cd "$TAP_TMP" || exit 99

# Hosts fail and undercut each other, regions help each other out, customers switch, a shock comes and goes.
cat >flow.lua <<'END'
local depin = require "depin"
local p = depin.parameters { routing = { "least_loaded", doc = "routing rule" }, days = { 3, doc = "how long" } }
local function fleet(name, count, node)
  return depin.provider {
    name = name, network = "gpus", count = count, node = node,
    pricing = depin.policy.undercut { price_usd_per_mtok = 0.2 },
  }
end
return depin.scenario {
  start = "2024-01-06", duration_d = p.days, settle_every_s = 3600, seed = 1,
  place = depin.place.azure { regions = { { "East US", cells_n = 2, demand_weight = 8 }, "West Europe", "Japan East" } },
  tokens = depin.token { name = "TOK", supply = 1e9, emission = depin.emission.fixed { per_day = 1e4 } },
  networks = depin.network.posted {
    name = "gpus", fidelity = "flow", routing = p.routing, network_preference = 1,
    cloud = depin.cloud { price_usd_per_mtok = 0.25 },
  },
  providers = {
    fleet("gamers", 50, depin.hardware.rtx4090 { mtbf_h = 50, repair_h = 10 }), fleet("labs", 8, depin.hardware.h100_sxm {}),
  },
  workloads = {
    depin.workload.demand {
      name = "chat", network = "gpus", work_per_day = 40e9, elasticity = 1.2, noise_ratio = 0.2, diurnal_ratio = 0.4,
      weekend_ratio = 0.7, switch_d = 1, budget_usd_per_day = 5000,
    },
    depin.workload.demand { name = "batch", network = "gpus", work_per_day = 5e9, bass_p = 0.5, adoption_age_d = 200 },
  },
  events = { depin.at { day = 1, for_days = 0.6, demand_multiplier = 2, electricity_multiplier = 3 } },
}
END

for routing in cheapest nearest least_loaded two_choices; do
  exits "$routing runs" 0 "$DEPINSIM" run flow.lua -o 1.h5 --set routing=$routing
  digest=$("$DEPINSIM" digest 1.h5)
  exits "$routing: the books balance" 0 "$DEPINSIM" audit 1.h5
  for n in 2 3 4; do
    exits "$routing runs on $n ranks" 0 ranks $n "$DEPINSIM" run flow.lua -o $n.h5 --set routing=$routing
    is "$routing: the same digest on $n ranks" "$("$DEPINSIM" digest $n.h5)" "$digest"
    ok "$routing: the same result on $n ranks" h5diff --exclude-path /provenance/volatile 1.h5 $n.h5
  done
done

exits "a run with checkpoints is stopped" 75 "$DEPINSIM" run flow.lua -o stopped.h5 --set days=3000 --wall-limit 0.5
exits "and another" 0 "$DEPINSIM" run flow.lua -o whole.h5 --set days=40
"$DEPINSIM" run flow.lua -o killed.h5 --set days=40 --checkpoint-every 1d >/dev/null 2>&1 &
pid=$!
while test ! -e killed.h5.ckpt && kill -0 $pid 2>/dev/null; do sleep 0.01; done
kill -KILL $pid 2>/dev/null
wait $pid 2>/dev/null
if test -e killed.h5.ckpt; then
  exits "what was killed goes on, on two ranks" 0 ranks 2 "$DEPINSIM" resume killed.h5.ckpt
else
  note "it had ended before the kill"
fi
is "to the same digest" "$("$DEPINSIM" digest killed.h5)" "$("$DEPINSIM" digest whole.h5)"
ok "and the same result" h5diff --exclude-path /provenance/volatile whole.h5 killed.h5
done_testing
