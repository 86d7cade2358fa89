#!/bin/sh
# Random parameters of token_from_nothing: every run ends, its books balance, and its price follows the theory where there
# is one (D / E; sim/ledger/README.md).
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
scenario=$srcdir/scenarios/token_from_nothing.lua
cd "$TAP_TMP" || exit 99

# One line of --set options a draw, log-uniform where it spans decades.
awk 'BEGIN {
  srand(20240415)
  for (i = 0; i < 40; i++)
    printf "take_ratio=%.3f buyback_ratio=%.3f sell_ratio=%.3f insiders_sell_ratio=%.3f fee_ratio=%.4f " \
      "emission_per_day=%.4f supply=%.0f tokens=%.0f usd=%.2f outside_usd_per_day=%.2f settle_every_s=%d demand_gpu_h_per_day=%.0f\n",
      rand(), rand(), rand(), rand(), rand() * rand() / 2, 10 ^ (6 * rand() - 1), 1e7 * 10 ^ (3 * rand()),
      10 ^ (3 + 3 * rand()), 10 ^ (1 + 5 * rand()), rand() < 0.5 ? 0 : 10 ^ (4 * rand() - 1),
      3600 + int(rand() * 40000), 1000 + rand() * 40000
}' >draws

# run_with FILE KEY=VALUE…: the scenario with these parameters.
run_with() {
  file=$1
  shift
  sets=
  for pair in "$@"; do sets="$sets --set $pair"; done
  # shellcheck disable=SC2086 # several words
  "$DEPINSIM" run "$scenario" -o "$file" $sets
}

n=0
while IFS= read -r draw; do
  n=$((n + 1))
  # shellcheck disable=SC2086 # several words
  exits "economy $n runs: $draw" 0 run_with economy.h5 days=3 $draw
  exits "economy $n balances" 0 "$DEPINSIM" audit economy.h5
done <draws

# 1,000 USD a day buy, 5,000 tokens a day are sold, nothing else: P* = D / E. The pool's 1,000 USD die away in half a day.
exits "steady flows against a small pool" 0 run_with star.h5 days=10 buyback_ratio=0 insiders_sell_ratio=0 \
  sell_ratio=1 fee_ratio=0 emission_per_day=5000 hosts_n=50 outside_usd_per_day=1000 tokens=10e3 usd=1e3 settle_every_s=600
price=$("$DEPINSIM" kpi star.h5 --format json | sed -n 's/.*"token.price_usd": *\([0-9.e-]*\).*/\1/p')
ok "the price is D / E = 0.2 within 1 % ($price)" awk -v p="$price" 'BEGIN { exit !(p > 0.198 && p < 0.202) }'

# kpi FILE NAME: one figure.
kpi() { "$DEPINSIM" kpi "$1" --format json | sed -n "s/.*\"$2\": *\([0-9.e-]*\).*/\1/p"; }

# The settlement's length is no parameter of the economy.
exits "a month settled every 6 h" 0 run_with long.h5 days=30 settle_every_s=21600
exits "the same settled every 3 h" 0 run_with short.h5 days=30 settle_every_s=10800
for name in token.price_usd token.supply token.depth_2pct_usd network.emission_usd network.emission_realised_usd \
  network.real_revenue_ratio token.net_inflow_usd; do
  ok "halving the settlement moves $name by less than 2 %" awk -v a="$(kpi long.h5 "$name")" -v b="$(kpi short.h5 "$name")" \
    'BEGIN { exit !(a != "" && b - a < 0.02 * (a < 0 ? -a : a) && a - b < 0.02 * (a < 0 ? -a : a)) }'
done

# Nor is it one of delegators who leave when the emission has ended: ten time constants later.
cat >stake.lua <<'END'
local depin = require "depin"
local p = depin.parameters { settle_every_s = { 86400, doc = "" } }
return depin.scenario {
  duration_d = 120, settle_every_s = p.settle_every_s,
  tokens = depin.token {
    name = "A", supply = 1e6, reward_by = "stake", emission = depin.emission.fixed { per_day = 100 }, emission_ends_d = 20,
  },
  stakes = depin.stake.cosmos { token = "A", delegable_tokens = 1e5, respond_d = 10 },
  exchanges = depin.exchange.constant_product { token = "A", tokens = 1e5, usd = 1e5 },
  networks = depin.network.posted { name = "net", fidelity = "flow" },
  providers = depin.provider { network = "net", count = 3, node = depin.hardware.h100_sxm { work_per_s = 1 } },
  workloads = depin.workload.demand { network = "net", work_per_day = 1e5 },
}
END
exits "delegators settled every 12 h" 0 "$DEPINSIM" run stake.lua -o half.h5 --set settle_every_s=43200
exits "and every 6 h" 0 "$DEPINSIM" run stake.lua -o quarter.h5 --set settle_every_s=21600
ok "halving the settlement moves what is left of their stake by less than 2 %" awk -v a="$(kpi half.h5 stake.delegated)" \
  -v b="$(kpi quarter.h5 stake.delegated)" 'BEGIN { exit !(a > 100 && b - a < 0.02 * a && a - b < 0.02 * a) }'

# A day's net trade above 5 % of what moves the price 2 % is a thin market, and the run says so.
"$DEPINSIM" run "$scenario" -o thin.h5 --set days=3 --set usd=500 --set tokens=5000 2>thin.err >/dev/null
ok "a thin market is warned of" grep -q 'thin market: .* token.depth_2pct_usd' thin.err

# One day of a year on which insiders sell a tenth of what the pool holds, s = x / 10: the mean day is not thin, this one
# is. Its net trade over the depth is s / ((x + s) (sqrt(1.02) - 1)) = 9.1361.
cat >unlock.lua <<'END'
local depin = require "depin"
return depin.scenario {
  duration_d = 365, settle_every_s = 86400,
  tokens = depin.token {
    name = "A", supply = 1e6,
    allocation = { depin.allocation.unlocks { name = "team", unlocks = { { 30, 1e4 } }, sell_ratio = 1 } },
  },
  exchanges = depin.exchange.constant_product { token = "A", tokens = 1e5, usd = 1e5, fee_ratio = 0 },
}
END
exits "a day of unlocks" 0 "$DEPINSIM" run unlock.lua -o unlock.h5
cp "$TAP_TMP/err" unlock.err
ok "one thin day is warned of" grep -q 'thin market: on 1 of the days .* token.depth_2pct_usd' unlock.err
ok "its trade over the depth is what arithmetic says" awk -v n="$(kpi unlock.h5 token.thin_days_n)" \
  -v most="$(kpi unlock.h5 token.flow_over_depth_most_ratio)" -v mean="$(kpi unlock.h5 token.flow_over_depth_ratio)" \
  'BEGIN { exit !(n == 1 && most > 9.136 && most < 9.1363 && mean < 0.05) }'

# Hosts who sell to cover their costs, 20 USD a day each and the meter: what running has cost comes back but for the last
# weeks (they look once a week), and three times the electricity makes them sell as much more.
cat >costs.lua <<'END'
local depin = require "depin"
local p = depin.parameters { sells = { "costs", doc = "" }, electricity_multiplier = { 1, doc = "" } }
return depin.scenario {
  duration_d = 200, settle_every_s = 86400,
  tokens = depin.token { name = "A", supply = 1e9, emission = depin.emission.fixed { per_day = 1e4 } },
  exchanges = depin.exchange.constant_product { token = "A", tokens = 2e8, usd = 2e8, fee_ratio = 0 },
  networks = depin.network.posted { name = "net", fidelity = "flow", take_ratio = 0 },
  providers = depin.provider {
    network = "net", count = 10, node = depin.hardware.h100_sxm { work_per_s = 1, mtbf_h = 0 }, opex_usd_per_d = 20,
    pricing = depin.policy.fixed { price_usd_per_mtok = 0.1 }, sells = p.sells, sell_ratio = 0,
  },
  workloads = depin.workload.demand { network = "net", work_per_day = 8e5 },
  events = { depin.at { day = 100, electricity_multiplier = p.electricity_multiplier } },
}
END
exits "hosts who keep all tokens" 0 "$DEPINSIM" run costs.lua -o keep.h5 --set sells=share
exits "hosts who sell to cover costs" 0 "$DEPINSIM" run costs.lua -o costs.h5
exits "their books balance" 0 "$DEPINSIM" audit costs.h5
exits "the same with dear electricity" 0 "$DEPINSIM" run costs.lua -o dear.h5 --set electricity_multiplier=3
ok "who keeps them pays all costs" awk -v net="$(kpi keep.h5 provider.net_income_usd)" -v sold="$(kpi keep.h5 token.sold)" \
  -v energy="$(kpi keep.h5 energy.cost_usd)" -v paid="$(kpi keep.h5 network.provider_income_usd)" \
  'BEGIN { d = net + energy + 40000 - paid; exit !(sold == 0 && d * d < 1) }'
ok "who sells is short of less than nine days of them" awk -v net="$(kpi costs.h5 provider.net_income_usd)" \
  -v all="$(kpi keep.h5 provider.net_income_usd)" 'BEGIN { exit !(net < 0 && -net < -all * 9 / 200) }'
ok "dear electricity is paid by sales" awk -v a="$(kpi costs.h5 token.sold)" -v b="$(kpi dear.h5 token.sold)" \
  -v before="$(kpi costs.h5 energy.cost_usd)" -v after="$(kpi dear.h5 energy.cost_usd)" \
  'BEGIN { x = (b - a) / (after - before); exit !(x > 0.91 && x < 1.01) }'

# Hosts who leave in order get what is held of them, as Storj's do after a graceful exit, and sell it as the rest: a fleet
# that is scrapped after two months has earned what it would have without; with forfeit_held, what was not held.
cat >leave.lua <<'END'
local depin = require "depin"
local p = depin.parameters { held = { true, doc = "" }, forfeits = { false, doc = "" } }
local token = { name = "A", supply = 1e9, emission = depin.emission.fixed { per_day = 1e4 }, forfeit_held = p.forfeits }
if p.held then for k, v in pairs(depin.hold.storj) do token[k] = v end end
return depin.scenario {
  duration_d = 100, settle_every_s = 43200, tokens = depin.token(token),
  exchanges = depin.exchange.constant_product { token = "A", tokens = 2e8, usd = 2e8, fee_ratio = 0 },
  networks = depin.network.posted { name = "net", fidelity = "flow", take_ratio = 0 },
  providers = depin.provider {
    network = "net", count = 10, node = depin.hardware.h100_sxm { work_per_s = 1, mtbf_h = 0 }, decide_every_d = 1,
    pricing = depin.policy.fixed { price_usd_per_mtok = 0.1 }, sell_ratio = 1, exit = depin.exit { life_d = 60, patience_d = 90 },
  },
  workloads = depin.workload.demand { network = "net", work_per_day = 8e5 },
}
END
exits "hosts of whom nothing is held" 0 "$DEPINSIM" run leave.lua -o free.h5 --set held=false
exits "hosts who leave in order" 0 "$DEPINSIM" run leave.lua -o held.h5
exits "their books balance" 0 "$DEPINSIM" audit held.h5
exits "hosts who lose what is held" 0 "$DEPINSIM" run leave.lua -o lost.h5 --set forfeits=true
for kpi in token.sold provider.net_income_usd; do
  ok "$kpi: who leaves in order has what he earned, who does not a quarter" awk -v free="$(kpi free.h5 $kpi)" \
    -v held="$(kpi held.h5 $kpi)" -v lost="$(kpi lost.h5 $kpi)" 'BEGIN {
    exit !(free > 5e5 && (held / free - 1) ^ 2 < 1e-5 && lost > 0.2 * free && lost < 0.3 * free) }'
done
ok "all ten are gone" test "$(kpi held.h5 provider.exited_n)" = 10

# A price that is given says so in every output.
cat >given.lua <<'END'
local depin = require "depin"
return depin.scenario {
  duration_d = 30, settle_every_s = 86400,
  tokens = depin.token { name = "A", supply = 1e6 },
  traders = { depin.trader.noise { exchange = "A-path", usd = 1e3, tokens = 1e3 } },
  feeds = { depin.feed { exchange = "A-path" } },
  exchanges = depin.exchange.conditional {
    name = "A-path", token = "A", tokens = 1e5, usd = 1e4, path_d = { 0, 10 }, path_usd = { 0.1, 0.3 },
  },
}
END
exits "a given price runs" 0 "$DEPINSIM" run given.lua -o given.h5
cp "$TAP_TMP/err" given.err
ok "the run says that the price is given" grep -q 'conditional: .* A-path: price' given.err
ok "so does a KPI" awk -v n="$(kpi given.h5 token.price_conditional_n)" 'BEGIN { exit !(n > 0) }'
exits "a given price balances" 0 "$DEPINSIM" audit given.h5

# Two tokens of one network that both spend all of the take: the treasury buys no further than its cash goes.
cat >two.lua <<'END'
local depin = require "depin"
local function token(name)
  return depin.token { name = name, supply = 1e6, buyback_ratio = 1, emission = depin.emission.fixed { per_day = 100 } }
end
local function pool(name)
  return depin.exchange.constant_product { name = name .. "-pool", token = name, tokens = 1e5, usd = 1e4 }
end
return depin.scenario {
  duration_h = 6, settle_every_s = 600, networks = depin.network.posted { name = "one", take_ratio = 0.5 },
  tokens = { token "A", token "B" }, exchanges = { pool "A", pool "B" },
  providers = depin.provider { network = "one", count = 3, node = depin.hardware.h100_sxm {} },
  workloads = depin.workload.inference { network = "one", rate_per_s = 0.5, llm = depin.llm.llama2_7b },
}
END
exits "two tokens of one network run" 0 "$DEPINSIM" run two.lua -o two.h5
exits "two tokens of one network balance" 0 "$DEPINSIM" audit two.h5

# Where the money for delivered work comes from and where it goes adds up to the cent: at flow fidelity (a month of the
# scenario, plain and with grants, rebates and wash use), request by request (two tokens), and by leases.
exits "grants, rebates and wash use beside customers" 0 run_with dirty.h5 days=30 rebate_ratio=0.05 buyback_ratio=0.5 \
  granted_usd_per_day=70 host_grant_usd_per_day=30 self_dealing_ratio=0.2
exits "they balance" 0 "$DEPINSIM" audit dirty.h5
exits "leases" 0 "$DEPINSIM" run "$srcdir/scenarios/akash_market.lua" --check-form -o leases.h5
cat >exact.awk <<'AWK'
function is_nil(d) { return d < 0.005 && d > -0.005 }
{ usd[$1] = $2 }
END {
  gross = usd["gross_spend"]; take = usd["take"]
  exit !(gross > 0 && is_nil(gross - usd["revenue"] - usd["grant"] - usd["self_dealing"] - usd["rebate"]) &&
         is_nil(gross - take - usd["provider_income"]) &&
         is_nil(take - usd["rebate"] - usd["burn"] - waiting - fees - usd["treasury"]))
}
AWK
for file in long.h5 dirty.h5 two.h5 leases.h5; do
  for name in gross_spend revenue grant self_dealing rebate take provider_income burn treasury; do
    printf '%s %s\n' "$name" "$(kpi "$file" "network.${name}_usd")"
  done >parts
  ok "the waterfall of $file is exact" awk -v fees="$(kpi "$file" chain.fee_usd)" \
    -v waiting="$(kpi "$file" credit.waiting_usd)" -f exact.awk parts
done
plain=$(kpi long.h5 network.revenue_usd)
ok "wash use and grants raise gross spend" awk -v a="$(kpi dirty.h5 network.gross_spend_usd)" \
  -v b="$(kpi long.h5 network.gross_spend_usd)" 'BEGIN { exit !(a > 1.2 * b) }'
ok "and revenue is less by the rebate" awk -v a="$(kpi dirty.h5 network.revenue_usd)" -v b="$plain" \
  'BEGIN { exit !(a < b && a > 0.85 * b) }'

done_testing
