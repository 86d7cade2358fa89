/* sim/cli/session_about.c — what a checkpoint says of its run: rows of a name and a value, both ended by a zero. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/session.h"

/* ---- packing ---- */

static enum dp_status put(struct dp_buffer *out, const char *name, const void *value, size_t len, struct dp_err *err) {
  const uint64_t size = len;
  DP_TRY(dp_buffer_append(out, name, strlen(name) + 1, err));
  DP_TRY(dp_buffer_append(out, &size, sizeof size, err));
  DP_TRY(dp_buffer_append(out, value, len, err));
  return dp_buffer_append(out, "", 1, err);
}

static enum dp_status put_text(struct dp_buffer *out, const char *name, const char *text, struct dp_err *err) {
  return text ? put(out, name, text, strlen(text), err) : DP_OK;
}

static enum dp_status put_number(struct dp_buffer *out, const char *name, uint64_t value, struct dp_err *err) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, value);
  return put_text(out, name, text, err);
}

static enum dp_status put_choice(const struct dp_scenario_choice *c, struct dp_buffer *out, struct dp_err *err) {
  for (size_t i = 0; i < c->setting_n; i++) {
    DP_TRY(put_text(out, "key", c->settings[i].key, err));
    DP_TRY(put_text(out, "value", c->settings[i].value, err));
  }
  for (size_t i = 0; i < c->data_dir_n; i++) DP_TRY(put_text(out, "data", c->data_dirs[i], err));
  if (c->has_seed) DP_TRY(put_number(out, "seed", c->seed, err));
  if (c->check_form) DP_TRY(put_number(out, "check_form", 1, err));
  return put_text(out, "until", c->until, err);
}

enum dp_status dp_session_about_pack(const struct dp_session *s, struct dp_buffer *out, struct dp_err *err) {
  const struct dp_session_options *o = s->options;
  const struct dp_buffer *texts = dp_scenario_texts(s->scenario);
  char folder[4096];
  DP_TRY(put_text(out, "scenario", o->scenario, err));
  DP_TRY(put(out, "texts", texts->data, texts->len, err));
  DP_TRY(put_text(out, "folder", getcwd(folder, sizeof folder) ? folder : ".", err));
  DP_TRY(put_choice(&o->choice, out, err));
  DP_TRY(put_text(out, "shock", o->shock, err));
  DP_TRY(put_number(out, "replicate", o->replicate, err));
  DP_TRY(put_number(out, "libm", s->libm_hash, err));
  DP_TRY(put_number(out, "format", (uint64_t)o->format, err));
  DP_TRY(put_number(out, "every", (uint64_t)o->checkpoint_every_ns, err));
  return put_number(out, "expect", o->expect, err);
}

/* ---- unpacking ---- */

static enum dp_status damaged(struct dp_err *err) {
  return dp_fail(err, DP_FORMAT, "what the checkpoint says of its run is damaged");
}

/* The next row; names and values are ended by zeros. */
static enum dp_status take(struct dp_reader *in, const char **name, struct dp_buffer *value, struct dp_err *err) {
  const void *zero = memchr(in->at, 0, in->left);
  uint64_t len;
  if (!zero) return damaged(err);
  *name = (const char *)in->at;
  const size_t skip = (size_t)((const unsigned char *)zero - in->at) + 1;
  in->at += skip;
  in->left -= skip;
  DP_TRY(dp_reader_take(in, &len, sizeof len, err));
  if (len >= in->left || in->at[len] != 0) return damaged(err);
  *value = (struct dp_buffer){(unsigned char *)(uintptr_t)in->at, (size_t)len, 0};
  in->at += len + 1;
  in->left -= (size_t)len + 1;
  return DP_OK;
}

static enum dp_status add_setting(struct dp_scenario_choice *c, const char *key, const char *value,
                                  struct dp_err *err) {
  struct dp_setting *grown = realloc(c->settings, (c->setting_n + 1) * sizeof *grown);
  if (!grown) return dp_fail_nomem(err, "settings");
  c->settings = grown;
  c->settings[c->setting_n++] = (struct dp_setting){.key = key, .value = value};
  return DP_OK;
}

static enum dp_status add_dir(struct dp_scenario_choice *c, const char *dir, struct dp_err *err) {
  const char **grown = realloc(c->data_dirs, (c->data_dir_n + 1) * sizeof *grown);
  if (!grown) return dp_fail_nomem(err, "folders");
  c->data_dirs = grown;
  c->data_dirs[c->data_dir_n++] = dir;
  return DP_OK;
}

static enum dp_status set(struct dp_session_about *a, const char *name, const struct dp_buffer *value, const char **key,
                          struct dp_err *err) {
  struct dp_session_options *o = &a->options;
  const char *text = (const char *)value->data;
  const uint64_t number = strtoull(text, NULL, 10);
  if (strcmp(name, "scenario") == 0) o->scenario = text;
  else if (strcmp(name, "texts") == 0) a->texts = *value;
  else if (strcmp(name, "folder") == 0) a->folder = text;
  else if (strcmp(name, "key") == 0) *key = text;
  else if (strcmp(name, "value") == 0 && *key) return add_setting(&o->choice, *key, text, err);
  else if (strcmp(name, "data") == 0) return add_dir(&o->choice, text, err);
  else if (strcmp(name, "seed") == 0) o->choice.seed = number, o->choice.has_seed = true;
  else if (strcmp(name, "check_form") == 0) o->choice.check_form = number != 0;
  else if (strcmp(name, "until") == 0) o->choice.until = text;
  else if (strcmp(name, "shock") == 0) o->shock = text;
  else if (strcmp(name, "replicate") == 0) o->replicate = number;
  else if (strcmp(name, "libm") == 0) a->libm_hash = number;
  else if (strcmp(name, "format") == 0) o->format = number == 1;
  else if (strcmp(name, "every") == 0) o->checkpoint_every_ns = number > INT64_MAX ? 0 : (int64_t)number;
  else if (strcmp(name, "expect") == 0) o->expect = number != 0;
  else return damaged(err);
  return DP_OK;
}

enum dp_status dp_session_about_unpack(struct dp_session_about *about, const struct dp_buffer *bytes, struct dp_err *err) {
  struct dp_reader in = {bytes->data, bytes->len};
  const char *key = NULL;
  *about = (struct dp_session_about){0};
  while (in.left > 0) {
    const char *name = "";
    struct dp_buffer value;
    DP_TRY(take(&in, &name, &value, err));
    DP_TRY(set(about, name, &value, &key, err));
  }
  about->options.choice.texts = &about->texts;
  return about->options.scenario && about->folder && about->texts.len ? DP_OK : damaged(err);
}

void dp_session_about_fini(struct dp_session_about *about) {
  free(about->options.choice.settings);
  free(about->options.choice.data_dirs);
}
