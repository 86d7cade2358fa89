#!/bin/sh
# No shell script gives shellcheck a reason to speak.
. "${srcdir:-.}/tests/tap.sh"
command -v shellcheck >/dev/null || skip_all "shellcheck is not installed"
cd "$srcdir" || exit 99
for script in bootstrap .ci/run $(find sim tests analysis -name '*.sh' | sort); do
  test -f "$script" || continue # a tarball has no .ci
  # the helpers are sourced through $srcdir, which shellcheck cannot follow
  ok "$script" shellcheck --color=never -f gcc -e SC1090,SC1091 "$script"
done
done_testing
