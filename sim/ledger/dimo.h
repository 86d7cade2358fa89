/* sim/ledger/dimo.h — DIMO's weekly issuance to drivers. Layer: domain. Not collective. Source: DIMO-Network DIP-2. */
#ifndef DP_LEDGER_DIMO_H
#define DP_LEDGER_DIMO_H

#include <stdint.h>

#define DP_DIMO_WEEKS (40 * 52)

/** DIMO issued in week `week` (0 is the first): 1,105,000, 15 % less every 52 weeks, for 40 times 52 weeks; then 0. */
double dp_dimo_weekly(int64_t week);

#endif
