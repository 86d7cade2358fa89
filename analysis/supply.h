/* analysis/supply.h — a token's schedule before anything is simulated: what is minted, what unlocks, what may be sold.
 * Layer: analysis. Not collective.
 *
 * For each token at each date: minted (the schedule's sum so far), unlocked by class, locked, supply = genesis + minted,
 * circulating = supply − locked, and inflation a year = (minted in the period / supply at its beginning) · 365 days / its
 * length. Nothing is burned and no treasury holds anything: only a run knows those. Kinds of emission whose amount hangs on
 * the run (bonded share, storage power, burns that come back) follow the assumption that the scenario declares; the
 * output names it. */
#ifndef DP_ANALYSIS_SUPPLY_H
#define DP_ANALYSIS_SUPPLY_H

#include "analysis/result.h"

/** Appends the schedule of every token of a simulation that has been made and not run, at 0, `every_ns`, … and the end;
 *  without a token that there is none, as a sentence (in CSV the head alone).
 *  @param every_ns 0: a twelfth of the run, in whole days. DP_NOMEM. */
enum dp_status dp_supply_print(struct dp_str *out, enum dp_text_format format, const struct dp_sim *sim, dp_time every_ns,
                               struct dp_err *err);

#endif
