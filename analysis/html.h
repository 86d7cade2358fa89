/* analysis/html.h — one self-contained page: style and scripts inside, opens offline, light and dark.
 * Layer: analysis. Not collective. */
#ifndef DP_ANALYSIS_HTML_H
#define DP_ANALYSIS_HTML_H

#include "base/str.h"

/** Head and opening of the body. @param title of the page */
void dp_html_open(struct dp_str *out, const char *title);

/** The end. @param script JavaScript that runs when the page is there; NULL for none. When it is given, Debian's
 *  dygraphs is put in front of it, if this machine has it. */
void dp_html_close(struct dp_str *out, const char *script);

/** Writes the page to a file. DP_IO, naming it. */
enum dp_status dp_html_write(const struct dp_str *page, const char *path, struct dp_err *err);

/** Whether dygraphs can be put in: without it series stay still pictures. */
bool dp_html_has_dygraphs(void);

/** Opens a section with a heading; the other closes it. */
void dp_html_section(struct dp_str *out, const char *id, const char *heading);
void dp_html_end(struct dp_str *out);

/** A heading and preformatted lines, text escaped; folded when `n`, the number of lines, is more than a dozen. */
void dp_html_lines(struct dp_str *out, const char *heading, const char *lines, size_t n);

/** <tr> of cells, texts escaped; a cell that reads as a number is set to the right. `tag` is "td" or "th". */
void dp_html_row(struct dp_str *out, const char *tag, const char *const *cells, size_t n);

#endif
