#!/usr/bin/env bash
# The first process inside a node's namespaces; started by node.sh. Everything the node runs is
# its descendant, and when it ends the kernel ends them all.
#
#   node-init.sh NODE_DIR NAME SOCKETS BINARIES MINOR TOOLS
set -euo pipefail
node=$1 name=$2 sockets=$3 binaries=$4 minor=$5 tools=$6
export PATH=$PATH:/usr/sbin:/sbin

hostname "$name"
# Mounts of volumes must reach containers, yet never the machine: share them in here only.
mount --make-rshared /
# Fixed paths that two nodes on one machine, or the machine's own runtime, would fight over.
mkdir -p /run/containerd /run/netns /var/lib/kubelet /var/log/pods /var/log/containers /var/lib/cni
for path in /run/containerd /run/netns /var/lib/kubelet /var/log/containers /var/lib/cni; do
  mount -t tmpfs -o mode=0755 buildit "$path"
done
mkdir -p "$node/pod-logs" "$node/kubelet"
mount --bind "$node/pod-logs" /var/log/pods

# keep NAME COMMAND...: runs a program, and again when it ends, as an init system does.
keep() {
  local program=$1
  shift
  while :; do
    "$@" >>"$node/logs/$program.log" 2>&1 </dev/null || true
    sleep 1
  done
}

runtime=(--container-runtime-endpoint="unix://$sockets/containerd.sock")
if [ "$minor" -lt 24 ]; then runtime+=(--container-runtime=remote); fi
address=$(sed -n 's/^address=//p' "$node/dns.env")

keep containerd containerd --config "$node/containerd.toml" &
# kubelet gives up when there is no runtime yet.
until [ -S "$sockets/containerd.sock" ]; do sleep 0.1; done
keep kubelet "$binaries/kubelet" --config="$node/kubelet.yaml" --kubeconfig="$node/kubelet.kubeconfig" \
  --hostname-override="$name" --node-ip="$address" --root-dir="$node/kubelet" --cert-dir="$node/kubelet" \
  "${runtime[@]}" --v=1 &
keep kube-proxy "$binaries/kube-proxy" --config="$node/kube-proxy.yaml" &
keep dns "$(dirname "$0")/node-dns.sh" "$node" "$address" "$tools/kubectl" &
wait
