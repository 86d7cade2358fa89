#!/usr/bin/env bash
# Every command that the README shows in a shell block does what it says, in the order of the page.
. "${srcdir:?}/tests/tap.sh"

cd "$TAP_TMP" || exit 1
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # the page runs mpirun, and Open MPI leaks by itself
export ASAN_OPTIONS
ln -s "$DEPINSIM" depinsim
ln -s "$(cd "$srcdir" && pwd)/scenarios" scenarios

while IFS= read -r line; do
  command=$(printf '%s' "$line" | sed 's/  *#.*//')
  case $command in
    '' | ./bootstrap*) continue ;; # bootstrap is what got us here
  esac
  ok "README: $command" bash -c "$command"
done < <(awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' "$srcdir/README.md")

is "README: two ranks give the digest of one" "$(./depinsim digest q2.h5)" "$(./depinsim digest q.h5)"
if command -v h5diff >/dev/null; then
  ok "README: groups of ranks give the file of one" h5diff --exclude-path /provenance/volatile net.study.h5 net2.h5
else
  skip "README: groups of ranks give the file of one" "h5diff is not installed (Debian: hdf5-tools)"
fi

if /usr/bin/python3 -c 'import xarray, h5netcdf' 2>/dev/null; then
  awk '/^```python$/ { on = 1; next } /^```$/ { on = 0 } on' "$srcdir/README.md" >readme.py
  ok "README: the result opens with xarray" /usr/bin/python3 readme.py
else
  skip "README: the result opens with xarray" "python3-xarray and python3-h5netcdf are not installed"
fi

done_testing
