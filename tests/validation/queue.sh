#!/bin/sh
# bench queue against theory, which is computed here: M/M/1 and M/M/8 (Erlang 1917), M/D/1 and M/G/1 with a lognormal
# service of cv 2 (Pollaczek 1930, Khinchine 1932). Little's law (1961) in every run.
. "${srcdir:-.}/tests/tap.sh"
cd "$TAP_TMP" || exit 99

field() { sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" result; }

# mean wait in s for a mean service of 1 s: servers, load of one, squared cv of the service
theory() {
  awk -v c="$1" -v rho="$2" -v cv2="$3" 'BEGIN {
    a = c * rho
    term = 1
    for (k = 0; k < c; k++) { sum += term; term *= a / (k + 1) }
    waits = term / (1 - rho)
    print waits / (sum + waits) / (c - a) * (1 + cv2) / 2
  }'
}

check() { # name servers cv² options…
  name=$1 servers=$2 cv2=$3
  shift 3
  for rho in 0.5 0.8 0.9; do
    if ! "$DEPINSIM" bench queue --servers "$servers" --rho "$rho" --jobs 2000000 --format json "$@" >result 2>err; then
      fail "$name at rho $rho" "$(cat err)"
      continue
    fi
    verdict=$(awk -v wait="$(field mean_wait_s)" -v se="$(field mean_wait_se_s)" -v own="$(field theory_wait_s)" \
      -v want="$(theory "$servers" "$rho" "$cv2")" 'BEGIN {
        z = (wait - want) / se
        d = own / want - 1
        if (z > 3 || z < -3 || se > want / 10) printf "wait %g, standard error %g, theory %g\n", wait, se, want
        if (d > 1e-5 || d < -1e-5) printf "the program says theory is %g, it is %g\n", own, want
      }')
    is "$name: mean wait at rho $rho within three standard errors of theory" "$verdict" ""
    is "$name: Little's law at rho $rho to the nanosecond" "$(field little_holds)" true
    verdict=$(awk -v u="$(field utilisation_ratio)" -v rho="$rho" 'BEGIN { print (u > rho * 0.99 && u < rho * 1.01) }')
    is "$name: servers are busy a share of $rho" "$verdict" 1
  done
}

check M/M/1 1 1
check M/M/8 8 1
check M/D/1 1 0 --service det
check "M/G/1 (lognormal, cv 2)" 1 4 --service lognormal --cv 2

"$DEPINSIM" bench queue --servers 4 --service lognormal --cv 2 --jobs 10000 --format json >result
is "M/G/c is called an approximation" "$(field theory)" approximate
"$DEPINSIM" bench queue --jobs 50000 --format json >result
serial=$(field digest)
ranks 2 "$DEPINSIM" bench queue --jobs 50000 --format json >result 2>err
is "the state at the end is the same on two ranks" "$(field digest)" "$serial"
done_testing
