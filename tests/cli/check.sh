#!/bin/sh
# check: each way in which a regression shows, with a message that says where to look; TAP, JUnit, exit codes.
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
out=../out

exits "a scenario to check" 0 "$DEPINSIM" new mine
exits "it holds" 0 "$DEPINSIM" check mine.lua
like "TAP: it runs" "$(cat $out)" '^ok 1 - mine\.lua: runs$'
like "TAP: its expectation" "$(cat $out)" '^ok [0-9]+ - mine\.lua: job\.completed_ratio ≥ 0\.9$'
like "TAP: its books" "$(cat $out)" '^ok [0-9]+ - mine\.lua: books balance$'
like "TAP: a plan" "$(cat $out)" "^1\.\.$(grep -c '^ok' $out)\$"
is "nothing is left but the scenario" "$(ls)" mine.lua

exits "--update records a baseline" 0 "$DEPINSIM" check mine.lua --short --update --seeds 3 --exact
is "beside the scenario" "$(ls)" "mine.lua
mine.short.baseline.json"
exits "which then holds" 0 "$DEPINSIM" check mine.lua --short
like "and is compared" "$(cat $out)" '^ok [0-9]+ - mine\.lua: is as recorded$'

sed 's/hosts_n = 8/hosts_n = 3/' mine.lua >other.lua && mv other.lua mine.lua
exits "a changed key figure" 1 "$DEPINSIM" check mine.lua --short
like "is named with what was recorded" "$(cat $out)" '^# provider\.entered_n: 3, recorded 8$'
like "the digest too" "$(cat $out)" '^# digest: [0-9a-f]{16}, recorded [0-9a-f]{16}$'
like "and what to do" "$(cat $out)" 'meant to change\? depinsim check --short --update mine\.lua'

sed 's/at_least(0.9)/at_least(1.5)/' mine.lua >broken.lua
exits "a broken expectation" 1 "$DEPINSIM" check broken.lua --junit j.xml
like "is shown with its value" "$(cat $out)" '^# [0-9.]+ FAILED$'
like "and says where to look" "$(cat $out)" '^# see for yourself: .*depinsim run .*broken\.lua'
like "JUnit counts it" "$(cat j.xml)" '<testsuites tests="[0-9]+" failures="1">'
if test -x /usr/bin/python3; then
  ok "JUnit is well-formed, and its counts are right" /usr/bin/python3 -c '
import xml.etree.ElementTree as E
root = E.parse("j.xml").getroot()
cases = list(root.iter("testcase"))
assert root.tag == "testsuites" and len(cases) == int(root.get("tests"))
assert len(list(root.iter("failure"))) == int(root.get("failures")) == 1
for suite in root: assert suite.tag == "testsuite" and int(suite.get("tests")) == len(suite)'
fi

echo 'error("no such luck")' >wrong.lua
exits "a scenario that does not load" 1 "$DEPINSIM" check wrong.lua
like "says file and line" "$(cat $out)" '^# wrong\.lua:1: no such luck$'
like "and how to see it" "$(cat $out)" 'depinsim run wrong\.lua$'
echo 'while true do end' >endless.lua
exits "a scenario without an end" 1 "$DEPINSIM" check endless.lua mine.lua --timeout 300ms
like "is stopped, and says so" "$(cat $out)" '^# no end after .*--timeout allows more'
like "the others go on" "$(cat $out)" ' - mine\.lua: '
"$DEPINSIM" check endless.lua mine.lua --timeout 60s -j 1 >crashed 2>/dev/null &
check=$! child=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  child=$(pgrep -P "$check") && break
  sleep 0.1
done
sleep 0.3
kill -KILL "$child"
exits "a run that crashes" 1 wait "$check"
like "is a verdict that names the signal" "$(cat crashed)" '^# crashed: Killed'
like "and does not end the others" "$(cat crashed)" '^ok [0-9]+ - mine\.lua: runs'
echo 'io.open("stolen", "w"):write("x")' >thief.lua
exits "a stranger's scenario" 1 "$DEPINSIM" check thief.lua
ok "cannot write" test ! -e stolen

printf 'error("]]>&<x> \\1\\27\\127\\255\\xed\\xa0\\x80\\u{ffff} \\"quoted\\" it\\x27s")\n' >"h<o>s&t\"i'le.lua"
printf 'error("name")\n' >"$(printf 'n\377\003.lua')"
exits "hostile texts and names" 1 "$DEPINSIM" check h*.lua n*.lua --junit hostile.xml
if command -v xmllint >/dev/null; then
  cat >junit.dtd <<'DTD' # what Jenkins, GitLab and GitHub's actions read
<!ELEMENT testsuites (testsuite*)>
<!ATTLIST testsuites tests NMTOKEN #IMPLIED failures NMTOKEN #IMPLIED errors NMTOKEN #IMPLIED time NMTOKEN #IMPLIED>
<!ELEMENT testsuite (testcase*)>
<!ATTLIST testsuite name CDATA #REQUIRED tests NMTOKEN #REQUIRED failures NMTOKEN #IMPLIED errors NMTOKEN #IMPLIED
  skipped NMTOKEN #IMPLIED time NMTOKEN #IMPLIED>
<!ELEMENT testcase (failure|error|skipped)?>
<!ATTLIST testcase name CDATA #REQUIRED classname CDATA #IMPLIED time NMTOKEN #IMPLIED>
<!ELEMENT failure (#PCDATA)> <!ATTLIST failure message CDATA #IMPLIED type CDATA #IMPLIED>
<!ELEMENT error (#PCDATA)> <!ATTLIST error message CDATA #IMPLIED type CDATA #IMPLIED>
<!ELEMENT skipped (#PCDATA)> <!ATTLIST skipped message CDATA #IMPLIED>
DTD
  ok "JUnit has the usual structure" xmllint --noout --dtdvalid junit.dtd j.xml hostile.xml
  ok "JUnit stays valid XML" xmllint --noout hostile.xml
  is "and says what was said" "$(xmllint --xpath 'string(//failure/@message)' hostile.xml | grep -c ']]>&<x> .*"quoted" it.s$')" 1
else
  skip "JUnit has the usual structure" "no xmllint"
  skip "JUnit stays valid XML" "no xmllint"
  skip "and says what was said" "no xmllint"
fi

rm endless.lua thief.lua h*.lua n*.lua
exits "a folder is every scenario in it" 1 "$DEPINSIM" check . -j 2
is "in the order of their names" "$(sed -n 's/^[a-z ]*ok [0-9]* - \(.*\): runs$/\1/p' $out)" "./broken.lua
./mine.lua
./wrong.lua"
echo '{"kpi": {"job.submitted": 3}}' >mine.baseline.json
exits "a damaged baseline" 1 "$DEPINSIM" check mine.lua
like "is a verdict with a remedy" "$(cat $out)" '^# mine\.baseline\.json: "job\.submitted" is not \[low, high\] \(write it with '
mkdir empty
exits "an empty folder" 2 "$DEPINSIM" check empty
exits "a missing path" 3 "$DEPINSIM" check nothing.lua
exits "a JUnit file that cannot be written" 3 "$DEPINSIM" check broken.lua --short --junit /nowhere/j.xml
exits "--exact without --update" 2 "$DEPINSIM" check mine.lua --exact
done_testing
