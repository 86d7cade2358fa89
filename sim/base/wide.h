/* sim/base/wide.h — 128-bit and 256-bit integers: checked arithmetic, exact multiply-divide, roots, decimal text.
 * Layer: base. Not collective, allocates nothing. Every function that can fail returns false then and leaves `*out`
 * as it was; true means the exact (or declared rounded) result is in `*out`. */
#ifndef DP_BASE_WIDE_H
#define DP_BASE_WIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 dp_i128;
__extension__ typedef unsigned __int128 dp_u128;

#define DP_U128_MAX (~(dp_u128)0)
#define DP_I128_MAX ((dp_i128)(DP_U128_MAX >> 1))
#define DP_I128_MIN (-DP_I128_MAX - 1)

#define DP_MUST_CHECK __attribute__((warn_unused_result))

/** Which neighbour an inexact quotient goes to: DOWN towards −∞, UP towards +∞, NEAREST with ties up. */
enum dp_round { DP_ROUND_DOWN, DP_ROUND_UP, DP_ROUND_NEAREST };

/* ---- 128 bits ---- */

/** *out = a + b; false on overflow. The same for the five that follow. */
DP_MUST_CHECK static inline bool dp_i128_add(dp_i128 a, dp_i128 b, dp_i128 *out) {
  dp_i128 sum;
  if (__builtin_add_overflow(a, b, &sum)) return false;
  *out = sum;
  return true;
}

DP_MUST_CHECK static inline bool dp_i128_sub(dp_i128 a, dp_i128 b, dp_i128 *out) {
  dp_i128 difference;
  if (__builtin_sub_overflow(a, b, &difference)) return false;
  *out = difference;
  return true;
}

/** *out = a · b; false on overflow. (Not the builtin: clang's needs a function that libgcc lacks.) */
DP_MUST_CHECK bool dp_i128_mul(dp_i128 a, dp_i128 b, dp_i128 *out);

DP_MUST_CHECK static inline bool dp_u128_add(dp_u128 a, dp_u128 b, dp_u128 *out) {
  if (a > DP_U128_MAX - b) return false;
  *out = a + b;
  return true;
}

DP_MUST_CHECK static inline bool dp_u128_sub(dp_u128 a, dp_u128 b, dp_u128 *out) {
  if (a < b) return false;
  *out = a - b;
  return true;
}

DP_MUST_CHECK bool dp_u128_mul(dp_u128 a, dp_u128 b, dp_u128 *out);

/** *out = a · b / c with a 256-bit product; false when c is 0 or the quotient does not fit. */
DP_MUST_CHECK bool dp_u128_mul_div(dp_u128 a, dp_u128 b, dp_u128 c, enum dp_round round, dp_u128 *out);

/** As dp_u128_mul_div for signed numbers; DOWN is the floor, UP the ceiling, also of negative quotients. */
DP_MUST_CHECK bool dp_i128_mul_div(dp_i128 a, dp_i128 b, dp_i128 c, enum dp_round round, dp_i128 *out);

/** Whether a value fits int64. */
static inline bool dp_i128_fits_i64(dp_i128 a) { return a >= INT64_MIN && a <= INT64_MAX; }

/** Halves for storage: value = hi · 2^64 + lo. */
static inline int64_t dp_i128_hi(dp_i128 a) { return (int64_t)(a >> 64); }
static inline uint64_t dp_i128_lo(dp_i128 a) { return (uint64_t)(dp_u128)a; }
static inline dp_i128 dp_i128_from_hi_lo(int64_t hi, uint64_t lo) {
  return (dp_i128)(((dp_u128)(uint64_t)hi << 64) | lo);
}

/** |a|, also right for DP_I128_MIN. */
static inline dp_u128 dp_i128_abs(dp_i128 a) { return a < 0 ? (dp_u128)0 - (dp_u128)a : (dp_u128)a; }

/** ⌊√a⌋. */
uint64_t dp_u128_isqrt(dp_u128 a);

/** Rounds to the nearest integer, halves away from zero (as llround); false for NaN, ±inf and |x| ≥ 2^127. */
DP_MUST_CHECK bool dp_i128_from_double(double x, dp_i128 *out);

/** Nearest double, ties to even. */
double dp_i128_to_double(dp_i128 a);

#define DP_I128_TEXT 41         /* sign, 39 digits, NUL */
#define DP_I128_DECIMAL_TEXT 48 /* bytes that dp_i128_decimal_text may need */

/** Decimal text. @return buf. */
char *dp_i128_text(dp_i128 a, char buf[DP_I128_TEXT]);
char *dp_u128_text(dp_u128 a, char buf[DP_I128_TEXT]);

/** Decimal text of a / 10^decimals, exact, trailing zeros cut: (1500000, 6) is "1.5". decimals ≤ 38. @return buf. */
char *dp_i128_decimal_text(dp_i128 a, unsigned decimals, char buf[DP_I128_DECIMAL_TEXT]);

/** Reads decimal digits (for i128 an optional sign) that fill the whole text; false when they do not or do not fit. */
DP_MUST_CHECK bool dp_i128_parse(const char *text, dp_i128 *out);
DP_MUST_CHECK bool dp_u128_parse(const char *text, dp_u128 *out);

/* ---- 256 bits ---- */

/** Unsigned 256-bit integer; limb[0] is the lowest. */
struct dp_u256 {
  uint64_t limb[4];
};

#define DP_U256_TEXT 80 /* 78 digits, NUL, rounded up */

struct dp_u256 dp_u256_from_u128(dp_u128 a);

/** False when a ≥ 2^128. */
DP_MUST_CHECK bool dp_u256_to_u128(struct dp_u256 a, dp_u128 *out);

/** The exact product of two 128-bit numbers. */
struct dp_u256 dp_u256_product(dp_u128 a, dp_u128 b);

/** −1, 0 or 1 as a is less than, equal to or greater than b. */
int dp_u256_cmp(struct dp_u256 a, struct dp_u256 b);
bool dp_u256_is_zero(struct dp_u256 a);

DP_MUST_CHECK bool dp_u256_add(struct dp_u256 a, struct dp_u256 b, struct dp_u256 *out);
DP_MUST_CHECK bool dp_u256_sub(struct dp_u256 a, struct dp_u256 b, struct dp_u256 *out);
DP_MUST_CHECK bool dp_u256_mul(struct dp_u256 a, struct dp_u256 b, struct dp_u256 *out);

/** a · 2^bits modulo 2^256, and ⌊a / 2^bits⌋; any `bits`. */
struct dp_u256 dp_u256_shl(struct dp_u256 a, unsigned bits);
struct dp_u256 dp_u256_shr(struct dp_u256 a, unsigned bits);

/** *out = a · b / c with a 512-bit product; false when c is 0 or the quotient does not fit. */
DP_MUST_CHECK bool dp_u256_mul_div(struct dp_u256 a, struct dp_u256 b, struct dp_u256 c, enum dp_round round,
                                   struct dp_u256 *out);

/** ⌊√a⌋. */
dp_u128 dp_u256_isqrt(struct dp_u256 a);

/** Decimal text. @return buf. */
char *dp_u256_text(struct dp_u256 a, char buf[DP_U256_TEXT]);

/** Reads decimal digits that fill the whole text; false when they do not or do not fit. */
DP_MUST_CHECK bool dp_u256_parse(const char *text, struct dp_u256 *out);

#endif
