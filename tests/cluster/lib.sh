# shellcheck shell=bash
# What the scripts of this folder share. Sourced, never run.

cluster_scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$cluster_scripts/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/buildit-sfu
export cluster_scripts repository cache
# shellcheck source=versions.sh
source "$cluster_scripts/versions.sh"

# Programs such as kubelet, iptables and ip live in sbin, which a plain user's PATH lacks.
export PATH=$PATH:/usr/sbin:/sbin

# Progress goes to stderr, so that stdout stays free for the answer of a script.
say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

need() {
  local program
  for program in "$@"; do
    have "$program" || die "'$program' is not installed; 'make deps' installs it"
  done
}

need_root() { [ "$(id -u)" = 0 ] || die "$1 needs root (network namespaces and mounts); run it with sudo"; }

# wait_until SECONDS COMMAND...: polls until the command succeeds.
wait_until() {
  local seconds=$1 deadline
  shift
  deadline=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
  return 0
}

# A TCP port that nobody listens on, below the range the kernel gives out by itself.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    ss -Hltun "sport = :$port" | grep -q . || { echo "$port"; return; }
  done
}

# start_program DIR NAME COMMAND...: runs in a session of its own, logs to DIR/logs/NAME.log and
# leaves its pid and the kernel's start time of that pid in DIR/run, so that a recycled pid is
# never mistaken for the program.
start_program() {
  local dir=$1 name=$2 pid
  shift 2
  mkdir -p "$dir/run" "$dir/logs"
  setsid "$@" >>"$dir/logs/$name.log" 2>&1 </dev/null &
  pid=$!
  echo "$pid $(pid_start_time "$pid")" >"$dir/run/$name.pid"
}

# Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and is cut off first.
pid_start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  echo "${20}"
}

# The pid of a program started above, or nothing when it has ended.
running_pid() {
  local file=$1/run/$2.pid pid started
  [ -s "$file" ] || return 1
  read -r pid started <"$file"
  [ "$(pid_start_time "$pid")" = "$started" ] && [ -n "$started" ] || return 1
  # A zombie has ended; only its parent has not noticed.
  ! grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null || return 1
  echo "$pid"
}

is_running() { running_pid "$1" "$2" >/dev/null; }
has_ended() { ! is_running "$1" "$2"; }

# stop_program DIR NAME [SECONDS]: asks, then insists.
stop_program() {
  local dir=$1 name=$2 seconds=${3:-5} pid
  if pid=$(running_pid "$dir" "$name"); then
    kill -TERM "$pid" 2>/dev/null || true
    if ! wait_until "$seconds" has_ended "$dir" "$name"; then
      kill -KILL "$pid" 2>/dev/null || true
      wait_until 5 has_ended "$dir" "$name" || die "$name (pid $pid) does not end"
    fi
  fi
  rm -f "$dir/run/$name.pid"
}

# The minor version of the Kubernetes in a folder of binaries: 20 for v1.20.2.
kubernetes_minor() {
  "$1/kube-apiserver" --version | sed -E 's/^Kubernetes v1\.([0-9]+).*/\1/'
}
