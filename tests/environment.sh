# shellcheck shell=sh
# tests/environment.sh — the environment of every test; sourced by the makefile and by tests/tap.sh. Needs $srcdir.
# A test reads nothing from a terminal, speaks one language, and Open MPI works as root and with more ranks than cores.
exec </dev/null
srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
top_srcdir=$srcdir
: "${DEPINSIM:=$PWD/depinsim}" "${MPIEXEC:=mpirun}"
if test -z "${DEPINSIM_DATA:-}" && test -d "$srcdir/../shared/data"; then
  DEPINSIM_DATA=$(cd "$srcdir/../shared/data" && pwd)
fi
if test -n "${DEPINSIM_DATA:-}"; then export DEPINSIM_DATA; fi
LC_ALL=C
TZ=UTC
CMOCKA_MESSAGE_OUTPUT=TAP
OMPI_ALLOW_RUN_AS_ROOT=1
OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
OMPI_MCA_rmaps_base_oversubscribe=1
OMPI_MCA_mpi_yield_when_idle=1
OMPI_MCA_hwloc_base_binding_policy=none
export srcdir top_srcdir DEPINSIM MPIEXEC LC_ALL TZ CMOCKA_MESSAGE_OUTPUT OMPI_ALLOW_RUN_AS_ROOT \
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM OMPI_MCA_rmaps_base_oversubscribe OMPI_MCA_mpi_yield_when_idle \
  OMPI_MCA_hwloc_base_binding_policy
unset NO_COLOR
