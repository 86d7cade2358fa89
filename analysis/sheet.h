/* analysis/sheet.h — columns of equal length in HDF5, filled row by row and written block by block.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_SHEET_H
#define DP_ANALYSIS_SHEET_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DP_SHEET_COLUMNS_MAX 4096

/** Type of a column's numbers. */
enum dp_sheet_type { DP_SHEET_F64, DP_SHEET_F32, DP_SHEET_U64, DP_SHEET_U32, DP_SHEET_U8 };

struct dp_sheet_column {
  hid_t set;
  enum dp_sheet_type type;
  size_t width;
  unsigned char *rows; /* [block_n][width] */
};

/** Rows of several columns, in any groups of one file. Zero is an empty one. */
struct dp_sheet {
  struct dp_sheet_column *columns;
  size_t column_n, column_cap;
  size_t total_n, block_n, row_n, written_n;
  bool failed; /* HDF5's error stack says why */
};

/** @param total_n rows that there will be @param widest most numbers in a row of one column */
void dp_sheet_begin(struct dp_sheet *s, size_t total_n, size_t widest);

/** Adds a column of `width` numbers a row (1: one-dimensional) and returns its number; @param scale its first dimension
 *  has the column of this number as its scale; -1: none. After a failure, 0. */
size_t dp_sheet_add(struct dp_sheet *s, hid_t parent, const char *name, enum dp_sheet_type type, size_t width,
                    const char *units, const char *long_name, int scale);

/** Makes a column the scale of a dimension of its name. */
void dp_sheet_scale(struct dp_sheet *s, size_t column, const char *name);

/** Sets a number of the current row. */
void dp_sheet_put(struct dp_sheet *s, size_t column, size_t at, double value);
void dp_sheet_put_u64(struct dp_sheet *s, size_t column, uint64_t value);

/** Ends the row. */
void dp_sheet_next(struct dp_sheet *s);

/** Writes what is left, closes and frees. @return false when anything failed, or when rows are missing. */
bool dp_sheet_end(struct dp_sheet *s);

#endif
