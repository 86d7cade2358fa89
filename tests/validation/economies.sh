#!/bin/sh
# Economies drawn at random (economies.lua): every one runs, shows figures that are numbers, and balances at every
# settlement and in the audit of its file; a sample gives one digest on two ranks, and when it is stopped and resumed.
# ECONOMIES says how many; FIRST_ECONOMY is the first seed.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
test -x "$DEPINSIM" || skip_all "the program is not built"
cd "$TAP_TMP" || exit 99
scenario=$srcdir/tests/validation/economies.lua
economies=${ECONOMIES:-1000}
sample=$((economies > 200 ? 200 : 20)) # one in so many
first=${FIRST_ECONOMY:-1}

# economy SEED: runs, is audited; says what is wrong.
economy() {
  "$DEPINSIM" run "$scenario" -o "$1.h5" --seed "$1" >"$1.out" 2>"$1.err" || { cat "$1.err" && return 0; }
  grep -E '[ -](nan|inf)( |$)' "$1.out"
  "$DEPINSIM" audit "$1.h5" >"$1.books" 2>&1 || cat "$1.books"
  test $(($1 % sample)) -eq 0 || rm -f "$1.h5"
}

# Two at a time.
seed=$first
while test "$seed" -lt $((first + economies)); do
  economy "$seed" >"$seed.said" &
  economy $((seed + 1)) >"$((seed + 1)).said"
  wait
  seed=$((seed + 2))
done
for said in *.said; do
  test -s "$said" && sed "s/^/seed ${said%.said}: /" "$said"
done >wrong
is "$economies economies were drawn" "$(find . -name '*.said' | wc -l)" "$(((economies + 1) / 2 * 2))"
empty "all run and balance" wrong "depinsim run tests/validation/economies.lua --seed N"

digest() { "$DEPINSIM" digest "$1"; }
for file in *0.h5; do
  test "$("$DEPINSIM" run "$scenario" -o again.h5 --seed "${file%.h5}" >/dev/null 2>&1 && digest again.h5)" \
    = "$(digest "$file")" || echo "seed ${file%.h5}, again"
  ranks 2 "$DEPINSIM" run "$scenario" -o ranks.h5 --seed "${file%.h5}" >/dev/null 2>&1
  test "$(digest ranks.h5)" = "$(digest "$file")" || echo "seed ${file%.h5}, 2 ranks"
done >differ
empty "a sample has one digest on 1 and 2 ranks" differ "depinsim run --mpi on two ranks"

# Stopped in the middle, when it is slow enough to be caught there.
stopped=0
for file in *0.h5; do
  seed=${file%.h5}
  "$DEPINSIM" run "$scenario" -o whole.h5 --seed "$seed" --set days=10 >/dev/null 2>&1
  rm -f cut.h5*
  status=0
  "$DEPINSIM" run "$scenario" -o cut.h5 --seed "$seed" --set days=10 --wall-limit 0.05 >/dev/null 2>&1 || status=$?
  test "$status" -ne 75 || stopped=$((stopped + 1))
  test "$status" -ne 75 || "$DEPINSIM" resume cut.h5.ckpt >/dev/null 2>&1
  test "$(digest cut.h5)" = "$(digest whole.h5)" || echo "seed $seed: another digest after a resume"
done >differ
empty "a sample that was stopped and resumed has the digest of an undisturbed run" differ "depinsim resume"
note "stopped $stopped times"
# Theory: whoever sells nothing loses what it runs on. 7 machines, 2 USD a day each, and the meter.
cat >idle.lua <<'END'
local depin = require "depin"
return depin.scenario {
  duration_d = 3, settle_every_s = 7000, networks = depin.network.posted { name = "net" },
  providers = depin.provider { network = "net", count = 7, node = depin.hardware.h100_sxm {}, opex_usd_per_d = 2 },
}
END
kpi() { sed -n "s/^$1  *\([-0-9.e+]*\).*/\1/p" idle.out; }
exits "hosts without customers" 0 "$DEPINSIM" run idle.lua -o idle.h5
cp "$TAP_TMP/out" idle.out
ok "they lose their electricity and running costs, and nothing else" awk -v net="$(kpi provider.net_income_usd)" \
  -v energy="$(kpi energy.cost_usd)" 'BEGIN { d = net + energy + 7 * 2 * 3; exit !(energy > 0 && d * d < 1e-6) }'
done_testing
