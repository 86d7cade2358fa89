#!/bin/sh
# report: one page that opens offline, well-formed, with the question, every key figure and charts with units.
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
python=/usr/bin/python3

exits "a result" 0 "$DEPINSIM" run "$srcdir/scenarios/token_from_nothing.lua" --check-form -q -o t.h5
exits "another" 0 "$DEPINSIM" run "$srcdir/scenarios/token_from_nothing.lua" --check-form -q -o u.h5 --set usd=5000
exits "its report" 0 "$DEPINSIM" report t.h5
exits "a comparison" 0 "$DEPINSIM" report t.h5 u.h5 -o c.html
is "nothing but the pages" "$(ls)" "c.html
t.h5
t.html
u.h5"
like "it asks the scenario's question" "$(sed -n 's/.*\(<h1>[^<]*<\/h1>\).*/\1/p' t.html)" 'token'
for name in $("$DEPINSIM" kpi t.h5 --format csv | sed -n '2,$s/,.*//p'); do
  grep -q ">$name<" t.html || echo "$name"
done >missing
empty "every key figure is in it" missing "dp_report_kpis leaves some out"
is "nothing is fetched from elsewhere" "$(grep -cE '(src|href)="(https?:)?//' t.html)" 0
like "the comparison says what differs" "$(cat c.html)" 'scenario usd: [0-9.e+]+ -&gt; 5000'

for scenario in "$srcdir"/scenarios/*.lua; do
  case $scenario in *.study.lua) continue ;; esac
  grep -q '^-- Question: ' "$scenario" && grep -q '^-- Answer' "$scenario" || echo "$scenario"
done >mute
empty "every scenario brings the question and the answer of its report" mute "begin it with -- Question: and -- Answer"
like "which are in it" "$(cat t.html)" '<p class="flag">Answer at the defaults: '
rm mute
like "expectations of another run are shown without a verdict" "$(cat t.html)" 'Expectations</b>, not of this run: it has --check-form<ul><li>'
exits "a run that is judged" 0 "$DEPINSIM" run "$srcdir/scenarios/quickstart.lua" -q -o e.h5
exits "its report" 0 "$DEPINSIM" report e.h5
n=$("$DEPINSIM" run "$srcdir/scenarios/quickstart.lua" -q -o e.h5 | grep -c '^expect ')
like "says how many expectations hold" "$(cat e.html)" "Expectations: $n of $n hold</b>"
is "and what came of each" "$(grep -o '<li>[a-z0-9_.]* [^<]*: [0-9][^<]*, holds</li>' e.html | wc -l)" "$n"
sed 's/at_least(0.99)/at_least(0.9999)/' "$srcdir/scenarios/quickstart.lua" >wrong.lua
exits "a run that is not as expected" 1 "$DEPINSIM" run wrong.lua -q -o wrong.h5
exits "its report" 0 "$DEPINSIM" report wrong.h5
like "says which fails" "$(cat wrong.html)" ', <b>fails</b></li>'

# ---- a sweep ----
cp "$srcdir/scenarios/token_from_nothing.lua" . && cat >s.lua <<'LUA'
local depin = require "depin"
return depin.study {
  question = "which emission does a price of < 0.09 & more bear?", scenario = "token_from_nothing.lua",
  vary = { emission_per_day = depin.grid { 0, 50e3, 3e6 }, buyback_ratio = depin.grid { 0, 1 } },
  set = { days = 3, settle_every_s = 21600 }, replicates = 2,
  kpis = { "token.price_usd", "provider.active_n" }, series = { "ledger.exchange.price" },
  sensitivity = { method = "tornado" },
}
LUA
{ printf -- '-- Question: what bears it?\n-- Answer: little <does>,\n-- and the rest not.\n--\n-- No answer.\n'; sed 's|question = "[^"]*", ||' s.lua; } >qa.lua
exits "a sweep whose text has question and answer" 0 "$DEPINSIM" sweep qa.lua -q -r 1 -o qa.h5
exits "its report" 0 "$DEPINSIM" report qa.h5
like "shows the question" "$(cat qa.html)" '^<h1>What bears it\? *</h1>'
like "and the answer" "$(cat qa.html)" 'Answer: little &lt;does&gt;, and the rest not\. <br>'
exits "a sweep" 0 "$DEPINSIM" sweep s.lua -q -o s.h5
exits "its report" 0 "$DEPINSIM" report s.h5 --survive 'token.price_usd>=0.09 && provider.active_n>0' --points 0,5
like "its heat map has both parameters with units" "$(cat s.html)" '>buyback_ratio \(ratio\)<.*>emission_per_day \(per day\)<'
like "the safe region counts points" "$(cat s.html)" 'Every run survives at 4 of 6 points, none at 2'
like "a sentence names the extremes of the first key figure" "$(cat s.html)" \
  'token\.price_usd, in USD, is highest at buyback_ratio = 1, emission_per_day = 0: <b>0\.[0-9]+</b> ± [0-9.e-]+ \(2 runs\) and lowest at .*emission_per_day = 3 M: <b>0\.0[0-9]+</b>'
like "the chosen points have fans" "$(cat s.html)" 'buyback_ratio = 1, emission_per_day = 3 M<'
mean=$(h5dump -d /summary/token.price_usd/mean -s 0 -c 1 -m %.4g s.h5 2>/dev/null | sed -n 's/.*(0): //p')
if test -n "$mean"; then like "its table has the means" "$(cat s.html)" ">$mean<"; fi
exits "a sensitivity analysis" 0 "$DEPINSIM" sensitivity s.lua -q -o v.h5
exits "its report" 0 "$DEPINSIM" report v.h5
like "has a tornado" "$(cat v.html)" 'at the lower value'
like "with whiskers" "$(cat v.html)" 'class="line whisker"'
"$DEPINSIM" sensitivity s.lua -q -o v.h5 -f csv >v.csv
is "its table has intervals around the effects" \
  "$(awk -F, 'NR > 1 && $6 != "" { n++; if ($6 > $5 || $7 < $5) bad++ } END { print (n > 0) - bad }' v.csv)" 1
rm v.csv
sed '/kpis =/d' s.lua >all.lua
exits "a sensitivity analysis of every key figure" 0 "$DEPINSIM" sensitivity all.lua -q -o all.h5 -r 1
like "shows what the scenario has expectations of" "$(grep -c '^parameter' ../out)" '^[1-7]$'
like "and says where the others are" "$(cat ../out)" '^[0-9]+ more key figures are in all\.h5 \(kpis = '
exits "an unknown key figure of a bound" 2 "$DEPINSIM" report s.h5 --survive 'token.prise_usd>0'
exits "a bound that is none" 2 "$DEPINSIM" report s.h5 --survive 'token.price_usd'
exits "a point that is not there" 2 "$DEPINSIM" report s.h5 --points 6
exits "a sweep among results" 2 "$DEPINSIM" report t.h5 s.h5
if command -v h5dump >/dev/null; then
  sed '/^return depin.scenario/i if p.emission_per_day > 2e5 then error("too <much>") end' \
    token_from_nothing.lua >f.lua && sed 's/token_from_nothing/f/' s.lua >fs.lua
  exits "a sweep with runs that fail" 1 "$DEPINSIM" sweep fs.lua -q -o f.h5
  exits "its report" 0 "$DEPINSIM" report f.h5
  like "says which and why" "$(cat f.html)" 'emission_per_day = 3 M</td><td>.*too &lt;much&gt;'
fi

if test -x "$python"; then
  cat >form.py <<'P'
import html.parser, re, sys
VOID = {"meta", "link", "br", "path", "circle", "rect"}
class P(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(); self.open = []; self.figures = 0
    def handle_starttag(self, tag, attrs):
        if tag == "figure": self.figures += 1
        if tag not in VOID: self.open.append(tag)
    def handle_startendtag(self, tag, attrs): pass
    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open, self.getpos()); self.open.pop()
for path in sys.argv[1:]:
    text, p = open(path).read(), P()
    p.feed(text); p.close()
    assert not p.open and p.figures >= 1, (path, p.open, p.figures)
    assert not re.search(r'[" ,LMHV](nan|inf|-nan|-inf)[ ",LMHV]', re.sub(r"<script>.*?</script>", "", text, flags=re.S)), path
P
  ok "all are well-formed, without a number that is none" "$python" form.py t.html c.html s.html v.html
fi
if command -v chromium >/dev/null; then
  for page in t c s v; do
    chromium --headless=new --no-sandbox --disable-gpu --enable-logging=stderr --virtual-time-budget=3000 \
      --dump-dom "file://$PWD/$page.html" >dom 2>log
    is "$page.html: no error in the console of a browser" "$(grep -c 'CONSOLE' log)" 0
  done
else
  skip "no error in the console of a browser" "no chromium"
fi
exits "a file that is no result" 3 "$DEPINSIM" report t.html
exits "a page that cannot be written" 3 "$DEPINSIM" report t.h5 -o /nowhere/t.html
done_testing
