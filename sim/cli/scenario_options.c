/* sim/cli/scenario_options.c — --set, --seed, --until, --data, --check-form. */
#include "cli/scenario_options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/str.h"

bool dp_scenario_option_is(int key) { return key > 0 && key < 128 && strchr("sSudc", key) != NULL; }

static enum dp_status add_setting(struct dp_scenario_choice *choice, const char *text, struct dp_err *err) {
  const char *equals = strchr(text, '=');
  if (!equals || equals == text)
    return dp_fail(err, DP_USAGE, "--set %s: NAME=VALUE is expected (--set hosts_n=100)", text);
  size_t len = (size_t)(equals - text);
  for (size_t i = 0; i < choice->setting_n; i++)
    if (strlen(choice->settings[i].key) == len && strncmp(choice->settings[i].key, text, len) == 0)
      return dp_fail(err, DP_USAGE, "--set %s: %.*s is set twice", text, (int)len, text);
  struct dp_str value = {0};
  dp_str_append(&value, text);
  char *copy = dp_str_steal(&value);
  if (!copy) return dp_fail_nomem(err, "settings");
  if (!dp_array_resize(&choice->settings, choice->setting_n + 1, sizeof *choice->settings)) {
    free(copy);
    return dp_fail_nomem(err, "settings");
  }
  copy[len] = '\0';
  choice->settings[choice->setting_n++] = (struct dp_setting){.key = copy, .value = copy + len + 1};
  return DP_OK;
}

static enum dp_status add_dir(struct dp_scenario_choice *choice, const char *path, struct dp_err *err) {
  const char **grown = realloc(choice->data_dirs, (choice->data_dir_n + 1) * sizeof *grown);
  if (!grown) return dp_fail_nomem(err, "folders");
  choice->data_dirs = grown;
  choice->data_dirs[choice->data_dir_n++] = path;
  return DP_OK;
}

static enum dp_status read_seed(struct dp_scenario_choice *choice, const char *value, struct dp_err *err) {
  struct dp_err inner = {0};
  int64_t seed;
  if (dp_parse_i64(value, 0, INT64_MAX, &seed, &inner) != DP_OK)
    return dp_fail(err, DP_USAGE, "--seed: %s", inner.text);
  choice->seed = (uint64_t)seed;
  choice->has_seed = true;
  return DP_OK;
}

/* Durations, and whether it is a date instead. */
static enum dp_status read_time(const char *text, bool *is_date, int64_t *ns, struct dp_err *err) {
  struct dp_err inner = {0}, date = {0};
  *is_date = false;
  if (dp_parse_duration_ns(text, ns, &inner) == DP_OK) {
    if (*ns > 0) return DP_OK;
    return dp_fail(err, DP_USAGE, "--until must be later than the start");
  }
  *is_date = dp_parse_date_ns(text, ns, &date) == DP_OK;
  return *is_date ? DP_OK : dp_fail(err, DP_USAGE, "--until: %s, or a date", inner.text);
}

enum dp_status dp_scenario_option(struct dp_scenario_choice *choice, int key, const char *value, struct dp_err *err) {
  bool is_date;
  int64_t ns;
  switch (key) {
    case 's': return add_setting(choice, value, err);
    case 'd': return add_dir(choice, value, err);
    case 'S': return read_seed(choice, value, err);
    case 'u': choice->until = value; return read_time(value, &is_date, &ns, err);
    default: choice->check_form = true; return DP_OK;
  }
}

void dp_scenario_choice_fini(struct dp_scenario_choice *choice) {
  for (size_t i = 0; i < choice->setting_n; i++) free((void *)(uintptr_t)choice->settings[i].key);
  free(choice->settings);
  free(choice->data_dirs);
  *choice = (struct dp_scenario_choice){0};
}

/* A date counts from the scenario's start, which only the scenario knows. */
static enum dp_status until_of_date(const char *path, struct dp_scenario_options *options, struct dp_comm *comm,
                                    int64_t date_ns, const char *text, struct dp_err *err) {
  struct dp_scenario *s;
  DP_TRY(dp_scenario_load(path, options, comm, &s, err));
  int64_t start_ns = dp_scenario_spec(s)->start_epoch_ns;
  dp_scenario_free(s);
  char start[DP_DATE_TEXT];
  if (__builtin_sub_overflow(date_ns, start_ns, &options->until_ns) || options->until_ns <= 0)
    return dp_fail(err, DP_USAGE, "--until %s is not later than the scenario's start, %s", text,
                   dp_format_date(start_ns, start));
  return DP_OK;
}

enum dp_status dp_scenario_open(const char *path, const struct dp_scenario_choice *choice, struct dp_comm *comm,
                                struct dp_scenario **out, struct dp_err *err) {
  struct dp_scenario_options options = {
      .settings = choice->settings,
      .setting_n = choice->setting_n,
      .data_dirs = choice->data_dirs,
      .data_dir_n = choice->data_dir_n,
      .has_seed = choice->has_seed,
      .seed = choice->seed,
      .check_form = choice->check_form,
      .texts = choice->texts,
  };
  bool is_date = false;
  int64_t ns = 0;
  if (choice->until) DP_TRY(read_time(choice->until, &is_date, &ns, err));
  if (is_date) DP_TRY(until_of_date(path, &options, comm, ns, choice->until, err));
  else options.until_ns = ns;
  return dp_scenario_load(path, &options, comm, out, err);
}
