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

# A day's net trade above 5 % of what moves the price 2 % is a thin market, and the run says so.
"$DEPINSIM" run "$scenario" -o thin.h5 --set days=3 --set usd=500 --set tokens=5000 2>thin.err >/dev/null
ok "a thin market is warned of" grep -q 'thin market: .* token.depth_2pct_usd' thin.err

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

# Where the customers' money goes adds up, at flow fidelity (a month of the scenario) and request by request (two tokens).
for file in long.h5 two.h5; do
  ok "gross spend of $file is take and provider income, and the burn comes out of the take" awk \
    -v gross="$(kpi "$file" network.gross_spend_usd)" -v take="$(kpi "$file" network.take_usd)" \
    -v income="$(kpi "$file" network.provider_income_usd)" -v burn="$(kpi "$file" network.burn_usd)" \
    'BEGIN { d = gross - take - income; exit !(gross > 0 && d * d < 1e-12 * gross * gross && burn >= 0 && burn <= take) }'
done

done_testing
