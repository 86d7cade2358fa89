#!/bin/sh
# libcorpus.sh FOLDER [SEED_PROGRAM] — writes small inputs for every fuzzer to FOLDER/TARGET. SEED_PROGRAM is
# fuzz_checkpoint.c compiled with -DSEED_MAIN.
set -eu
out=$1
top=$(dirname "$0")/../..
mkdir -p "$out/checkpoint" "$out/csv" "$out/trace" "$out/values" "$out/result" "$out/run" "$out/scenario"

if test -n "${2:-}"; then
  for ms in 0 1 40 250 700 2900; do "$2" "$out/checkpoint/$ms" "$ms"; done
  rm -f "$out/checkpoint/"*.old
  head -c 700 "$out/checkpoint/250" >"$out/checkpoint/cut"
fi

text() { # file, text with \n
  printf '%b' "$2" >"$out/$1"
}
text csv/plain '0a,b,c\n1,2.5,2024-04-15\n-3,1e300,"x ""y"", z"\n'
text csv/tabs '2a\tb\n1\t2\n'
text csv/crlf '1\0357\0273\0277a,b\r\n"one\r\ntwo",3\r\n'
text csv/wrong '1a,a\n"open,1\n'
text trace/azure 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n'
text trace/jsonl '{"timestamp": 0, "input_length": 6755, "output_length": 500, "hash_ids": [0, 1]}\n{"timestamp": 3000, "input_length": 7319, "output_length": 490, "region": "A"}\n'
text trace/mooncake 'timestamp,input_length,output_length\n0,10,20\n27,30,40\n'
text trace/plain 'time_s,prompt_tokens,output_tokens,region\n0,1,1,East US\n0.25,10000000,3,Japan\n'
gzip -nc "$out/trace/azure" >"$out/trace/gzip"
printf 0 | cat - "$out/trace/gzip" >"$out/csv/gzip"
n=0
for value in 1.5h 90061s '250 ms' 1e3 -0 9223372036854775807 1e308 2024-04-15 '2024-04-15T12:00:00.5+02:00' \
  1677-09-22 2262-04-11 hosts_m inf 0x10 '1 d' ''; do
  n=$((n + 1))
  printf '%s' "$value" >"$out/values/$n"
done

# A byte for the seal (0) or objects (1), then bytes as result_edit.h takes them.
text result/seal '\0000\0000\0020\0000\0001'
text result/elements '\0001\0000\0000\0007\0000\0000\0000\0003\0005\0377\0377\0377\0377\0377'
for what in 0 1 2 3 4 5 6 7; do
  for object in 003 021 047 074 101 130 160; do
    text "result/$what-$object" "\\0001\\000$what\\0000\\0$object\\0000\\0005\\0007\\0016\\0005\\0003abcdefghijklmnop"
  done
done

cp "$top"/scenarios/*.lua "$out/scenario/"
cp "$top"/scenarios/*.lua "$out/run/" # these run as they are
rm -f "$out"/*/*.study.lua
# the scripts of tests/cli/bad_input.sh that stand on one line
scripts=$out/scripts
bad=$top/tests/cli/bad_input.sh
end='return depin.scenario { duration_s = 60 }'
market='networks = depin.network.posted {}, providers = depin.provider { count = 2, node = depin.hardware.t4 {},'
{
  sed -n -e "s/^script '\(.*\)'\$/\1/p" -e 's/^script "\(.*\)"$/\1/p' "$bad" | sed "s/\$end/$end/"
  sed -n "s/^policy '\(.*\)'\$/\1/p" "$bad" | while IFS= read -r body; do
    echo "return depin.scenario { duration_s = 60, $market pricing = depin.policy.custom {" \
      "decide = function(obs) $body end } } }"
  done
} >"$scripts"
n=0
while IFS= read -r line; do
  n=$((n + 1))
  printf 'local depin = require "depin"\n%b\n' "$line" >"$out/scenario/$n.lua"
done <"$scripts"
rm -f "$scripts"
# words of scenarios, for libFuzzer's -dict
cat "$out"/scenario/*.lua | LC_ALL=C tr -cs 'A-Za-z0-9_.' '\n' | LC_ALL=C sort -u | sed -n 's/^.\{2,40\}$/"&"/p' \
  >"$out/scenario.dict"
cp "$out/scenario.dict" "$out/run.dict"
