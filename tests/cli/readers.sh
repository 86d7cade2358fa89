#!/bin/sh
# What reads a result: our own commands, and h5py, xarray, netCDF and h5diff as others use them.
# shellcheck disable=SC2016 # awk programs
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

test -x "$DEPINSIM" || skip_all "$DEPINSIM is not built"
result=$TAP_TMP/q.h5
python=/usr/bin/python3 # another one in PATH may not see Debian's packages

ok "quickstart writes a result" "$DEPINSIM" run "$srcdir/scenarios/quickstart.lua" --set minutes=20 -o "$result"
test -f "$result" || {
  done_testing
  exit 0
}

# ---- our own readers

ok "digest" "$DEPINSIM" digest "$result"
is "digest prints 16 hexadecimal digits and nothing else" "$(tr -d '0-9a-f' <"$TAP_TMP/out" | od -An -c | tr -d ' ')" '\n'
digest=$(cat "$TAP_TMP/out")
is "in one line of 16" "${#digest}" 16

ok "kpi as text" "$DEPINSIM" kpi "$result"
like "kpi prints name and value in columns" "$(cat "$TAP_TMP/out")" '^job\.submitted +[0-9]+$'
ok "kpi as CSV" "$DEPINSIM" kpi --format csv "$result"
like "with a header line" "$(head -n 1 "$TAP_TMP/out")" '^name,value,unit$'
like "and counts as whole numbers" "$(cat "$TAP_TMP/out")" '^job\.submitted,[0-9]+,1$'
ok "kpi as JSON" "$DEPINSIM" kpi --format json "$result"
cp "$TAP_TMP/out" "$TAP_TMP/kpi.json"

ok "info" "$DEPINSIM" info "$result"
like "info names the digest" "$(cat "$TAP_TMP/out")" "digest $digest"
like "and the parameter that was set" "$(cat "$TAP_TMP/out")" 'minutes = 20'

ok "the books balance" "$DEPINSIM" audit "$result"
like "audit says so" "$(cat "$TAP_TMP/out")" '^audit: balanced'
like "and where money came from" "$(cat "$TAP_TMP/out")" 'external in +CUSTOMER_PAYMENT +[0-9.]+$'
ok "audit as JSON" "$DEPINSIM" audit --format json "$result"

# ---- files that are no results: exit 3, one message, nothing on stdout

refused() { # name, file
  for command in digest info kpi audit; do
    exits "$command refuses $1" 3 "$DEPINSIM" "$command" "$2"
    is "with one line on stderr and none on stdout" "$(wc -l <"$TAP_TMP/err" | tr -d ' ') $(wc -c <"$TAP_TMP/out" | tr -d ' ')" '1 0'
  done
}
refused "a missing file" "$TAP_TMP/none.h5"
refused "a folder" "$TAP_TMP"
refused "a text" "$srcdir/README.md"
head -c 5000 "$result" >"$TAP_TMP/cut.h5"
refused "a truncated result" "$TAP_TMP/cut.h5"
{ head -c 3000 "$result" && printf x && tail -c +3002 "$result"; } >"$TAP_TMP/flipped.h5"
refused "a result with a wrong byte" "$TAP_TMP/flipped.h5"

# ---- other programs

py() { # name, code
  name=$1
  shift
  ok "$name" "$python" -c "$1" "$result" "$TAP_TMP"
}

if "$python" -c 'import h5py' 2>/dev/null; then
  py "h5py reads a KPI in one line" 'import h5py, sys; assert h5py.File(sys.argv[1])["kpi/job.submitted"][()] > 0'
  py "its unit is a str" 'import h5py, sys; assert h5py.File(sys.argv[1])["kpi/job.submitted"].attrs["units"] == "1"'
  py "the JSON of kpi holds the values of the file, and NaN as null" '
import h5py, json, math, sys
file, kpi = h5py.File(sys.argv[1])["kpi"], json.load(open(sys.argv[2] + "/kpi.json"))
assert list(kpi) == ["scenario", "digest", "kpi", "units"]
assert set(file) == set(kpi["kpi"]) == set(kpi["units"])
for name, value in kpi["kpi"].items():
    want = file[name][()]
    assert (math.isnan(want) if value is None else value == want), (name, value, want)
    assert isinstance(value, int) == (file[name].dtype.kind == "i") or value is None, name'
  py "a series of a counter adds up to its KPI" '
import h5py, sys
f = h5py.File(sys.argv[1])
found = [g["submitted"][()].sum() for g in f["series"].values() if "submitted" in g]
assert f["kpi/job.submitted"][()] in found, found'
  py "the scenario text is in the file" '
import h5py, sys
text = h5py.File(sys.argv[1])["provenance/scenario"][()].decode()
assert text.startswith("-- Question:"), text[:80]'
  # a nano-dollar out of nowhere
  cp "$result" "$TAP_TMP/tampered.h5"
  "$python" -c '
import h5py, sys
f = h5py.File(sys.argv[1], "r+")
d = f["tables/books.account/balance_lo"]
d[4] = (int(d[4]) + 1) % 2**64
f.close()' "$TAP_TMP/tampered.h5"
  exits "audit finds a balance that was changed" 4 "$DEPINSIM" audit "$TAP_TMP/tampered.h5"
  like "and names book, asset and amount" "$(cat "$TAP_TMP/out")" 'cell 0: USD: .*\(1 base units off\)'
else
  skip "h5py" "python3-h5py is missing"
fi

if "$python" -c 'import xarray, h5netcdf' 2>/dev/null; then
  py "xarray opens every series and table in one line" '
import h5py, sys, xarray
for parent in "series", "tables", "histogram":
    for group in h5py.File(sys.argv[1])[parent]:
        xarray.open_dataset(sys.argv[1], group=f"/{parent}/{group}", engine="h5netcdf").load()'
  py "time is a calendar and regions have names" '
import h5py, sys, xarray
file = h5py.File(sys.argv[1])
group = [g for g, v in file["series"].items() if "region" in v][0]
ds = xarray.open_dataset(sys.argv[1], group=f"/series/{group}", engine="h5netcdf")
assert str(ds.time.values[0])[:19].replace("T", " ") == file.attrs["start"], ds.time
assert ds.sel(region="Japan East").sizes["time"] == ds.sizes["time"] > 1'
else
  skip "xarray" "python3-xarray or python3-h5netcdf is missing"
fi

# ---- what is left when the start is forgotten ----
"$DEPINSIM" new "$TAP_TMP/long" >/dev/null
exits "a long run" 0 "$DEPINSIM" run "$TAP_TMP/long.lua" --set minutes=900 -q -o "$TAP_TMP/long.h5"
exits "its steady state" 0 "$DEPINSIM" kpi "$TAP_TMP/long.h5" --steady --format csv
cp "$TAP_TMP/out" "$TAP_TMP/steady"
like "as text" "$("$DEPINSIM" kpi "$TAP_TMP/long.h5" --steady)" \
  '^market\.gateway\.gpus\.submitted +[0-9.a-z]+ +[0-9.]+ +[0-9.]+$'
like "as JSON" "$("$DEPINSIM" kpi "$TAP_TMP/long.h5" --steady --format json)" \
  '"market\.gateway\.gpus\.submitted": \{"unit": "1", "warm_up_s"'
exits "its rows" 0 "$DEPINSIM" export "$TAP_TMP/long.h5" -o "$TAP_TMP/rows"
ok "the mean is that of the rows after the warm-up" awk -F, '
  NR == FNR { if ($1 == "market.gateway.gpus.submitted") { warm = $3; mean = $4; half = $5; n = $6 } next }
  FNR > 1 && $1 > warm { sum += $3; rows++ }
  END { d = sum / rows - mean; exit !(rows > 90 && n > 4 && half > 0 && d * d < 1e-12 * mean * mean) }' \
  "$TAP_TMP/steady" "$TAP_TMP/rows/series.market.gateway.gpus.csv"
ok "and holds what is asked for, 2 requests a second" awk -F, '
  $1 == "market.gateway.gpus.submitted" { exit !(($4 - 600) ^ 2 < (2 * $5) ^ 2) }' "$TAP_TMP/steady"
like "what rises all the time has no steady state" "$(grep '^market.gateway.gpus.treasury' "$TAP_TMP/steady")" ',,,,0$'

if command -v ncdump >/dev/null; then
  ok "netCDF reads the header" ncdump -h "$result"
  cp "$TAP_TMP/out" "$TAP_TMP/header"
  ok "time has a name and is unlimited" grep -q 'time = UNLIMITED' "$TAP_TMP/header"
  ok "regions are a dimension" grep -q 'region = 3 ;' "$TAP_TMP/header"
  ok "time has units" grep -q 'time:units = "seconds since 20' "$TAP_TMP/header"
  ok "energy has a unit" grep -q 'energy:units = "kwh"' "$TAP_TMP/header"
  is "no dimension is without a name" "$(grep -c phony_dim "$TAP_TMP/header")" 0
else
  skip "ncdump" "netcdf-bin is missing"
fi

if command -v h5diff >/dev/null; then
  ok "the same run again" "$DEPINSIM" run "$srcdir/scenarios/quickstart.lua" --set minutes=20 -o "$TAP_TMP/again.h5"
  ok "differs in nothing but volatile provenance" h5diff --exclude-path=/provenance/volatile "$result" "$TAP_TMP/again.h5"
else
  skip "h5diff" "hdf5-tools is missing"
fi

done_testing
