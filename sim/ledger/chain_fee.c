/* sim/ledger/chain_fee.c — what transactions need and cost: functions of numbers alone. */
#include <config.h>

#include <math.h>

#include "ledger/chain.h"
#include "ledger/solana.h"

struct dp_chain_need dp_chain_need(const struct dp_chain_config *c, int mode, int64_t per_tx, int64_t host_n) {
  struct dp_chain_need need = {.transaction_n = host_n, .gas = c->payout_gas, .bytes = c->payout_bytes};
  if (mode == DP_CHAIN_MERKLE) need.gas = c->claim_gas;
  if (mode != DP_CHAIN_MULTISEND || host_n == 0) return need;
  need.transaction_n = (host_n + per_tx - 1) / per_tx;
  const int64_t each_n = host_n < per_tx ? host_n : per_tx;
  need.gas = c->batch_gas + each_n * c->batch_each_gas;
  need.bytes = c->payout_bytes + (each_n - 1) * c->batch_each_bytes;
  return need;
}

enum dp_status dp_chain_fee(const struct dp_chain_config *c, int64_t base_fee, int64_t tip, int64_t gas,
                            int64_t data_fee, int64_t *fee, struct dp_err *err) {
  dp_i128 sum;
  if (c->kind == DP_CHAIN_SOLANA) {
    DP_TRY(dp_solana_fee(1, gas, tip, fee, err));
    sum = (dp_i128)*fee - DP_SOLANA_LAMPORTS_PER_SIGNATURE + base_fee;
  } else if (c->kind == DP_CHAIN_COSMOS) {
    const dp_i128 micro = (dp_i128)gas * ((dp_i128)base_fee + (dp_i128)tip * 1000000);
    sum = micro / 1000000 + (micro % 1000000 != 0);
  } else {
    sum = (dp_i128)gas * ((dp_i128)base_fee + tip) + data_fee;
  }
  if (sum > INT64_MAX) return dp_fail(err, DP_RANGE, "ledger.chain: a fee does not fit 63 bits");
  *fee = (int64_t)sum;
  return DP_OK;
}

bool dp_chain_nusd(dp_i128 fee, dp_i128 coin_nusd, int64_t decimals, dp_i128 *nusd) {
  dp_i128 unit = 1;
  for (int64_t i = 0; i < decimals; i++) unit *= 10;
  return dp_i128_mul_div(fee, coin_nusd, unit, DP_ROUND_UP, nusd);
}

double dp_chain_breakeven_d(double fee_usd, double income_usd_per_day, double ratio) {
  return income_usd_per_day > 0 && ratio > 0 ? fee_usd / (ratio * income_usd_per_day) : (double)INFINITY;
}

double dp_chain_attempts(double drop) { return 1 / (1 - drop); }

double dp_chain_retry_delay_s(double drop, double retry_s) { return retry_s * drop / (1 - drop); }
