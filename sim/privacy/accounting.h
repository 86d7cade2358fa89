/* sim/privacy/accounting.h — privacy spent by noisy training: Rényi differential privacy of the subsampled Gaussian.
 * Layer: domain. Not collective. Sources: Mironov 2017 (composition, conversion); Mironov, Talwar, Zhang 2019 (Poisson
 * sampling, integer orders); Canonne, Kamath, Steinke 2020 (improved conversion). */
#ifndef DP_PRIVACY_ACCOUNTING_H
#define DP_PRIVACY_ACCOUNTING_H

#include <stdbool.h>
#include <stdint.h>

#define DP_PRIVACY_ORDER_MIN 2
#define DP_PRIVACY_ORDER_MAX 256

/** Training by noisy steps. */
struct dp_privacy_training {
  double sampling_ratio; /* q: chance of a record to be in a step, [0, 1] */
  double noise_ratio;    /* σ: noise over the clipping norm, > 0 */
  int64_t step_n;
  double delta; /* in (0, 1) */
};

/** ε(α) of one step at an integer order: 1/(α−1) · ln Σ C(α,k) (1−q)^(α−k) q^k e^(k(k−1)/2σ²). order in [2, 256]. */
double dp_privacy_rdp(double sampling_ratio, double noise_ratio, int order);

/** The least ε of (ε, δ) over the orders 2…256, and its order: T ε(α) + ln(1/δ)/(α−1), or with `improved` the tighter
 *  T ε(α) + ln((α−1)/α) − (ln δ + ln α)/(α−1). */
void dp_privacy_epsilon(const struct dp_privacy_training *training, bool improved, double *epsilon, int *order);

#endif
