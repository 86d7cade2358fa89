#!/usr/bin/env bash
# make check-valgrind: memcheck finds nothing in serial runs, neither a bad access nor a leak: a whole run, one that is
# stopped and resumed, the readers of its result, and refusals. A minute; not part of `make check`.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
command -v valgrind >/dev/null || skip_all "valgrind is not installed"
cd "$TAP_TMP" || exit 99
scenario=$srcdir/scenarios/quickstart.lua
# What Lua, HDF5 and MPI keep until the end is reachable, not lost.
# shellcheck disable=SC2317 # called through exits
check() {
  valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
    --errors-for-leak-kinds=definite,indirect "$DEPINSIM" "$@"
}
settings=(--set minutes=400 --set hosts_n=20)

exits "a run with self-checks" 0 check run "$scenario" --check-form --self-check -o self.h5
exits "a run that is stopped" 75 check run "$scenario" "${settings[@]}" -o stopped.h5 --checkpoint-every 30min --wall-limit 5
exits "it goes on" 0 check resume stopped.h5.ckpt
"$DEPINSIM" run "$scenario" "${settings[@]}" -o whole.h5 >/dev/null 2>&1
is "the digest of an undisturbed run" "$("$DEPINSIM" digest stopped.h5)" "$("$DEPINSIM" digest whole.h5)"
for reader in info kpi audit digest; do exits "$reader" 0 check $reader stopped.h5; done
head -c 4000 whole.h5 >cut.h5
exits "a result that is cut short" 3 check kpi cut.h5
head -c 4000 whole.h5 >cut.h5.ckpt
exits "what is no checkpoint" 3 check resume cut.h5.ckpt
exits "a value that is none" 2 check run "$scenario" --set hosts_n=many -o none.h5
echo 'return 1 + {}' >wrong.lua
exits "a scenario that is none" 2 check lint wrong.lua
done_testing
