/* sim/model/hidden.c — declarations of the host's own tables. */
#include "model/host.h"

_Static_assert(DP_BUCKET_BLOCK_N * DP_HIST_SUB == DP_HIST_BUCKETS, "blocks of buckets cover the histogram");

static const struct dp_column metric_columns[] = {
    DP_COLUMN(struct dp_metric_row, total, "1", "quanta counted, set or recorded"),
    DP_COLUMN(struct dp_metric_row, count, "1", "values recorded in the histogram"),
    DP_COLUMN(struct dp_metric_row, histogram, "1", "1 + row of the histogram"),
};

static const struct dp_column histogram_columns[] = {
    DP_COLUMN_ARRAY(struct dp_histogram_row, blocks, "1", "1 + row of the octave's buckets"),
};

static const struct dp_column bucket_columns[] = {
    DP_COLUMN_ARRAY(struct dp_buckets_row, counts, "1", "values in each bucket of an octave"),
};

static const struct dp_column cell_columns[] = {
    DP_COLUMN(struct dp_cell_row, transaction_n, "1", "transactions submitted"),
};

static const struct dp_column clock_columns[] = {
    DP_COLUMN(struct dp_clock_row, settlement_n, "1", "settlements done"),
    DP_COLUMN(struct dp_clock_row, settled_ns, "ns", "time of the last settlement"),
};

static const struct dp_column value_columns[] = {
    DP_COLUMN(struct dp_value_row, integer, "1", "integer face of a published value"),
    DP_COLUMN(struct dp_value_row, real, "1", "real face of a published value"),
};

static const struct dp_column series_columns[] = {
    DP_COLUMN(struct dp_series_row, last, "1", "total at the last settlement"),
    DP_COLUMN(struct dp_series_row, sum, "1", "sum of the totals over settlements"),
    DP_COLUMN(struct dp_series_row, real, "1", "value of a global"),
    DP_COLUMN(struct dp_series_row, real_sum, "1", "sum of a global over settlements"),
};

#define DP_HIDDEN(table_name, text, where, row, list)                                                                \
  {                                                                                                                  \
    .name = table_name, .doc = text, .scope = where, .row_size = sizeof(row), .columns = list,                       \
    .column_n = sizeof(list) / sizeof((list)[0])                                                                     \
  }

const struct dp_table_decl dp_hidden_cell_tables[DP_HIDDEN_CELL_TABLE_N] = {
    [DP_HIDDEN_METRIC] =
        DP_HIDDEN("model.metric", "slots of metrics", DP_SCOPE_CELL, struct dp_metric_row, metric_columns),
    [DP_HIDDEN_HISTOGRAM] =
        DP_HIDDEN("model.histogram", "histograms", DP_SCOPE_CELL, struct dp_histogram_row, histogram_columns),
    [DP_HIDDEN_BUCKETS] =
        DP_HIDDEN("model.buckets", "buckets of histograms", DP_SCOPE_CELL, struct dp_buckets_row, bucket_columns),
    [DP_HIDDEN_CELL] = DP_HIDDEN("model.cell", "the cell itself", DP_SCOPE_CELL, struct dp_cell_row, cell_columns),
};

const struct dp_table_decl dp_hidden_global_tables[DP_HIDDEN_GLOBAL_TABLE_N] = {
    [DP_HIDDEN_CLOCK] =
        DP_HIDDEN("model.clock", "the settlements", DP_SCOPE_REPLICATED, struct dp_clock_row, clock_columns),
    [DP_HIDDEN_VALUE] =
        DP_HIDDEN("model.value", "published values", DP_SCOPE_REPLICATED, struct dp_value_row, value_columns),
    [DP_HIDDEN_SERIES] =
        DP_HIDDEN("model.series", "metrics over all cells", DP_SCOPE_REPLICATED, struct dp_series_row, series_columns),
};
