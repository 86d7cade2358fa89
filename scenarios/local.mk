### One file a question; installed below $(datadir)/depinsim.

nobase_dist_pkgdata_DATA = $(scenario_files)

### sources: everything below is one list a folder, sorted; tests/lint/sources.sh names what is missing

scenario_files = \
  scenarios/akash_market.lua \
  scenarios/cloud_versus_depin.lua \
  scenarios/eth_versus_solana.lua \
  scenarios/helium_hotspot.lua \
  scenarios/helium_hotspot.study.lua \
  scenarios/helium_months.study.lua \
  scenarios/hot_region.lua \
  scenarios/ov_depinsimulator.lua \
  scenarios/ov_parameters.lua \
  scenarios/ov_parameters.study.lua \
  scenarios/quickstart.lua \
  scenarios/real_revenue.lua \
  scenarios/token_from_nothing.lua \
  scenarios/token_from_nothing.study.lua
