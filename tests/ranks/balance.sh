#!/bin/sh
# Cells go from busy to idle ranks, by what is predicted and by what is measured; the result never knows. What a run cost
# its ranks is told on stderr and kept in the result.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99
scenario=$srcdir/scenarios/hot_region.lua

moved() { "$DEPINSIM" info --format json "$1" | sed -n 's/^ *"cells_moved": \([0-9]*\),*$/\1/p'; }

ok "one rank" "$DEPINSIM" run "$scenario" --check-form -o one.h5
empty "one rank says nothing of ranks" "$TAP_TMP/err" "say_cost is for several ranks"
digest=$("$DEPINSIM" digest one.h5)
like "one rank: info says what it did" "$("$DEPINSIM" info one.h5)" '^ *0 +16 +[0-9]+'

ok "two ranks, cells stay" ranks 2 "$DEPINSIM" run "$scenario" --check-form -o off.h5 --balance off
like "two ranks: a line for the second one, with half of the cells" "$(cat "$TAP_TMP/err")" '^ *1 +8 +[0-9]+ +[0-9.]+ +[0-9.]+$'
like "the channel and its shortest message" "$(cat "$TAP_TMP/err")" 'channel .*request: .*least delay 10ms'
is "cells that stay have not moved" "$(moved off.h5)" 0
is "cells that stay: the same digest" "$("$DEPINSIM" digest off.h5)" "$digest"

# Hosts that are not spread evenly are known before the first event.
set -- --check-form --set hot_hosts_ratio=0.75
ok "most hosts in one region, one rank" "$DEPINSIM" run "$scenario" "$@" -o one.h5
ok "most hosts in one region, two ranks" ranks 2 "$DEPINSIM" run "$scenario" "$@" -o auto.h5 --quiet
empty "quiet: nothing is said" "$TAP_TMP/err" "--quiet is for the report of ranks too"
ok "cells moved by what was predicted" test "$(moved auto.h5)" -gt 0
is "most hosts in one region: the same digest" "$("$DEPINSIM" digest auto.h5)" "$("$DEPINSIM" digest one.h5)"

# Hosts are even, customers are not: only a clock can know.
set -- --set hot_hosts_ratio=0.125 --set minutes=2 --set hosts_n=800 --set rate_per_s=2000
ok "even hosts, one rank" "$DEPINSIM" run "$scenario" "$@" -o one.h5
ok "even hosts, two ranks" ranks 2 "$DEPINSIM" run "$scenario" "$@" -o even.h5
ok "cells moved by what was measured" test "$(moved even.h5)" -gt 0
is "even hosts: the same digest" "$("$DEPINSIM" digest even.h5)" "$("$DEPINSIM" digest one.h5)"

exits "--balance takes three words" 2 "$DEPINSIM" run "$scenario" --balance perhaps
done_testing
