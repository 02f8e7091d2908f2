#!/usr/bin/env bash
# A real Slurm for one test, without systemd, as root: munged, slurmctld and slurmd on loopback, one node.
#   slurm.sh start DIRECTORY CPUS    prints the path for SLURM_CONF        slurm.sh stop DIRECTORY
# The parents of DIRECTORY must be searchable by all: munge insists on it.
set -euo pipefail
action=$1
directory=$2
configuration=$directory/slurm.conf

# Returns when they are gone: until then they write into the directory.
stop() {
  local name pid pids=()
  for name in slurmd slurmctld munged; do
    if [ -s "$directory/run/$name.pid" ]; then
      pid=$(cat "$directory/run/$name.pid")
      kill "$pid" 2>/dev/null && pids+=("$pid")
    fi
  done
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do
      sleep 0.1
    done
  done
}

configure() {
  local cpus=$1
  # Ports of its own: two tests may run side by side.
  local base=$((20000 + $$ % 20000))
  cat >"$configuration" <<CONF
ClusterName=rig
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$base
SlurmdPort=$((base + 1))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$directory/run/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/spool
SlurmctldPidFile=$directory/run/slurmctld.pid
SlurmdPidFile=$directory/run/slurmd.pid
SlurmctldLogFile=$directory/log/slurmctld.log
SlurmdLogFile=$directory/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,default_queue_depth=1000,bf_interval=5
ReturnToService=2
InactiveLimit=0
MinJobAge=60
KillWait=5
SlurmdParameters=config_overrides
NodeName=localhost NodeHostname=localhost NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
}

case $action in
start)
  mkdir -p "$directory"/{run,log,spool,state}
  chmod 711 "$directory" "$directory/run"
  dd if=/dev/urandom of="$directory/run/munge.key" bs=1 count=128 status=none
  chmod 600 "$directory/run/munge.key"
  configure "$3"
  export SLURM_CONF=$configuration
  munged --force --key-file="$directory/run/munge.key" --socket="$directory/run/munge.socket" \
    --pid-file="$directory/run/munged.pid" --log-file="$directory/log/munged.log" --seed-file="$directory/run/munge.seed"
  slurmctld -c -i
  slurmd -N localhost
  for _ in $(seq 100); do
    if sinfo -h -o %T 2>/dev/null | grep -q idle; then
      echo "$configuration"
      exit 0
    fi
    sleep 0.2
  done
  stop
  echo "Slurm did not become idle; see $directory/log" >&2
  exit 1
  ;;
stop) stop ;;
*)
  echo "usage: $0 start|stop DIRECTORY [CPUS]" >&2
  exit 2
  ;;
esac
