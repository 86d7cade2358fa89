/* sim/script/scenario.h — a Lua scenario, loaded and checked: what dp_sim_new needs and what the tools want to know.
 * Layer: script. dp_scenario_load is collective (rank 0 reads the files, everyone runs the same bytes). */
#ifndef DP_SCRIPT_SCENARIO_H
#define DP_SCRIPT_SCENARIO_H

#include "model/sim.h"

/** One `--set key=value`. */
struct dp_setting {
  const char *key;
  const char *value; /* as typed: a number, true, false or text */
  bool study;        /* of a study's file instead: a path is then the scenario's own, and may not lead out of its folder */
};

/** What the command line may change. Zero is a valid default. */
struct dp_scenario_options {
  const struct dp_setting *settings; /* [setting_n] */
  size_t setting_n;
  const char *const *data_dirs; /* [data_dir_n] that the scenario may read besides its own folder */
  size_t data_dir_n;
  bool has_seed;
  uint64_t seed;
  dp_time until_ns; /* 0: the scenario's own duration */
  bool check_form;  /* the scenario's `check` table is applied: a form of a few seconds */
  const struct dp_buffer *texts; /* rank 0: of dp_scenario_texts: run instead of files; NULL: files are read */
};

/** A parameter that the scenario declares with depin.parameters. */
struct dp_scenario_param {
  const char *name, *doc;
  const char *date, *source; /* of the default, as the scenario says them; "" when it does not */
  bool is_number;
  double value, fallback, min, max; /* of a number */
  const char *text, *fallback_text; /* of a string */
  bool given;                       /* by --set (or by `check`) */
};

/** A value that the scenario uses and somebody published: of a preset of the library, or given with depin.dated. */
struct dp_scenario_fact {
  const char *kind;  /* "preset", "rule", "data", "input" */
  const char *name, *value;
  const char *date, *source; /* "": not known */
};

/** An expectation: `kpi` op bound. */
enum dp_expect_op { DP_EXPECT_AT_LEAST, DP_EXPECT_AT_MOST, DP_EXPECT_BETWEEN, DP_EXPECT_EQUAL };
struct dp_expectation {
  const char *kpi;
  enum dp_expect_op op;
  double low, high; /* AT_LEAST: low; AT_MOST: high; EQUAL: both */
};

/** A Lua file that was read: the scenario itself first, then modules in the order of `require`. */
struct dp_script_source {
  const char *name;
  const char *text;
  size_t len;
  uint64_t hash;
};

struct dp_scenario;
struct dp_lua;

/** Loads, checks and resolves. Errors: "file:line: model: what is wrong (what would be right)", status SCENARIO, RANGE,
 *  IO or FORMAT. The caller frees; the spec and everything below borrow from it. */
enum dp_status dp_scenario_load(const char *path, const struct dp_scenario_options *options, struct dp_comm *comm,
                                struct dp_scenario **out, struct dp_err *err);
void dp_scenario_free(struct dp_scenario *s);

const struct dp_spec *dp_scenario_spec(const struct dp_scenario *s);
const char *dp_scenario_question(const struct dp_scenario *s); /* text of the comment "-- Question: …", or "" */
const struct dp_scenario_param *dp_scenario_params(const struct dp_scenario *s, size_t *n);
const struct dp_scenario_fact *dp_scenario_facts(const struct dp_scenario *s, size_t *n); /* in the order of use */
const struct dp_expectation *dp_scenario_expectations(const struct dp_scenario *s, size_t *n);
const char *dp_scenario_as_of(const struct dp_scenario *s); /* "2025-01-01": nothing later may be known; or "" */
const struct dp_expectation *dp_scenario_survives(const struct dp_scenario *s, size_t *n); /* of `stress` */
const struct dp_script_source *dp_scenario_sources(const struct dp_scenario *s, size_t *n);

/** Rank 0: every Lua text that was read from a file, packed, so that the same scenario can be loaded without them. */
const struct dp_buffer *dp_scenario_texts(const struct dp_scenario *s);

/** Collective. Runs a Lua file that is no scenario (a study); the table that it returns is on top of dp_scenario_lua's
 *  stack on every rank. Errors as dp_scenario_load. The caller frees with dp_scenario_free. */
enum dp_status dp_script_load(const char *path, const struct dp_scenario_options *options, struct dp_comm *comm,
                              struct dp_scenario **out, struct dp_err *err);

/** The host that a scenario or a script runs in. */
struct dp_lua *dp_scenario_lua(const struct dp_scenario *s);

/** Runs a Lua file with the library and no simulation (`depinsim lua FILE`); print goes to stdout. */
enum dp_status dp_script_run_file(const char *path, struct dp_err *err);

/** The same for a text of the program, which returns a table; `name` stands for the file in messages. */
enum dp_status dp_script_run_text(const char *name, const char *text, struct dp_err *err);

#endif
