#!/bin/sh
# Nonsense in a scenario: every parameter of every schema outside its bounds, and parts that contradict each other, are
# refused in one line that says where, what and what would be right; what is only odd runs, and its books balance.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
cd "$TAP_TMP" || exit 99

# ---- every parameter by itself ----

# What the program says of itself, as a Lua table.
"$DEPINSIM" params --format json >params.json
awk '
  BEGIN { print "return {" }
  function value(line) { sub(/^[^:]*: */, "", line); sub(/,$/, "", line); return line }
  /^    "schema":/ { schema = value($0) }
  /^        "name":/ { name = value($0) }
  /^        "type":/ { type = value($0) }
  /^        "required":/ { required = value($0); min = max = "nil" }
  /^        "min":/ { min = value($0) }
  /^        "max":/ { max = value($0) }
  /^      }/ {
    printf "  { schema = %s, name = %s, type = %s, required = %s, min = %s, max = %s },\n", schema, name, type, required, min, max
  }
  END { print "}" }' params.json >catalog.lua
cat >every.lua <<'EOF'
local depin = require "depin"
local catalog = require "catalog"

local function fit(p) -- something that a required parameter takes
  if p.type:match "^list of numbers" then return { p.min or 1 } end
  if p.type:match "^list of strings" then return { "x" } end
  if p.type:match "^number" or p.type:match "^integer" then return math.max(p.min, math.min(1, p.max)) end
  if p.type:match "hardware.class" then return depin.hardware.rtx4090 {} end
  return "x"
end

local function wrong(p)
  local function list(x) return { x } end
  local one = p.type:match "^list of numbers" and list or function(x) return x end
  local all = { 0 / 0, print, {} }
  if p.type:match "^number" or p.type:match "^integer" then all = { 0 / 0, print, {}, "x", true, { 1 } } end
  if p.type:match "^list of" then all = { 0 / 0, print, { print }, { {} } } end
  if p.type:match "^list of numbers" then all = { one(0 / 0), one "x", one {}, "x", { a = 1 } } end
  if p.type:match "^integer" then all[#all + 1] = p.min + 0.5 end
  if p.type:match "^true or false" then all[#all + 1] = "true" end
  if p.type:match "^one of" then all[#all + 1] = "no such word" end
  if p.min then
    local step = math.max(math.abs(p.min), math.abs(p.max)) * 1e-15 + 1e-15
    for _, x in ipairs { p.min - step - math.abs(p.min) * 1e-9, -math.huge } do all[#all + 1] = one(x) end
    for _, x in ipairs { p.max + step + math.abs(p.max) * 1e-9, math.huge, 1e308 } do all[#all + 1] = one(x) end
  end
  return all
end

local tried = 0
for _, p in ipairs(catalog) do
  for _, value in ipairs(wrong(p)) do
    local args = {}
    for _, q in ipairs(catalog) do
      if q.schema == p.schema and q.required then args[q.name] = fit(q) end
    end
    args[p.name] = value
    local accepted, message = pcall(function() return depin.core[p.schema](args) end)
    tried = tried + 1
    local where = "^[%w./_-]*every%.lua:%d+: " .. p.schema:gsub("%.", "%%.") .. ": [^\n]*" .. p.name
    if accepted then
      print(("%s: %s takes %s"):format(p.schema, p.name, tostring(value)))
    elseif not (message:match(where) and (message:match "must be" or message:match "%(")) then
      print(("%s: %s = %s: %s"):format(p.schema, p.name, tostring(value), message))
    end
  end
end
assert(tried > 2500)
EOF
exits "every parameter is asked for nonsense" 0 "$DEPINSIM" lua every.lua
cp "$TAP_TMP/err" said
cat "$TAP_TMP/out" >>said
empty "and refuses it, naming itself, its schema, the line and what would be right" said "the schema's bounds"

# ---- parts that contradict each other ----

# scenario KEY = VALUE…: a small economy in which these keys of depin.scenario are as given.
cat >base.lua <<'EOF'
local depin = require "depin"
local base = {}

function base.token(args)
  local all = { name = "A", supply = 1e8, decimals = 6, emission = depin.emission.fixed { per_day = 1000 } }
  for key, value in pairs(args or {}) do all[key] = value end
  return depin.token(all)
end

function base.pool(args)
  local all = { name = "pool", token = "A", tokens = 1e5, usd = 1e4 }
  for key, value in pairs(args or {}) do all[key] = value end
  return depin.exchange.custom(all)
end

function base.fleet(args)
  local all = { network = "net", count = 3, node = depin.hardware.h100_sxm {} }
  for key, value in pairs(args or {}) do all[key] = value end
  return depin.provider(all)
end

function base.demand(args)
  local all = { network = "net", work_per_day = 1e8 }
  for key, value in pairs(args or {}) do all[key] = value end
  return depin.workload.demand(all)
end

function base.scenario(args)
  local all = {
    duration_d = 2, settle_every_s = 21600, place = depin.place.custom { regions = depin.place.region { name = "here" } },
    tokens = base.token(), exchanges = base.pool(), providers = base.fleet(), workloads = base.demand(),
    networks = depin.network.posted { name = "net", fidelity = "flow", take_ratio = 0.5 },
  }
  for key, value in pairs(args) do
    if value == "none" then all[key] = nil else all[key] = value end
  end
  return depin.scenario(all)
end

return base
EOF

# A scenario with these keys; its own line is the third.
write() {
  printf 'local depin, base = require "depin", require "base"\nreturn base.scenario {\n%b\n}\n' "$1" >s.lua
}

# refuses NAME REGEX KEYS: the run ends with 2 and one message, which begins with a place and matches.
refuses() {
  write "$3"
  status=0
  rm -f none.h5
  "$DEPINSIM" run s.lua -o none.h5 >out 2>err || status=$?
  if test "$status" -eq 2 && test "$(wc -l <err)" -eq 1 && grep -Eq '^(s|base|depin[a-z/]*)\.lua:[0-9]+: ' err &&
    grep -Eq -e "$2" err && test ! -e none.h5; then
    pass "refused: $1"
  else
    fail "refused: $1" "exit code $status, expected 2 and: $2" "$(cat err)"
  fi
}

# runs NAME KEYS: it runs, shows no figure that is not a number, and its books balance.
runs() {
  write "$2"
  rm -f odd.h5
  status=0
  "$DEPINSIM" run s.lua -o odd.h5 >out 2>err || status=$?
  if test "$status" -ne 0 || grep -Eiq '[ -](nan|inf)( |$)' out; then
    fail "runs: $1" "exit code $status" "$(cat err)" "$(grep -Ei 'nan|inf' out)"
  elif ! "$DEPINSIM" audit odd.h5 >books.txt 2>&1; then
    fail "runs: $1" "$(cat books.txt)"
  else
    pass "runs: $1"
  fi
}

refuses "a negative supply" 'supply must be .*got -1' 'tokens = base.token { supply = -1 }'
refuses "a fee of 150 %" 'fee_ratio must be .*got 1\.5' 'exchanges = base.pool { fee_ratio = 1.5 }'
refuses "an unbonding longer than the run" 'unbonding_d.*longer than the run.*\(' \
  'stakes = depin.stake.cosmos { token = "A", unbonding_d = 21, delegable_tokens = 1e6 }'
refuses "a pool without tokens" 'tokens must be ' 'exchanges = base.pool { tokens = 0 }'
refuses "a pool below one base unit" 'the pool is empty.*\(' 'exchanges = base.pool { tokens = 1e-7 }'
refuses "a pool larger than the supply" 'takes .*nobody' 'exchanges = base.pool { tokens = 1e9 }'
refuses "decimals that cannot hold the supply" 'decimals cannot hold .*\(' \
  'tokens = base.token { supply = 1e15, decimals = 18 }'
refuses "decimals that cannot hold the emission" '\(' \
  'tokens = base.token { decimals = 18, emission = depin.emission.fixed { per_day = 1e12 } }, duration_d = 3650'
refuses "tranches of 110 %" '110|more than|exceed' 'tokens = base.token { allocation = {
  depin.tranche { name = "a", share_ratio = 0.6 }, depin.tranche { name = "b", share_ratio = 0.5 } } }'
refuses "buy-back and credits above the take" 'buyback|credit' \
  'tokens = base.token { buyback_ratio = 0.7 }, credits = depin.credit.helium { token = "A", credit_ratio = 0.5 }'
refuses "buy-back without an exchange" 'buyback_ratio.*exchange' \
  'tokens = base.token { buyback_ratio = 0.5 }, exchanges = "none"'
refuses "credits without an exchange" 'exchange' 'exchanges = "none", credits = depin.credit.helium { token = "A" }'
refuses "a feed without reporters" 'reporters_n must be' 'feeds = depin.feed { exchange = "pool", reporters_n = 0 }'
refuses "a feed of nothing" 'has no ledger\.exchange' 'feeds = depin.feed { exchange = "none" }'
refuses "a position upside down" '\(|must|need|more than' 'exchanges = base.pool { kind = "concentrated",
  positions = depin.exchange.position { lower_usd = 2, upper_usd = 1, tokens = 1, usd = 1 } }'
refuses "a position without width" '\(|must|need|more than' 'exchanges = base.pool { kind = "concentrated",
  positions = depin.exchange.position { lower_usd = 0.1, upper_usd = 0.1, tokens = 1, usd = 1 } }'
refuses "positions in a pool of constant product" 'concentrated' 'exchanges = base.pool {
  positions = depin.exchange.position { lower_usd = 0.1, upper_usd = 1, tokens = 1, usd = 1 } }'
refuses "providers of more than the pool" '\(|must|need|more than' 'exchanges = base.pool { providers = {
  depin.exchange.provider { name = "a", share_ratio = 0.6 }, depin.exchange.provider { name = "b", share_ratio = 0.6 } } }'
refuses "a price path that goes back" '\(|must|need|more than' 'exchanges = base.pool { kind = "conditional", path_d = { 1, 0 }, path_usd = { 1, 1 } }'
refuses "a price path of unlike lists" '\(|must|need|more than' 'exchanges = base.pool { kind = "conditional", path_d = { 0, 1 }, path_usd = { 1 } }'
refuses "a price path without a price" '\(|must|need|more than' 'exchanges = base.pool { kind = "conditional", path_d = { 0 }, path_usd = { 0 } }'
refuses "a price path of negative prices" '\(|must|need|more than' 'exchanges = base.pool { kind = "conditional", path_d = { 0 }, path_usd = { -1 } }'
refuses "a conditional price without a path" 'path' 'exchanges = base.pool { kind = "conditional" }'
refuses "two exchanges of one token" 'A' 'exchanges = { base.pool(), base.pool { name = "other" } }'
refuses "two pools of one name" 'taken' 'exchanges = { base.pool(), base.pool() }'
refuses "two tokens of one name" 'taken' 'tokens = { base.token(), base.token() }'
refuses "a token named USD" 'USD' 'tokens = base.token { name = "USD" }, exchanges = "none"'
refuses "a token of an unknown network" 'no market\.gateway' 'tokens = base.token { network = "other" }'
refuses "a fleet of an unknown network" 'no market\.gateway' 'providers = base.fleet { network = "other" }'
refuses "demand as rates on a network of requests" 'fidelity' 'networks = depin.network.posted { name = "net" }'
refuses "rewards by stake without a stake" 'stake' 'tokens = base.token { reward_by = "stake" }'
refuses "a run of no time" 'duration_d must be' 'duration_d = 0'
refuses "a run of negative time" 'duration_d must be' 'duration_d = -1'
refuses "a run without an end" 'duration_d must be' 'duration_d = 1 / 0'
refuses "a settlement of no time" 'settle_every_s must be' 'settle_every_s = 0'
refuses "a settlement that is no number" 'settle_every_s must be' 'settle_every_s = 0 / 0'
refuses "a trader who brings more tokens than there are" '\(|must|need|more than' 'traders = depin.trader.noise { exchange = "pool", tokens = 1e9 }'
refuses "a machine for sale at no price" 'price' 'providers = base.fleet {
  node = depin.hardware.h100_sxm { price_usd = 0 }, entry = depin.entry { candidates_per_month_n = 5 } }'
refuses "electricity by 23 hours" '24' 'place = depin.place.custom { regions = {
  depin.place.region { name = "a", electricity_hourly_ratio = {\n1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1 } } } }'
refuses "regions of one name" '\(|must|need|more than' 'place = depin.place.custom { regions = {
  depin.place.region { name = "a" }, depin.place.region { name = "a" } } }'
refuses "a matrix of another size" '\(|must|need|more than' 'place = depin.place.custom { rtt_ms = { 1, 2, 3 }, regions = {
  depin.place.region { name = "a" }, depin.place.region { name = "b" } } }'
refuses "nowhere to put machines" '\(|must|need|more than' 'place = depin.place.custom { regions = {
  depin.place.region { name = "a", supply_weight = 0 } } }'
refuses "nobody who asks" '\(|must|need|more than' 'place = depin.place.custom { regions = {
  depin.place.region { name = "a", demand_weight = 0 } } }'
refuses "a tide that is not there" 'no ledger\.factor' 'traders = depin.trader.noise { exchange = "pool", usd = 1, factor = "tide" }'
refuses "an emission that falls" 'falls' 'tokens = base.token { emission = depin.emission.steps { curve = { { 1, 5 }, { 2, 4 } } } }'
refuses "an emission without its words" '\(|must|need|more than' 'tokens = base.token { emission = depin.emission.halving { per_day = 5 } }'
refuses "an end before the beginning of a lag" '\(|must|need|more than' 'start = "2024-02-30"'

runs "no demand" 'workloads = base.demand { work_per_day = 0 }'
runs "no demand, no workload" 'workloads = "none"'
runs "no budget to speak of" 'workloads = base.demand { budget_usd_per_day = 1e-9 }'
runs "a price above what anybody pays" 'workloads = base.demand { choke_usd_per_mtok = 1e-9 }'
runs "no hosts" 'providers = base.fleet { count = 0 }'
runs "no fleet" 'providers = "none"'
runs "no candidates" 'providers = base.fleet { entry = depin.entry { candidates_per_month_n = 0 } }'
runs "machines that nobody makes" 'providers = base.fleet {
  entry = depin.entry { candidates_per_month_n = 5, supply_per_month_n = 0 } }'
runs "no token" 'tokens = "none", exchanges = "none"'
runs "no supply" 'tokens = base.token { supply = 0 }, exchanges = "none"'
runs "no emission" 'tokens = base.token { emission = depin.emission.fixed { per_day = 0 } }'
refuses "a name with a slash" 'name must be' 'tokens = base.token { name = "a/b" }'
runs "two tranches of one class" 'tokens = base.token { allocation = {
  depin.tranche { name = "a", share_ratio = 0.1 }, depin.tranche { name = "a", share_ratio = 0.1, cliff_d = 1 } } }'
runs "no decimals" 'tokens = base.token { decimals = 0 }'
runs "a settlement longer than the run" 'settle_every_s = 1e9'
runs "a run of a nanosecond" 'duration_d = "none", duration_s = 1e-9'
runs "a run of one settlement and a bit" 'duration_d = "none", duration_s = 21600.5'
runs "one cell for everything" 'place = "none"'
runs "a region without hosts, one without customers" 'place = depin.place.custom { regions = {
  depin.place.region { name = "a", supply_weight = 0 }, depin.place.region { name = "b", demand_weight = 0 } } }'
runs "more cells than hosts" 'place = depin.place.custom { regions = depin.place.region { name = "a", cells_n = 50 } }'
runs "two fleets" 'providers = { base.fleet { name = "x" }, base.fleet { name = "y" } }'
runs "two networks, one without hosts" 'networks = { depin.network.posted { name = "net", fidelity = "flow" },
  depin.network.posted { name = "other", fidelity = "flow" } }, workloads = { base.demand { name = "x" },
  base.demand { name = "y", network = "other" } }'
runs "two tokens" 'tokens = { base.token(), base.token { name = "B" } }, exchanges = {
  base.pool(), base.pool { name = "other", token = "B" } }'
runs "a name with spaces and signs" 'tokens = base.token { name = "a b%%c.d" }, exchanges = base.pool { token = "a b%%c.d" }'
runs "a pool of one base unit" 'exchanges = base.pool { tokens = 1e-6, usd = 1e-9, outside_usd_per_day = 1 }'
runs "a take of everything" 'networks = depin.network.posted { name = "net", fidelity = "flow", take_ratio = 1 },
  tokens = base.token { buyback_ratio = 1 }'
runs "a fee of half of everything" 'exchanges = base.pool { fee_ratio = 0.5 }'
runs "money beyond all pools" 'traders = depin.trader.noise { exchange = "pool", usd = 1e12, aggressiveness = 1000 }'
runs "hosts that fail every hour" 'providers = base.fleet { node = depin.hardware.h100_sxm { mtbf_h = 0.1, repair_h = 0.1 } }'
runs "a shock after the end" 'events = depin.at { day = 100, demand_multiplier = 0 }'
runs "a shock that takes all demand" 'events = depin.at { day = 0, demand_multiplier = 0 }'
runs "a feed that is always out" 'feeds = depin.feed { exchange = "pool", outage_d = 36500 }'
runs "a trader without anything" 'traders = depin.trader.momentum { exchange = "pool" }'
runs "a crowd that never comes" 'retail = depin.retail { exchange = "pool", usd_per_day = 0 }'
runs "credits of nothing" 'credits = depin.credit.helium { token = "A", credit_ratio = 0 }'
runs "a stake of nothing" 'stakes = depin.stake.cosmos { token = "A", unbonding_d = 1 }'
runs "all liquidity leaves" 'exchanges = base.pool { providers = depin.exchange.provider {
  name = "a", share_ratio = 0.999, leave_day = 1 } }'
done_testing
