### One file a question; installed below $(datadir)/depinsim.

nobase_dist_pkgdata_DATA = $(scenario_files)

### sources: everything below is one list a folder, sorted; tests/lint/sources.sh names what is missing

scenario_files = \
  scenarios/cloud_versus_depin.lua \
  scenarios/hot_region.lua \
  scenarios/ov_depinsimulator.lua \
  scenarios/quickstart.lua \
  scenarios/token_from_nothing.lua
