/* sim/ledger/credit_rule.c — the arithmetic of fixed-USD credits. */
#include <config.h>

#include "ledger/credit.h"

#define AMOUNT_MAX ((dp_u128)1 << 120)

static bool scaled(dp_i128 amount, dp_u128 up, dp_u128 up2, dp_u128 down, dp_u128 down2, dp_i128 *out) {
  dp_u128 by, over, result;
  if (amount < 0 || !dp_u128_mul(up, up2, &by) || !dp_u128_mul(down, down2, &over) ||
      !dp_u128_mul_div((dp_u128)amount, by, over, DP_ROUND_DOWN, &result) || result > AMOUNT_MAX)
    return false;
  *out = (dp_i128)result;
  return true;
}

bool dp_credit_for_tokens(const struct dp_credit_unit *u, dp_i128 tokens, dp_u128 price_1e15, dp_i128 *credits) {
  return scaled(tokens, price_1e15, (dp_u128)u->scale, u->usd_1e15, (dp_u128)u->token_scale, credits);
}

bool dp_credit_to_tokens(const struct dp_credit_unit *u, dp_i128 credits, dp_u128 price_1e15, dp_i128 *tokens) {
  return scaled(credits, u->usd_1e15, (dp_u128)u->token_scale, price_1e15, (dp_u128)u->scale, tokens);
}
