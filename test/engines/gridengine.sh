#!/usr/bin/env bash
# A real Grid Engine for one test, without systemd, as root: qmaster and execd with a cell of their own, one queue, one host.
#   unshare --net gridengine.sh DIRECTORY SLOTS [ON]
# Only loopback exists there, so that nobody else reaches the daemons, and several can run side by side. Prints "ready" when the queue
# takes jobs, and ends everything when its standard input ends. Commands find the cell through SGE_ROOT=DIRECTORY.
set -euo pipefail
directory=$1
slots=$2
spool=$directory/spool
export SGE_ROOT=$directory SGE_CELL=default HOME=${HOME:-/}

# Returns when they are gone: until then they write into the directory.
stop() {
  local pid pids=()
  for pid in $(cat "$spool"/execd/*/execd.pid "$spool/qmaster/qmaster.pid" 2>/dev/null); do
    kill "$pid" 2>/dev/null && pids+=("$pid")
  done
  for pid in "${pids[@]}"; do
    while kill -0 "$pid" 2>/dev/null; do
      sleep 0.1
    done
  done
}

# Runs a command with its output in a log, which is shown when it fails.
quietly() {
  "$@" >>"$directory/setup.log" 2>&1 || {
    tail -5 "$directory/setup.log" >&2
    return 1
  }
}

make_cell() {
  mkdir -p "$SGE_ROOT/default/common" "$spool"/{qmaster/job_scripts,execd,db}
  chmod 755 "$SGE_ROOT"
  ln -s /usr/share/gridengine/util "$SGE_ROOT/util"
  printf '%s\n' 'admin_user none' 'default_domain none' 'ignore_fqdn false' 'spooling_method berkeleydb' \
    'spooling_lib libspoolb' "spooling_params $spool/db" 'binary_path /usr/sbin' "qmaster_spool_dir $spool/qmaster" \
    'security_mode none' 'listener_threads 2' 'worker_threads 2' 'scheduler_threads 1' >"$SGE_ROOT/default/common/bootstrap"
  printf 'localhost %s\n' "$(hostname)" >"$SGE_ROOT/default/common/host_aliases"
  hostname >"$SGE_ROOT/default/common/act_qmaster"
  quietly /usr/share/gridengine/scripts/init_cluster "$SGE_ROOT" default "$spool/db" root
}

configure() {
  printf '%s\n' 'hostname localhost' 'load_scaling NONE' 'complex_values NONE' 'user_lists NONE' 'xuser_lists NONE' \
    'projects NONE' 'xprojects NONE' 'usage_scaling NONE' 'report_variables NONE' >"$directory/exechost"
  quietly qconf -Ae "$directory/exechost"
  quietly qconf -as localhost
  {
    printf '%s\n' 'qname all.q' 'hostlist localhost' 'seq_no 0' 'load_thresholds NONE' 'suspend_thresholds NONE' 'nsuspend 1' \
      'suspend_interval 00:05:00' 'priority 0' 'min_cpu_interval 00:05:00' 'processors UNDEFINED' 'qtype BATCH' \
      'ckpt_list NONE' 'pe_list NONE' 'rerun FALSE' "slots $slots" 'tmpdir /tmp' 'shell /bin/sh' 'prolog NONE' 'epilog NONE' \
      'shell_start_mode unix_behavior' 'starter_method NONE' 'suspend_method NONE' 'resume_method NONE' \
      'terminate_method NONE' 'notify 00:00:60' 'owner_list NONE' 'user_lists NONE' 'xuser_lists NONE' 'subordinate_list NONE' \
      'complex_values NONE' 'projects NONE' 'xprojects NONE' 'calendar NONE' 'initial_state default'
    for limit in rt cpu fsize data stack core rss vmem; do
      printf 's_%s INFINITY\nh_%s INFINITY\n' "$limit" "$limit"
    done
  } >"$directory/queue"
  quietly qconf -Aq "$directory/queue"
  qconf -ssconf | sed -e 's/^schedule_interval .*/schedule_interval 0:0:1/' -e 's/^flush_submit_sec .*/flush_submit_sec 1/' \
    -e 's/^flush_finish_sec .*/flush_finish_sec 1/' -e 's/^job_load_adjustments .*/job_load_adjustments NONE/' >"$directory/scheduler"
  quietly qconf -Msconf "$directory/scheduler"
  local flushed='reporting_params accounting=true reporting=false flush_time=00:00:01 joblog=false sharelog=00:00:00'
  SGE_SINGLE_LINE=1 qconf -sconf | sed -e 's/^min_uid .*/min_uid 0/' -e 's/^min_gid .*/min_gid 0/' -e "s|^execd_spool_dir .*|execd_spool_dir $spool/execd|" \
    -e "s/^reporting_params .*/$flushed/" >"$directory/global"
  (cd "$directory" && quietly qconf -Mconf global)
}

# Waits until the command succeeds.
await() {
  for _ in $(seq 150); do
    if "$@"; then
      return
    fi
    sleep 0.2
  done
  echo "Grid Engine did not come up; see $spool" >&2
  return 1
}
answers() { qconf -sh >/dev/null 2>&1; }
takes_jobs() { qstat -f 2>/dev/null | grep -q '^all.q@localhost .* lx-amd64 *$'; }

ip link set lo up
make_cell
trap stop EXIT
sge_qmaster
await answers
configure
sge_execd
await takes_jobs
echo ready
cat >/dev/null
