#!/bin/bash
# Two networks with a token and an exchange each: their figures are their own, what adds up is their sum, and every
# reader of results finds both by name.
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
out=../out err=../err

cat >two.lua <<'LUA'
-- Question: which network's take makes which token's price?
local depin = require "depin"
local p = depin.parameters {
  networks_n = { 2, min = 1, max = 2, doc = "networks with a token each" },
  buyback_ratio = { 1, min = 0, max = 1, doc = "part of the take that buys the token" },
  emission_per_day = { 0, min = 0, max = 100, doc = "tokens for hosts a day" },
}
local scene = {
  start = "2025-01-01", duration_d = 10, settle_every_s = 86400, seed = 1,
  place = depin.place.azure { regions = { "East US", "West Europe" } },
  tokens = {}, exchanges = {}, networks = {}, providers = {}, workloads = {}, expect = EXPECT,
}
for i = 1, p.networks_n do
  local n, token = ({ "a", "b" })[i], ({ "A", "B" })[i]
  scene.networks[i] = depin.network.posted { name = n, fidelity = "flow", take_ratio = ({ 0.1, 0.25 })[i] }
  scene.tokens[i] = depin.token {
    name = token, network = n, decimals = 9, supply = 1e6, buyback_ratio = p.buyback_ratio,
    emission = depin.emission.halving { per_day = p.emission_per_day, halve_every_d = 3650 },
  }
  scene.exchanges[i] = depin.exchange.constant_product { token = token, tokens = 1000, usd = 1000, fee_ratio = 0 }
  scene.providers[i] = depin.provider {
    name = n, network = n, count = 10 * i, node = depin.hardware.rtx4090 { work_per_s = 1, mtbf_h = 0 },
    pricing = depin.policy.fixed { price_usd_per_mtok = 100 },
  }
  scene.workloads[i] = depin.workload.demand {
    name = n, network = n, unit = "gpu_s", output_tok = 3600, work_per_day = 1e9, reference_usd_per_mtok = 100,
  }
end
return depin.scenario(scene)
LUA
with() { sed "s/EXPECT/$1/" two.lua; }
with '{}' >plain.lua
value() { "$DEPINSIM" kpi "$1" --format csv | sed -n "s/^$2,\([^,]*\),.*/\1/p"; }
near() { # name, got, want
  if awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; exit !(a != "" && d * d <= 1e-18 * b * b) }'; then pass "$1"; else
    fail "$1" "got '$2', want $3"; fi
}

# More is asked for than the hosts can do: 10 (20) hosts work 10 days of 86,400 s at 100 USD per million seconds, which is
# 864 (1,728) USD; the protocols keep 10 % (25 %) of it and buy their token from 1,000 tokens against 1,000 USD without a
# fee: the price becomes (1000 + spent)^2 / 10^6, and 10^6 / (1000 + spent) tokens are left in the pool.
exits "two networks run" 0 "$DEPINSIM" run plain.lua -q -o two.h5
cp $out two.txt
near "the spend of a" "$(value two.h5 market.spend_usd@a)" 864
near "the spend of b" "$(value two.h5 market.spend_usd@b)" 1728
near "of both" "$(value two.h5 market.spend_usd)" 2592
near "the take of a" "$(value two.h5 network.take_usd@a)" 86.4
near "the take of b" "$(value two.h5 network.take_usd@b)" 432
near "a ratio of both is that of the sums" "$(value two.h5 market.unit_price_usd)" 100
near "each exchange spends the take of its network" "$(value two.h5 network.burn_usd@A)" 86.4
near "and not that of the other" "$(value two.h5 network.burn_usd@B)" 432
near "both spend both" "$(value two.h5 network.burn_usd)" 518.4
near "the price of A" "$(value two.h5 token.price_usd@A)" 1.18026496
near "the price of B" "$(value two.h5 token.price_usd@B)" 2.050624
near "what A burned" "$(value two.h5 token.burned@A)" "$(awk 'BEGIN { printf "%.12f", 1000 - 1e6 / 1086.4 }')"
is "there is no price of both" "$(value two.h5 token.price_usd)" ""
is "tokens of two kinds are not added" "$(value two.h5 token.supply)" ""
like "the table has each price" "$(cat two.txt)" '^token\.price_usd@B +2\.05062 usd$'
is "and of what adds up the sum alone" "$(grep -c '^network.burn_usd' two.txt)" 1
like "and says where the rest is" "$(cat two.txt)" '^[0-9]+ figures of single instances, as .*@a: depinsim kpi FILE'
exits "the books balance" 0 "$DEPINSIM" audit two.h5

exits "a treasury that keeps its take" 0 "$DEPINSIM" run plain.lua --set buyback_ratio=0 -q -o kept.h5
near "that of a" "$(value kept.h5 network.treasury_usd@a)" 86.4
near "that of b" "$(value kept.h5 network.treasury_usd@b)" 432
near "both" "$(value kept.h5 network.treasury_usd)" 518.4
near "a price that nobody moved" "$(value kept.h5 token.price_usd@B)" 1
exits "its books balance" 0 "$DEPINSIM" audit kept.h5
exits "two ranks" 0 ranks 2 "$DEPINSIM" run plain.lua -q -o ranks.h5
is "the same digest" "$("$DEPINSIM" digest ranks.h5)" "$("$DEPINSIM" digest two.h5)"
is "the same figures" "$("$DEPINSIM" kpi ranks.h5 --format csv)" "$("$DEPINSIM" kpi two.h5 --format csv)"

exits "one network" 0 "$DEPINSIM" run plain.lua --set networks_n=1 -q -o one.h5
near "its figures need no label" "$(value one.h5 token.price_usd)" 1.18026496
is "and have none" "$("$DEPINSIM" kpi one.h5 --format csv | grep -c @)" 0

# expectations
with '{ ["token.price_usd@B"] = depin.between(2.05, 2.06), ["network.burn_usd"] = depin.at_least(518) }' >each.lua
exits "expectations of one and of all hold" 0 "$DEPINSIM" run each.lua -q -o each.h5
with '{ ["token.price_usd"] = depin.at_least(0) }' >which.lua
exits "one that could be of either" 2 "$DEPINSIM" run which.lua -q -o which.h5
like "names both" "$(cat $err)" 'token\.price_usd is of 2 instances, .*say which \(token\.price_usd@A, token\.price_usd@B\)'
ok "before anything is written" test ! -e which.h5
exits "lint says so too" 2 "$DEPINSIM" lint which.lua
exits "with one network it is clear" 0 "$DEPINSIM" run which.lua --set networks_n=1 --expect -q -o which.h5
with '{ ["token.price_usd@C"] = depin.at_least(0) }' >nobody.lua
exits "one of nobody" 2 "$DEPINSIM" run nobody.lua -q -o nobody.h5
like "says who there is" "$(cat $err)" 'no token\.price_usd@C \(there is token\.price_usd@A, token\.price_usd@B\)'
with '{ ["token.prise_usd@A"] = depin.at_least(0) }' >typo.lua
exits "a misspelt one" 2 "$DEPINSIM" lint typo.lua
like "says what was meant" "$(cat $err)" "did you mean 'token.price_usd'"

# readers
exits "explain of one" 0 "$DEPINSIM" explain two.h5 network.burn_usd@B
is "has its part alone" "$(grep -c '^    ledger' $out)" 1
exits "explain of all" 0 "$DEPINSIM" explain two.h5 network.burn_usd
like "has the parts" "$(cat $out)" 'ledger\.exchange\.A: 86\.4 usd \(16\.7 %\)'
exits "explain of either" 2 "$DEPINSIM" explain two.h5 token.price_usd
like "names both" "$(cat $err)" 'say which'
exits "plot of either" 2 "$DEPINSIM" plot two.h5 --kpi token.price_usd -o p.gp
exits "plot of one" 0 "$DEPINSIM" plot two.h5 --kpi token.price_usd@B -o p.gp
exits "compare" 0 "$DEPINSIM" compare two.h5 kept.h5
like "has the figures of each" "$(cat $out)" '^token\.price_usd@B +2\.05'
exits "report" 0 "$DEPINSIM" report two.h5 -o two.html
ok "has them" grep -q 'token\.price_usd@B' two.html
chart() { # title: text of the SVG of that title, a line
  tr -d '\n' <"$2" | sed 's/<figure/\n<figure/g' | grep -F "<figcaption>$1<" | sed 's/<\/figure>.*//'
}
for token in A B; do ok "a chart of the price of $token" grep -q "<figcaption>Price of $token<" two.html; done
like "and hosts of both in one, 10 and 20" "$(chart Hosts two.html)" '>30<'
exits "report of three" 0 "$DEPINSIM" report two.h5 kept.h5 two.h5 -o both.html
ok "lays the price of each over each other" grep -q '<figcaption>Price of the token, B<' both.html
like "and the hosts of all" "$(chart 'Active hosts' both.html)" '>30<'
exits "export to CSV" 0 "$DEPINSIM" export two.h5 --format csv -o two.csv
ok "has them" grep -rq '^token\.price_usd@B,2\.05062' two.csv
exits "export to netCDF" 0 "$DEPINSIM" export two.h5 --format netcdf -o two.nc
exits "a baseline" 0 "$DEPINSIM" check each.lua --update --exact
ok "has them" grep -q 'token.price_usd@B' each.baseline.json
exits "and holds" 0 "$DEPINSIM" check each.lua
exits "stress" 0 "$DEPINSIM" stress plain.lua --seeds 1
exits "breakeven" 0 "$DEPINSIM" breakeven plain.lua --set emission_per_day=10 --set buyback_ratio=0
# 20 tokens a day for 30 hosts, who sell half of what they get: 45 tokens in nine days (what the last day brings is not
# there yet), so that a token of either pool is worth 10^6 / 1045^2 USD
like "values the tokens of both networks" "$(head -n 1 $out)" '0\.6667 tokens at 0\.9157 usd'

# studies
study() { printf 'local depin = require "depin"\nreturn depin.study { scenario = "plain.lua", vary = { buyback_ratio = depin.grid { 0, 1 } }, %s }\n' "$1"; }
study 'kpis = { "token.price_usd@B", "network.burn_usd" }' >each.study.lua
exits "a sweep of figures of one and of all" 0 "$DEPINSIM" sweep each.study.lua -q -o each.study.h5
like "shows them" "$(cat $out)" 'token\.price_usd@B'
study 'kpis = { "token.price_usd" }' >which.study.lua
exits "of either" 2 "$DEPINSIM" sweep which.study.lua -q -o which.study.h5
like "names both, and the line" "$(cat $err)" '^which\.study\.lua:[0-9]+: .*say which \(token\.price_usd@A, token\.price_usd@B\)'
study 'replicates = 2' >all.study.lua
exits "of all that there is" 0 "$DEPINSIM" sweep all.study.lua -q -o all.study.h5
exits "and its report" 0 "$DEPINSIM" report all.study.h5 -o all.html
study 'tune = { objective = { kpi = "token.price_usd", goal = "max" } }' >which.tune.lua
sed -i 's/depin.grid { 0, 1 }/depin.range { 0, 1 }/' which.tune.lua
exits "tuning either" 2 "$DEPINSIM" tune which.tune.lua -q -o which.tune.h5
like "names one" "$(cat $err)" 'token\.price_usd is of .*instances'
done_testing
