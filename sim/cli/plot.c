/* sim/cli/plot.c — depinsim plot: a figure for a paper, drawn by gnuplot. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analysis/plot.h"
#include "cli/cli.h"
#include "cli/commands.h"

extern char **environ;

enum { KEY_SERIES = 0x100, KEY_KPI, KEY_POINTS, KEY_TITLE };

struct plot_options {
  const char *output;
  struct dp_plot_options plot;
};

static const struct argp_option plot_options[] = {
    {"series", KEY_SERIES, "NAME,...", 0, "series over time, as ledger.exchange.price; of a sweep as bands", 1},
    {"kpi", KEY_KPI, "NAME,...", 0, "key figures: of results as bars, of a sweep over its first parameter", 1},
    {"points", KEY_POINTS, "N,...", 0, "of a sweep: points whose bands are drawn (first, middle, last)", 1},
    {"title", KEY_TITLE, "TEXT", 0, "above the figure (none)", 1},
    {"output", 'o', "FILE", 0, "the figure: FILE.svg, FILE.pdf, FILE.png, or FILE.gp, the script for gnuplot itself", 2},
    {0},
};

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  struct plot_options *o = options;
  switch (key) {
    case KEY_SERIES: o->plot.series = value; break;
    case KEY_KPI: o->plot.kpis = value; break;
    case KEY_TITLE: o->plot.title = value; break;
    case KEY_POINTS: return dp_report_points(&o->plot.sweep, value, err);
    default: o->output = value; break;
  }
  return DP_OK;
}

/* ---- forms ---- */

static const struct {
  const char *suffix, *terminal;
} forms[] = {{".svg", "svg size 800,500 font 'sans,14' background rgb 'white'"},
             {".pdf", "pdfcairo size 16cm,10cm font 'Sans,11'"},
             {".png", "pngcairo size 1600,1000 font 'Sans,22'"},
             {".gp", NULL}};
#define FORM_N (sizeof forms / sizeof *forms)

static size_t form_of(const char *path) {
  const char *dot = strrchr(path, '.');
  size_t i = 0;
  while (dot && i < FORM_N && strcmp(dot, forms[i].suffix) != 0) i++;
  return dot ? i : FORM_N;
}

static enum dp_status write_text(const char *path, const struct dp_str *text, struct dp_err *err) {
  FILE *file = fopen(path, "w");
  const bool written = file && fwrite(text->data, 1, text->len, file) == text->len;
  const bool closed = file && fclose(file) == 0;
  if (written && closed) return DP_OK;
  return dp_fail(err, DP_IO, "cannot write %s: %s (choose another -o)", path, strerror(errno));
}

/* ---- gnuplot ---- */

/* Terminal and output in front of the figure. */
static void put_output(struct dp_str *out, const char *terminal, const char *path) {
  dp_str_printf(out, "set terminal %s\nset output '", terminal);
  for (; *path; path++) dp_str_append_n(out, *path == '\'' ? "''" : path, *path == '\'' ? 2 : 1);
  dp_str_append(out, "'\n");
}

static enum dp_status call(const char *script, const char *said, struct dp_err *err) {
  posix_spawn_file_actions_t actions;
  char *const args[] = {(char *)(uintptr_t)"gnuplot", (char *)(uintptr_t)script, NULL};
  pid_t pid;
  int code = 0;
  if (posix_spawn_file_actions_init(&actions) != 0) return dp_fail_nomem(err, "gnuplot");
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int failed = posix_spawnp(&pid, "gnuplot", &actions, NULL, args, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed)
    return dp_fail(err, DP_IO, "gnuplot cannot be started: %s (Debian: apt-get install gnuplot-nox; -o FILE.gp writes the "
                               "script for another machine)", strerror(failed));
  while (waitpid(pid, &code, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(code) && WEXITSTATUS(code) == 0) return DP_OK;
  char line[256] = "", text[256];
  FILE *file = fopen(said, "r");
  while (file && fgets(text, sizeof text, file)) /* the last line that says something */
    if (strspn(text, " \t\n^") < strlen(text)) snprintf(line, sizeof line, "%s", text);
  if (file) fclose(file);
  line[strcspn(line, "\n")] = '\0';
  return dp_fail(err, DP_FAILED, "gnuplot failed: %s (-o FILE.gp writes its script)", line);
}

static enum dp_status draw(const char *terminal, const char *path, const struct dp_str *figure, struct dp_err *err) {
  char folder[] = "/tmp/depinsim-plot.XXXXXX", script[64], said[64];
  struct dp_str text = {0};
  FILE *probe = fopen(path, "a"); /* gnuplot's own message would not name the remedy */
  if (!probe) return dp_fail(err, DP_IO, "cannot write %s: %s (choose another -o)", path, strerror(errno));
  fclose(probe);
  put_output(&text, terminal, path);
  dp_str_append(&text, dp_str_text(figure));
  if (!mkdtemp(folder)) {
    dp_str_fini(&text);
    return dp_fail(err, DP_IO, "%s: %s", folder, strerror(errno));
  }
  snprintf(script, sizeof script, "%s/figure.gp", folder);
  snprintf(said, sizeof said, "%s/said", folder);
  enum dp_status status = text.failed ? dp_fail_nomem(err, "a figure") : write_text(script, &text, err);
  if (status == DP_OK) status = call(script, said, err);
  unlink(script);
  unlink(said);
  rmdir(folder);
  if (status != DP_OK) unlink(path);
  dp_str_fini(&text);
  return status;
}

static enum dp_status run(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  const struct plot_options *o = options;
  struct dp_str figure = {0}, note = {0};
  const size_t form = o->output ? form_of(o->output) : FORM_N;
  if (form == FORM_N)
    return dp_fail(err, DP_USAGE, "-o FILE.svg, .pdf, .png or .gp is needed: its ending says the form%s%s",
                   o->output ? ", not " : "", o->output ? o->output : "");
  enum dp_status status = dp_plot_script(&figure, cli->args, cli->arg_n, &o->plot, &note, err);
  if (status == DP_OK && note.len) fprintf(stderr, "depinsim: %s", dp_str_text(&note));
  dp_str_fini(&note);
  if (status == DP_OK && forms[form].terminal) status = draw(forms[form].terminal, o->output, &figure, err);
  else if (status == DP_OK) status = write_text(o->output, &figure, err);
  dp_str_fini(&figure);
  return status;
}

const struct dp_command dp_command_plot = {
    .name = "plot",
    .doc = "draw a figure for a paper with gnuplot",
    .args_doc = "FILE...",
    .details = "Files are results, laid over each other, or sweeps, drawn as the mean and the band that holds 90 % of the runs. "
               "Axes carry units; what is drawn together has one unit. gnuplot is Debian's package gnuplot-nox.",
    .arg_min = 1,
    .arg_max = SIZE_MAX,
    .options = plot_options,
    .options_size = sizeof(struct plot_options),
    .option = option,
    .run = run,
};
