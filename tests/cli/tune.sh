#!/bin/bash
# depinsim tune: known goals are met, parameters are learned from data, the file is the same whatever the ranks and the
# kills, and what is wrong says so with a remedy.
# shellcheck disable=SC2016,SC2317 # awk programs; functions that ok calls
. "${srcdir:-.}/tests/tap.sh"
command -v h5diff >/dev/null || skip_all "h5diff is not installed (Debian: hdf5-tools)"
cd "$TAP_TMP" || exit 99
cp "$srcdir/scenarios/token_from_nothing.lua" "$srcdir/scenarios/ov_parameters.lua" .

study() { # scenario, lines of the study…
  {
    echo 'local depin = require "depin"'
    echo 'return depin.study {'
    printf '  scenario = "%s",\n' "$1"
    shift
    printf '  %s\n' "$@"
    echo '}'
  }
}
same_content() { h5diff --exclude-path /provenance/volatile "$1" "$2"; }
value() { # JSON path: value (python's subscripts)
  /usr/bin/python3 -c "import json, sys; print(json.load(open('goal.json'))$1)"
}
within() { awk -v x="$1" -v a="$2" -v b="$3" 'BEGIN { exit !(x >= a && x <= b) }'; }

# ---- a goal that is known: buy-back D over what is sold of the emission E is the price, D / (0.6 e) ----
# A market that does not grow, in a pool so thin that the year settles it.
set=(usd=20e3 tokens=400e3 growth_per_year_ratio=0 candidates_per_month_n=0 insiders_sell_ratio=0)
study token_from_nothing.lua 'vary = { emission_per_day = depin.range { 10e3, 200e3, log = true } },' 'replicates = 4,' \
  "set = { $(IFS=,; echo "${set[*]}") }," \
  'tune = { objective = { kpi = "token.price_usd", goal = 0.03 }, budget_n = 100, confirm_n = 4 },' >goal.lua
ok "a goal is sought" "$DEPINSIM" tune goal.lua -o goal.h5 --format json
cp out goal.json
if /usr/bin/python3 -c 'import json' 2>/dev/null; then
  is "and met" "$(value '["answered"]')" True
  price=$(value '["best"]["kpi"]["token.price_usd"]["value"]')
  ok "on fresh luck, within its tolerance" within "$price" 0.0297 0.0303
  emission=$(value '["best"]["set"]["emission_per_day"]')
  take() { # until a day
    "$DEPINSIM" run token_from_nothing.lua "${set[@]/#/--set=}" --set days="$1" -o take.h5 2>/dev/null |
      awk '$1 == "network.take_usd" { print $2 }'
  }
  d=$(awk -v a="$(take 265)" -v b="$(take 365)" 'BEGIN { print (b - a) / 100 }')
  ok "where D / E says, within 2 %" within "$emission" "$(awk -v d="$d" 'BEGIN { print 0.98 * d / 0.6 / 0.03 }')" \
    "$(awk -v d="$d" 'BEGIN { print 1.02 * d / 0.6 / 0.03 }')"
else
  skip "the goal's numbers" "python3 is not there"
fi
exits "a goal that no point reaches is exit code 1" 1 "$DEPINSIM" tune goal.lua -o far.h5 --budget 30 --set sell_ratio=0.01
like "with what it came to, and what to do" "$(cat err)" 'token\.price_usd comes to [0-9.]+ and not to 0\.03.*widen vary'

# ---- parameters that are known ----
"$DEPINSIM" run ov_parameters.lua --set days=200 --set unit_price_usd=1.4e-6 --set apr_threshold_pct=14 \
  -o truth.h5 >/dev/null 2>&1
"$DEPINSIM" export truth.h5 --format csv -o truth >/dev/null
cp truth/series.reference.ov_daily.csv data.csv
study ov_parameters.lua 'set = { days = 200 },' 'replicates = 1,' 'vary = {' \
  '  unit_price_usd = depin.range { 1e-6, 2e-6 }, apr_threshold_pct = depin.range { 5, 40, log = true },' \
  '  foundation_burn_usd = depin.range { 1e5, 5e5 },' '},' 'tune = {' \
  '  fit = { series = "reference.ov_daily.node_amount", data = "data.csv", column = "node_amount", time = "date",' \
  '    blind_from_s = 150 * 86400 },' '  budget_n = 1200, confirm_n = 2,' '},' >fit.lua
ok "a series is fitted to data" "$DEPINSIM" tune fit.lua -o fit.h5 --format csv
cp out fit.csv
ok "the parameters that made the data come out" awk -F, '
  $1 == "best" && $2 == "unit_price_usd" && $4 > 1.39e-6 && $4 < 1.41e-6 { a = 1 }
  $1 == "best" && $2 == "apr_threshold_pct" && $4 > 13.9 && $4 < 14.1 { b = 1 }
  END { exit !(a && b) }' fit.csv
ok "in text" "$DEPINSIM" tune fit.lua -o fit2.h5
like "one that does not matter is called flat" "$(cat out)" '^foundation_burn_usd +flat: these data do not tell it'
ok "trusted" test -z "$(grep 'few looks' out)"
ok "with a small budget" "$DEPINSIM" tune fit.lua -o few.h5 --budget 250
like "its intervals are not" "$(cat out)" 'few looks at each level: intervals may be too narrow'
ok "with enough" "$DEPINSIM" tune fit.lua -o fit2.h5 --restart
like "one that does has an interval" "$(cat out)" '^apr_threshold_pct +13\.[0-9]+ to 14\.[0-9]+ \(95 %\)'
like "the blind period has an error" "$(cat out)" 'over 150 rows, [0-9.e-]+ over 51 rows it had not seen'
ok "the file holds data and model" h5dump -H -d /tune/fit/model -d /tune/fit/data fit.h5

# ---- the same whatever happens ----
study ov_parameters.lua 'set = { days = 400 },' 'replicates = 2,' \
  'vary = { unit_price_usd = depin.range { 1e-6, 2e-6 }, initial_node_n = depin.range { 1000, 50000 } },' \
  'tune = { objective = { kpi = "reference.cash_usd", goal = "max" },' \
  '  constraints = { ["reference.node_n"] = depin.at_most(12000, { quantile = "p95" }) }, budget_n = 600 },' >best.lua
ok "most of one, at most of another" "$DEPINSIM" tune best.lua -o best.h5
cp out best.txt
like "the constraint is named with its quantile" "$(cat out)" 'most reference\.cash_usd, with reference\.node_n p95 at most 12000'
ok "and kept, without room to spare" awk '/^reference.node_n p95/ { exit !($3 <= 12000 && $3 > 11900) }' best.txt
ok "on three ranks" ranks 3 "$DEPINSIM" tune best.lua -o three.h5
ok "the file is the same" same_content best.h5 three.h5
killed() { # again and again, each time a little later, until it ends
  for i in {1..60}; do
    "$@" >/dev/null 2>&1 &
    pid=$!
    sleep "$((i / 10)).$((i % 10))"
    if ! kill -9 "$pid" 2>/dev/null; then
      wait "$pid"
      return
    fi
    wait "$pid" 2>/dev/null
  done
  return 1
}
ok "killed again and again, it comes to its end" killed "$DEPINSIM" tune best.lua -o killed.h5
ok "with the same file" same_content best.h5 killed.h5
exits "a wall limit" 75 "$DEPINSIM" tune best.lua -o wall.h5 --wall-limit 20ms
sed 's/12000/12001/' best.lua >other.lua
exits "what was begun for another wish is refused" 3 "$DEPINSIM" tune other.lua -o wall.h5
like "with a remedy" "$(cat err)" 'wall\.h5\.part is of another study.*--restart'

# ---- a front ----
study ov_parameters.lua 'set = { days = 100 },' 'replicates = 1,' \
  'vary = { unit_price_usd = depin.range { 1e-6, 2e-6 }, apr_threshold_pct = depin.range { 5, 40 } },' \
  'tune = { objective = { kpi = "reference.cash_usd", goal = "max" },' \
  '  pareto = { kpi = "reference.node_n", goal = "min" }, budget_n = 200, confirm_n = 2 },' >front.lua
ok "two objectives give a front" "$DEPINSIM" tune front.lua --format csv
grep ',reference' out >front.csv
ok "on which more of the one costs of the other" awk -F, '
  /,reference.cash_usd,/ { n++; if ($4 <= cash) bad = 1; cash = $4 }
  /,reference.node_n,/ { if ($4 <= nodes) bad = 1; nodes = $4 }
  END { exit bad || n < 5 }' front.csv

# ---- what is wrong says where ----
wrong() { # name, exit code, regex, lines…
  tap_wrong=$1 tap_code=$2 tap_regex=$3
  shift 3
  study ov_parameters.lua 'set = { days = 20 },' 'replicates = 1,' "$@" >wrong.lua
  exits "$tap_wrong" "$tap_code" "$DEPINSIM" tune wrong.lua --restart
  like "  and says so" "$(cat err)" "$tap_regex"
}
vary='vary = { unit_price_usd = depin.range { 1e-6, 2e-6 } },'
wrong "no tune table" 2 'study: the study has no tune = ' "$vary"
wrong "an undeclared parameter" 2 '^wrong\.lua:[56]: study: unit_price: .* declares no such parameter \(did you mean' \
  'vary = { unit_price = { 1, 2 } }, tune = { objective = { kpi = "reference.node_n", goal = "max" } },'
wrong "an unknown KPI" 2 "study: tune: no KPI 'reference\.nodes_n' \(did you mean 'reference\.node_n'" "$vary" \
  'tune = { objective = { kpi = "reference.nodes_n", goal = "max" } },'
wrong "a KPI of no model that takes part" 2 "gives no 'job\.completed'" "$vary" \
  'tune = { objective = { kpi = "job.completed", goal = "max" } },'
wrong "an unknown key" 2 "study: tune: objective has no 'gaol' \(did you mean 'goal'" "$vary" \
  'tune = { objective = { kpi = "reference.node_n", gaol = 1 } },'
wrong "a goal that is none" 2 'goal must be "max", "min" or the number' "$vary" \
  'tune = { objective = { kpi = "reference.node_n", goal = "most" } },'
wrong "a quantile that is none" 2 'quantile must be "mean"' "$vary" \
  'tune = { objective = { kpi = "reference.node_n", goal = "max", quantile = "p500" } },'
wrong "a constraint that is none" 2 'constraints: reference\.cash_usd must be depin\.at_least' "$vary" \
  'tune = { objective = { kpi = "reference.node_n", goal = "max" }, constraints = { ["reference.cash_usd"] = 5 } },'
wrong "a budget for nothing" 2 'budget_n = 5 runs are too few' "$vary" \
  'tune = { objective = { kpi = "reference.node_n", goal = "max" }, budget_n = 5 },'
wrong "constraints that nothing keeps" 1 'no design keeps the constraints' "$vary" \
  'tune = { objective = { kpi = "reference.node_n", goal = "max" }, budget_n = 40,' \
  '  constraints = { ["reference.cash_usd"] = depin.at_least(1e15) } },'
wrong "a front that keeps no constraint" 1 'no design keeps the constraints' "$vary" \
  'tune = { objective = { kpi = "reference.cash_usd", goal = "max" }, pareto = { kpi = "reference.node_n", goal = "min" },' \
  '  constraints = { ["reference.cash_usd"] = depin.at_least(1e15) }, budget_n = 130, confirm_n = 2 },'
wrong "data without a time" 3 'there is no column .day. with the time .*time = "COLUMN"' "$vary" \
  'tune = { fit = { series = "reference.ov_daily.node_amount", data = "data.csv", column = "node_amount" } },'
wrong "data that are not there" 3 'study: tune: fit: .*gone\.csv' "$vary" \
  'tune = { fit = { series = "reference.ov_daily.node_amount", data = "gone.csv", column = "x" } },'
wrong "a column that is not there" 3 "data\.csv:1: there is no column 'nodes'" "$vary" \
  'tune = { fit = { series = "reference.ov_daily.node_amount", data = "data.csv", column = "nodes", time = "date" } },'
for when in '"150"' '"5 weeks"' 0 '"3d", blind_from_s = 5'; do
  wrong "blind_from = $when" 2 'study: tune: fit: .*blind_from' "$vary" "tune = { fit = { blind_from = $when," \
    'series = "reference.ov_daily.node_amount", data = "data.csv", column = "node_amount", time = "date" } },'
done
wrong "a series that is not there" 2 "no series 'reference\.ov_daily\.node'" "$vary" \
  'tune = { fit = { series = "reference.ov_daily.node", data = "data.csv", column = "node_amount", time = "date" } },'
study token_from_nothing.lua 'set = { days = 5 },' 'replicates = 1,' \
  'vary = { sell_ratio = depin.range { 0, 1 } },' \
  'tune = { objective = { kpi = "market.remote_ratio", goal = "min" }, budget_n = 40 },' >nan.lua
exits "an objective that is no number anywhere" 1 "$DEPINSIM" tune nan.lua
like "  is named, with a remedy" "$(cat err)" \
  'nan\.lua: tune: market\.remote_ratio: the objective is not a number at any of [0-9]+ points.*choose a figure'
done_testing
