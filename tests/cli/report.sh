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
    assert not p.open and p.figures >= 2, (path, p.open, p.figures)
    assert not re.search(r'[" ,LMHV](nan|inf|-nan|-inf)[ ",LMHV]', re.sub(r"<script>.*?</script>", "", text, flags=re.S)), path
P
  ok "both are well-formed, without a number that is none" "$python" form.py t.html c.html
fi
if command -v chromium >/dev/null; then
  for page in t c; do
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
