/* sim/base/wide.c — 128-bit and 256-bit integers; the limb arithmetic is GMP's mpn layer, which does not allocate. */
#include "base/wide.h"

#include <gmp.h>
#include <math.h>
#include <string.h>

_Static_assert(GMP_NUMB_BITS == 64 && sizeof(mp_limb_t) == sizeof(uint64_t), "limbs are 64 bits wide");

#define LOW64(x) ((uint64_t)(x))
#define HIGH64(x) ((uint64_t)((x) >> 64))

/* ---- limbs ---- */

static mp_size_t limbs_used(const uint64_t *limbs, mp_size_t n) {
  while (n > 0 && limbs[n - 1] == 0) n--;
  return n;
}

/* quotient[n] = number[n] / divisor[n], rounded; n ≤ 8. False when the divisor is 0 or rounding overflows n limbs. */
static bool divide_limbs(uint64_t *quotient, const uint64_t *number, const uint64_t *divisor, mp_size_t n,
                         enum dp_round round) {
  uint64_t rest[8] = {0}, twice[9];
  mp_size_t dn = limbs_used(divisor, n), nn = limbs_used(number, n);
  memset(quotient, 0, (size_t)n * sizeof *quotient);
  if (dn == 0) return false;
  if (nn < dn) memcpy(rest, number, (size_t)n * sizeof *rest);
  else mpn_tdiv_qr(quotient, rest, 0, number, nn, divisor, dn);
  if (round == DP_ROUND_DOWN || mpn_zero_p(rest, dn)) return true;
  if (round == DP_ROUND_NEAREST) {
    twice[dn] = mpn_lshift(twice, rest, dn, 1);
    if (twice[dn] == 0 && mpn_cmp(twice, divisor, dn) < 0) return true;
  }
  return mpn_add_1(quotient, quotient, n, 1) == 0;
}

/* ---- 128 bits ---- */

bool dp_u128_mul(dp_u128 a, dp_u128 b, dp_u128 *out) {
  uint64_t ah = HIGH64(a), bh = HIGH64(b);
  if (ah != 0 && bh != 0) return false;
  dp_u128 cross = (dp_u128)ah * LOW64(b) + (dp_u128)bh * LOW64(a);
  if (HIGH64(cross) != 0) return false;
  return dp_u128_add((dp_u128)LOW64(a) * LOW64(b), cross << 64, out);
}

/* Puts the sign on a size; false when it does not fit. */
static bool with_sign(dp_u128 size, bool negative, dp_i128 *out) {
  if (size > (dp_u128)DP_I128_MAX + negative) return false;
  *out = (dp_i128)(negative ? (dp_u128)0 - size : size);
  return true;
}

bool dp_i128_mul(dp_i128 a, dp_i128 b, dp_i128 *out) {
  dp_u128 size;
  return dp_u128_mul(dp_i128_abs(a), dp_i128_abs(b), &size) && with_sign(size, (a < 0) != (b < 0), out);
}

struct dp_u256 dp_u256_product(dp_u128 a, dp_u128 b) {
  uint64_t al[2] = {LOW64(a), HIGH64(a)}, bl[2] = {LOW64(b), HIGH64(b)};
  struct dp_u256 product;
  mpn_mul_n(product.limb, al, bl, 2);
  return product;
}

/* Divides in 128 bits, rounded. */
static bool divide_u128(dp_u128 number, dp_u128 divisor, enum dp_round round, dp_u128 *out) {
  dp_u128 quotient = number / divisor, rest = number % divisor;
  bool up = rest != 0 && (round == DP_ROUND_UP || (round == DP_ROUND_NEAREST && rest >= divisor - rest));
  *out = quotient + up; /* cannot overflow: an inexact quotient is at most half the maximum */
  return true;
}

bool dp_u128_mul_div(dp_u128 a, dp_u128 b, dp_u128 c, enum dp_round round, dp_u128 *out) {
  if (c == 0) return false;
  dp_u128 small;
  if (dp_u128_mul(a, b, &small)) return divide_u128(small, c, round, out);
  struct dp_u256 product = dp_u256_product(a, b), divisor = dp_u256_from_u128(c), quotient;
  return divide_limbs(quotient.limb, product.limb, divisor.limb, 4, round) && dp_u256_to_u128(quotient, out);
}

bool dp_i128_mul_div(dp_i128 a, dp_i128 b, dp_i128 c, enum dp_round round, dp_i128 *out) {
  if (c == 0) return false;
  bool negative = ((a < 0) != (b < 0)) != (c < 0);
  dp_u128 x = dp_i128_abs(a), y = dp_i128_abs(b), z = dp_i128_abs(c), size;
  if (negative && round != DP_ROUND_NEAREST) round = round == DP_ROUND_DOWN ? DP_ROUND_UP : DP_ROUND_DOWN;
  if (!dp_u128_mul_div(x, y, z, round, &size)) return false;
  if (negative && round == DP_ROUND_NEAREST) { /* the size was rounded up at a tie: −1.5 goes up, to −1 */
    struct dp_u256 product = dp_u256_product(x, y), scaled = dp_u256_product(size, z);
    struct dp_u256 over;
    bool above = dp_u256_sub(scaled, product, &over);
    if (above && dp_u256_cmp(dp_u256_shl(over, 1), dp_u256_from_u128(z)) == 0) size--;
  }
  return with_sign(size, negative && size != 0, out);
}

uint64_t dp_u128_isqrt(dp_u128 a) { return (uint64_t)dp_u256_isqrt(dp_u256_from_u128(a)); }

bool dp_i128_from_double(double x, dp_i128 *out) {
  if (!(fabs(x) < 0x1p127)) return false;
  *out = (dp_i128)round(x);
  return true;
}

double dp_i128_to_double(dp_i128 a) { return (double)a; }

/* ---- decimal text ---- */

char *dp_u128_text(dp_u128 a, char buf[DP_I128_TEXT]) {
  char digits[40];
  size_t n = 0;
  do {
    digits[n++] = (char)('0' + (int)(a % 10));
    a /= 10;
  } while (a != 0);
  for (size_t i = 0; i < n; i++) buf[i] = digits[n - 1 - i];
  buf[n] = '\0';
  return buf;
}

char *dp_i128_text(dp_i128 a, char buf[DP_I128_TEXT]) {
  buf[0] = '-';
  dp_u128_text(dp_i128_abs(a), buf + (a < 0));
  return buf;
}

char *dp_i128_decimal_text(dp_i128 a, unsigned decimals, char buf[DP_I128_DECIMAL_TEXT]) {
  char digits[DP_I128_TEXT];
  if (decimals > 38) decimals = 38;
  dp_u128_text(dp_i128_abs(a), digits);
  size_t n = strlen(digits), whole = n > decimals ? n - decimals : 0, at = 0;
  if (a < 0) buf[at++] = '-';
  if (whole == 0) buf[at++] = '0';
  memcpy(buf + at, digits, whole);
  at += whole;
  size_t end = n;
  while (end > whole && digits[end - 1] == '0') end--;
  if (end > whole) {
    buf[at++] = '.';
    for (size_t zeros = whole == 0 ? decimals - n : 0; zeros > 0; zeros--) buf[at++] = '0';
    memcpy(buf + at, digits + whole, end - whole);
    at += end - whole;
  }
  buf[at] = '\0';
  return buf;
}

bool dp_u128_parse(const char *text, dp_u128 *out) {
  dp_u128 value = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    if (!dp_u128_mul(value, 10, &value) || !dp_u128_add(value, (dp_u128)(*text - '0'), &value)) return false;
  }
  *out = value;
  return true;
}

bool dp_i128_parse(const char *text, dp_i128 *out) {
  bool negative = *text == '-';
  dp_u128 size;
  return dp_u128_parse(text + (negative || *text == '+'), &size) && with_sign(size, negative && size != 0, out);
}

/* ---- 256 bits ---- */

struct dp_u256 dp_u256_from_u128(dp_u128 a) { return (struct dp_u256){{LOW64(a), HIGH64(a), 0, 0}}; }

bool dp_u256_to_u128(struct dp_u256 a, dp_u128 *out) {
  if (a.limb[2] != 0 || a.limb[3] != 0) return false;
  *out = (dp_u128)a.limb[1] << 64 | a.limb[0];
  return true;
}

int dp_u256_cmp(struct dp_u256 a, struct dp_u256 b) {
  int order = mpn_cmp(a.limb, b.limb, 4);
  return (order > 0) - (order < 0);
}

bool dp_u256_is_zero(struct dp_u256 a) { return (a.limb[0] | a.limb[1] | a.limb[2] | a.limb[3]) == 0; }

bool dp_u256_add(struct dp_u256 a, struct dp_u256 b, struct dp_u256 *out) {
  struct dp_u256 sum;
  if (mpn_add_n(sum.limb, a.limb, b.limb, 4) != 0) return false;
  *out = sum;
  return true;
}

bool dp_u256_sub(struct dp_u256 a, struct dp_u256 b, struct dp_u256 *out) {
  struct dp_u256 difference;
  if (mpn_sub_n(difference.limb, a.limb, b.limb, 4) != 0) return false;
  *out = difference;
  return true;
}

bool dp_u256_mul(struct dp_u256 a, struct dp_u256 b, struct dp_u256 *out) {
  uint64_t product[8];
  mpn_mul_n(product, a.limb, b.limb, 4);
  if (limbs_used(product, 8) > 4) return false;
  memcpy(out->limb, product, sizeof out->limb);
  return true;
}

struct dp_u256 dp_u256_shl(struct dp_u256 a, unsigned bits) {
  struct dp_u256 shifted = {{0}};
  unsigned words = bits / 64, rest = bits % 64;
  for (unsigned i = words; i < 4; i++) {
    shifted.limb[i] = a.limb[i - words] << rest;
    if (rest > 0 && i > words) shifted.limb[i] |= a.limb[i - words - 1] >> (64 - rest);
  }
  return shifted;
}

struct dp_u256 dp_u256_shr(struct dp_u256 a, unsigned bits) {
  struct dp_u256 shifted = {{0}};
  unsigned words = bits / 64, rest = bits % 64;
  for (unsigned i = 0; words < 4 && i < 4 - words; i++) {
    shifted.limb[i] = a.limb[i + words] >> rest;
    if (rest > 0 && i + words < 3) shifted.limb[i] |= a.limb[i + words + 1] << (64 - rest);
  }
  return shifted;
}

bool dp_u256_mul_div(struct dp_u256 a, struct dp_u256 b, struct dp_u256 c, enum dp_round round, struct dp_u256 *out) {
  uint64_t product[8], divisor[8] = {c.limb[0], c.limb[1], c.limb[2], c.limb[3]}, quotient[8];
  mpn_mul_n(product, a.limb, b.limb, 4);
  if (!divide_limbs(quotient, product, divisor, 8, round) || limbs_used(quotient, 8) > 4) return false;
  memcpy(out->limb, quotient, sizeof out->limb);
  return true;
}

dp_u128 dp_u256_isqrt(struct dp_u256 a) {
  uint64_t root[2] = {0};
  mp_size_t n = limbs_used(a.limb, 4);
  if (n > 0) mpn_sqrtrem(root, NULL, a.limb, n);
  return (dp_u128)root[1] << 64 | root[0];
}

char *dp_u256_text(struct dp_u256 a, char buf[DP_U256_TEXT]) {
  static const struct dp_u256 zero = {{0}};
  size_t n = 0;
  do {
    uint64_t digit = mpn_divrem_1(a.limb, 0, a.limb, 4, 10);
    buf[n++] = (char)('0' + (int)digit);
  } while (dp_u256_cmp(a, zero) != 0);
  buf[n] = '\0';
  for (size_t i = 0; i < n / 2; i++) {
    char c = buf[i];
    buf[i] = buf[n - 1 - i];
    buf[n - 1 - i] = c;
  }
  return buf;
}

bool dp_u256_parse(const char *text, struct dp_u256 *out) {
  struct dp_u256 value = {{0}};
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    if (mpn_mul_1(value.limb, value.limb, 4, 10) != 0) return false;
    if (mpn_add_1(value.limb, value.limb, 4, (uint64_t)(*text - '0')) != 0) return false;
  }
  *out = value;
  return true;
}
