#!/bin/sh
# libcorpus.sh FOLDER [SEED_PROGRAM] — writes small inputs for every fuzzer to FOLDER/TARGET. SEED_PROGRAM is
# fuzz_checkpoint.c compiled with -DSEED_MAIN.
set -eu
out=$1
mkdir -p "$out/checkpoint" "$out/csv" "$out/trace" "$out/values"

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
