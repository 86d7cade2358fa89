/* sim/workload/token_tables.c — look-up in the request statistics. */
#include "workload/token_tables.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

#include "workload/token_tables.inc"

#define RANK_MAX 10000000.0
#define QUANTILES(t) {(t), (int)(sizeof(t) / sizeof(t)[0])}

static const struct dp_token_tables tables[] = {
    {"azure_conv", "Azure LLM inference trace 2023, conversation (AzurePublicDataset, Microsoft, CC BY 4.0)",
     9753.0 / 1753.25714, 1237.6945868361697, 221.09596063153577, 0.035249757341770195, -0.17249732250354,
     QUANTILES(azure_conv_prompt), QUANTILES(azure_conv_output), QUANTILES(azure_conv_gap), azure_conv_joint},
    {"azure_code", "Azure LLM inference trace 2023, code (AzurePublicDataset, Microsoft, CC BY 4.0)",
     5099.0 / 1645.852656, 2052.254117647059, 27.32392156862745, -0.02105878735971889, -0.0017426739413148346,
     QUANTILES(azure_code_prompt), QUANTILES(azure_code_output), QUANTILES(azure_code_gap), azure_code_joint},
    {"mooncake", "Mooncake conversation trace, first 30 minutes (kvcache-ai/Mooncake, Apache-2.0)",
     5718.0 / 1797.0, 12870.116104214023, 345.72547648190243, 0.06607531545279764, 0.07832288886021953,
     QUANTILES(mooncake_prompt), QUANTILES(mooncake_output), QUANTILES(mooncake_gap), mooncake_joint},
};

enum { TABLES_N = sizeof tables / sizeof tables[0] };

int dp_token_tables_n(void) { return TABLES_N; }

const struct dp_token_tables *dp_token_tables_at(int index) {
  return index < 0 || index >= TABLES_N ? NULL : &tables[index];
}

enum dp_status dp_token_tables_find(const char *name, const struct dp_token_tables **out, struct dp_err *err) {
  const char *names[TABLES_N];
  for (int i = 0; i < TABLES_N; i++) {
    names[i] = tables[i].name;
    if (strcmp(name, names[i]) == 0) {
      *out = &tables[i];
      return DP_OK;
    }
  }
  const char *near = dp_str_suggest(name, names, TABLES_N);
  return dp_fail(err, DP_SCENARIO, "no request statistics '%s' (%s%s%sknown: azure_conv azure_code mooncake)", name,
                 near ? "did you mean '" : "", near ? near : "", near ? "'? " : "");
}

double dp_quantile(const struct dp_quantiles *quantiles, double u) {
  const struct dp_quantile_point *p = quantiles->points;
  double rank = u * RANK_MAX;
  int low = 0, high = quantiles->points_n - 1;
  while (high - low > 1) {
    int middle = (low + high) / 2;
    if ((double)p[middle].rank_e7 <= rank)
      low = middle;
    else
      high = middle;
  }
  double from = (double)p[low].value, rise = (double)p[high].value - from;
  return from + rise * ((rank - (double)p[low].rank_e7) / (double)(p[high].rank_e7 - p[low].rank_e7));
}

double dp_quantile_mean(const struct dp_quantiles *quantiles) {
  const struct dp_quantile_point *p = quantiles->points;
  int64_t twice = 0; /* ≤ 1e7 · 2 · 2^32: exact */
  for (int i = 1; i < quantiles->points_n; i++)
    twice += (int64_t)(p[i].rank_e7 - p[i - 1].rank_e7) * ((int64_t)p[i].value + p[i - 1].value);
  return (double)twice / (2 * RANK_MAX);
}
