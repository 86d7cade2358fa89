/* sim/script/scenario.c — loading: rank 0 reads the files, every rank runs the same bytes, twice when the check form or
 * the seed of math.random ask for it. */
#include "script/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/bind.h"
#include "script/call.h"
#include "script/freeze.h"

#define QUESTION "-- Question:"

/* ---- texts on their way between ranks ---- */

/** Texts that were read from files, by name; the scenario's own name is "". One packed buffer: 3 lengths, 3 texts, each
 *  followed by a zero. */
struct texts {
  struct dp_buffer packed;
};

struct text {
  const char *name, *path, *bytes;
  uint64_t name_len, path_len, len;
};

/* Reads the text at *at and moves on; false at the end. */
static bool next_text(const struct texts *t, size_t *at, struct text *out) {
  uint64_t lens[3];
  if (t->packed.len - *at < sizeof lens) return false;
  memcpy(lens, t->packed.data + *at, sizeof lens);
  const char *p = (const char *)t->packed.data + *at + sizeof lens;
  *out = (struct text){p, p + lens[0] + 1, p + lens[0] + lens[1] + 2, lens[0], lens[1], lens[2]};
  *at += sizeof lens + (size_t)(lens[0] + lens[1] + lens[2] + 3);
  return true;
}

/* Texts that come from elsewhere are what they say. */
static enum dp_status check_texts(const struct texts *t, struct dp_err *err) {
  const unsigned char *bytes = t->packed.data;
  for (size_t at = 0; at < t->packed.len;) {
    uint64_t lens[3];
    if (t->packed.len - at < sizeof lens) return dp_fail(err, DP_FORMAT, "the saved scenario is cut short");
    memcpy(lens, bytes + at, sizeof lens);
    at += sizeof lens;
    for (size_t i = 0; i < 3; i++) {
      if (lens[i] >= t->packed.len - at || bytes[at + lens[i]] != 0)
        return dp_fail(err, DP_FORMAT, "the saved scenario is damaged");
      at += (size_t)lens[i] + 1;
    }
  }
  return DP_OK;
}

static bool has_text(const struct texts *t, const char *name, struct text *out) {
  for (size_t at = 0; next_text(t, &at, out);)
    if (strcmp(out->name, name) == 0) return true;
  return false;
}

/* Adds what the host has read from files and is not there yet. */
static enum dp_status add_texts(struct texts *t, const struct dp_lua *lua, struct dp_err *err) {
  const struct dp_lua_source *sources;
  size_t n = dp_lua_sources(lua, &sources);
  struct text known;
  for (size_t i = 0; i < n; i++) {
    const struct dp_lua_source *s = &sources[i];
    if (s->path[0] == '=' || has_text(t, s->name, &known)) continue; /* '=': compiled in */
    uint64_t lens[3] = {strlen(s->name), strlen(s->path), s->len};
    DP_TRY(dp_buffer_append(&t->packed, lens, sizeof lens, err));
    DP_TRY(dp_buffer_append(&t->packed, s->name, lens[0] + 1, err));
    DP_TRY(dp_buffer_append(&t->packed, s->path, lens[1] + 1, err));
    DP_TRY(dp_buffer_append(&t->packed, s->bytes, s->len + 1, err));
  }
  return DP_OK;
}

static enum dp_status provide_texts(const struct texts *t, struct dp_lua *lua, struct dp_err *err) {
  struct text x;
  for (size_t at = 0; next_text(t, &at, &x);)
    if (x.name_len > 0) DP_TRY(dp_lua_provide(lua, x.name, x.path, x.bytes, (size_t)x.len, err));
  return DP_OK;
}

/* ---- a host with the library ---- */

static uint64_t draw(void *scenario) {
  struct dp_scenario *s = scenario;
  s->random_used = true;
  return dp_rng_u64(&s->random);
}

static void print_line(void *file, const char *text, size_t len) {
  fwrite(text, 1, len, file);
  fputc('\n', file);
}

static int open_values(lua_State *L) {
  dp__bind_open_values(L);
  return 0;
}

enum dp_status dp__scenario_open_host(struct dp_scenario *s, uint64_t seed, struct dp_err *err) {
  const struct dp_scenario_options *o = s->options;
  DP_TRY(dp_lua_new(NULL, &s->lua, err));
  DP_TRY(dp_lua_protect(s->lua, open_values, s, 0, err));
  DP_TRY(dp_lua_register(s->lua, "depin.core", dp__bind_open_core, err));
  s->random = dp_rng_at(seed, 0, 0, DP_STREAM(DP_STREAM_SCRIPT, 0), 0);
  dp_lua_set_random(s->lua, draw, s);
  for (size_t i = 0; o != NULL && i < o->data_dir_n; i++) DP_TRY(dp_lua_add_data_dir(s->lua, o->data_dirs[i], err));
  s->loading = true;
  return DP_OK;
}

/* ---- one run of the file ---- */

/** What the second run of a file learns from the first. */
struct again {
  const struct dp_override *check;
  size_t check_n;
  uint64_t seed;
  bool script; /* no scenario */
};

/* --set comes first: what it names, `check` does not change. */
enum dp_status dp__scenario_override(struct dp_scenario *s, const struct dp_override *check, size_t check_n,
                                     struct dp_err *err) {
  const struct dp_scenario_options *o = s->options;
  size_t settings = o != NULL ? o->setting_n : 0;
  struct dp_override *all = dp__arena_alloc(&s->arena, (settings + check_n + 1) * sizeof *all);
  if (all == NULL) return dp_fail_nomem(err, "the scenario");
  for (size_t i = 0; i < settings; i++) {
    const struct dp_setting *set = &o->settings[i];
    all[s->override_n++] = (struct dp_override){set->key, set->value, !set->study, set->study};
  }
  for (size_t i = 0; i < check_n; i++) {
    bool typed = false;
    for (size_t k = 0; k < settings; k++) typed |= strcmp(o->settings[k].key, check[i].key) == 0;
    if (!typed) all[s->override_n++] = check[i];
  }
  s->overrides = all;
  return DP_OK;
}

enum dp_status dp__scenario_check_result(struct dp_scenario *s, struct dp_err *err) {
  lua_State *L = dp_lua_state(s->lua);
  if (s->script) return DP_OK;
  bool same = s->built && dp__bind_is_scenario(L, -1);
  lua_settop(L, 0);
  if (!same) return dp_fail(err, DP_SCENARIO, "%s: the file must return depin.scenario { … }", s->path);
  if (!s->has_params && s->options != NULL && s->options->setting_n > 0)
    return dp_fail(err, DP_USAGE, "--set: %.100s: the scenario declares no parameters (depin.parameters { … })",
                   s->options->settings[0].key);
  return DP_OK;
}

static enum dp_status run_file(struct dp_scenario *s, const struct texts *texts, struct dp_err *err) {
  struct text own;
  enum dp_status status;
  struct dp_err why = {0};
  if (has_text(texts, "", &own)) {
    DP_TRY(provide_texts(texts, s->lua, err));
    status = dp_lua_load_buffer(s->lua, s->path, own.bytes, (size_t)own.len, &why);
  } else {
    status = dp_lua_load_file(s->lua, s->path, &why);
  }
  if (status == DP_OK) return dp__scenario_check_result(s, err);
  if (s->usage.status != DP_OK) why = s->usage;
  return dp_fail(err, why.status, "%s", why.text);
}

/* Runs the file once. On an error *out holds what there is, to be freed. */
static enum dp_status load_once(const char *path, const struct dp_scenario_options *options, bool speaks,
                                const struct again *again, const struct texts *texts, struct dp_scenario **out,
                                struct dp_err *err) {
  struct dp_scenario *s = *out = calloc(1, sizeof *s);
  if (s == NULL) return dp_fail_nomem(err, "the scenario");
  s->path = dp__arena_text(&s->arena, path, strlen(path));
  s->options = options;
  s->script = again->script;
  if (s->path == NULL) return dp_fail_nomem(err, "the scenario");
  DP_TRY(dp__scenario_open_host(s, again->seed, err));
  if (speaks) dp_lua_set_print(s->lua, print_line, stderr);
  DP_TRY(dp__scenario_override(s, again->check, again->check_n, err));
  return run_file(s, texts, err);
}

/* Runs the file, and once more with what only the first run tells. `texts` gets what was read. */
static enum dp_status load(const char *path, const struct dp_scenario_options *options, bool speaks, bool reads,
                           struct texts *texts, struct dp_scenario **out, struct dp_err *err) {
  bool has_seed = options != NULL && options->has_seed;
  struct again again = {.seed = has_seed ? options->seed : 1};
  struct dp_scenario *first = NULL;
  enum dp_status status = load_once(path, options, speaks, &again, texts, &first, err);
  if (status == DP_OK && reads) status = add_texts(texts, first->lua, err);
  bool other_form = status == DP_OK && options != NULL && options->check_form && first->check_n > 0;
  bool other_luck = status == DP_OK && !has_seed && first->random_used && first->spec.seed != again.seed;
  if (!other_form && !other_luck) {
    *out = first;
    return status;
  }
  if (other_luck) again.seed = first->spec.seed;
  if (other_form) again.check = first->check, again.check_n = first->check_n;
  /* the second run speaks again: a scenario that prints shows what it does with the new values */
  status = load_once(path, options, speaks, &again, texts, out, err);
  if (status == DP_OK && reads) status = add_texts(texts, (*out)->lua, err);
  dp_scenario_free(first);
  return status;
}

/* ---- what is kept ---- */

static const char *find_question(struct dp_scenario *s, const char *text) {
  const char *at = strncmp(text, QUESTION, strlen(QUESTION)) == 0 ? text : strstr(text, "\n" QUESTION);
  if (at == NULL) return s->question;
  struct dp_str words = {0};
  at = strchr(at, ':') + 1;
  do { /* lines of the comment up to an empty one or the answer */
    at += strspn(at, " \t");
    const size_t len = strcspn(at, "\r\n");
    dp_str_append(&words, words.len ? " " : "");
    dp_str_append_n(&words, at, len);
    while (words.len > 0 && strchr(" \t", words.data[words.len - 1])) words.data[--words.len] = '\0';
    at += len + strspn(at + len, "\r");
    if (*at == '\n') at++;
    if (strncmp(at, "-- ", 3) != 0 || strncmp(at + 3, "Answer", 6) == 0) break;
    at += 3;
  } while (at[strspn(at, " \t\r\n")]);
  const char *question = words.failed ? NULL : dp__arena_text(&s->arena, dp_str_text(&words), words.len);
  dp_str_fini(&words);
  return question;
}

static enum dp_status keep_sources(struct dp_scenario *s, struct dp_err *err) {
  const struct dp_lua_source *sources;
  size_t n = dp_lua_sources(s->lua, &sources);
  const char *slash = strrchr(s->path, '/'), *file = slash != NULL ? slash + 1 : s->path;
  s->sources = dp__arena_alloc(&s->arena, (n + 1) * sizeof *s->sources);
  if (s->sources == NULL) return dp_fail_nomem(err, "the scenario");
  for (size_t i = 0; i < n; i++)
    s->sources[s->source_n++] = (struct dp_script_source){
        .name = sources[i].name[0] != '\0' ? sources[i].name : file,
        .text = sources[i].bytes, .len = sources[i].len, .hash = sources[i].hash};
  if (n > 0) s->question = find_question(s, sources[0].bytes);
  if (s->spec.name == NULL || s->spec.name[0] == '\0') {
    size_t len = strlen(file);
    if (len > 4 && strcmp(file + len - 4, ".lua") == 0) len -= 4;
    s->spec.name = dp__arena_text(&s->arena, file, len);
  }
  return s->spec.name != NULL && s->question != NULL ? DP_OK : dp_fail_nomem(err, "the scenario");
}

enum dp_status dp__scenario_times(struct dp_scenario *s, struct dp_err *err) {
  const struct dp_scenario_options *o = s->options;
  if (o != NULL && o->has_seed) s->spec.seed = o->seed;
  if (o != NULL && o->until_ns > 0) s->spec.end_ns = o->until_ns;
  int64_t last_ns; /* with a day to spare for local times */
  if (__builtin_add_overflow(s->spec.start_epoch_ns, s->spec.end_ns, &last_ns) || last_ns > INT64_MAX - DP_DAY)
    return dp_fail(err, DP_RANGE, "%s: the run would end after 2262-04-10, where the calendar ends (start it earlier or "
                                  "make it shorter)", s->path);
  return DP_OK;
}

static enum dp_status finish(struct dp_scenario *s, struct dp_err *err) {
  DP_TRY(dp__scenario_times(s, err));
  DP_TRY(keep_sources(s, err));
  DP_TRY(dp__bind_freeze_policies(s, err));
  s->loading = false;
  s->options = NULL;
  s->overrides = NULL;
  dp_lua_set_print(s->lua, NULL, NULL);
  dp_lua_set_random(s->lua, NULL, NULL);
  dp_lua_seal(s->lua);
  return DP_OK;
}

/* ---- public ---- */

/* Rank 0. */
static enum dp_status load_first(const char *path, const struct dp_scenario_options *options, struct texts *texts,
                                 struct dp_scenario **out, struct dp_err *err) {
  const struct dp_buffer *given = options != NULL ? options->texts : NULL;
  if (given == NULL) return load(path, options, true, true, texts, out, err);
  DP_TRY(dp_buffer_append(&texts->packed, given->data, given->len, err));
  DP_TRY(check_texts(texts, err));
  return load(path, options, true, false, texts, out, err);
}

enum dp_status dp_scenario_load(const char *path, const struct dp_scenario_options *options, struct dp_comm *comm,
                                struct dp_scenario **out, struct dp_err *err) {
  struct texts texts = {0};
  struct dp_scenario *s = NULL;
  enum dp_status status = DP_OK;
  *out = NULL;
  if (comm->rank == 0) status = load_first(path, options, &texts, &s, err);
  status = dp_comm_agree(comm, status, err);
  if (status == DP_OK && comm->rank_n > 1) {
    status = dp_comm_broadcast(comm, &texts.packed, err);
    if (status == DP_OK && comm->rank != 0) status = load(path, options, false, false, &texts, &s, err);
  }
  if (status == DP_OK) status = finish(s, err);
  status = dp_comm_agree(comm, status, err);
  if (status != DP_OK) {
    dp_buffer_fini(&texts.packed);
    dp_scenario_free(s);
    return status;
  }
  s->texts = texts.packed;
  *out = s;
  return DP_OK;
}

/* On an error *out holds what there is, to be freed. */
static enum dp_status load_script(const char *path, const struct dp_scenario_options *options, struct dp_comm *comm,
                                  struct texts *texts, struct dp_scenario **out, struct dp_err *err) {
  const struct again again = {.seed = 1, .script = true};
  enum dp_status status = DP_OK;
  if (comm->rank == 0) status = load_once(path, options, true, &again, texts, out, err);
  if (status == DP_OK && comm->rank == 0) status = add_texts(texts, (*out)->lua, err);
  DP_TRY(dp_comm_agree(comm, status, err));
  DP_TRY(dp_comm_broadcast(comm, &texts->packed, err));
  if (comm->rank != 0) status = load_once(path, options, false, &again, texts, out, err);
  return dp_comm_agree(comm, status, err);
}

enum dp_status dp_script_load(const char *path, const struct dp_scenario_options *options, struct dp_comm *comm,
                              struct dp_scenario **out, struct dp_err *err) {
  struct texts texts = {0};
  struct dp_scenario *s = NULL;
  enum dp_status status = load_script(path, options, comm, &texts, &s, err);
  dp_buffer_fini(&texts.packed);
  *out = status == DP_OK ? s : NULL;
  if (status != DP_OK) dp_scenario_free(s);
  return status;
}

enum dp_status dp__scenario_load_again(const struct dp_scenario *base, const struct dp_scenario_options *options,
                                       struct dp_scenario **out, struct dp_err *err) {
  struct texts texts = {base->texts};
  struct dp_scenario *s = NULL;
  enum dp_status status = load(base->path, options, false, false, &texts, &s, err);
  if (status == DP_OK) status = finish(s, err);
  *out = status == DP_OK ? s : NULL;
  if (status != DP_OK) dp_scenario_free(s);
  return status;
}

struct dp_lua *dp_scenario_lua(const struct dp_scenario *s) { return s->lua; }

void dp_scenario_free(struct dp_scenario *s) {
  if (s == NULL) return;
  dp_lua_free(s->lua);
  dp__arena_fini(&s->arena);
  dp_buffer_fini(&s->texts);
  free(s);
}

const struct dp_spec *dp_scenario_spec(const struct dp_scenario *s) { return &s->spec; }

const char *dp_scenario_question(const struct dp_scenario *s) { return s->question; }

const struct dp_scenario_param *dp_scenario_params(const struct dp_scenario *s, size_t *n) {
  *n = s->param_n;
  return s->params;
}

const struct dp_scenario_fact *dp_scenario_facts(const struct dp_scenario *s, size_t *n) {
  *n = s->fact_n;
  return s->facts;
}

const char *dp_scenario_as_of(const struct dp_scenario *s) { return s->as_of ? s->as_of : ""; }

const struct dp_expectation *dp_scenario_survives(const struct dp_scenario *s, size_t *n) {
  *n = s->survival_n;
  return s->survivals;
}

const struct dp_expectation *dp_scenario_expectations(const struct dp_scenario *s, size_t *n) {
  *n = s->expectation_n;
  return s->expectations;
}

const struct dp_script_source *dp_scenario_sources(const struct dp_scenario *s, size_t *n) {
  *n = s->source_n;
  return s->sources;
}

const struct dp_buffer *dp_scenario_texts(const struct dp_scenario *s) { return &s->texts; }

/* Runs `text` under the name `path`, or the file `path` when there is no text. */
static enum dp_status run_script(const char *path, const char *text, struct dp_err *err) {
  struct dp_scenario *s = calloc(1, sizeof *s);
  if (s == NULL) return dp_fail_nomem(err, "the script");
  s->path = path;
  enum dp_status status = dp__scenario_open_host(s, 1, err);
  if (status == DP_OK) {
    dp_lua_set_print(s->lua, print_line, stdout);
    status = text != NULL ? dp_lua_load_buffer(s->lua, path, text, strlen(text), err)
                          : dp_lua_run_file(s->lua, path, err);
  }
  dp_scenario_free(s);
  return status;
}

enum dp_status dp_script_run_file(const char *path, struct dp_err *err) { return run_script(path, NULL, err); }

enum dp_status dp_script_run_text(const char *name, const char *text, struct dp_err *err) {
  return run_script(name, text, err);
}
