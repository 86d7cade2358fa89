#!/bin/sh
# Emissions, unlocks and credits as scenarios write them: every preset runs and balances, files are read, and nonsense is
# refused at its line with a remedy.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
cd "$TAP_TMP" || exit 99

cat >economy.lua <<'EOF'
local depin = require "depin"
local p = depin.parameters { emission = { "helium", doc = "" }, credit = { "helium", doc = "" } }
local e = depin.emission
local emissions = {
  helium = e.helium, io_net = e.io_net, dimo = e.dimo, filecoin = e.filecoin {}, livepeer = e.livepeer {},
  cosmos = e.cosmos { bonded_ratio = 0.5 },
  steps = e.steps { curve = { { 1, 100 }, { 2, 300 } } },
  csv = e.steps { csv = "curve.csv" },
  lua = e.lua { days = 2, step_d = 0.5, minted = function(day) return 1000 * day ^ 2 end },
}
local emission = emissions[p.emission]
if type(emission) == "function" then emission = emission {} end
return depin.scenario {
  start = "2025-01-01", duration_d = 2, settle_every_s = 21600,
  place = depin.place.azure { regions = { "East US" } },
  tokens = {
    depin.token {
      name = "NEW", decimals = 9, supply = 10e6, emission = emission,
      allocation = depin.allocation.csv { path = "unlocks.csv", classes = { "team", "seed" }, sell_ratio = { team = 0.5 } },
    },
  },
  exchanges = { depin.exchange.constant_product { token = "NEW", tokens = 400e3, usd = 40e3 } },
  credits = { depin.credit[p.credit] { token = "NEW" } },
  networks = { depin.network.posted { name = "inference", take_ratio = 1 } },
  providers = {
    depin.provider {
      network = "inference", count = 3, node = depin.hardware.h100_sxm {}, sell_ratio = 1,
      pricing = depin.policy.fixed { price_usd_per_mtok = 4 },
    },
  },
  workloads = {
    depin.workload.inference { network = "inference", rate_per_s = 0.01, llm = depin.llm.llama2_7b },
  },
}
EOF
printf 'day,tokens\n1,100\n2,2000\n' >curve.csv
printf 'class,day,share\nseed,0,0.05\nteam,1,0.01\nteam,2,0.02\n' >unlocks.csv

# runs NAME OPTION…: it runs and balances; the figures are in out.
runs() {
  name=$1
  shift
  rm -f result.h5
  if ! "$DEPINSIM" run economy.lua -o result.h5 "$@" >out 2>err; then
    fail "$name" "$(cat err)"
  elif ! "$DEPINSIM" audit result.h5 >books.txt 2>&1; then
    fail "$name" "$(cat books.txt)"
  else
    pass "$name"
  fi
}

for preset in helium io_net dimo filecoin livepeer cosmos; do
  runs "the emission of $preset runs and balances" --set emission=$preset
done
for preset in render akash_act; do
  runs "the credits of $preset run and balance" --set credit=$preset
done
runs "a curve of points runs" --set emission=steps
like "it mints what its last point says" "$(cat out)" '^token\.minted +300(\.0)? '
runs "a curve from a file runs" --set emission=csv
like "it mints what its last row says" "$(cat out)" '^token\.minted +2000(\.0)? '
runs "a curve from a function runs" --set emission=lua
like "it mints what the function says" "$(cat out)" '^token\.minted +4000(\.0)? '
like "float is the supply less what is locked" "$(cat out)" '^token\.float '

# refuses NAME REGEX TEXT: a scenario of this text ends with 2 and one message that matches.
refuses() {
  printf 'local depin = require "depin"\n%b\n' "$3" >s.lua
  status=0
  "$DEPINSIM" run s.lua -o none.h5 >out 2>err || status=$?
  if test "$status" -eq 2 && test "$(wc -l <err)" -eq 1 && grep -Eq -e "$2" err; then
    pass "$1"
  else
    fail "$1" "exit code $status, expected 2 and: $2" "$(cat err)"
  fi
}

refuses "a negative supply" '^s\.lua:2: ledger\.token: supply must be .*got -1' 'depin.token { supply = -1 }'
refuses "a curve that falls" '^s\.lua:2: .*point 2: the curve falls at day 3, to 4 tokens \(give the sum' \
  'depin.emission.steps { curve = { { 1, 5 }, { 3, 4 } } }'
refuses "a curve that is no list" '^s\.lua:2: depin\.emission\.steps: curve: point 1 must be \{ day, tokens \}' \
  'depin.emission.steps { curve = { 1, 2 } }'
refuses "a function that falls" '^s\.lua:2: depin\.emission\.lua: minted falls from 5 to 4 tokens at day 1 \(return' \
  'depin.emission.lua { days = 3, minted = function(day) return 5 - day end }'
refuses "a function that mints no number" '^s\.lua:2: depin\.emission\.lua: minted\(0\) must be a number' \
  'depin.emission.lua { days = 3, minted = function() end }'
refuses "a misspelt word of an emission" "^s\.lua:2: ledger\.emission: no parameter 'remint_cpa' \(did you mean" \
  'depin.emission.helium { remint_cpa = 3 }'
refuses "a cliff and vesting beyond a century" '^s\.lua:2: ledger\.tranche: a: cliff_d \+ vesting_d = 60000 .*shorter' \
  'depin.tranche { name = "a", share_ratio = 0.1, cliff_d = 30000, vesting_d = 30000 }'
refuses "a list of unlocks beside a cliff" '^s\.lua:2: ledger\.tranche: a: the list of unlocks says .*\(leave out' \
  'depin.allocation.unlocks { name = "a", unlocks = { { 1, 5 } }, cliff_d = 3 }'
refuses "unlocks out of order" '^s\.lua:2: ledger\.tranche: a: unlocks: day 1 comes before .*\(sort' \
  'depin.allocation.unlocks { name = "a", unlocks = { { 3, 5 }, { 1, 5 } } }'
refuses "credits with another kind's word" '^s\.lua:2: ledger\.credit: fee_ratio has no effect .*vault \(leave it out' \
  'depin.credit.akash_act { token = "A", fee_ratio = 0.1 }'
refuses "an unknown preset" "^s\.lua:2: depin\.credit has no 'helum' \(did you mean 'helium'\?\)" 'depin.credit.helum {}'

done_testing
