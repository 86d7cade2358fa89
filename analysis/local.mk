### What reads results: part of the same library.

### sources: everything below is one list a folder, sorted; tests/lint/sources.sh names what is missing

# analysis
sim_libdepinsim_a_SOURCES += \
  analysis/audit.c \
  analysis/audit.h \
  analysis/baseline.c \
  analysis/baseline.h \
  analysis/bench.c \
  analysis/bench.h \
  analysis/bench_cost.c \
  analysis/bench_cost.h \
  analysis/bench_costs_io.c \
  analysis/bench_fit.c \
  analysis/bench_fit.h \
  analysis/bench_idle.c \
  analysis/bench_idle.h \
  analysis/bench_phold.c \
  analysis/bench_phold.h \
  analysis/bench_predict.c \
  analysis/bench_predict.h \
  analysis/bench_queue.c \
  analysis/bench_queue.h \
  analysis/compare.c \
  analysis/compare.h \
  analysis/compare_print.c \
  analysis/cost.c \
  analysis/cost.h \
  analysis/design.c \
  analysis/design.h \
  analysis/digest.c \
  analysis/expect.c \
  analysis/expect.h \
  analysis/export.h \
  analysis/export_csv.c \
  analysis/export_netcdf.c \
  analysis/html.c \
  analysis/html.h \
  analysis/info.c \
  analysis/info.h \
  analysis/kpi.c \
  analysis/kpi.h \
  analysis/ledger.c \
  analysis/ledger.h \
  analysis/report.c \
  analysis/report.h \
  analysis/report_charts.c \
  analysis/report_series.c \
  analysis/report_tables.c \
  analysis/result.c \
  analysis/result.h \
  analysis/sensitivity.c \
  analysis/sensitivity.h \
  analysis/series.c \
  analysis/series.h \
  analysis/sheet.c \
  analysis/sheet.h \
  analysis/statistics.c \
  analysis/statistics.h \
  analysis/study.c \
  analysis/study.h \
  analysis/svg.c \
  analysis/svg.h \
  analysis/svg_axes.c \
  analysis/svg_axes.h \
  analysis/svg_bars.c \
  analysis/sweep.c \
  analysis/sweep.h \
  analysis/sweep_farm.h \
  analysis/sweep_file.c \
  analysis/sweep_journal.c \
  analysis/sweep_journal.h \
  analysis/sweep_queue.c \
  analysis/sweep_report.c \
  analysis/sweep_report.h \
  analysis/sweep_run.c \
  analysis/sweep_run.h \
  analysis/verdicts.c \
  analysis/verdicts.h

EXTRA_DIST += \
  analysis/schema.md
