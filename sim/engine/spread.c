/* sim/engine/spread.c — splitting a whole number by weights: the method of largest remainders (Hamilton). */
#include <math.h>

#include "base/wide.h"
#include "engine/engine.h"

#define WEIGHT_BITS_MAX 52

/* A weight as an integer of at most `bits` bits, the largest weight just filling them; 0 for what is no weight. */
static uint64_t whole_weight(double weight, int shift) {
  return weight > 0 && isfinite(weight) ? (uint64_t)ldexp(weight, shift) : 0;
}

static double largest(const double *weights, size_t n) {
  double max = 0;
  for (size_t i = 0; i < n; i++)
    if (isfinite(weights[i]) && weights[i] > max) max = weights[i];
  return max;
}

/* The least remainder that still gets one more when `extra` are to be had: bisection, so that nothing is allocated. */
static int64_t threshold_of(const int64_t *remainders, size_t n, uint64_t extra, int64_t bound) {
  int64_t low = 0, high = bound; /* count(≥ low) ≥ extra > count(≥ high) */
  while (high - low > 1) {
    int64_t middle = low + (high - low) / 2;
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++) count += remainders[i] >= middle;
    if (count >= extra) low = middle;
    else high = middle;
  }
  return low;
}

void dp_spread(int64_t total, const double *weights, size_t n, int64_t *out) {
  if (n == 0) return;
  uint64_t amount = total < 0 ? -(uint64_t)total : (uint64_t)total, given = 0, sum = 0, above = 0;
  int bits = 63;
  for (size_t left = n; left > 0; left >>= 1) bits--; /* so that the sum stays below 2^63 */
  bits = bits > WEIGHT_BITS_MAX ? WEIGHT_BITS_MAX : bits;
  double max = largest(weights, n);
  int shift = max > 0 ? bits - 1 - ilogb(max) : 0;
  for (size_t i = 0; i < n; i++) sum += whole_weight(weights[i], shift);
  bool equal = sum == 0; /* nothing to go by */
  if (equal) sum = n;
  for (size_t i = 0; i < n; i++) {
    dp_u128 share = (dp_u128)amount * (equal ? 1 : whole_weight(weights[i], shift));
    out[i] = (int64_t)(share % sum);
    given += (uint64_t)(share / sum);
  }
  uint64_t extra = amount - given; /* < n */
  int64_t threshold = extra ? threshold_of(out, n, extra, (int64_t)sum) : INT64_MAX;
  for (size_t i = 0; i < n; i++) above += out[i] > threshold;
  uint64_t ties = extra - above;
  for (size_t i = 0; i < n; i++) {
    bool more = out[i] > threshold;
    if (out[i] == threshold && ties > 0) {
      more = true;
      ties--;
    }
    dp_u128 share = (dp_u128)amount * (equal ? 1 : whole_weight(weights[i], shift));
    uint64_t whole = (uint64_t)(share / sum) + more;
    out[i] = (int64_t)(total < 0 ? -whole : whole);
  }
}
