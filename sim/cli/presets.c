/* sim/cli/presets.c — depinsim presets: what the library brings along, asked of the library itself. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "script/scenario.h"

static const char presets_lua[] =
    "local depin = require 'depin'\n"
    "local function heading(text) print(text) end\n"
    "local function line(name, format, ...) print(('  %-34s %s'):format(name, format:format(...))) end\n"
    "heading 'machines (depin.hardware)'\n"
    "for _, name in ipairs(depin.hardware.names()) do\n"
    "  local c = depin.hardware[name] {}\n"
    "  line('depin.hardware.' .. name, '%g GiB, %g GB/s, %g TFLOPS fp16, %g W, %g usd', c.memory_gib,\n"
    "    c.bandwidth_gb_per_s, c.fp16_tflops, c.tdp_w, c.price_usd)\n"
    "end\n"
    "heading 'places (depin.place)'\n"
    "for _, name in ipairs { 'azure', 'aws_like' } do\n"
    "  line('depin.place.' .. name, '%s', table.concat(depin.place.regions(name), ', '))\n"
    "end\n"
    "line('depin.place.single', 'one region without distances')\n"
    "heading 'language models (depin.llm)'\n"
    "for name, m in pairs(depin.llm) do\n"
    "  if type(m) ~= 'function' then line('depin.llm.' .. name, '%s, %g GiB of weights', m.name, m.weights_gib) end\n"
    "end\n"
    "heading 'policies (depin.policy)'\n"
    "for name in pairs(depin.policy) do\n"
    "  local twin = name:match('^(.*)_lua$')\n"
    "  line('depin.policy.' .. name, '%s', name == 'custom' and 'a Lua function of your own'\n"
    "    or twin and ('the same as ' .. twin .. ', in Lua') or 'built in: depinsim params policy.' .. name)\n"
    "end\n"
    "heading 'networks (depin.network)'\n"
    "for name in pairs(depin.network) do line('depin.network.' .. name, 'depinsim params depin.network.%s', name) end\n"
    "heading 'settlement chains (depin.chain)'\n"
    "local function chain(name, c)\n"
    "  line(name, '%s, blocks of %g s, base fee %.10g, a coin %g usd, %s', c.kind, c.block_s, c.base_fee, c.coin_usd,\n"
    "    c.dated)\n"
    "end\n"
    "for _, name in ipairs { 'ethereum', 'solana', 'l2', 'polygon', 'cosmos', 'filecoin' } do\n"
    "  chain('depin.chain.' .. name, depin.chain[name] {})\n"
    "end\n"
    "for name, make in pairs(depin.chain.march_2023) do chain('depin.chain.march_2023.' .. name, make {}) end\n"
    "local function list(title, space, schema)\n"
    "  heading(('%s (depin.%s)'):format(title, space))\n"
    "  for name in pairs(depin[space]) do line('depin.' .. space .. '.' .. name, 'depinsim params %s', schema) end\n"
    "end\n"
    "list('emissions', 'emission', 'ledger.emission')\n"
    "list('what is held of rewards', 'hold', 'ledger.token')\n"
    "list('credits', 'credit', 'ledger.credit')\n"
    "list('stake', 'stake', 'ledger.stake')\n"
    "list('traders', 'trader', 'ledger.trader')\n"
    "list('tides of a market', 'factor', 'ledger.factor')\n"
    "return {}\n";

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  (void)cli;
  (void)options;
  DP_TRY(dp_script_run_text("presets", presets_lua, err));
  return dp_cli_put(&(struct dp_str){0}, err);
}

const struct dp_command dp_command_presets = {
    .name = "presets",
    .doc = "list what the library brings along: machines, places, chains, emissions, credits, traders and more",
    .run = run,
};
