-- Question: where among all hotspots do 14 USD in two years fall, by the month in which the hotspot was bought?
--
-- depinsim sweep: one point a month, from 2020-01 to 2022-04, ten seeds each. Every run begins on the day of purchase,
-- with fleet and price of that day, knows nothing later (as_of), and judges those that had a hotspot in its first
-- month: all, by place (weight and percentile by HIP-17 scale and witnesses), by power and price of electricity. --set
-- mode=conditional asks the same of the given paths. Answer: in helium_hotspot.lua.
local depin = require "depin"

local kpis = { "wireless.threshold_percentile", "wireless.net_income_usd", "wireless.earned_token", "token.price_usd" }
for _, scale in ipairs { "s09", "s05", "s01", "s00" } do -- HIP-17 scale from 0.9, 0.5, 0.1, 0
  for _, witnesses in ipairs { "w0", "w1", "w4", "w10" } do
    for _, kpi in ipairs { "weight_ratio", "percentile" } do
      kpis[#kpis + 1] = ("wireless.%s.%s_%s"):format(kpi, scale, witnesses)
    end
  end
end
for _, cost in ipairs { "power1_tariff1", "power1_tariff2", "power2_tariff1", "power2_tariff2" } do
  kpis[#kpis + 1] = "wireless.percentile." .. cost
end

local months = {}
for month = 0, 27 do months[#months + 1] = ("%d-%02d-01"):format(2020 + month // 12, month % 12 + 1) end

return depin.study {
  scenario = "helium_hotspot.lua",
  set = { days = 761 }, -- two years and the first month
  vary = { purchase = depin.grid(months) },
  replicates = 10,
  kpis = kpis,
}
