/* sim/ledger/io_net.h — io.net's hourly emission. Layer: domain. Not collective.
 * Source: docs.iog.net token-emission-schedule: 300 million IO in 175,319 hours. */
#ifndef DP_LEDGER_IO_NET_H
#define DP_LEDGER_IO_NET_H

#include <stdint.h>

#define DP_IO_NET_HOURS 175319

/** IO emitted in hour `hour` (0 is the first): 500e6 · (0.08 / 8,760) · (1 − 1.38869523959793e-5)^hour; 0 outside the
 *  schedule. */
double dp_io_net_emission(int64_t hour);

#endif
