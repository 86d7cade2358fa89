#!/usr/bin/env bash
# make check-slurm: a Slurm of one node, made of Debian's slurm-wlm and munge in a folder of its own, runs the job script of
# `depinsim new --slurm`: jobs that stop before their limit submit the next one, and the result is that of one undisturbed
# run. Needs root (munge and slurmd want it); installs the two packages when they are missing.
# shellcheck source=tests/tap.sh
. "${srcdir:-.}/tests/tap.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root"
PATH=$PATH:/usr/sbin
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
  apt-get install -y --no-install-recommends slurm-wlm munge >"$TAP_TMP/apt" 2>&1 ||
    skip_all "slurm-wlm and munge cannot be installed: $(tail -n 1 "$TAP_TMP/apt")"
fi
cd "$TAP_TMP" || exit 99
daemons=()
# shellcheck disable=SC2154 # of tests/tap.sh
trap 'scancel -u root 2>/dev/null; kill "${daemons[@]}" 2>/dev/null; sleep 1; kill -9 "${daemons[@]}" 2>/dev/null
  rm -rf "$TAP_TMP"' EXIT
chmod 755 "$TAP_TMP"

# ---- a Slurm ----
mkdir -m 700 munge
mkdir state spool
dd if=/dev/urandom of=munge/key bs=1024 count=1 status=none
chmod 600 munge/key
munged --foreground --force --socket="$TAP_TMP/munge.socket" --key-file="$TAP_TMP/munge/key" \
  --pid-file="$TAP_TMP/munge/pid" --seed-file="$TAP_TMP/munge/seed" --log-file="$TAP_TMP/munge/log" >munge.out 2>&1 &
daemons+=($!)
host=$(hostname -s)
base=$((20000 + RANDOM % 20000))
cat >slurm.conf <<END
ClusterName=one
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$TAP_TMP/munge.socket
CredType=cred/munge
SlurmctldPort=$base
SlurmdPort=$((base + 1))
StateSaveLocation=$TAP_TMP/state
SlurmdSpoolDir=$TAP_TMP/spool
SlurmctldPidFile=$TAP_TMP/slurmctld.pid
SlurmdPidFile=$TAP_TMP/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 Boards=1 SocketsPerBoard=1 CoresPerSocket=4 ThreadsPerCore=1 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES OverSubscribe=FORCE MaxTime=INFINITE State=UP
END
export SLURM_CONF=$TAP_TMP/slurm.conf
slurmctld -D -f slurm.conf >slurmctld.out 2>&1 &
daemons+=($!)
slurmd -D -f slurm.conf >slurmd.out 2>&1 &
daemons+=($!)
for ((i = 0; i < 60; i++)); do
  [ "$(sinfo -h -o %t 2>/dev/null)" = idle ] && break
  sleep 1
done
is "the node is there" "$(sinfo -h -o %t 2>&1)" idle
if [ "$(sinfo -h -o %t 2>/dev/null)" != idle ]; then
  tail -n 5 munge.out slurmctld.out slurmd.out | sed 's/^/# /'
  done_testing
fi

# ---- the job ----
# A limit of a minute, the least that Slurm has, of which the margin takes 52 s: jobs of a few seconds.
ok "new --slurm" "$DEPINSIM" new fleet --slurm
sed -i -e "s|^depinsim=depinsim|depinsim=$DEPINSIM|" -e 's/^margin_s=60/margin_s=52/' -e 's/ntasks=4/ntasks=2/' \
  -e 's/--time=04:00:00/--time=00:01:00/' -e 's/--checkpoint-every 30d/--set minutes=20000/' fleet.sbatch
exits "an undisturbed run" 0 "$DEPINSIM" run fleet.lua --set minutes=20000 -o whole.h5
ok "sbatch" sbatch fleet.sbatch
for ((i = 0; i < 240; i++)); do
  [ -z "$(squeue -h)" ] && [ -e fleet.h5 ] && break
  sleep 1
done
is "the queue is empty" "$(squeue -h)" ""
ok "jobs were stopped at their limit" grep -q 'stopped at the wall limit' fleet.log
ok "and submitted the next one" grep -q 'Submitted batch job' fleet.log
note "jobs: $(($(grep -c 'Submitted batch job' fleet.log) + 1))"
is "the digest of the undisturbed run" "$("$DEPINSIM" digest fleet.h5)" "$("$DEPINSIM" digest whole.h5)"
ok "the same result" h5diff --exclude-path /provenance/volatile whole.h5 fleet.h5
is "nothing is left" "$(echo fleet.h5*)" fleet.h5
if [ ! -e fleet.h5 ]; then tail -n 20 fleet.log | sed 's/^/# /'; fi
done_testing
