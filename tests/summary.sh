#!/bin/sh
# summary.sh DIR — counts the verdicts that `make check` left in DIR's *.trs files and prints the one line of totals.
# Exits 1 when a test failed or when there is no verdict at all.
find "${1:?usage: summary.sh DIR}" -name '*.trs' -exec cat {} + | awk '
  /^:test-result: (PASS|XFAIL)/ { passed++ }
  /^:test-result: (FAIL|XPASS|ERROR)/ { failed++ }
  /^:test-result: SKIP/ { skipped++ }
  END {
    printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
    exit failed > 0 || passed + skipped == 0
  }'
