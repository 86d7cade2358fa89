/* sim/wireless/coverage.h — hotspots that are paid for radio coverage: HIP-15 units, HIP-17 density, entry and exit.
 * Layer: domain. Model "wireless.coverage" (section "wireless"); README.md of this folder has the equations.
 *
 * A token with rewards = "coverage" leaves its emission to this model. A cell takes its part by the sum of its
 * hotspots' weights; a hotspot's claim is a floor of its weight times the growth of the cell's index, taken when it is
 * looked at, so that a settlement costs nothing a hotspot. */
#ifndef DP_WIRELESS_COVERAGE_H
#define DP_WIRELESS_COVERAGE_H

#include "model/sim.h"
#include "wireless/density.h"

extern const struct dp_model dp_coverage_model;

enum dp_coverage_mode { DP_COVERAGE_ENDOGENOUS, DP_COVERAGE_CONDITIONAL };
enum dp_coverage_density { DP_COVERAGE_DENSITY_NONE, DP_COVERAGE_DENSITY_2020, DP_COVERAGE_DENSITY_2023 };

struct dp_coverage_config {
  struct dp_ref token;
  int64_t count;                     /* hotspots at the start */
  int64_t hexes_n;                   /* coarsest hexagons of a cell */
  double clustering;                 /* how uneven people live */
  int density;                       /* enum dp_coverage_density */
  int64_t range_resolution, near_resolution;
  double hears_ratio;                /* of the hotspots in range, that witness a beacon */
  int64_t witness_max;
  struct dp_numbers share_d, share_ratio; /* part of the emission that is paid for coverage, from that day on */
  double sell_ratio;                 /* of what they earn, sold at the next settlement */
  struct dp_numbers power_w, power_weight, electricity_usd_per_kwh, electricity_weight;
  double hotspot_usd, lead_time_d;
  int mode;                          /* enum dp_coverage_mode */
  struct dp_numbers fleet_d, fleet_n; /* CONDITIONAL: hotspots on that day, straight lines between */
  const char *fleet_csv;
  double fleet_ratio; /* of the path: the part of the world that is simulated */
  double candidates_per_month_n, imitation_per_month_ratio, candidate_spread, supply_per_month_n, horizon_d;
  double belief_weight_ratio, prior_usd_per_d;
  double patience_d, attention_ratio, resale_ratio, depreciation_ratio;
  double decide_every_d;
  double judge_d, threshold_usd;     /* whose net income is compared with what */
};

enum dp_hotspot_state { DP_HOTSPOT_ON, DP_HOTSPOT_LEAVING };

/** Row of table "hotspot". */
struct dp_hotspot {
  dp_i128 token_seen, usd_seen; /* the cell's indices at the last look */
  int64_t earned_token;     /* base units, taken so far */
  int64_t earned_nusd;      /* what its sales brought */
  int64_t cost_nusd;        /* electricity so far */
  int64_t paid_in_nusd;     /* by its owner, for electricity that income did not cover */
  int64_t window_nusd;      /* income since window_s */
  dp_time joined_ns;
  uint32_t window_s;        /* seconds since the start */
  uint32_t given;           /* units to each possible witness, 1e-9 */
  uint32_t fine, near, range; /* rows of its hexagons: of the finest level, of near_resolution, of range_resolution */
  uint32_t weight, weight_before; /* reward units, 1e-6; before the last change */
  uint32_t scale;           /* HIP-17, 1e-6 */
  uint16_t cohort;          /* month of entry since the start */
  uint16_t top;
  uint16_t witness_n;
  uint16_t luck;            /* rounds its witnesses */
  uint8_t power, tariff, state, judged;
};

/** Row 0 of the table "coverage": a cell's sums. */
struct dp_coverage_cell {
  dp_i128 token_index, usd_index; /* base units and nano-USD for a unit of weight, 2^-40 */
  dp_i128 usd_changed;            /* usd_index when the weights of the last round began to count */
  dp_i128 rewarded;               /* taken at the last settlement */
  dp_i128 proceeds;               /* the same in USD, for sales */
  dp_i128 unsold, offered;        /* to be offered; offered at the settlement that is being cleared */
  dp_i128 rewarded_sum, proceeds_sum; /* since the start */
  dp_i128 taken_token, taken_nusd;    /* by hotspots */
  int64_t weight_sum, weight_before;  /* 1e-6; before the last change */
  uint32_t token_account, usd_account;
  uint32_t used_n, round;         /* of the hexagons */
  uint32_t waiting, zero;         /* 1: weight_before still counts for USD */
};

/** Row of table "cohort": month of entry × stratum. */
#define DP_COVERAGE_BINS 18
struct dp_coverage_cohort {
  int64_t net_nusd, token, electricity_nusd;
  uint32_t bins[DP_COVERAGE_BINS];
  uint32_t month; /* yyyymm */
  uint32_t judged_n, below_n;
  uint16_t scale, witness, power, tariff; /* strata */
  uint32_t zero;
};
extern const double dp_coverage_bins_usd[DP_COVERAGE_BINS - 1]; /* upper bounds of the bins */

/** Row 0 of the replicated table "fleet". */
struct dp_coverage_fleet {
  double expected_usd_per_d, seen_usd_per_d;
  double due;         /* fraction of a hotspot that has not been ordered yet */
  double peak_usd;
  int64_t active_n;
  int64_t enter_n, exit_n; /* decided at the last look */
  int64_t peak_n, backlog_n;
  dp_time peak_ns, price_peak_ns;
};

/** Row of the replicated table "order": hotspots on their way. */
struct dp_coverage_order {
  dp_time due_ns;
  int64_t n;
};

/** HIP-15 (four wanted, decay 0.8) for w witnesses: the beaconer's units and each witness's. */
void dp_coverage_units(int64_t witness_n, double *beaconer, double *each);

#endif
