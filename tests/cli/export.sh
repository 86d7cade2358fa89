#!/bin/sh
# export: pandas, xarray and R read it in one line each, and read what the result holds.
. "${srcdir:-.}/tests/tap.sh"
mkdir "$TAP_TMP/w" && cd "$TAP_TMP/w" || exit 99
python=/usr/bin/python3 # another one in PATH may not see Debian's packages

exits "a result" 0 "$DEPINSIM" run "$srcdir/scenarios/quickstart.lua" --check-form -q -o q.h5
exits "as CSV" 0 "$DEPINSIM" export q.h5
exits "as netCDF" 0 "$DEPINSIM" export q.h5 --format netcdf
is "nothing but the two" "$(ls)" "q.csv
q.h5
q.nc"
like "CSV: a column a region" "$(head -qn 1 q.csv/series.provider.fleet*.csv)" '^time_s,date,entered\[East US\],entered\[West Europe\]'
like "CSV: key figures" "$(cat q.csv/kpi.csv)" '^job\.submitted,[0-9]+,1$'
exits "again, over the old files" 0 "$DEPINSIM" export q.h5 -o q.csv

py() { # name, module, code
  name=$1 module=$2
  shift 2
  if "$python" -c "import $module" 2>/dev/null; then ok "$name" "$python" -c "$1"
  else skip "$name" "python3 has no $module"; fi
}
py "a column of a series file is the series" h5py '
import csv, h5py
rows = list(csv.DictReader(open("q.csv/series.market.gateway.gpus.csv")))
f = h5py.File("q.h5")["series/market.gateway.gpus"]
assert [float(r["spend"]) for r in rows] == list(f["spend"]) and [float(r["time_s"]) for r in rows] == list(f["time"])'
py "an amount of 128 bits is one whole number" h5py '
import csv, h5py
f = h5py.File("q.h5")["tables/books.account"]
want = [(int(h) << 64) + int(l) for h, l in zip(f["balance_hi"], f["balance_lo"])]
assert [int(r["balance"]) for r in csv.DictReader(open("q.csv/table.books.account.csv"))] == want'
py "pandas reads it in one line" pandas '
import pandas
k = pandas.read_csv("q.csv/kpi.csv", index_col="name")
assert k.loc["job.submitted", "value"] > 0'
py "xarray reads the netCDF file in one line, with dates" xarray '
import xarray
d = xarray.open_dataset("q.nc", engine="h5netcdf")
assert str(d.time.values[0]).startswith("20") and d["hardware.node.energy"].dims == ("time", "region")
assert d.attrs["kpi.job.submitted"] > 0'
if command -v ncdump >/dev/null; then
  exits "netCDF tools read it" 0 ncdump -h q.nc
  like "with units" "$(cat "$TAP_TMP/out")" 'market\.gateway\.gpus\.spend:units = "usd"'
else
  skip "netCDF tools read it" "no ncdump"
fi
exits "a scenario and a study" 0 "$DEPINSIM" new w --study
exits "a sweep" 0 "$DEPINSIM" sweep w.study.lua -q -r 2 -o w.h5
exits "as CSV" 0 "$DEPINSIM" export w.h5
is "is points, runs and bands" "$(cd w.csv && echo *)" "band.market.gateway.gpus.spend.csv points.csv runs.csv"
py "pandas reads it, and a point's mean is that of its runs" pandas '
import pandas
points, runs = pandas.read_csv("w.csv/points.csv"), pandas.read_csv("w.csv/runs.csv")
assert len(points) == 9 and len(runs) == 18 and (runs["status"] == 0).all()
name = "provider.net_income_usd"
means = runs.groupby(["hosts_n", "price_usd_per_mtok"])[name].mean()
for _, p in points.iterrows():
    m = means[p["hosts_n"], p["price_usd_per_mtok"]]
    assert abs(m - p[name + ".mean"]) < 1e-12 and p[name + ".n"] == 2 and p["failed_n"] == 0
band = pandas.read_csv("w.csv/band.market.gateway.gpus.spend.csv")
assert len(band) == 9 * len(band["time_s"].unique()) and (band["p5"] <= band["p95"]).all()'
py "xarray reads the bands of a sweep, and its key figures" xarray '
import xarray
d = xarray.open_dataset("w.h5", group="kpi", engine="h5netcdf")
assert d["provider.net_income_usd"].dims == ("run",) and d.sizes["run"] == 18
assert xarray.open_dataset("w.h5", group="bands", engine="h5netcdf")["time"].dims == ("fraction",)
b = xarray.open_dataset("w.h5", group="bands/market.gateway.gpus.spend", engine="h5netcdf")
assert b["p50"].dims == ("point", "fraction")
s = xarray.open_dataset("w.h5", group="survive", engine="h5netcdf")
assert s["low"].dims == ("kpi",) and s["high"].sizes["kpi"] == len(s["kpi"]) > 0'
py "and the expectations of a run" xarray '
import xarray
e = xarray.open_dataset("q.h5", group="expect", engine="h5netcdf")
assert set(e) == {"bound", "value", "holds"} and e["holds"].dims == ("kpi",)'
exits "a sweep is netCDF already" 2 "$DEPINSIM" export w.h5 --format netcdf
like "and how to read it is said" "$(cat "$TAP_TMP/err")" 'xarray reads as it is: open_dataset'
exits "a folder that cannot be made" 3 "$DEPINSIM" export q.h5 -o /nowhere/q
exits "a file that cannot be made" 3 "$DEPINSIM" export q.h5 --format netcdf -o /nowhere/q.nc
exits "a format that there is not" 2 "$DEPINSIM" export q.h5 --format xml
head -c 5000 q.h5 >cut.h5
exits "a truncated result" 3 "$DEPINSIM" export cut.h5
done_testing
