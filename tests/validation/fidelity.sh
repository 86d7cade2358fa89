#!/bin/sh
# One service at two fidelities: an event a request, and rates between settlements. They agree within 3 % on what was
# done and paid, on how busy the hosts were and what electricity they used; a full service does the same work.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

# Sizes of requests as the synthetic ones of azure_conv have them: sim/workload/README.md.
cat >agree.lua <<'END'
local depin = require "depin"
local p = depin.parameters {
  fidelity = { "flow", doc = "request or flow" },
  node = { "rtx4090", doc = "machine of every host" },
  rate_per_s = { 5, min = 0, max = 1e6, doc = "requests" },
  hours = { 4, min = 0.1, max = 100, doc = "how long" },
}
local prompt, output = 1235, 221
local workload = p.fidelity == "flow" and depin.workload.demand {
  network = "gpus", work_per_day = (prompt * 0.333333 + output) * p.rate_per_s * 86400, prompt_tok = prompt,
  output_tok = output, trust_loss_d = 1e5, -- without a cloud customers of requests stay
} or depin.workload.inference {
  network = "gpus", rate_per_s = p.rate_per_s, tokens = "azure_conv", burst = "poisson",
}
return depin.scenario {
  duration_h = p.hours, settle_every_s = 600, place = depin.place.azure { regions = { "East US" } },
  networks = depin.network.posted { name = "gpus", fidelity = p.fidelity },
  providers = depin.provider {
    network = "gpus", count = 40, node = depin.hardware[p.node] { mtbf_h = 0 },
    pricing = depin.policy.fixed { price_usd_per_mtok = 0.2 },
  },
  workloads = workload,
}
END

kpi() { "$DEPINSIM" kpi "$1" --format json | sed -n 's/.*"'"$2"'": *\([0-9.e+-]*\).*/\1/p'; }
near() { awk -v a="$2" -v b="$3" -v r="$1" 'BEGIN { exit !(b > 0 && a / b > 1 - r && a / b < 1 + r) }'; }

both() { # name, tolerance, KPIs, options
  name=$1 tolerance=$2 kpis=$3
  shift 3
  for fidelity in request flow; do
    exits "$name: $fidelity runs" 0 "$DEPINSIM" run agree.lua -o $fidelity.h5 --set fidelity=$fidelity "$@"
    exits "$name: $fidelity balances" 0 "$DEPINSIM" audit $fidelity.h5
  done
  for k in $kpis; do
    a=$(kpi flow.h5 "$k")
    b=$(kpi request.h5 "$k")
    ok "$name: $k within $tolerance ($a, $b)" near "$tolerance" "$a" "$b"
  done
}

all="market.work_tok market.spend_usd hardware.utilisation_ratio energy.used_kwh energy.cost_usd"
both "half busy" 0.03 "$all"
both "a quarter busy" 0.03 "$all" --set rate_per_s=2.5
both "half busy, H100" 0.03 "$all" --set node=h100_sxm --set rate_per_s=15
both "more than full" 0.05 "market.work_tok market.spend_usd hardware.utilisation_ratio" --set rate_per_s=80 --set hours=0.5
done_testing
