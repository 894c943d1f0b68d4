#!/usr/bin/env bash
# A real node on this machine: containerd, kubelet, kube-proxy and a DNS server, in network,
# mount, process and host-name namespaces of its own. Nothing of it touches a container runtime,
# firewall rules or files that the machine already has, several nodes can run side by side, and
# ending the one process that holds the namespaces ends everything in them.
#
#   node.sh start DIR [INDEX]           joins node-INDEX (0 by default) to the control plane in DIR
#   node.sh stop DIR [INDEX]            as sudden as a power cut
#   node.sh import DIR IMAGE.tar...     gives images to every running node; no registry is involved
#   node.sh kill DIR POD_UID            ends a pod's programs as a crash would; Kubernetes finds out by itself
#   node.sh enter DIR INDEX COMMAND...  runs a command inside the node (ip, iptables, ctr, ...)
#
# DIR needs network.env (network.sh) and a control plane with --controller-manager and --scheduler.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=certificates.sh
source "$cluster_scripts/certificates.sh"

usage() { sed -n '7,11s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
command=$1
[ -d "$2" ] || die "no cluster in $2"
dir=$(cd "$2" && pwd)
shift 2
need_root "node.sh"
if [ ! -f "$dir/network.env" ] || [ ! -f "$dir/control-plane.env" ]; then
  die "no cluster with a network in $dir; see up.sh"
fi
# shellcheck source=/dev/null
source "$dir/network.env"
# shellcheck source=/dev/null
source "$dir/control-plane.env"
: "${network:=}" "${bridge:=}" "${service_cidr:=}" "${api_address:=}" "${binaries:=}" "${minor:=}"
# shellcheck source=node-config.sh
source "$cluster_scripts/node-config.sh"

# What each node is called and where it lives.
identify() {
  index=${1:-0}
  [[ $index =~ ^[1-5]?[0-9]$ ]] || die "a node's index is between 0 and 59"
  name=node-$index
  node=$dir/nodes/$name
  namespace=buildit$network-$index
  cgroup=buildit$network-$index
  address=10.$network.0.$((10 + index))
  node_pods=10.$network.$((64 + index)).0/24
  # Sockets live here because their paths may have no more than 107 characters.
  sockets=/run/buildit-sfu/$namespace
}

# Both versions of control groups: every controller has a hierarchy of its own, or all share one.
cgroup_roots() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    echo /sys/fs/cgroup
  else
    awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts
  fi
}

make_cgroups() {
  local root
  for root in $(cgroup_roots); do
    mkdir -p "$root/$cgroup"
    # A new cpuset holds nothing and admits nobody until it is told what it may use.
    for file in cpuset.cpus cpuset.mems; do
      if [ -f "$root/$cgroup/$file" ] && [ ! -f /sys/fs/cgroup/cgroup.controllers ]; then
        cat "$root/$file" >"$root/$cgroup/$file"
      fi
    done
  done
}

remove_cgroups() {
  local root folder
  for root in $(cgroup_roots); do
    [ -d "$root/$cgroup" ] || continue
    # Children before their parents. The kernel may need a moment to let go of the last process.
    find "$root/$cgroup" -depth -type d | while IFS= read -r folder; do
      wait_until 5 rmdir "$folder" || say "the control group $folder stays behind"
    done
  done
}

plug_in() {
  ip netns add "$namespace"
  ip link add "b$network-$index" type veth peer name eth0 netns "$namespace"
  ip link set "b$network-$index" master "$bridge" up
  ip -n "$namespace" address add "$address/24" dev eth0
  ip -n "$namespace" link set lo up
  ip -n "$namespace" link set eth0 up
  ip -n "$namespace" route add default via "$api_address"
  nsenter --net="/run/netns/$namespace" sysctl -q -w net.ipv4.ip_forward=1
  ip route replace "$node_pods" via "$address"
  route_services
}

# This machine reaches Services through a node, whose kube-proxy knows what is behind them.
route_services() {
  local other
  for other in "$dir"/nodes/*/address; do
    [ -f "$other" ] || continue
    ip route replace "$service_cidr" via "$(cat "$other")"
    return
  done
}

start() {
  need containerd runc iptables conntrack dnsmasq nsenter unshare jq
  "$cluster_scripts/build.sh" node >/dev/null
  if is_running "$node" node; then
    say "$name is running already"
    return
  fi
  # What an interrupted start or a restarted machine left.
  if [ -d "$node" ]; then stop; fi
  local tools
  tools=$("$cluster_scripts/tools.sh")
  mkdir -p "$node" "$sockets"
  echo "$address" >"$node/address"
  plug_in
  make_cgroups
  write_node_configuration
  start_program "$node" node nsenter --net="/run/netns/$namespace" \
    unshare --mount --propagation private --uts --pid --fork --kill-child=KILL --mount-proc \
    "$cluster_scripts/node-init.sh" "$node" "$name" "$sockets" "$binaries" "$minor" "$tools"
  import_image "$("$cluster_scripts/images.sh" pause)"
  local kubectl=("$tools/kubectl" "--kubeconfig=$dir/admin.kubeconfig")
  wait_until "${BUILDIT_CLUSTER_TIMEOUT:-120}" node_ready_or_ended || true
  node_ready || die "$name does not become Ready; see $node/logs"
  say "$name is Ready at $address"
}

node_ready_or_ended() { node_ready || has_ended "$node" node; }

node_ready() {
  [ "$("${kubectl[@]}" get node "$name" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

stop() {
  local pid
  if pid=$(running_pid "$node" node); then
    kill -KILL "$pid"
    wait_until 10 has_ended "$node" node || die "$name (pid $pid) does not end"
  fi
  ip route delete "$node_pods" via "$address" 2>/dev/null || true
  ip route delete "$service_cidr" via "$address" 2>/dev/null || true
  rm -f "$node/address"
  ip link delete "b$network-$index" 2>/dev/null || true
  ip netns delete "$namespace" 2>/dev/null || true
  remove_cgroups
  rm -rf "$node" "$sockets"
  route_services
}

containerd_ready() { ctr --address "$sockets/containerd.sock" version; }

import_image() {
  wait_until 60 containerd_ready || die "containerd of $name does not start; see $node/logs/containerd.log"
  ctr --address "$sockets/containerd.sock" --namespace k8s.io images import "$1" >/dev/null
}

import() {
  local folder image
  for folder in "$dir"/nodes/*; do
    [ -f "$folder/address" ] || continue
    identify "${folder##*-}"
    for image in "$@"; do
      import_image "$image"
      say "$name has $(basename "$image")"
    done
  done
}

# By control group, because programs of many pods have the same name. The pause program holds the pod's network: it stays.
kill_pod() {
  local file pid killed=
  for file in $(grep -ls "/pod$1/" /proc/[0-9]*/cgroup); do
    pid=${file#/proc/} pid=${pid%/cgroup}
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != pause ] || continue
    ! kill -KILL "$pid" 2>/dev/null || killed=yes
  done
  [ -n "$killed" ] || die "no program of a pod $1 runs"
}

# The namespaces belong to the child of unshare, which is the first process inside them.
enter() {
  local pid inside
  pid=$(running_pid "$node" node) || die "$name is not running"
  inside=$(cat "/proc/$pid/task/$pid/children")
  exec nsenter --target "${inside%% *}" --net --mount --uts --pid -- "$@"
}

case $command in
  start) identify "${1:-0}"; start ;;
  stop) identify "${1:-0}"; stop ;;
  import) import "$@" ;;
  kill) [ $# = 1 ] || usage; kill_pod "$1" ;;
  enter) identify "$1"; shift; enter "$@" ;;
  *) usage ;;
esac
