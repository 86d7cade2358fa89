### What reads results: part of the same library.

### sources: everything below is one list a folder, sorted; tests/lint/sources.sh names what is missing

# analysis
sim_libdepinsim_a_SOURCES += \
  analysis/audit.c \
  analysis/audit.h \
  analysis/bench.c \
  analysis/bench.h \
  analysis/bench_phold.c \
  analysis/bench_phold.h \
  analysis/bench_queue.c \
  analysis/bench_queue.h \
  analysis/digest.c \
  analysis/expect.c \
  analysis/expect.h \
  analysis/info.c \
  analysis/info.h \
  analysis/kpi.c \
  analysis/kpi.h \
  analysis/ledger.c \
  analysis/ledger.h \
  analysis/result.c \
  analysis/result.h

EXTRA_DIST += \
  analysis/schema.md
