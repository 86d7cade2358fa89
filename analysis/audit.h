/* analysis/audit.h — `depinsim audit FILE`: proves from a result alone that no money came from nowhere.
 * Layer: analysis. Not collective. Every sum is exact: 128 bits, checked.
 *
 * Per book (one a cell and the replicated one) and asset: balances sum to zero; the balance of each kind of account is
 * what the journal moved in minus what it moved out; no account that may not is negative. Per asset: bridges over all
 * books = what was in flight at the end, ≥ 0; minted − burned = Σ of all other accounts. */
#ifndef DP_ANALYSIS_AUDIT_H
#define DP_ANALYSIS_AUDIT_H

#include "analysis/result.h"

/** Appends the report (plain text or JSON): a table an asset, then "audit: balanced" or every discrepancy.
 *  @return DP_OK; DP_INVARIANT, with the first discrepancy in `err`, when the books do not balance (the report is then
 *  complete); DP_IO, DP_FORMAT when the file cannot be judged. */
enum dp_status dp_audit_file(struct dp_str *out, enum dp_text_format format, const char *path, struct dp_err *err);

#endif
