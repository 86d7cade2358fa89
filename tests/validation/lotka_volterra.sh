#!/bin/sh
# A model written in Lua alone: Lotka-Volterra by 10,000 Euler steps (rates 0.3, 0.02, 0.01, 0.4; step 0.01; from
# 100 and 15) gives in the sandbox the doubles that the same steps give elsewhere: C compiled here, and two recorded numbers.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

recorded='81.745519941698817 5.0021309502494509'

cat >euler.lua <<'END'
local b, p, c, d, dt = 0.3, 0.02, 0.01, 0.4, 0.01
local x, y = 100.0, 15.0
for _ = 1, 10000 do
  x, y = x + b * x * dt - p * x * y * dt, y + c * x * y * dt - d * y * dt
end
print(string.format("%.17g %.17g", x, y))
END
exits "ten thousand steps run" 0 "$DEPINSIM" lua euler.lua
is "to the last bit" "$(cat out)" "$recorded"

cat >euler.c <<'END'
#include <stdio.h>
int main(void) {
  double x = 100, y = 15;
  for (int i = 0; i < 10000; i++) {
    double u = x + 0.3 * x * 0.01 - 0.02 * x * y * 0.01;
    y = y + 0.01 * x * y * 0.01 - 0.4 * y * 0.01;
    x = u;
  }
  printf("%.17g %.17g\n", x, y);
  return 0;
}
END
if ${LINT_CC:-cc} -O0 -ffp-contract=off -o euler euler.c 2>cc.log; then
  is "the same in C" "$(./euler)" "$recorded"
else
  skip "the same in C" "no C compiler"
fi
done_testing
