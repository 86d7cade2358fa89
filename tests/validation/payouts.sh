#!/bin/sh
# Payouts on chains: whatever the policy, what hosts have earned is paid or still owed, to the nano-USD; the books balance
# and hold the fees that the figures say; only the delay and the fees differ. And a run that is cut and resumed ends alike.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

cat >payouts.lua <<'EOF'
local depin = require "depin"
local p = depin.parameters {
  chain = { "solana", doc = "where" },
  mode = { "push", doc = "push, multisend or merkle" },
  payer = { "treasury", doc = "treasury or host" },
  every_n = { 1, min = 0, max = 1e6, doc = "settlements between batches; 0: no chain at all" },
  fee_ratio_most = { 0, min = 0, max = 10, doc = "of a batch" },
  take_ratio = { 0.3, min = 0, max = 1, doc = "of the protocol" },
  move_d = { 0, min = 0, max = 100, doc = "day of a move to Solana" },
  gas = { 1, min = 0.01, max = 100, doc = "times Ethereum's base fee" },
  days = { 20, min = 1, max = 100, doc = "how long" },
}
return depin.scenario {
  duration_d = p.days, settle_every_s = 21600, seed = 3,
  place = depin.place.azure { regions = { "East US", "West Europe" } },
  networks = depin.network.posted { name = "gpus", fidelity = "flow", take_ratio = p.take_ratio },
  chains = {
    depin.chain.ethereum { name = "ethereum", base_fee = 20e9 * p.gas },
    depin.chain.solana { name = "solana", load_ratio = 4 },
    depin.chain.l2 { name = "l2", l1 = "ethereum" },
    depin.chain.polygon { name = "polygon" },
    depin.chain.cosmos { name = "cosmos" },
    depin.chain.filecoin { name = "filecoin" },
  },
  payouts = p.every_n > 0 and {
    depin.chain.payout {
      network = "gpus", chain = p.chain, mode = p.mode, payer = p.payer, every_n = p.every_n, per_tx_n = 7,
      fee_ratio_most = p.fee_ratio_most, wait_most_d = 5, claim_fee_ratio = 0.5,
      move_to = p.move_d > 0 and "solana" or nil, move_d = p.move_d, move_usd = 10,
    },
  } or nil,
  providers = depin.provider {
    network = "gpus", count = 30, node = depin.hardware.t4 { work_per_s = 0.05, mtbf_h = 100 },
    pricing = depin.policy.fixed { price_usd_per_mtok = 5000 },
  },
  workloads = depin.workload.demand { network = "gpus", work_per_day = 1e5, trust_weight = 0, noise_ratio = 0.3 },
}
EOF

kpi() { "$DEPINSIM" kpi "$1" --format json | sed -n 's/.*"'"$2"'": *\([-0-9.e+]*\).*/\1/p'; }
near() { awk -v a="$1" -v b="$2" -v d="$3" 'BEGIN { exit !(a - b <= d && b - a <= d) }'; }
fees() { "$DEPINSIM" audit "$1" | awk '/CHAIN_FEE/ { gsub(",", ""); for (i = 1; i <= NF; i++) if ($i ~ /^[0-9.]+$/) { sum += $i; break } } END { printf "%.9f", sum }'; }

exits "without a chain" 0 "$DEPINSIM" run payouts.lua -o plain.h5 --set every_n=0
spend=$(kpi plain.h5 market.spend_usd)

policy() { # name, options
  name=$1
  shift
  exits "$name: runs" 0 "$DEPINSIM" run payouts.lua -o p.h5 "$@"
  exits "$name: the books balance" 0 "$DEPINSIM" audit p.h5
  paid=$(kpi p.h5 chain.paid_usd) owed=$(kpi p.h5 chain.owed_usd)
  earned=$(awk -v a="$(kpi p.h5 market.spend_usd)" -v b="$(kpi p.h5 network.take_usd)" 'BEGIN { printf "%.9f", a - b }')
  ok "$name: customers pay what they pay without a chain" near "$(kpi p.h5 market.spend_usd)" "$spend" 1e-6
  ok "$name: paid $paid and owed $owed are what hosts have earned" \
    near "$(awk -v a="$paid" -v b="$owed" 'BEGIN { printf "%.9f", a + b }')" "$earned" 1e-6
  ok "$name: something was paid" awk -v a="$paid" 'BEGIN { exit !(a > 0) }'
  ok "$name: the fees are those of the books" near "$(kpi p.h5 chain.fee_usd)" "$(fees p.h5)" 1e-6
}

policy "push on Solana" --set every_n=1
fast=$(kpi p.h5 chain.delay_s.mean)
ok "Solana under load drops some" awk -v a="$(kpi p.h5 chain.dropped_ratio)" 'BEGIN { exit !(a > 0.2 && a < 0.6) }'
policy "once a day" --set every_n=4
policy "hosts withdraw" --set payer=host
policy "hosts withdraw on Ethereum" --set payer=host --set chain=ethereum
high=$(kpi p.h5 chain.fee_ratio)
ok "hosts withdraw when it is worth it" awk -v a="$high" 'BEGIN { exit !(a > 0 && a <= 0.5) }'
policy "multi-send on Ethereum, weekly" --set chain=ethereum --set mode=multisend --set every_n=28
ok "it costs less than a withdrawal each" awk -v a="$(kpi p.h5 chain.fee_ratio)" -v b="$high" 'BEGIN { exit !(a < b) }'
policy "a root and claims" --set mode=merkle --set payer=host --set chain=polygon
policy "when fees are 2 % at most" --set chain=ethereum --set mode=multisend --set fee_ratio_most=0.02
policy "a treasury that cannot pay" --set chain=ethereum
ok "it is counted that payouts wait" awk -v a="$(kpi p.h5 chain.short_n)" 'BEGIN { exit !(a > 0) }'
policy "rollup" --set chain=l2
policy "cosmos" --set chain=cosmos
policy "filecoin" --set chain=filecoin
policy "a move on day 10" --set chain=ethereum --set mode=multisend --set move_d=10
ok "it has moved" near "$(kpi p.h5 chain.moves_n)" 1 0
note "mean delay on Solana $fast s"

exits "multi-sends are paid by who sends" 2 "$DEPINSIM" run payouts.lua -o x.h5 --set mode=multisend --set payer=host
like "the error says what to do" "$(cat err)" 'merkle'
done_testing
