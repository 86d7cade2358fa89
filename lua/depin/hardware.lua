--- Machines: a function for each GPU class; every fact can be changed: hardware.rtx4090 { price_usd = 1500 }.
-- `gpu_n` GPUs in one node multiply price and host power and divide the time between failures.
local core = require "depin.core"

local hardware = {}

-- Memory GiB, bandwidth GB/s, dense FP16 TFLOPS, TDP W: llmbook.apartsin.com; gigagpu.com; fridayswithfaraday.com;
-- vidur device_sku_config.py (A40, A100, H100). Prices are the middle of the published range, of one GPU, new unless
-- said. "(memory)": from memory, verify. idle_ratio: idle power over TDP, from memory, verify (H100 about 70 of 700 W,
-- A100 50 of 400 W, T4 10 of 70 W, RTX 4090 about 20 of 450 W). host_w: host power for each GPU, from memory, verify
-- (a DGX draws 300 to 600 W for each GPU at full load, a desktop around one GPU 80 to 120 W).
local classes = {
  h100_sxm = { gpu = "h100", memory_gib = 80, bandwidth_gb_per_s = 3350, fp16_tflops = 989, tdp_w = 700,
               price_usd = 32500, idle_ratio = 0.10, host_w = 300 }, -- 25,000 to 40,000
  a100_80 = { gpu = "a100", memory_gib = 80, bandwidth_gb_per_s = 2000, fp16_tflops = 312, tdp_w = 400,
              price_usd = 12500, idle_ratio = 0.13, host_w = 250 }, -- 10,000 to 15,000
  h200 = { gpu = "h200", memory_gib = 141, bandwidth_gb_per_s = 4800, fp16_tflops = 990, tdp_w = 700,
           price_usd = 35000, idle_ratio = 0.10, host_w = 300 }, -- price (memory)
  b200 = { gpu = "b200", memory_gib = 192, bandwidth_gb_per_s = 8000, fp16_tflops = 2250, tdp_w = 1000,
           price_usd = 40000, idle_ratio = 0.14, host_w = 350 }, -- price (memory)
  mi300x = { gpu = "mi300x", memory_gib = 192, bandwidth_gb_per_s = 5300, fp16_tflops = 1307, tdp_w = 750,
             price_usd = 15000, idle_ratio = 0.18, host_w = 300 }, -- price (memory)
  l40s = { gpu = "l40s", memory_gib = 48, bandwidth_gb_per_s = 864, fp16_tflops = 362, tdp_w = 350,
           price_usd = 8000, idle_ratio = 0.10, host_w = 150 }, -- 7,000 to 9,000 (memory)
  a40 = { gpu = "a40", memory_gib = 45, bandwidth_gb_per_s = 696, fp16_tflops = 150, tdp_w = 300,
          price_usd = 5000, idle_ratio = 0.10, host_w = 150 }, -- 45 of 48 GiB usable; bandwidth, TDP, price (memory)
  rtx4090 = { gpu = "rtx4090", memory_gib = 24, bandwidth_gb_per_s = 1008, fp16_tflops = 165, tdp_w = 450,
              price_usd = 1700, idle_ratio = 0.05, host_w = 100 }, -- 1,600 to 1,800
  rtx3090 = { gpu = "rtx3090", memory_gib = 24, bandwidth_gb_per_s = 936, fp16_tflops = 71, tdp_w = 350,
              price_usd = 800, idle_ratio = 0.08, host_w = 100 }, -- 700 to 900 used; price, bandwidth, TFLOPS (memory)
  t4 = { gpu = "t4", memory_gib = 16, bandwidth_gb_per_s = 320, fp16_tflops = 65, tdp_w = 70,
         price_usd = 1000, idle_ratio = 0.14, host_w = 100 }, -- used (memory)
}

-- When a class was to be had (launch; from memory, verify): its figures were known from then on. Prices, idle_ratio and
-- host_w have no date.
local launched = {
  h100_sxm = "2022-10", a100_80 = "2020-11", h200 = "2024-06", b200 = "2025-01", mi300x = "2023-12", l40s = "2023-08",
  a40 = "2020-10", rtx4090 = "2022-10", rtx3090 = "2020-09", t4 = "2018-09",
}

-- Hours between failures of one GPU: 419 unexpected interruptions of 16,384 H100 in 54 days (Llama 3 405B,
-- datacenterdynamics.com), 6,335 h a node of eight. 400 GPU servers of eight seen for 348 days (InfiniteHBD-Trace,
-- stepfun-ai, Apache-2.0) give 6,130 h.
local gpu_mtbf_h = 50680

local specs = { "memory_gib", "bandwidth_gb_per_s", "fp16_tflops", "tdp_w" }

--- Says what is used of a class and where it is from.
local function cite(name, options)
  local class, prefix = classes[name], "depin.hardware." .. name .. "."
  local function fact(key, date, source)
    if options[key] == nil then core.fact("preset", prefix .. key, class[key], date, source) end
  end
  for _, key in ipairs(specs) do fact(key, launched[name], "data sheets, at the launch") end
  fact("price_usd", nil, "middle of a published range, or from memory")
  fact("idle_ratio", nil, "from memory, verify")
  if options.overhead_w == nil then fact("host_w", nil, "from memory, verify") end
  if options.mtbf_h == nil then
    core.fact("preset", prefix .. "mtbf_h", gpu_mtbf_h, "2024-07",
      "419 interruptions of 16,384 H100 in 54 days (Llama 3)")
  end
end

local function make(name, options)
  options = options or {}
  local class = classes[name]
  cite(name, options)
  local gpu_n = options.gpu_n or 1
  local args = { gpu_n = gpu_n }
  for key, value in pairs(class) do args[key] = value end
  if type(gpu_n) == "number" and gpu_n >= 1 then -- else the constructor says what is wrong
    args.price_usd = class.price_usd * gpu_n
    args.overhead_w = class.host_w * gpu_n
    args.mtbf_h = gpu_mtbf_h / gpu_n
  end
  args.host_w = nil
  for key, value in pairs(options) do args[key] = value end
  return core["hardware.class"](args)
end

for name in pairs(classes) do
  hardware[name] = function(options) return make(name, options) end
end

--- A class of one's own: every key of hardware.class.
hardware.custom = core["hardware.class"]

--- Names of the presets, sorted.
function hardware.names()
  local names = {}
  for name in pairs(classes) do names[#names + 1] = name end
  table.sort(names)
  return names
end

return hardware
