#!/bin/sh
# Bad input ends with exit code 2 or 3, one message that names file, line and remedy, and no output file.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
cd "$TAP_TMP" || exit 99
quickstart=$srcdir/scenarios/quickstart.lua

# bad NAME CODE REGEX SCENARIO [OPTION…]: the run fails with CODE; the message is one line that matches REGEX.
bad() {
  name=$1 want=$2 regex=$3 scenario=$4
  shift 4
  rm -f result*
  status=0
  "$DEPINSIM" run "$scenario" -o result.h5 "$@" >out 2>err </dev/null || status=$?
  lines=$(wc -l <err)
  left=$(ls result* 2>/dev/null)
  if test "$status" -ne "$want"; then
    fail "$name" "exit code $status, expected $want" "$(cat err)"
  elif test "$lines" -ne 1; then
    fail "$name" "$lines lines on stderr, expected one message" "$(head -n 20 err)"
  elif ! grep -Eq -e "$regex" err; then
    fail "$name" "no match for: $regex" "$(cat err)"
  elif test -s out || test -n "$left"; then
    fail "$name" "something is left: $left" "$(head -n 5 out)"
  else
    pass "$name"
  fi
}

# script TEXT: a scenario of these lines, which begins with the library.
script() { printf 'local depin = require "depin"\n%b\n' "$1" >s.lua; }

end='return depin.scenario { duration_s = 60 }'

# --- the scenario's text ---

script 'local x = = 1'
bad "a syntax error" 2 '^s\.lua:2: unexpected symbol' s.lua
script 'local a =\n depin.provider { cuont = 3 }'
bad "an unknown parameter" 2 "^s\.lua:3: provider\.fleet: no parameter 'cuont' \(did you mean 'count'\?\)$" s.lua
script 'depin.network.posted { take_ratio = 1.5 }'
bad "a value out of range" 2 '^s\.lua:2: market\.gateway: take_ratio must be number in \[0, 1\], got 1\.5$' s.lua
script 'depin.network.posted { take_ratio = 0/0 }'
bad "not a number" 2 '^s\.lua:2: market\.gateway: take_ratio must be number in \[0, 1\], got -?nan$' s.lua
script 'depin.network.posted { take_ratio = "much" }'
bad "a wrong type" 2 '^s\.lua:2: market\.gateway: take_ratio must be number in \[0, 1\], got the string "much"$' s.lua
script 'depin.provider { count = -3, node = depin.hardware.t4 {} }'
bad "a negative count" 2 '^s\.lua:2: provider\.fleet: count must be integer in \[0, 100000000\], got -3$' s.lua
script 'depin.token { supply = -5 }'
bad "a negative supply" 2 '^s\.lua:2: ledger\.token: supply must be number in \[0, 1e\+15\], got -5$' s.lua
script 'depin.exchange.constant_product { tokens = 1, usd = 1, fee_ratio = 1.5 }'
bad "a fee of 150 %" 2 '^s\.lua:2: ledger\.exchange: fee_ratio must be number in \[0, 0\.5\], got 1\.5$' s.lua
script 'depin.exchange.constant_product { tokens = 1, usd = 0 }'
bad "an empty pool" 2 '^s\.lua:2: ledger\.exchange: usd must be number in \[1e-09, 1000000000000\], got 0$' s.lua
script 'depin.emission.halving { per_day = 5, halve_every_d = 9, half_life_d = 3 }'
bad "a word of another emission" 2 '^s\.lua:2: ledger\.emission: half_life_d has no effect on .* halving' s.lua
script 'depin.emission.halving { per_day = 5 }'
bad "an emission that never halves" 2 '^s\.lua:2: ledger\.emission: .* halving needs halve_every_d above 0$' s.lua
script 'depin.tranche { name = "team" }'
bad "a tranche of nothing" 2 '^s\.lua:2: ledger\.tranche: team needs either share_ratio or amount' s.lua
script 'return depin.scenario { duration_s = 60, tokens = depin.token { name = "A", buyback_ratio = 1 } }'
bad "a buy-back without an exchange" 2 'ledger\.token: A: buyback_ratio = 1 needs an exchange to buy on' s.lua
script 'return depin.scenario { duration_s = 60, tokens = depin.token { name = "A", decimals = 18, supply = 1e15 } }'
bad "decimals that cannot hold the supply" 2 'ledger\.token: A: 18 decimals cannot hold .*take 15 decimals' s.lua
script 'depin.provider { count = 3 }'
bad "a missing parameter" 2 '^s\.lua:2: provider\.fleet: node must be given' s.lua
script 'return depin.scenario { durtion_d = 1 }'
bad "an unknown key of the scenario" 2 "^s\.lua:2: scenario: no key 'durtion_d' \(did you mean 'duration_d'\?\)$" s.lua
script 'return depin.scenario { duration_s = 60, expect = { ["job.done"] = depin.at_least(1) } }'
bad "an unknown figure in expect" 2 "^s\.lua:2: scenario: expect: no KPI 'job\.done'" s.lua
script 'local x = 1'
bad "a file that returns nothing" 2 '^depinsim: s\.lua: .*depin\.scenario' s.lua

# --- what a script may not do ---

script "while true do end\n$end"
bad "an endless loop" 2 '^s\.lua:2: ' s.lua
script "pcall(function() while true do end end)\n$end"
bad "an endless loop that catches its error" 2 '^s\.lua:2: ' s.lua
script "local s = 'x' while true do s = s .. s end\n$end"
bad "a memory bomb" 2 '^s\.lua:2: not enough memory: the script may use 256 MiB' s.lua
script "local t = {} for i = 1, 1e12 do t[i] = { i } end\n$end"
bad "a memory bomb of tables" 2 '^s\.lua:2: ' s.lua
script "local n = 40\nlocal x = ('a'):rep(n):match(('a?'):rep(n) .. ('a'):rep(n) .. 'b')\n$end"
bad "a pathological pattern" 2 '^s\.lua:3: pattern too costly' s.lua
script "os.execute('true')\n$end"
bad "os.execute" 2 "^s\.lua:2: 'os' is not available in a scenario" s.lua
script "io.open('/etc/passwd')\n$end"
bad "io.open" 2 "^s\.lua:2: 'io' is not available in a scenario" s.lua
script "load('x = 1')()\n$end"
bad "load" 2 "^s\.lua:2: 'load' is not available in a scenario" s.lua
script "depin.workload.inference { trace = '/etc/passwd' }\n$end"
bad "reading a file outside" 2 '^s\.lua:2: workload\.inference: trace: /etc/passwd lies outside .*--data' s.lua
script "depin.workload.inference { trace = '../../../../etc/passwd' }\n$end"
bad "reading a file outside by .." 2 '^s\.lua:2: workload\.inference: trace: .* lies outside' s.lua
script "require '../secret'\n$end"
bad "a module outside" 2 '^s\.lua:2: require: ' s.lua
script "require 'missing'\n$end"
bad "a missing module" 2 "^s\.lua:2: require: there is no module 'missing'" s.lua
printf '\033LuaT\000\031\223\r\n' >s.lua
bad "bytecode" 3 '^depinsim: s\.lua: ' s.lua
: >s.lua
bad "an empty scenario" 3 '^depinsim: s\.lua: ' s.lua
head -c 4096 "$DEPINSIM" >s.lua
bad "a binary scenario" 3 '^depinsim: s\.lua: ' s.lua
bad "a missing scenario" 3 '^depinsim: missing\.lua: ' missing.lua
mkdir -p folder
bad "a folder for a scenario" 3 '^depinsim: folder: ' folder

script "error('first\\\\nsecond\\\\27[31m')\n$end"
bad "a message of several lines, with an escape for the terminal" 2 '^s\.lua:2: first\\nsecond\\x1b\[31m$' s.lua
script "return depin.scenario { start = '2262-01-01', duration_d = 200 }"
bad "an end beyond the calendar" 2 '^depinsim: s\.lua: the run would end after 2262-04-10' s.lua

# --- policies ---

policy() { # BODY: a market whose hosts price so
  script "local pricing = depin.policy.custom { decide = function(obs, state)
  $1
end }
return depin.scenario {
  duration_s = 60, networks = depin.network.posted {},
  providers = depin.provider { count = 2, node = depin.hardware.t4 {}, pricing = pricing },
}"
}
policy 'while true do end'
bad "a policy without end" 2 's\.lua:3: more than 10000000 instructions' s.lua
policy 'return nil'
bad "a policy without a price" 2 \
  "s\.lua:2: policy 'custom' must return price_usd_per_mtok, a finite number, got nil" s.lua
policy 'return obs.pric_usd_per_mtok'
bad "a policy that reads what is not there" 2 "s\.lua:3: obs has no 'pric_usd_per_mtok' \(did you mean" s.lua
policy 'count = 1'
bad "a policy with a global" 2 "s\.lua:3: 'count' would be a global" s.lua

# --- --set ---

bad "an unknown parameter in --set" 2 "^depinsim run: --set: host_n: .*\(did you mean 'hosts_n'\?\)" \
  "$quickstart" --set host_n=3
bad "a --set that is no number" 2 "^depinsim run: --set: hosts_n: 'many' is not a number" \
  "$quickstart" --set hosts_n=many
bad "a --until beyond the calendar" 2 'quickstart\.lua: the run would end after 2262-04-10' "$quickstart" --until 90000d
bad "a --set out of range" 2 "^depinsim run: --set: hosts_n: '-5' is out of range" "$quickstart" --set hosts_n=-5
bad "a --set that is nan" 2 "^depinsim run: --set: hosts_n: 'nan' is not a number" "$quickstart" --set hosts_n=nan
bad "a --set without a value" 2 '--set' "$quickstart" --set hosts_n
bad "a --set without a name" 2 '--set' "$quickstart" --set =5
bad "a --set that a model refuses" 2 'quickstart\.lua:[0-9]+: market\.gateway: routing must be one of .*two_choices' \
  "$quickstart" --set routing=best

# --- traces ---

trace() { # NAME REGEX TEXT: a trace of these lines
  printf '%b' "$3" >trace.csv
  bad "$1" 3 "$2" "$quickstart" --set trace=trace.csv
}
bad "a missing trace" 3 'trace: there is no file missing\.csv' "$quickstart" --set trace=missing.csv
bad "a folder for a trace" 3 'trace: folder is a folder, not a file' "$quickstart" --set trace=folder
head='time_s,prompt_tokens,output_tokens\n'
trace "a broken row" "trace\.csv:3: column 'prompt_tokens': 'ten' is not a" "${head}0,10,10\n1,ten,10\n"
trace "a short row" 'trace\.csv:3: ' "${head}0,10,10\n1,10\n"
trace "wrong columns" 'trace\.csv:1: ' 'when,what\n0,10\n'
trace "a negative count of tokens" "trace\.csv:3: column 'prompt_tokens': '-10' is " "${head}0,10,10\n1,-10,10\n"
trace "a time that goes back" 'trace\.csv:3: ' "${head}5,10,10\n1,10,10\n"
trace "a broken line of JSON" 'trace\.csv:2: ' \
  '{"timestamp": 0, "input_length": 1, "output_length": 1}\n{"timestamp": 1,\n'
trace "an empty trace" 'trace\.csv' ''
head -c 4096 "$DEPINSIM" >trace.csv
bad "a binary trace" 3 'trace\.csv' "$quickstart" --set trace=trace.csv

done_testing
