/* sim/hardware/reliability.h — checkpoints of long jobs on hardware that fails. Layer: domain. Not collective.
 * Sources: Young, A first order approximation to the optimum checkpoint interval, CACM 17 (1974); Daly 2006 (exact
 * exponential renewal). All times in seconds. */
#ifndef DP_HARDWARE_RELIABILITY_H
#define DP_HARDWARE_RELIABILITY_H

/** Work between checkpoints: √(2 C M) for a checkpoint of C ≥ 0 and a mean time between failures M > 0. */
double dp_reliability_young_interval_s(double checkpoint_s, double mtbf_s);

/** Share of time that is useful work when `interval_s` > 0 of work is followed by a checkpoint, failures are
 *  exponential and each costs `restart_s` ≥ 0: τ / (M e^(R/M) (e^((τ+C)/M) − 1)). */
double dp_reliability_useful_share(double checkpoint_s, double mtbf_s, double restart_s, double interval_s);

#endif
