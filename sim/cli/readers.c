/* sim/cli/readers.c — depinsim info, digest, kpi, audit: what reads one result. */
#include "analysis/audit.h"
#include "analysis/info.h"
#include "analysis/kpi.h"
#include "analysis/steady.h"
#include "cli/cli.h"
#include "cli/commands.h"

struct reader {
  int format; /* enum dp_text_format */
  bool steady;
};

enum { KEY_STEADY = 0x100 };

static const char *const formats[] = {"text", "json", "csv", NULL};

static enum dp_status option_kpi(void *options, int key, const char *value, struct dp_err *err) {
  struct reader *r = options;
  if (key != KEY_STEADY) return dp_cli_choice("--format", value, formats, &r->format, err);
  r->steady = true;
  return DP_OK;
}

static enum dp_status option(void *options, int key, const char *value, struct dp_err *err) {
  static const char *const two[] = {"text", "json", NULL};
  (void)key;
  return dp_cli_choice("--format", value, two, &((struct reader *)options)->format, err);
}

static const struct argp_option two_formats[] = {{"format", 'f', "FORM", 0, "text or json (text)", 1}, {0}};
static const struct argp_option kpi_options[] = {
    {"format", 'f', "FORM", 0, "text, json or csv (text)", 1},
    {"steady", KEY_STEADY, NULL, 0, "instead, the mean of every series after its warm-up, with its 95 % interval", 1},
    {0}};

typedef enum dp_status (*reader_fn)(struct dp_str *out, enum dp_text_format format, const char *path,
                                    struct dp_err *err);

/* A report that ends in a finding (an audit that does not balance) is shown all the same. */
static enum dp_status read_with(reader_fn read, const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_str out = {0};
  enum dp_status status = read(&out, (enum dp_text_format)((const struct reader *)options)->format, cli->args[0], err);
  enum dp_status put = dp_cli_put(&out, err);
  return status != DP_OK ? status : put;
}

static enum dp_status run_info(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  return read_with(dp_info_file, cli, options, err);
}
static enum dp_status run_kpi(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  return read_with(((const struct reader *)options)->steady ? dp_steady_file : dp_kpi_file, cli, options, err);
}
static enum dp_status run_audit(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  return read_with(dp_audit_file, cli, options, err);
}

static enum dp_status run_digest(const struct dp_cli *cli, const void *options, struct dp_err *err) {
  struct dp_str out = {0};
  (void)options;
  enum dp_status status = dp_digest_file(&out, cli->args[0], err);
  if (status == DP_OK) return dp_cli_put(&out, err);
  dp_str_fini(&out);
  return status;
}

const struct dp_command dp_command_info = {
    .name = "info",
    .doc = "say what a result file holds",
    .args_doc = "FILE",
    .arg_min = 1,
    .arg_max = 1,
    .options = two_formats,
    .options_size = sizeof(struct reader),
    .option = option,
    .run = run_info,
};

const struct dp_command dp_command_digest = {
    .name = "digest",
    .doc = "print the digest of a result's final state: 16 hexadecimal digits",
    .args_doc = "FILE",
    .arg_min = 1,
    .arg_max = 1,
    .run = run_digest,
};

const struct dp_command dp_command_kpi = {
    .name = "kpi",
    .doc = "print the key figures of a result file",
    .args_doc = "FILE",
    .details = "--steady: of one long run, how its series are once the start is forgotten. The warm-up is what MSER-5 "
               "leaves out; the interval is that of batch means, so that settlements which depend on each other are not "
               "taken for independent ones.",
    .arg_min = 1,
    .arg_max = 1,
    .options = kpi_options,
    .options_size = sizeof(struct reader),
    .option = option_kpi,
    .run = run_kpi,
};

const struct dp_command dp_command_audit = {
    .name = "audit",
    .doc = "prove from a result file that no money came from nowhere",
    .args_doc = "FILE",
    .details = "Exit code 0 when every book balances to the last unit, 4 when one does not.",
    .arg_min = 1,
    .arg_max = 1,
    .options = two_formats,
    .options_size = sizeof(struct reader),
    .option = option,
    .run = run_audit,
};
