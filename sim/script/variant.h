/* sim/script/variant.h — one scenario again and again, each time with other
 * parameters: what a sweep runs. Layer: script. Not collective: every rank has
 * its own.
 *
 * A variant gives what dp_scenario_load with the same settings would give,
 * sooner: the library is read once, and the scenario's own text is run again in
 * the same host. That is only done where nothing can tell the difference: after
 * each run everything that the library consists of is compared with how it was.
 * A scenario that changes it, has modules or Lua policies of its own, or draws
 * from math.random, is loaded from its texts each time. */
#ifndef DP_SCRIPT_VARIANT_H
#define DP_SCRIPT_VARIANT_H

#include "script/scenario.h"

struct dp_variant;

/** @param base    a loaded scenario, which must outlive the variant
 *  @param options as it was loaded, but for texts; what it points to must
 * outlive the variant. until_ns: 0 or the end Errors: DP_NOMEM, and what
 * loading the library can give. The caller frees. */
enum dp_status dp_variant_new(const struct dp_scenario *base, const struct dp_scenario_options *options,
                              struct dp_variant **out, struct dp_err *err);
void dp_variant_free(struct dp_variant *v);

/** Runs the scenario with `settings` [n] besides those of the options (which
 * come first when both name one).
 *  @param spec valid until the next call. Errors as dp_scenario_load; the
 * variant can be used again. */
enum dp_status dp_variant_set(struct dp_variant *v, const struct dp_setting *settings, size_t n,
                              const struct dp_spec **spec, struct dp_err *err);

/** Whether the last call ran in the same host as the one before. */
bool dp_variant_is_quick(const struct dp_variant *v);

#endif
