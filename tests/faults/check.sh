#!/bin/sh
# check: a run that crashes is a verdict, and the others go on.
. "${srcdir:-.}/tests/tap.sh"
. "${srcdir:-.}/tests/faults/libfaults.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99

exits "a scenario" 0 "$DEPINSIM" new mine
cp mine.lua other.lua
DEPINSIM_FAULT_PATH=.h5.part
export DEPINSIM_FAULT_PATH
tap_status=0
with write:3:KILL "$DEPINSIM" check mine.lua other.lua --short --junit j.xml >out 2>err || tap_status=$?
is "killed runs fail the check" "$tap_status" 1
is "each is a verdict of its own" "$(grep -c '^not ok [0-9]* - [a-z]*\.lua: runs$' out)" 2
like "that names the signal" "$(cat out)" '^# crashed: Killed$'
like "and says how to see it" "$(cat out)" '^# see for yourself: depinsim run mine\.lua --check-form$'
like "JUnit has it" "$(cat j.xml)" 'failure message="crashed: Killed'
is "nothing is left behind" "$(ls /tmp/depinsim-check.* 2>/dev/null)" ""
done_testing
