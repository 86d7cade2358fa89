#!/bin/sh
# describe: an ODD description with its seven elements, every model, every parameter, from a scenario and from its result.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99
scenario=$srcdir/scenarios/token_from_nothing.lua

exits "of a scenario" 0 "$DEPINSIM" describe "$scenario" --check-form
cp out s.md
for heading in '1. Purpose and patterns' '2. Entities, state variables, and scales' '3. Process overview and scheduling' \
  '4. Design concepts' '5. Initialization' '6. Input data' '7. Submodels'; do
  grep -qx "## $heading" s.md || echo "$heading"
done >missing
for concept in 'Basic principles' Emergence Adaptation Sensing Interaction Stochasticity Collectives Observation; do
  grep -qx "### $concept" s.md || echo "$concept"
done >>missing
empty "the elements of ODD are there" missing "analysis/describe_print.c"

exits "a result of it" 0 "$DEPINSIM" run "$scenario" --check-form -q -o r.h5
exits "of the result" 0 "$DEPINSIM" describe r.h5
cp out r.md
sed -n '/^- \|^| \|^### /p' s.md | sort >a && sed -n '/^- \|^| \|^### /p' r.md | sort >b
same "it says the same" a b

"$DEPINSIM" lint "$scenario" | sed -n '/^models:/,/cells/s/^  \([a-z_.]*\).*/\1/p' | sort -u >models
test -s models || echo none >>models
while read -r model; do
  grep -Eq "^[0-9]+\. $model: " s.md || echo "$model: not scheduled"
  grep -Eq "^### $model(\.|$)" s.md || echo "$model: no submodel"
  "$DEPINSIM" params "$model" --format md 2>/dev/null | sed -n "/^## $model\$/,/^## /s/^| \`\([^\`]*\)\` .*/\1/p" | while read -r parameter; do
    sed -n "/^### $model\(\.\|\$\)/,/^### /p" s.md | grep -q "^| $parameter " || echo "$model: $parameter"
  done
done <models >missing
empty "every model and every parameter of it" missing "dp_describe_sim leaves some out"
"$DEPINSIM" kpi r.h5 --format csv | sed '1d; s/,.*//; s/\.mean$//; s/\.p[0-9]*$//' | sort -u >kpis
while read -r kpi; do grep -q "^| $kpi " s.md || echo "$kpi"; done <kpis >missing
empty "every key figure of the result is listed" missing "put_observation leaves some out"
like "what was set is marked" "$("$DEPINSIM" describe "$scenario" --set days=5)" '^\| days \| 5 \* '
exits "as JSON" 0 "$DEPINSIM" describe r.h5 --format json
cp out r.json
if test -x /usr/bin/python3; then
  ok "which says as much" /usr/bin/python3 -c '
import json
d = json.load(open("r.json"))
names = {p["model"] for p in d["processes"]}
assert names >= set(open("models").read().split()), names
assert all(s["parameters"] is not None for s in d["submodels"]) and d["initialization"] and d["entities"]'
fi
exits "a file that is neither" 3 "$DEPINSIM" describe r.json
exits "a form that is none" 2 "$DEPINSIM" describe r.h5 --format pdf
done_testing
