### Tests: unit (cmocka), the rest shell scripts; all speak TAP. tests/tap.sh is what the shell tests source.

LDADD = $(program_libs) $(CMOCKA_LIBS)

AM_TESTS_ENVIRONMENT = \
  srcdir='$(abs_top_srcdir)'; DEPINSIM='$(abs_top_builddir)/depinsim$(EXEEXT)'; MPIEXEC='$(MPIEXEC)'; \
  LINT_CC='$(CC)'; LINT_FLAGS='$(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(source_cflags)'; \
  LINT_GENERATED='$(BUILT_SOURCES)'; LINT_CMOCKA='$(have_cmocka)'; \
  export LINT_CC LINT_FLAGS LINT_GENERATED LINT_CMOCKA; \
  . '$(abs_top_srcdir)/tests/environment.sh';

# A test that hangs is ended and counts as failed.
TEST_TIMEOUT = timeout -k 10 600
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_COMPILER = $(TEST_TIMEOUT) bash $(top_srcdir)/tests/cmocka.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(TEST_TIMEOUT) bash

# Speed: measured, printed and recorded (BENCH_CSV), never a test. tests/bench/run_bench.bash says what can be set.
EXTRA_PROGRAMS = tests/bench/heap
tests_bench_heap_LDADD = -lm
CLEANFILES += tests/bench/heap$(EXEEXT)
BENCH_CSV = bench.csv
.PHONY: bench
bench: all tests/bench/heap$(EXEEXT)
	@srcdir='$(abs_top_srcdir)' DEPINSIM='$(abs_top_builddir)/depinsim$(EXEEXT)' MPIEXEC='$(MPIEXEC)' \
	  HEAP='$(abs_top_builddir)/tests/bench/heap$(EXEEXT)' BENCH_CSV='$(BENCH_CSV)' \
	  bash '$(top_srcdir)/tests/bench/run_bench.bash'

EXTRA_DIST += tests/cmocka.sh tests/environment.sh tests/summary.sh tests/tap.sh

# At least 60 random kills; in `make check` there are 4. A job script under a real Slurm of one node, as root.
.PHONY: check-kill check-slurm fuzz
check-kill: all
	$(AM_TESTS_ENVIRONMENT) STORM_KILLS=60 bash '$(top_srcdir)/tests/kill/storm.sh' | tee check-kill.log
	! grep '^not ok' check-kill.log
check-slurm: all
	$(AM_TESTS_ENVIRONMENT) bash '$(top_srcdir)/tests/slurm/check_slurm.bash' | tee check-slurm.log
	! grep '^not ok' check-slurm.log
CLEANFILES += check-kill.log check-slurm.log

# Studies in full: intervals over a thousand of them instead of a hundred or two, and 10,000 runs that are killed.
.PHONY: check-studies
check-studies: all
	DEPINSIM_FULL=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS='tests/unit/t_statistics tests/unit/t_sensitivity tests/unit/t_tune'
	$(AM_TESTS_ENVIRONMENT) SWEEP_RUNS=10000 bash '$(top_srcdir)/tests/kill/sweep.sh' | tee check-studies.log
	! grep '^not ok' check-studies.log
CLEANFILES += check-studies.log

# What tests/ranks holds, at 1, 2, 3, 4 and 7 ranks; `make check` has a choice of them.
.PHONY: check-ranks
check-ranks:
	FULL_RANKS=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS='$(ranks_tests)'

# What takes too long for every check, or depends on the tool's version: gcc's static analyser, valgrind.
.PHONY: check-analyze check-valgrind
check-analyze: all
	$(AM_TESTS_ENVIRONMENT) bash '$(top_srcdir)/tests/lint/analyze.bash' | tee check-analyze.log
	! grep '^not ok' check-analyze.log
check-valgrind: all
	$(AM_TESTS_ENVIRONMENT) bash '$(top_srcdir)/tests/lint/valgrind.bash' | tee check-valgrind.log
	! grep '^not ok' check-valgrind.log
CLEANFILES += check-analyze.log check-valgrind.log
EXTRA_DIST += tests/lint/analyze.bash tests/lint/valgrind.bash

# Five thousand random economies besides the thousand of `make check`.
.PHONY: check-economies
check-economies: all
	$(AM_TESTS_ENVIRONMENT) ECONOMIES=5000 FIRST_ECONOMY=1001 bash '$(top_srcdir)/tests/validation/economies.sh' \
	  | tee check-economies.log
	! grep '^not ok' check-economies.log
CLEANFILES += check-economies.log

# The engine once more with sanitizers, whatever this build has: threads, then addresses and undefined behaviour.
.PHONY: check-tsan check-asan
check-tsan: all
	$(AM_TESTS_ENVIRONMENT) SANITIZERS=thread SANITIZE_LIBS='$(sanitize_libs)' \
	  bash '$(top_srcdir)/tests/lint/sanitize.bash' | tee check-tsan.log
	! grep '^not ok' check-tsan.log
check-asan: all
	$(AM_TESTS_ENVIRONMENT) SANITIZERS=address,undefined SANITIZE_LIBS='$(sanitize_libs)' \
	  bash '$(top_srcdir)/tests/lint/sanitize.bash' | tee check-asan.log
	! grep '^not ok' check-asan.log
sanitize_libs = $(HDF5_LIBS) $(MPI_LIBS) $(LUA_LIBS) $(GSL_LIBS) $(JANSSON_LIBS) $(XXHASH_LIBS) $(ZLIB_LIBS) \
  $(CMOCKA_LIBS) $(LIBS)
CLEANFILES += check-tsan.log check-asan.log
EXTRA_DIST += tests/lint/sanitize.bash tests/tsan.supp

# Every fuzzer for ten minutes.
FUZZ_SECONDS = 600
fuzz: all
	$(AM_TESTS_ENVIRONMENT) bash '$(top_srcdir)/tests/fuzz/run.sh' '$(FUZZ_SECONDS)'

### sources: everything below is one list a folder, sorted; tests/lint/sources.sh names what is missing

# unit
if HAVE_CMOCKA
unit_tests = \
  tests/unit/t_analysis \
  tests/unit/t_arrivals \
  tests/unit/t_auction \
  tests/unit/t_balance \
  tests/unit/t_bench \
  tests/unit/t_books \
  tests/unit/t_chain \
  tests/unit/t_checkpoint \
  tests/unit/t_comm \
  tests/unit/t_compare \
  tests/unit/t_credit \
  tests/unit/t_csv \
  tests/unit/t_demand \
  tests/unit/t_design \
  tests/unit/t_emission \
  tests/unit/t_engine \
  tests/unit/t_exchange \
  tests/unit/t_fleet \
  tests/unit/t_formula \
  tests/unit/t_freeze \
  tests/unit/t_gateway \
  tests/unit/t_hardware \
  tests/unit/t_hash \
  tests/unit/t_hist \
  tests/unit/t_index \
  tests/unit/t_inference \
  tests/unit/t_instances \
  tests/unit/t_llm_cost \
  tests/unit/t_many \
  tests/unit/t_mechanisms \
  tests/unit/t_memory \
  tests/unit/t_metric \
  tests/unit/t_mint \
  tests/unit/t_modules \
  tests/unit/t_operators \
  tests/unit/t_output \
  tests/unit/t_ov \
  tests/unit/t_pack \
  tests/unit/t_pages \
  tests/unit/t_param \
  tests/unit/t_place \
  tests/unit/t_policy_lua \
  tests/unit/t_queue \
  tests/unit/t_range \
  tests/unit/t_report \
  tests/unit/t_rng \
  tests/unit/t_sandbox \
  tests/unit/t_scenario \
  tests/unit/t_self_check \
  tests/unit/t_sensitivity \
  tests/unit/t_server \
  tests/unit/t_sim \
  tests/unit/t_spawn \
  tests/unit/t_stake \
  tests/unit/t_statistics \
  tests/unit/t_status \
  tests/unit/t_str \
  tests/unit/t_svg_layers \
  tests/unit/t_sweep \
  tests/unit/t_table \
  tests/unit/t_template \
  tests/unit/t_token \
  tests/unit/t_trace \
  tests/unit/t_trader \
  tests/unit/t_tune \
  tests/unit/t_waterfall \
  tests/unit/t_wide \
  tests/unit/t_wireless
endif
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

# programs that tests/ranks runs under a launcher
check_PROGRAMS += \
  tests/unit/m_checkpoint \
  tests/unit/m_engine \
  tests/unit/m_model \
  tests/unit/m_output

# cli
cli_tests = \
  tests/cli/answer.sh \
  tests/cli/bad_input.sh \
  tests/cli/breakeven.sh \
  tests/cli/check.sh \
  tests/cli/compare.sh \
  tests/cli/describe.sh \
  tests/cli/explain.sh \
  tests/cli/export.sh \
  tests/cli/help.sh \
  tests/cli/hindsight.sh \
  tests/cli/instances.sh \
  tests/cli/lua.sh \
  tests/cli/nonsense.sh \
  tests/cli/plot.sh \
  tests/cli/progress.sh \
  tests/cli/readers.sh \
  tests/cli/readme.sh \
  tests/cli/report.sh \
  tests/cli/report_tune.sh \
  tests/cli/resume.sh \
  tests/cli/run.sh \
  tests/cli/self_check.sh \
  tests/cli/stress.sh \
  tests/cli/supply.sh \
  tests/cli/sweep.sh \
  tests/cli/tokens.sh \
  tests/cli/tune.sh
dist_check_SCRIPTS += $(cli_tests)
TESTS += $(cli_tests)

# faults
faults_tests = \
  tests/faults/check.sh \
  tests/faults/checkpoint.sh \
  tests/faults/output.sh \
  tests/faults/resume.sh
dist_check_SCRIPTS += $(faults_tests)
TESTS += $(faults_tests)

# fuzz
fuzz_tests = \
  tests/fuzz/run.sh
dist_check_SCRIPTS += $(fuzz_tests)
TESTS += $(fuzz_tests)

# kill
kill_tests = \
  tests/kill/storm.sh \
  tests/kill/sweep.sh
dist_check_SCRIPTS += $(kill_tests)
TESTS += $(kill_tests)

# lint
lint_tests = \
  tests/lint/compile.sh \
  tests/lint/layers.sh \
  tests/lint/luacheck.sh \
  tests/lint/shellcheck.sh \
  tests/lint/sizes.sh \
  tests/lint/sources.sh \
  tests/lint/toplevel.sh
dist_check_SCRIPTS += $(lint_tests)
TESTS += $(lint_tests)

# ranks
ranks_tests = \
  tests/ranks/balance.sh \
  tests/ranks/checkpoint.sh \
  tests/ranks/engine.sh \
  tests/ranks/flow.sh \
  tests/ranks/groups.sh \
  tests/ranks/model.sh \
  tests/ranks/neighbours.sh \
  tests/ranks/output.sh \
  tests/ranks/phold.sh \
  tests/ranks/resume.sh \
  tests/ranks/scenarios.sh \
  tests/ranks/twins.sh
dist_check_SCRIPTS += $(ranks_tests)
TESTS += $(ranks_tests)

# validation
validation_tests = \
  tests/validation/economies.sh \
  tests/validation/economy.sh \
  tests/validation/fidelity.sh \
  tests/validation/hotspot.sh \
  tests/validation/lotka_volterra.sh \
  tests/validation/payouts.sh \
  tests/validation/queue.sh
dist_check_SCRIPTS += $(validation_tests)
TESTS += $(validation_tests)

# what the tests read
EXTRA_DIST += \
  tests/bench/heap.c \
  tests/bench/hotspots.lua \
  tests/bench/million.lua \
  tests/bench/run_bench.bash \
  tests/bench/ten_million.lua \
  tests/faults/faults.c \
  tests/faults/libfaults.sh \
  tests/fuzz/fuzz_checkpoint.c \
  tests/fuzz/fuzz_csv.c \
  tests/fuzz/fuzz_result.c \
  tests/fuzz/fuzz_run.c \
  tests/fuzz/fuzz_scenario.c \
  tests/fuzz/fuzz_trace.c \
  tests/fuzz/fuzz_values.c \
  tests/fuzz/input.h \
  tests/fuzz/libcorpus.sh \
  tests/fuzz/low_limits.h \
  tests/fuzz/result_edit.h \
  tests/lint/analyze.bash \
  tests/lint/sanitize.bash \
  tests/lint/valgrind.bash \
  tests/slurm/check_slurm.bash \
  tests/unit/economy.h \
  tests/unit/market.h \
  tests/unit/ping.h \
  tests/unit/probe.h \
  tests/unit/real_data.h \
  tests/unit/scene.h \
  tests/unit/template_run.h \
  tests/unit/tiny_run.h \
  tests/unit/yard.h \
  tests/validation/economies.lua
