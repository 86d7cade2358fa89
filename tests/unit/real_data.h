/* tests/unit/real_data.h — where the real data files are: $DEPINSIM_DATA, else ../shared/data seen from the build or
 * source folder. Only for tests. */
#ifndef DP_TESTS_REAL_DATA_H
#define DP_TESTS_REAL_DATA_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** Path of data file `name` in `buf`; NULL (and a TAP comment) when there is no such file: the test then skips. */
static inline const char *real_data(const char *name, char *buf, size_t size) {
  const char *roots[] = {getenv("DEPINSIM_DATA"), "../shared/data", "../../shared/data", "../../../shared/data"};
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
    if (!roots[i] || !roots[i][0]) continue;
    snprintf(buf, size, "%s/%s", roots[i], name);
    if (access(buf, R_OK) == 0) return buf;
  }
  printf("# no %s under $DEPINSIM_DATA or ../shared/data: skipped\n", name);
  return NULL;
}

#endif
