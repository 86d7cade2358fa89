#!/bin/sh
# Help, version, usage errors and completion: text on stdout and 0, or one line on stderr and 2.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

commands="run resume lint new info digest kpi audit explain report export check compare diff params models presets lua bench completion describe plot sweep sensitivity tune answer supply stress breakeven"

exits "--help" 0 "$DEPINSIM" --help
for c in $commands; do like "--help lists $c" "$(cat out)" "^  $c  "; done
exits "--version" 0 "$DEPINSIM" --version
like "the version names the libraries" "$(cat out)" 'GSL|gsl'
for c in $commands; do
  exits "$c --help" 0 "$DEPINSIM" "$c" --help
  like "$c --help shows its usage" "$(cat out)" "^Usage: depinsim $c "
  cp out first
  exits "help $c" 0 "$DEPINSIM" help "$c"
  same "help $c says the same" out first
done

one_message() { # name regex command…
  name=$1 regex=$2
  shift 2
  exits "$name: exit code 2" 2 "$@"
  is "$name: one line on stderr, nothing on stdout" "$(wc -l <err | tr -d ' ') $(wc -c <out | tr -d ' ')" "1 0"
  like "$name: what is wrong" "$(cat err)" "$regex"
}

one_message "no command" "command is missing" "$DEPINSIM"
one_message "an unknown command" "did you mean 'run'" "$DEPINSIM" rnu
one_message "help on an unknown command" "did you mean 'lint'" "$DEPINSIM" help lnit
one_message "an unknown option" "did you mean --seed" "$DEPINSIM" run --sede 1 x.lua
one_message "an unknown short option" "unknown option -z" "$DEPINSIM" run -z x.lua
one_message "an option without a command" "unknown option --seed" "$DEPINSIM" --seed 3
one_message "a missing argument" "needs SCENARIO" "$DEPINSIM" run
one_message "too many arguments" "too many arguments: 'b.lua'" "$DEPINSIM" run a.lua b.lua
one_message "an option without its value" "needs a value" "$DEPINSIM" run x.lua --seed
one_message "a value for an option that takes none" "takes no value" "$DEPINSIM" run x.lua --quiet=1
one_message "a bad seed" "--seed: 'one' is not a whole number" "$DEPINSIM" run x.lua --seed one
one_message "a bad format" "text, json, not 'xml'" "$DEPINSIM" run x.lua --format xml
one_message "a bad time" "--until: " "$DEPINSIM" run x.lua --until soon
one_message "a bad interval" "--checkpoint-every: 'often'" "$DEPINSIM" run x.lua --checkpoint-every often
one_message "a wall limit of nothing" "--wall-limit: a time greater than 0" "$DEPINSIM" run x.lua --wall-limit 0
one_message "a --set without a value" "NAME=VALUE" "$DEPINSIM" run x.lua --set hosts_n
one_message "one --set twice" "set twice" "$DEPINSIM" run x.lua --set a=1 --set a=2
one_message "an unknown bench" "phold, queue" "$DEPINSIM" bench foo
one_message "an option of the other bench" "belongs to bench queue" "$DEPINSIM" bench phold --rho 0.5
one_message "a load of 1" "below 1" "$DEPINSIM" bench queue --rho 1
one_message "a mean below the lookahead" "--mean" "$DEPINSIM" bench phold --mean 0.1 --lookahead 0.2
one_message "an unknown schema" "did you mean 'provider.fleet'" "$DEPINSIM" params provider.fleat
one_message "an unknown model" "did you mean 'market.gateway'" "$DEPINSIM" models market.gatewy

exits "the manual page" 0 "$DEPINSIM" man
for c in $commands; do grep -qx "\.SS $c" out || echo "$c"; done >missing
empty "it has every command" missing "sim/cli/man.c leaves some out"
if command -v man >/dev/null; then
  is "troff finds no fault with it" "$(LC_ALL=C.UTF-8 man -l --warnings out 2>&1 >/dev/null)" ""
fi
exits "models --format md" 0 "$DEPINSIM" models --format md
like "is a table" "$(cat out)" "^\| .token\.price_usd. \| KPI \|"

exits "params" 0 "$DEPINSIM" params
like "params shows a type, a default and a meaning" "$(cat out)" '^  hosts?_n|^  count +integer'
exits "params of policies" 0 "$DEPINSIM" params policy
like "and what those of a scenario see" "$(cat "$TAP_TMP/out")" '^  obs\.lowest_usd_per_mtok$'
exits "params of a family" 0 "$DEPINSIM" params policy --format md
like "params --format md is a table" "$(cat out)" '^\| parameter \| type \|'
exits "params --format luals" 0 "$DEPINSIM" params --format luals
if command -v luac5.4 >/dev/null; then ok "luals annotations are valid Lua" luac5.4 -p "$TAP_TMP/out"; fi
for command in "params --format json" "models --format json"; do
  # shellcheck disable=SC2086 # words
  exits "$command" 0 "$DEPINSIM" $command
  cp out answer.json
  if test -x /usr/bin/python3; then ok "$command is JSON" /usr/bin/python3 -m json.tool answer.json; fi
done
exits "models" 0 "$DEPINSIM" models
like "models lists KPIs" "$(cat out)" 'KPI +job\.completed_ratio'
exits "presets" 0 "$DEPINSIM" presets
like "presets lists machines" "$(cat out)" 'depin\.hardware\.rtx4090 +24 GiB'
like "presets lists chains" "$(cat out)" 'depin\.chain\.solana +solana, blocks of 0\.4 s'
like "presets lists what is held of rewards" "$(cat out)" 'depin\.hold\.storj'

exits "completion" 0 "$DEPINSIM" completion bash
cp out completion.bash
ok "the completion is valid bash" bash -n completion.bash
# shellcheck disable=SC2016 # the inner shell's dollars
ok "the completion completes" bash -c '. ./completion.bash
  COMP_WORDS=(depinsim run --see) COMP_CWORD=2; _depinsim; [ "${COMPREPLY[*]}" = "--seed=" ]'

# shellcheck disable=SC2016
exits "a full disk behind stdout" 3 sh -c '"$DEPINSIM" models >/dev/full'
like "a full disk is named" "$(cat err)" 'No space left'
done_testing
