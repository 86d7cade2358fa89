/* analysis/kpi_find.c — key figures by name. */
#include "analysis/kpi_find.h"

#include <string.h>

#define SHOWN 6

const struct dp_kpi_value *dp_kpi_find(const struct dp_kpi_value *kpis, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(kpis[i].name, name) == 0) return &kpis[i];
  return NULL;
}

/* "token.price_usd@a" is of an instance of the first len bytes of `name`. */
static bool is_of_instance(const struct dp_kpi_value *kpi, const char *name, size_t len) {
  return strncmp(kpi->name, name, len) == 0 && kpi->name[len] == '@';
}

bool dp_kpi_is_of(const struct dp_kpi_value *kpi, const char *name) {
  return strcmp(kpi->name, name) == 0 || is_of_instance(kpi, name, strlen(name));
}

bool dp_kpi_is_part(const struct dp_kpi_value *kpis, size_t n, const struct dp_kpi_value *kpi) {
  const size_t len = strcspn(kpi->name, "@");
  for (size_t i = 0; kpi->name[len] && i < n; i++)
    if (strncmp(kpis[i].name, kpi->name, len) == 0 && kpis[i].name[len] == '\0') return true;
  return false;
}

enum dp_status dp_kpi_check_instance(const struct dp_kpi_value *kpis, size_t n, const char *name, struct dp_err *err) {
  if (dp_kpi_find(kpis, n, name)) return DP_OK;
  const size_t len = strcspn(name, "@");
  struct dp_str list = {0};
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    const bool alone = name[len] && strlen(kpis[i].name) == len && strncmp(kpis[i].name, name, len) == 0;
    if (!alone && !is_of_instance(&kpis[i], name, len)) continue;
    if (found < SHOWN) dp_str_printf(&list, "%s%s", found ? ", " : "", kpis[i].name);
    else if (found == SHOWN) dp_str_append(&list, " …");
    found++;
  }
  enum dp_status status = DP_OK;
  if (list.failed) status = dp_fail_nomem(err, "names");
  else if (found && name[len]) status = dp_fail(err, DP_SCENARIO, "there is no %s (there is %s)", name, dp_str_text(&list));
  else if (found)
    status = dp_fail(err, DP_SCENARIO, "%s is of %zu instances, and not of all: say which (%s)", name, found,
                     dp_str_text(&list));
  dp_str_fini(&list);
  return status;
}
