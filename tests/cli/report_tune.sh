#!/bin/bash
# The report of a search says what was asked and what came out, and draws what the file holds: every look, the front,
# data and model, the likelihood of each parameter. A study's criterion of survival is the one that its report uses.
# shellcheck disable=SC2016,SC2317 # awk programs; functions that ok calls
. "${srcdir:-.}/tests/tap.sh"
command -v h5dump >/dev/null || skip_all "h5dump is not installed (Debian: hdf5-tools)"
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
section() { awk -v id="<section id=\"$2\">" 'index($0, id) { on = 1 } on { print } on && /<\/section>/ { exit }' "$1"; }
figure() { section "$1" "$2" | tr '\n' ' ' | sed 's/<figure>/\n&/g' | grep -F "<figcaption>$3<" | sed 's/<div class="legend">.*//'; }
words() { section "$1" "$2" | sed 's/<[^>]*>//g'; }
count() { figure "$1" "$2" "$3" | grep -o "class=\"$4\"" | wc -l; } # file, section, title, class of a mark
values() { h5dump -y -w 1 -m %.17g -d "$2" "$1" | sed -n '/DATA {/,/}/p' | awk 'NF && /^ *[-0-9n]/ { gsub(",", ""); print $1 }'; }
rows() { values "$1" "$2" | wc -l; }

# ---- a goal ----
study token_from_nothing.lua 'set = { days = 20 }, replicates = 3,' \
  'vary = { emission_per_day = depin.range { 10e3, 500e3, log = true } },' \
  'tune = { objective = { kpi = "token.price_usd", goal = 0.08 }, budget_n = 60, confirm_n = 4 },' >goal.lua
exits "a goal" 0 "$DEPINSIM" tune goal.lua -o goal.h5
exits "its report" 0 "$DEPINSIM" report goal.h5
like "what was asked" "$(words goal.html answer)" \
  '^Asked: which emission_per_day gives token\.price_usd of 0\.08 ± 0\.0008 USD\?'
best=$(h5dump -a /tune/best goal.h5 | sed -n 's/.*(0): //p')
fresh=$(values goal.h5 /tune/outcome/value | sed -n "$((best + 1))p" | awk '{ printf "%.5g", $1 }')
seen=$(values goal.h5 /tune/outcome/searched | sed -n "$((best + 1))p" | awk '{ printf "%.5g", $1 }')
like "the answer, on fresh luck with its interval" "$(words goal.html answer)" \
  "^Answer: emission_per_day = [0-9.]+\. On fresh luck token\.price_usd is $fresh ± [0-9.]+ USD \(95 %, 4 runs\)"
like "beside what the search saw" "$(words goal.html answer)" "^The search saw $seen USD: "
is "every look is a dot, and the fresh runs one more" "$(count goal.html search 'token.price_usd of each design' 'dot c[01]')" \
  "$(($(rows goal.h5 /tune/point) + 1))"
like "over the runs that were spent, in USD" "$(figure goal.html search 'token.price_usd of each design')" \
  '>runs spent \(number\)</text>.*>USD</text>'
sed 's/goal = 0.08/goal = 5/' goal.lua >far.lua
exits "a goal out of reach" 1 "$DEPINSIM" tune far.lua
exits "its report" 0 "$DEPINSIM" report far.h5
like "says so first" "$(words far.html answer)" '^Not reached: token\.price_usd comes to [0-9.e-]+ and not to 5 .*What comes nearest'

# ---- bounds ----
study ov_parameters.lua 'set = { days = 200 }, replicates = 2,' \
  'vary = { unit_price_usd = depin.range { 1e-6, 2e-6 }, initial_node_n = depin.range { 1000, 50000 } },' \
  'tune = { objective = { kpi = "reference.cash_usd", goal = "max" },' \
  '  constraints = { ["reference.node_n"] = depin.at_most(12000, { quantile = "p95" }) }, budget_n = 200 },' >best.lua
exits "most of one, at most of another" 0 "$DEPINSIM" tune best.lua -o best.h5
exits "its report" 0 "$DEPINSIM" report best.h5
like "asks with the quantile" "$(words best.html answer)" \
  'give the most reference\.cash_usd in USD, such that reference\.node_n p95 \(95 % of a .* lie below it\) is at most 12000\?'
like "and says that the bound holds" "$(words best.html answer)" 'is [0-9.]+ on fresh luck: at most 12000 holds \(in the search'
is "what breaks it is crossed" "$(count best.html search 'reference.cash_usd of each design' 'line c5 cross')" \
  "$(values best.h5 /tune/violation | awk '$1 > 0' | wc -l)"
sed 's/12000/1/' best.lua >none.lua
exits "a bound that nothing keeps" 1 "$DEPINSIM" tune none.lua
exits "its report" 0 "$DEPINSIM" report none.h5
like "says so, and which is broken" "$(words none.html answer)" 'on fresh luck: at most 1 is broken'

# ---- a front ----
study ov_parameters.lua 'set = { days = 100 }, replicates = 1,' \
  'vary = { unit_price_usd = depin.range { 1e-6, 2e-6 }, apr_threshold_pct = depin.range { 5, 40 } },' \
  'tune = { objective = { kpi = "reference.cash_usd", goal = "max" },' \
  '  pareto = { kpi = "reference.node_n", goal = "min" }, budget_n = 200, confirm_n = 2 },' >front.lua
exits "two objectives" 0 "$DEPINSIM" tune front.lua -o front.h5
exits "their report" 0 "$DEPINSIM" report front.h5
title='Most reference.cash_usd against least reference.node_n'
front_n=$(rows front.h5 /tune/front)
is "the front is drawn" "$(count front.html search "$title" 'dot c0')" "$front_n"
is "and what it beats, in grey" "$(count front.html search "$title" 'dot c7')" "$(($(rows front.h5 /tune/point) - front_n))"
is "and what was run again" "$(count front.html search "$title" 'line c1 ring')" "$(rows front.h5 /tune/final)"
like "both axes have units" "$(figure front.html search "$title")" \
  '>reference\.cash_usd \(USD\)</text>.*>reference\.node_n \([A-Za-z]+\)</text>'
like "the text counts them" "$(words front.html answer)" "^Answer: $front_n designs are beaten by no other in both"

# ---- a fit ----
"$DEPINSIM" run ov_parameters.lua --set days=200 --set unit_price_usd=1.4e-6 -o truth.h5 >/dev/null 2>&1
"$DEPINSIM" export truth.h5 --format csv -o truth >/dev/null
cp truth/series.reference.ov_daily.csv data.csv
study ov_parameters.lua 'set = { days = 200 }, replicates = 1,' 'vary = {' \
  '  unit_price_usd = depin.range { 1e-6, 2e-6 }, foundation_burn_usd = depin.range { 1e5, 5e5 } },' \
  'tune = { fit = { series = "reference.ov_daily.node_amount", data = "data.csv", column = "node_amount", time = "date",' \
  '  blind_from = "150d" }, budget_n = 600, confirm_n = 2 },' >fit.lua
exits "a fit" 0 "$DEPINSIM" tune fit.lua -o fit.h5
exits "its report" 0 "$DEPINSIM" report fit.h5
like "what was asked" "$(words fit.html answer)" \
  'make reference\.ov_daily\.node_amount most like column node_amount of data\.csv\?'
like "both errors" "$(words fit.html answer)" 'over the 150 rows that were fitted, and .* over the 51 rows from day 150 on'
title='node_amount and the fitted model'
is "every row that was seen" "$(count fit.html fit "$title" 'dot c1')" 150
is "and every row that was not" "$(count fit.html fit "$title" 'line c5 cross')" 51
is "before a shaded period" "$(count fit.html fit "$title" 'band c7')" 1
like "over days" "$(figure fit.html fit "$title")" '>days since the start</text>'
like "a parameter that matters has an interval" "$(words fit.html identifiability)" \
  'unit_price_usd is 1\.[34][0-9]*e-06, between 1\.3[0-9]*e-06 and 1\.4[0-9]*e-06 \(95 %\)'
like "one that does not is called so" "$(words fit.html identifiability)" \
  'These data do not tell foundation_burn_usd: every value from 100000 to 500000 fits as well'
like "with the threshold, and units" "$(section fit.html identifiability | tr '\n' ' ')" \
  'do not tell foundation_burn_usd</figcaption>.*>deviance from the best fit \(number\)</text>.*95 % threshold, 3\.84'
is "which lies below it everywhere" "$(count fit.html identifiability 'These data do not tell foundation_burn_usd' 'dot c0')" 9

# ---- survival ----
survivors() { # lines of the study…: s.lua
  study token_from_nothing.lua 'vary = { emission_per_day = depin.grid { 0, 50e3, 3e6 } },' \
    'set = { days = 3, settle_every_s = 21600 }, replicates = 2,' 'kpis = { "token.price_usd" },' "$@" >s.lua
}
survivors 'survive = { ["token.price_usd"] = depin.between(0.09, 1), ["provider.active_n"] = depin.at_least(1) },'
exits "a study that says what survives" 0 "$DEPINSIM" sweep s.lua -q -o s.h5
exits "its report" 0 "$DEPINSIM" report s.h5
like "uses it and says so" "$(words s.html safe)" \
  'when provider\.active_n &gt;= 1 and token\.price_usd &gt;= 0\.09 and token\.price_usd &lt;= 1 at its end, as the study says'
like "counts its points" "$(words s.html safe)" 'Every run survives at 2 of 3 points, none at 1'
exits "an option asks for something else" 0 "$DEPINSIM" report s.h5 --survive 'token.price_usd>0' -o o.html
like "and is obeyed" "$(words o.html safe)" 'when token\.price_usd &gt; 0 at its end; one'
sed 's/^  check = {/  survives = { ["token.price_usd"] = depin.at_least(0.09) },\n&/' token_from_nothing.lua >own.lua
survivors && sed -i 's/token_from_nothing/own/' s.lua
exits "a scenario that says it" 0 "$DEPINSIM" sweep s.lua -q -o own.h5
exits "its report" 0 "$DEPINSIM" report own.h5
like "uses the scenario's" "$(words own.html safe)" 'when token\.price_usd &gt;= 0\.09 at its end, as the scenario says'
wrong() { # name, regex, lines…
  survivors "$3"
  exits "$1" 2 "$DEPINSIM" sweep s.lua -q -o w.h5
  like "  and says so" "$(cat err)" "$2"
}
wrong "an unknown key figure" "^s\.lua:7: study: survive: no KPI 'token\.prise_usd' \(did you mean 'token\.price_usd'" \
  'survive = { ["token.prise_usd"] = depin.at_least(1) },'
wrong "a key figure of no model that takes part" "s\.lua:7: study: survive: .* gives no 'reference\.cash_usd'" \
  'survive = { ["reference.cash_usd"] = depin.at_least(1) },'
wrong "a quantile of one run" 'survive: token\.price_usd: one run has no quantile' \
  'survive = { ["token.price_usd"] = depin.at_least(1, { quantile = "p5" }) },'
wrong "a number instead of a bound" 'survive: token\.price_usd must be depin\.at_least' 'survive = { ["token.price_usd"] = 1 },'
exits "a new study" 0 "$DEPINSIM" new net --study
exits "is swept" 0 "$DEPINSIM" sweep net.study.lua -q
exits "and reported" 0 "$DEPINSIM" report net.study.h5
like "with its own criterion" "$(words net.study.html safe)" \
  'job\.completed_ratio &gt;= 0\.9 and provider\.in_profit_ratio &gt;= 0\.5 at its end, as the study says'

if command -v chromium >/dev/null; then
  for page in goal best none front fit; do
    chromium --headless=new --no-sandbox --disable-gpu --enable-logging=stderr --virtual-time-budget=3000 \
      --dump-dom "file://$PWD/$page.html" >dom 2>log
    is "$page.html: no error in the console of a browser" "$(grep -c 'CONSOLE' log)" 0
  done
else
  skip "no error in the console of a browser" "no chromium"
fi
for page in goal best none front fit; do grep -oE '[" ,LMHV]-?(nan|inf)[ ",LMHV]' $page.html; done >bad
empty "no picture has a number that is none" bad "svg_layers.c draws what is not finite"
done_testing
