/* tests/unit/m_output.c — writes a result over MPI, started by tests/ranks/output.sh:
 *   m_output FILE HOURS   the small simulation of tiny_run.h into FILE */
#include <stdio.h>
#include <stdlib.h>

#include "tiny_run.h"

int main(int argc, char **argv) {
  struct dp_err err = {0};
  struct dp_comm *comm;
  if (argc != 3) return 2;
  enum dp_status status = dp_comm_launched() ? dp_comm_mpi_new(&comm, &err) : dp_comm_null_new(&comm, &err);
  if (status != DP_OK) return dp_status_exit_code(status);
  status = tiny_write(argv[1], comm, atol(argv[2]), "here", &err);
  if (err.text[0] != '\0') fprintf(stderr, "%s\n", err.text);
  dp_comm_barrier(comm, NULL);
  dp_comm_free(comm);
  return dp_status_exit_code(status);
}
