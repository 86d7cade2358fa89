/* analysis/digest.c — the digest of a result: 16 hexadecimal digits and nothing else. */
#include "analysis/info.h"

enum dp_status dp_digest_file(struct dp_str *out, const char *path, struct dp_err *err) {
  struct dp_result *r;
  DP_TRY(dp_result_open(path, &r, err));
  dp_str_printf(out, "%s\n", r->digest);
  dp_result_close(r);
  return out->failed ? dp_fail_nomem(err, "the digest") : DP_OK;
}
