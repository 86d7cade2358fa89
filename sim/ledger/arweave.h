/* sim/ledger/arweave.h — Arweave's block reward. Layer: domain. Not collective.
 * Source: ArweaveTeam/arweave ar_inflation.erl, ar.hrl. */
#ifndef DP_LEDGER_ARWEAVE_H
#define DP_LEDGER_ARWEAVE_H

#include <stdint.h>

/** AR of the block at `height` ≥ 0: 55e6 · 0.2 · ln 2 · 2^(−height / 262,800) / 262,800; 262,800 blocks are a year. */
double dp_arweave_block_reward(int64_t height);

#endif
