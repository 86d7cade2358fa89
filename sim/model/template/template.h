/* sim/model/template/template.h — the example model: counters that tick, greet their neighbours and claim their work.
 * Layer: model. Not collective. It is compiled and tested (tests/unit/t_template.c) and in no registry. */
#ifndef DP_MODEL_TEMPLATE_TEMPLATE_H
#define DP_MODEL_TEMPLATE_TEMPLATE_H

#include "model/sim.h"

/** Configuration: one field a parameter, with its unit in the name. */
struct dp_template_config {
  int64_t cells_n;
  int64_t counters_n;
  double tick_s;
  int64_t ping_every_n;
  double ping_delay_s;
  double mean_size_tok;
  int64_t accept_n;
  double poll_s;
};

extern const struct dp_model dp_template_model; /* "template.counter" */

#endif
