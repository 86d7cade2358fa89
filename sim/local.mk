### The program and its library; a section a folder.

depinsim_SOURCES = sim/main.c
depinsim_LDADD = $(program_libs)

EXTRA_DIST += sim/version.sh sim/script/embed.sh
BUILT_SOURCES += sim/revision.h sim/script/embedded.inc
CLEANFILES += sim/revision.h sim/script/embedded.inc

# Rewritten only when the revision changes, so that an unchanged tree does not rebuild.
sim/revision.h: .FORCE
	$(AM_V_at)$(MKDIR_P) sim; r=`$(SHELL) $(top_srcdir)/sim/version.sh`; \
	printf '#define DEPINSIM_REVISION "%s"\n' "$$r" > $@.tmp; \
	if cmp -s $@.tmp $@; then rm -f $@.tmp; else mv -f $@.tmp $@; fi
.FORCE:
.PHONY: .FORCE

# The Lua library is part of the program: no search path at run time.
sim/script/embedded.inc: $(lua_modules) sim/script/embed.sh lua/local.mk
	$(AM_V_GEN)$(MKDIR_P) sim/script; files=; \
	for f in $(lua_modules); do files="$$files $(top_srcdir)/$$f"; done; \
	$(SHELL) $(top_srcdir)/sim/script/embed.sh $(top_srcdir) $$files > $@.tmp && mv -f $@.tmp $@

### sources: everything below is one list a folder, sorted; tests/lint/sources.sh names what is missing

# base
sim_libdepinsim_a_SOURCES += \
  sim/base/csv.c \
  sim/base/csv.h \
  sim/base/growth.c \
  sim/base/growth.h \
  sim/base/hash.c \
  sim/base/hash.h \
  sim/base/hist.c \
  sim/base/hist.h \
  sim/base/lines.c \
  sim/base/lines.h \
  sim/base/memory.c \
  sim/base/memory.h \
  sim/base/parse.c \
  sim/base/status.c \
  sim/base/status.h \
  sim/base/str.c \
  sim/base/str.h \
  sim/base/wide.c \
  sim/base/wide.h

# books
sim_libdepinsim_a_SOURCES += \
  sim/books/books.c \
  sim/books/books.h \
  sim/books/books_priv.h \
  sim/books/post.c

# cli
sim_libdepinsim_a_SOURCES += \
  sim/cli/answer.c \
  sim/cli/bench_command.c \
  sim/cli/breakeven.c \
  sim/cli/check.c \
  sim/cli/check.h \
  sim/cli/check_run.c \
  sim/cli/cli.h \
  sim/cli/commands.c \
  sim/cli/commands.h \
  sim/cli/compare.c \
  sim/cli/completion.c \
  sim/cli/describe.c \
  sim/cli/dispatch.c \
  sim/cli/explain.c \
  sim/cli/export.c \
  sim/cli/help.c \
  sim/cli/hindsight.c \
  sim/cli/hindsight.h \
  sim/cli/libm_check.c \
  sim/cli/libm_check.h \
  sim/cli/lint.c \
  sim/cli/lua_command.c \
  sim/cli/luals.c \
  sim/cli/luals.h \
  sim/cli/man.c \
  sim/cli/models.c \
  sim/cli/new.c \
  sim/cli/new_templates.c \
  sim/cli/new_templates.h \
  sim/cli/options.c \
  sim/cli/params.c \
  sim/cli/plot.c \
  sim/cli/presets.c \
  sim/cli/print.c \
  sim/cli/progress.c \
  sim/cli/progress.h \
  sim/cli/provenance.c \
  sim/cli/readers.c \
  sim/cli/report.c \
  sim/cli/resume.c \
  sim/cli/run.c \
  sim/cli/run.h \
  sim/cli/scenario_options.c \
  sim/cli/scenario_options.h \
  sim/cli/scratch.c \
  sim/cli/scratch.h \
  sim/cli/sensitivity.c \
  sim/cli/session.c \
  sim/cli/session.h \
  sim/cli/session_about.c \
  sim/cli/session_checkpoint.c \
  sim/cli/session_report.c \
  sim/cli/shock.c \
  sim/cli/shock.h \
  sim/cli/spawn.c \
  sim/cli/spawn.h \
  sim/cli/stress.c \
  sim/cli/supply.c \
  sim/cli/sweep.c \
  sim/cli/sweep.h \
  sim/cli/tune.c

# engine
sim_libdepinsim_a_SOURCES += \
  sim/engine/agenda.c \
  sim/engine/agenda.h \
  sim/engine/balance.c \
  sim/engine/balance.h \
  sim/engine/buckets.h \
  sim/engine/checkpoint.c \
  sim/engine/checkpoint.h \
  sim/engine/checkpoint_form.h \
  sim/engine/comm.c \
  sim/engine/comm.h \
  sim/engine/comm_mail.c \
  sim/engine/comm_mail.h \
  sim/engine/comm_mpi.c \
  sim/engine/comm_mpi.h \
  sim/engine/comm_mpi_mail.c \
  sim/engine/comm_mpi_meet.c \
  sim/engine/comm_null.c \
  sim/engine/digest.c \
  sim/engine/engine.c \
  sim/engine/engine.h \
  sim/engine/event.h \
  sim/engine/inside.h \
  sim/engine/migrate.c \
  sim/engine/migrate.h \
  sim/engine/pack.c \
  sim/engine/pack.h \
  sim/engine/pool.c \
  sim/engine/pool.h \
  sim/engine/queue.c \
  sim/engine/queue.h \
  sim/engine/report.c \
  sim/engine/report.h \
  sim/engine/restore.c \
  sim/engine/rng.c \
  sim/engine/rng.h \
  sim/engine/run.c \
  sim/engine/send.c \
  sim/engine/slots.c \
  sim/engine/slots.h \
  sim/engine/spread.c \
  sim/engine/table.c \
  sim/engine/table.h \
  sim/engine/time.h

# finance
sim_libdepinsim_a_SOURCES += \
  sim/finance/derivatives.c \
  sim/finance/derivatives.h \
  sim/finance/lending.c \
  sim/finance/lending.h

# hardware
sim_libdepinsim_a_SOURCES += \
  sim/hardware/class.c \
  sim/hardware/meter.c \
  sim/hardware/meter.h \
  sim/hardware/node.c \
  sim/hardware/node.h \
  sim/hardware/reliability.c \
  sim/hardware/reliability.h

# ledger
sim_libdepinsim_a_SOURCES += \
  sim/ledger/akash.c \
  sim/ledger/akash.h \
  sim/ledger/allocation.c \
  sim/ledger/allocation.h \
  sim/ledger/amm.c \
  sim/ledger/amm.h \
  sim/ledger/amm_v3.c \
  sim/ledger/arweave.c \
  sim/ledger/arweave.h \
  sim/ledger/chain.c \
  sim/ledger/chain.h \
  sim/ledger/chain_fee.c \
  sim/ledger/chain_load.c \
  sim/ledger/chain_price.c \
  sim/ledger/chain_priv.h \
  sim/ledger/credit.c \
  sim/ledger/credit.h \
  sim/ledger/credit_rule.c \
  sim/ledger/curve.c \
  sim/ledger/curve.h \
  sim/ledger/dimo.c \
  sim/ledger/dimo.h \
  sim/ledger/emission.c \
  sim/ledger/emission.h \
  sim/ledger/emission_schema.c \
  sim/ledger/ethereum.c \
  sim/ledger/ethereum.h \
  sim/ledger/exchange.c \
  sim/ledger/exchange.h \
  sim/ledger/exchange_desk.c \
  sim/ledger/exchange_liquidity.c \
  sim/ledger/exchange_path.c \
  sim/ledger/exchange_pool.c \
  sim/ledger/exchange_priv.h \
  sim/ledger/exchange_thin.c \
  sim/ledger/factor.c \
  sim/ledger/factor.h \
  sim/ledger/feed.c \
  sim/ledger/feed.h \
  sim/ledger/filecoin.c \
  sim/ledger/filecoin.h \
  sim/ledger/helium.c \
  sim/ledger/helium.h \
  sim/ledger/io_net.c \
  sim/ledger/io_net.h \
  sim/ledger/livepeer.c \
  sim/ledger/livepeer.h \
  sim/ledger/mint.c \
  sim/ledger/mint.h \
  sim/ledger/payout.c \
  sim/ledger/payout.h \
  sim/ledger/range.c \
  sim/ledger/range.h \
  sim/ledger/render.c \
  sim/ledger/render.h \
  sim/ledger/retail.c \
  sim/ledger/retail.h \
  sim/ledger/reward_rule.c \
  sim/ledger/reward_rule.h \
  sim/ledger/schedule.c \
  sim/ledger/sector.c \
  sim/ledger/sector.h \
  sim/ledger/solana.c \
  sim/ledger/solana.h \
  sim/ledger/stake.c \
  sim/ledger/stake.h \
  sim/ledger/stake_delegate.c \
  sim/ledger/stake_host.c \
  sim/ledger/stake_priv.h \
  sim/ledger/swap.c \
  sim/ledger/swap.h \
  sim/ledger/token.c \
  sim/ledger/token.h \
  sim/ledger/token_host.c \
  sim/ledger/token_priv.h \
  sim/ledger/trader.c \
  sim/ledger/trader.h

# market
sim_libdepinsim_a_SOURCES += \
  sim/market/auction.c \
  sim/market/auction.h \
  sim/market/auction_priv.h \
  sim/market/cloud.c \
  sim/market/cloud.h \
  sim/market/deal.c \
  sim/market/flow.c \
  sim/market/flow.h \
  sim/market/gateway.c \
  sim/market/gateway.h \
  sim/market/index.c \
  sim/market/lease.c \
  sim/market/record.c \
  sim/market/route.c \
  sim/market/stock.c \
  sim/market/trade.c \
  sim/market/waterfall.c \
  sim/market/waterfall.h

# model
sim_libdepinsim_a_SOURCES += \
  sim/model/beat.c \
  sim/model/exchange.c \
  sim/model/fingerprint.c \
  sim/model/hidden.c \
  sim/model/host.h \
  sim/model/instances.c \
  sim/model/kpi.c \
  sim/model/layout.c \
  sim/model/metric.c \
  sim/model/metric.h \
  sim/model/model.h \
  sim/model/order.c \
  sim/model/param.c \
  sim/model/param.h \
  sim/model/param_text.c \
  sim/model/policy.h \
  sim/model/registry.c \
  sim/model/registry.h \
  sim/model/resume.c \
  sim/model/resume.h \
  sim/model/self_check.c \
  sim/model/self_check.h \
  sim/model/services.c \
  sim/model/sim.c \
  sim/model/sim.h \
  sim/model/sink.h \
  sim/model/vocabulary.h

# model/template
sim_libdepinsim_a_SOURCES += \
  sim/model/template/template.c \
  sim/model/template/template.h

# output
sim_libdepinsim_a_SOURCES += \
  sim/output/cost.c \
  sim/output/disk.c \
  sim/output/disk.h \
  sim/output/disk_state.c \
  sim/output/h5.c \
  sim/output/h5.h \
  sim/output/output.c \
  sim/output/output.h \
  sim/output/pages.c \
  sim/output/pages.h \
  sim/output/parts.h \
  sim/output/provenance.c \
  sim/output/seal.c \
  sim/output/seal.h \
  sim/output/series.c \
  sim/output/summary.c \
  sim/output/table_writer.c

# place
sim_libdepinsim_a_SOURCES += \
  sim/place/latency.c \
  sim/place/place.c \
  sim/place/place.h \
  sim/place/place_priv.h \
  sim/place/shock.c \
  sim/place/shock.h \
  sim/place/tariff.c

# privacy
sim_libdepinsim_a_SOURCES += \
  sim/privacy/accounting.c \
  sim/privacy/accounting.h

# provider
sim_libdepinsim_a_SOURCES += \
  sim/provider/account.c \
  sim/provider/fleet.c \
  sim/provider/fleet.h \
  sim/provider/leave.c \
  sim/provider/npv.c \
  sim/provider/npv.h \
  sim/provider/operators.h \
  sim/provider/outlook.c \
  sim/provider/pricing.c \
  sim/provider/sell.c \
  sim/provider/views.c

# reference
sim_libdepinsim_a_SOURCES += \
  sim/reference/ov.c \
  sim/reference/ov.h \
  sim/reference/ov_model.c

# script
sim_libdepinsim_a_SOURCES += \
  sim/script/baselib.c \
  sim/script/bind.h \
  sim/script/bind_arena.c \
  sim/script/bind_core.c \
  sim/script/bind_fill.c \
  sim/script/bind_params.c \
  sim/script/bind_scenario.c \
  sim/script/bind_value.c \
  sim/script/call.c \
  sim/script/call.h \
  sim/script/catalog.c \
  sim/script/catalog.h \
  sim/script/formula.c \
  sim/script/formula.h \
  sim/script/formula_amm.c \
  sim/script/formula_args.c \
  sim/script/formula_args.h \
  sim/script/formula_finance.c \
  sim/script/formula_groups.h \
  sim/script/formula_ledger.c \
  sim/script/freeze.c \
  sim/script/freeze.h \
  sim/script/host.h \
  sim/script/limits.c \
  sim/script/limits.h \
  sim/script/match.c \
  sim/script/match.h \
  sim/script/modules.c \
  sim/script/modules.h \
  sim/script/paths.c \
  sim/script/pattern.c \
  sim/script/policy_lua.c \
  sim/script/sandbox.c \
  sim/script/sandbox.h \
  sim/script/scenario.c \
  sim/script/scenario.h \
  sim/script/snapshot.c \
  sim/script/snapshot.h \
  sim/script/strings.c \
  sim/script/tables.c \
  sim/script/upvalues.c \
  sim/script/variant.c \
  sim/script/variant.h

# wireless
sim_libdepinsim_a_SOURCES += \
  sim/wireless/coverage.c \
  sim/wireless/coverage.h \
  sim/wireless/coverage_fleet.c \
  sim/wireless/coverage_hotspot.c \
  sim/wireless/coverage_priv.h \
  sim/wireless/density.c \
  sim/wireless/density.h \
  sim/wireless/hexagon.c \
  sim/wireless/hexagon.h

# workload
sim_libdepinsim_a_SOURCES += \
  sim/workload/arrivals.c \
  sim/workload/arrivals.h \
  sim/workload/batch.c \
  sim/workload/deal.c \
  sim/workload/demand.c \
  sim/workload/demand.h \
  sim/workload/demand_rule.c \
  sim/workload/inference.c \
  sim/workload/inference.h \
  sim/workload/llm_cost.c \
  sim/workload/llm_cost.h \
  sim/workload/llm_rate.c \
  sim/workload/llm_rate.h \
  sim/workload/server.c \
  sim/workload/server.h \
  sim/workload/token_tables.c \
  sim/workload/token_tables.h \
  sim/workload/trace.c \
  sim/workload/trace.h

EXTRA_DIST += \
  sim/books/README.md \
  sim/engine/README.md \
  sim/finance/README.md \
  sim/hardware/README.md \
  sim/ledger/README.md \
  sim/ledger/chain_tables.inc \
  sim/ledger/credit_tables.inc \
  sim/ledger/exchange_tables.inc \
  sim/ledger/payout_tables.inc \
  sim/ledger/sector_tables.inc \
  sim/ledger/stake_tables.inc \
  sim/ledger/token_tables.inc \
  sim/market/README.md \
  sim/market/auction_tables.inc \
  sim/market/flow_tables.inc \
  sim/market/gateway_tables.inc \
  sim/model/template/README.md \
  sim/place/README.md \
  sim/privacy/README.md \
  sim/provider/README.md \
  sim/provider/fleet_tables.inc \
  sim/reference/README.md \
  sim/wireless/README.md \
  sim/wireless/coverage_strata.inc \
  sim/wireless/coverage_tables.inc \
  sim/workload/README.md \
  sim/workload/demand_tables.inc \
  sim/workload/llm_coefficients.inc \
  sim/workload/token_tables.inc
