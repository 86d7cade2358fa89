#!/bin/sh
# bench phold: the same events and digest at every number of ranks and cells, also when cells change their rank at random,
# and as many events as theory says. FULL_RANKS=1 (make check-ranks) tries more.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

field() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$2"; }

# An event comes lookahead + Exp(mean − lookahead) after the one before it. The number of events of a chain before `end`
# is a renewal count: its variance tends to variance/mean³ · end = (mean − lookahead)²/mean³ · end (Cox 1962).
within() { # events lps start end lookahead: "" when |events − N·start·end| < 3 standard errors, mean 1
  awk -v n="$1" -v chains="$(($2 * $3))" -v end="$4" -v l="$5" 'BEGIN {
    se = (1 - l) * sqrt(chains * end)
    z = (n - chains * end) / se
    if (z > 3 || z < -3) printf "%d events, %d expected, standard error %.0f\n", n, chains * end, se
  }'
}

# ranks:cells, m: with migration
ways="1:1 1:7 1:64 2:4 3:16 3:64m 7:16m"
test -z "$FULL_RANKS" ||
  ways="1:1 1:4 1:64 1:199 1:64m 2:1 2:4 2:7 2:64m 3:1 3:4 3:64 3:7m 3:64m 4:3 4:16 4:16m 4:64m 7:7 7:16 7:64m 7:199m"

same_everywhere() { # name lps start remote lookahead end
  name=$1 lps=$2 start=$3 remote=$4 lookahead=$5 end=$6 first=
  for way in $ways; do
    n=${way%:*} cells=${way#*:} migrate=
    test "$cells" = "${cells%m}" || migrate=--migrate
    set -- "$DEPINSIM" bench phold --lps "$lps" --start "$start" --remote "$remote" --lookahead "$lookahead" --mean 1 \
      --end "$end" --seed 11 --cells "${cells%m}" --format json ${migrate:+"$migrate"}
    if test "$n" -gt 1; then ranks "$n" "$@" >result 2>err; else "$@" >result 2>err; fi
    got="$(field events result) $(field digest result)"
    if test -z "$first"; then
      first=$got
      like "$name: a digest of 16 digits" "$got" '^[0-9]+ [0-9a-f]{16}$'
      is "$name: events within three standard errors of N*start*end" \
        "$(within "${got% *}" "$lps" "$start" "$end" "$lookahead")" ""
    else
      is "$name: $n ranks, ${cells%m} cells${migrate:+ that change their rank}" "$got" "$first"
    fi
  done
}

same_everywhere "1024 x 1, remote 0.1" 1024 1 .1 .1 100
same_everywhere "1024 x 4, remote 1" 1024 4 1 .1 60
same_everywhere "200 x 1, lookahead 0.001" 200 1 .5 .001 20
ranks 4 "$DEPINSIM" bench phold --lps 2 --cells 2 --end 50 --format json >result 2>err
is "more ranks than cells" "$(field ranks result) $(field cells result)" "4 2"
done_testing
