/* analysis/sheet.c — blocks of rows on their way into columns. */
#include "analysis/sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "output/h5.h"

#define BLOCK_NUMBERS 16384

static const size_t sizes[] = {
    [DP_SHEET_F64] = 8, [DP_SHEET_F32] = 4, [DP_SHEET_U64] = 8, [DP_SHEET_U32] = 4, [DP_SHEET_U8] = 1};

static hid_t file_type(enum dp_sheet_type type) {
  switch (type) {
  case DP_SHEET_F64: return H5T_IEEE_F64LE;
  case DP_SHEET_F32: return H5T_IEEE_F32LE;
  case DP_SHEET_U64: return H5T_STD_U64LE;
  case DP_SHEET_U32: return H5T_STD_U32LE;
  case DP_SHEET_U8: break;
  }
  return H5T_STD_U8LE;
}

static hid_t memory_type(enum dp_sheet_type type) {
  switch (type) {
  case DP_SHEET_F64: return H5T_NATIVE_DOUBLE;
  case DP_SHEET_F32: return H5T_NATIVE_FLOAT;
  case DP_SHEET_U64: return H5T_NATIVE_UINT64;
  case DP_SHEET_U32: return H5T_NATIVE_UINT32;
  case DP_SHEET_U8: break;
  }
  return H5T_NATIVE_UINT8;
}

void dp_sheet_begin(struct dp_sheet *s, size_t total_n, size_t widest) {
  size_t block = BLOCK_NUMBERS / (widest ? widest : 1);
  *s = (struct dp_sheet){.total_n = total_n, .block_n = block ? block : 1};
  if (s->block_n > total_n) s->block_n = total_n ? total_n : 1;
}

size_t dp_sheet_add(struct dp_sheet *s, hid_t parent, const char *name, enum dp_sheet_type type, size_t width,
                    const char *units, const char *long_name, int scale) {
  if (s->failed) return 0;
  if (s->column_n == s->column_cap) {
    size_t cap = s->column_cap ? 2 * s->column_cap : 32;
    s->failed = cap > DP_SHEET_COLUMNS_MAX || !dp_array_resize(&s->columns, cap, sizeof *s->columns);
    if (s->failed) return 0;
    s->column_cap = cap;
  }
  struct dp_h5_shape shape = {
      .rank = width > 1 ? 2 : 1, .size = {s->total_n, width}, .chunk = s->total_n ? s->block_n : 0};
  struct dp_sheet_column *c = &s->columns[s->column_n++];
  *c = (struct dp_sheet_column){.type = type, .width = width};
  c->rows = dp_zeros(s->block_n * width, sizes[type]);
  c->set = dp_h5_create_dataset(parent, name, file_type(type), &shape);
  s->failed = !c->rows || c->set < 0 || !dp_h5_describe(c->set, units, long_name) ||
              (scale >= 0 && !dp_h5_attach_scale(c->set, s->columns[scale].set, 0));
  return s->column_n - 1;
}

void dp_sheet_scale(struct dp_sheet *s, size_t column, const char *name) {
  if (!s->failed) s->failed = !dp_h5_make_scale(s->columns[column].set, name);
}

void dp_sheet_put(struct dp_sheet *s, size_t column, size_t at, double value) {
  if (s->failed) return;
  const struct dp_sheet_column *c = &s->columns[column];
  size_t i = s->row_n * c->width + at;
  if (c->type == DP_SHEET_F64) memcpy(c->rows + 8 * i, &value, 8);
  else memcpy(c->rows + 4 * i, &(float){(float)value}, 4);
}

void dp_sheet_put_u64(struct dp_sheet *s, size_t column, uint64_t value) {
  if (s->failed) return;
  const struct dp_sheet_column *c = &s->columns[column];
  uint32_t word = (uint32_t)value;
  if (c->type == DP_SHEET_U64) memcpy(c->rows + 8 * s->row_n, &value, 8);
  else if (c->type == DP_SHEET_U32) memcpy(c->rows + 4 * s->row_n, &word, 4);
  else c->rows[s->row_n] = (unsigned char)value;
}

static bool write_block(const struct dp_sheet *s, const struct dp_sheet_column *c) {
  hsize_t start[2] = {s->written_n, 0}, count[2] = {s->row_n, c->width};
  int rank = c->width > 1 ? 2 : 1;
  hid_t file = H5Dget_space(c->set), memory = H5Screate_simple(rank, count, NULL);
  bool done = file >= 0 && memory >= 0 && H5Sselect_hyperslab(file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dwrite(c->set, memory_type(c->type), memory, file, H5P_DEFAULT, c->rows) >= 0;
  dp_h5_close(memory);
  dp_h5_close(file);
  return done;
}

static void flush(struct dp_sheet *s) {
  for (size_t i = 0; i < s->column_n && s->row_n && !s->failed; i++) s->failed = !write_block(s, &s->columns[i]);
  s->written_n += s->row_n;
  s->row_n = 0;
}

void dp_sheet_next(struct dp_sheet *s) {
  s->row_n++;
  if (s->row_n == s->block_n) flush(s);
}

bool dp_sheet_end(struct dp_sheet *s) {
  flush(s);
  bool done = !s->failed && s->written_n == s->total_n;
  for (size_t i = 0; i < s->column_n; i++) {
    dp_h5_close(s->columns[i].set);
    free(s->columns[i].rows);
  }
  free(s->columns);
  *s = (struct dp_sheet){0};
  return done;
}
