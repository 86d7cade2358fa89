/* sim/engine/comm_mpi_mail.c — letters over MPI: nonblocking sends of copies,
 * probes and receives. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "engine/comm_mpi.h"

struct dp_mpi_letter {
  MPI_Request request;
  struct dp_mpi_letter *next;
  unsigned char bytes[];
};

/* Frees the letters that are gone; with `wait`, all of them. */
static enum dp_status tidy(struct dp_mpi *m, bool wait, struct dp_err *err) {
  for (struct dp_mpi_letter **at = &m->letters; *at != NULL;) {
    struct dp_mpi_letter *letter = *at;
    int gone = 1;
    DP_MPI_TRY(wait ? MPI_Wait(&letter->request, MPI_STATUS_IGNORE)
                    : MPI_Test(&letter->request, &gone, MPI_STATUS_IGNORE),
               "a letter", err);
    if (!gone) {
      at = &letter->next;
      continue;
    }
    *at = letter->next;
    free(letter);
  }
  return DP_OK;
}

enum dp_status dp__mpi_post(struct dp_comm *c, int rank, const void *bytes, size_t len, struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  DP_TRY(tidy(m, false, err));
  if (len == 0 || len > INT_MAX) return dp_fail(err, DP_RANGE, "a letter of %zu bytes (at most %d)", len, INT_MAX);
  struct dp_mpi_letter *letter = malloc(sizeof *letter + len);
  if (letter == NULL) return dp_fail_nomem(err, "a letter");
  memcpy(letter->bytes, bytes, len);
  letter->next = m->letters;
  m->letters = letter;
  letter->request = MPI_REQUEST_NULL;
  return dp__mpi_check(MPI_Isend(letter->bytes, (int)len, MPI_BYTE, rank, DP_MPI_TAG_MAIL, m->comm, &letter->request),
                       "a letter", err);
}

enum dp_status dp__mpi_take(struct dp_comm *c, int *rank, struct dp_buffer *in, struct dp_err *err) {
  struct dp_mpi *m = dp__mpi_of(c);
  int waits = 0, len = 0;
  MPI_Status about;
  DP_TRY(tidy(m, false, err));
  DP_MPI_TRY(MPI_Iprobe(MPI_ANY_SOURCE, DP_MPI_TAG_MAIL, m->comm, &waits, &about), "a probe", err);
  if (!waits) return DP_OK;
  DP_MPI_TRY(MPI_Get_count(&about, MPI_BYTE, &len), "a probe", err);
  DP_TRY(dp__mpi_reserve(in, (size_t)len, err));
  DP_MPI_TRY(MPI_Recv(in->data, len, MPI_BYTE, about.MPI_SOURCE, DP_MPI_TAG_MAIL, m->comm, MPI_STATUS_IGNORE),
             "a receive", err);
  in->len = (size_t)len;
  *rank = about.MPI_SOURCE;
  return DP_OK;
}

enum dp_status dp__mpi_posted(struct dp_comm *c, struct dp_err *err) { return tidy(dp__mpi_of(c), true, err); }
