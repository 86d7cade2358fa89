/* tests/fuzz/fuzz_scenario.c — whatever is in a scenario, loading it ends in a status that says something; what is
 * accepted loads again, as the same, from its saved texts, and damaged texts are refused or load.
 * Link with -Wl,--wrap=dp_lua_new: the limits are low, so that loops end soon. */
#include <string.h>

#include "engine/comm.h"
#include "input.h"
#include "low_limits.h"
#include "script/scenario.h"

/* Loads; the scenario is NULL when it is refused. */
static struct dp_scenario *load(const char *path, const struct dp_scenario_options *options, struct dp_comm *comm) {
  struct dp_scenario *s = NULL;
  struct dp_err err = {0};
  enum dp_status status = dp_scenario_load(path, options, comm, &s, &err);
  if ((status == DP_OK) != (s != NULL) || (status != DP_OK && err.text[0] == '\0')) abort();
  return s;
}

static void look(const struct dp_scenario *s) {
  size_t n;
  const struct dp_scenario_param *params = dp_scenario_params(s, &n);
  for (size_t i = 0; i < n; i++)
    if (params[i].name == NULL || params[i].name[0] == '\0') abort();
  const struct dp_expectation *expectations = dp_scenario_expectations(s, &n);
  for (size_t i = 0; i < n; i++)
    if (expectations[i].kpi == NULL) abort();
  const struct dp_spec *spec = dp_scenario_spec(s);
  if (spec == NULL || spec->end_ns <= 0 || dp_scenario_question(s) == NULL) abort();
}

static void load_saved(const char *path, const struct dp_scenario *first, struct dp_comm *comm, size_t salt) {
  const struct dp_buffer *texts = dp_scenario_texts(first);
  struct dp_scenario_options options = {.texts = texts};
  struct dp_scenario *again = load(path, &options, comm);
  if (again == NULL || dp_scenario_spec(again)->end_ns != dp_scenario_spec(first)->end_ns) abort();
  dp_scenario_free(again);
  uint8_t *copy = malloc(texts->len + 1);
  if (copy == NULL) abort();
  memcpy(copy, texts->data, texts->len);
  copy[salt * 31 % texts->len] ^= (uint8_t)(1u << salt % 8);
  struct dp_buffer damaged = {.data = copy, .len = salt % 3 ? texts->len : salt * 7 % texts->len, .cap = texts->len};
  options.texts = &damaged;
  dp_scenario_free(load(path, &options, comm));
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = input_new(data, size);
  struct dp_comm *comm;
  const struct dp_scenario_options options = {.check_form = size % 2};
  if (dp_comm_null_new(&comm, NULL) != DP_OK) abort();
  struct dp_scenario *s = load(in.path, &options, comm);
  if (s != NULL) {
    look(s);
    if (!options.check_form) load_saved(in.path, s, comm, size);
    dp_scenario_free(s);
  }
  dp_comm_free(comm);
  input_free(&in);
  return 0;
}
