/* sim/cli/new_templates.h — the files that `depinsim new` writes; NAME in them stands for the name. Layer: cli. */
#ifndef DP_CLI_NEW_TEMPLATES_H
#define DP_CLI_NEW_TEMPLATES_H

extern const char dp_new_scenario[]; /* NAME.lua */
extern const char dp_new_study[];    /* NAME.study.lua, of that scenario */
extern const char dp_new_ci[];       /* NAME.ci.yml, a job that checks it */
extern const char dp_new_slurm[];    /* NAME.sbatch, a job that runs it */

#endif
