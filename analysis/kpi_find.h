/* analysis/kpi_find.h — finds a key figure by name, and says why there is none: a wrong name, a figure that each of
 * several instances has for itself, an instance that the run does not have.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_KPI_FIND_H
#define DP_ANALYSIS_KPI_FIND_H

#include "model/sim.h"

/** The figure of that name, or NULL. */
const struct dp_kpi_value *dp_kpi_find(const struct dp_kpi_value *kpis, size_t n, const char *name);

/** Whether the value is that figure, of all instances or of one. */
bool dp_kpi_is_of(const struct dp_kpi_value *kpi, const char *name);

/** Whether the value is of one of several instances, and there is one of all, too. */
bool dp_kpi_is_part(const struct dp_kpi_value *kpis, size_t n, const struct dp_kpi_value *kpi);

/** Whether each of several instances has the figure "token.price_usd" for itself, and there is none of all. Fills `err`
 *  with the names to choose from: "token.price_usd is of 2 instances, and not of all: say which (token.price_usd@a, …)". Of
 *  "token.price_usd@c" says which there are.
 *  @return DP_OK when `name` is a figure or of no figure here; DP_SCENARIO. */
enum dp_status dp_kpi_check_instance(const struct dp_kpi_value *kpis, size_t n, const char *name, struct dp_err *err);

/** A value as a number. */
static inline double dp_kpi_number(const struct dp_kpi_value *kpi) {
  return kpi->integer ? dp_i128_to_double(kpi->count) : kpi->value;
}

#endif
