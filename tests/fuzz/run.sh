#!/bin/sh
# run.sh [SECONDS [TARGET…]] — builds every fuzzer (clang, libFuzzer, address and undefined sanitizers) outside the tree
# and runs each for SECONDS (3). TAP on stdout. What breaks a target is kept in FUZZ_KEEP (./fuzz-findings).
# CLANG names the compiler.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"

seconds=${1:-3}
test $# -eq 0 || shift
targets=${*:-checkpoint csv result run scenario trace values}
: "${FUZZ_KEEP:=$PWD/fuzz-findings}"
for c in "${CLANG:-}" clang-14 clang; do
  test -z "$c" || command -v "$c" >/dev/null || continue
  CLANG=$c
  test -z "$c" || break
done
fuzz=$srcdir/tests/fuzz
work=$TAP_TMP/fuzz
mkdir -p "$work/gen"
: >"$work/gen/config.h"
printf 'int LLVMFuzzerTestOneInput(const char *, unsigned long);\nint LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return (void)d, (void)n, 0; }\n' >"$work/try.c"
"$CLANG" -fsanitize=fuzzer,address,undefined "$work/try.c" -o "$work/try" >"$work/log" 2>&1 ||
  skip_all "no clang with libFuzzer: $(head -n 1 "$work/log")"

libs() { pkg-config "$1" jansson libxxhash zlib ompi-c gsl lua5.4 hdf5-openmpi; }
flags="-std=gnu11 -g -O1 -ffp-contract=off -fno-omit-frame-pointer -fno-sanitize-recover=all -D_GNU_SOURCE
  -I$srcdir/sim -I$srcdir -I$work/gen -I$work/gen/sim $(libs --cflags)"
libraries="$(libs --libs) -lhdf5_hl -lcsv -lgmp -lm"

# The program without its command line, compiled once for all targets.
library() {
  mkdir -p "$work/gen/sim/script" "$work/objects" || return
  find "$srcdir/lua" -name '*.lua' -exec sh "$srcdir/sim/script/embed.sh" "$srcdir" {} + \
    >"$work/gen/sim/script/embedded.inc" || return
  # shellcheck disable=SC2016 # expanded by the inner shell
  find "$srcdir/sim" "$srcdir/analysis" -name '*.c' ! -path "$srcdir/sim/cli/*" ! -path "$srcdir/sim/main.c" -print0 |
    CLANG=$CLANG flags=$flags work=$work xargs -0 -P "$(nproc)" -n 8 sh -c 'for c; do
      o=$(printf %s "${c%.c}" | tr / _)
      $CLANG $flags -fsanitize=fuzzer-no-link,address,undefined -c "$c" -o "$work/objects/$o.o" || exit 255
    done' sh || return
  ar rcs "$work/library.a" "$work/objects/"*.o
}

build() { # output, sanitizers, sources and further flags
  to=$1
  kinds=$2
  shift 2
  # shellcheck disable=SC2086 # lists of words
  "$CLANG" $flags -fsanitize="$kinds" "$@" "$work/library.a" $libraries -o "$to" >"$work/log" 2>&1
}

# what a target needs besides
further() {
  case $1 in
    run | scenario) echo -Wl,--wrap=dp_lua_new ;;
  esac
}

if ! library >"$work/log" 2>&1 || ! build "$work/seed" address,undefined -DSEED_MAIN "$fuzz/fuzz_checkpoint.c"; then
  skip_all "the program cannot be built with sanitizers: $(grep -m 1 -E "error|undefined" "$work/log")"
fi
ok "seeds are made" sh "$fuzz/libcorpus.sh" "$work/corpus" "$work/seed"

for target in $targets; do
  # shellcheck disable=SC2046 # nothing or one word
  if ! build "$work/$target" fuzzer,address,undefined "$fuzz/fuzz_$target.c" $(further "$target"); then
    fail "$target: builds" "$(grep -m 5 -E "error|undefined" "$work/log")"
    continue
  fi
  mkdir -p "$work/found" "$work/new"
  # old findings come first: they must not come back
  known=$fuzz/corpus/$target
  test -d "$known" || known=
  dict=$work/corpus/$target.dict
  if test -s "$dict"; then dict=-dict=$dict; else dict=; fi
  # shellcheck disable=SC2086 # empty or one word without blanks
  if TMPDIR=$work ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1:malloc_context_size=8 "$work/$target" \
    -max_total_time="$seconds" -timeout=60 $dict -rss_limit_mb=2048 -malloc_limit_mb=1048576 -max_len=65536 \
    -print_final_stats=1 -artifact_prefix="$work/found/" "$work/new" "$work/corpus/$target" $known >"$work/log" 2>&1; then
    pass "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") inputs in $seconds s, no finding"
  else
    mkdir -p "$FUZZ_KEEP"
    for f in "$work/found/"*; do test ! -f "$f" || cp "$f" "$FUZZ_KEEP/$target-${f##*/}"; done
    fail "$target: no finding" "$(grep -m 3 -E 'ERROR|runtime error|SUMMARY' "$work/log")" \
      "kept in $FUZZ_KEEP; $(tail -n 3 "$work/log" | head -n 1)"
    cp "$work/log" "$FUZZ_KEEP/$target.log"
  fi
  rm -rf "$work/found" "$work/new"
done
done_testing
