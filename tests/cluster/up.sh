#!/usr/bin/env bash
# Starts a real Kubernetes on this machine: control plane and one node. Behind "make cluster-up".
# Run again, it starts what is missing. BUILDIT_CLUSTER names the folder it lives in,
# BUILDIT_CLUSTER_NODES the number of nodes (1). With BUILDIT_CLUSTER_OWNER, a process id, everything
# is stopped and removed soon after that process has ended.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

dir=${BUILDIT_CLUSTER:-$cache/cluster}
need_root "a node"
mkdir -p "$dir"
# After a restart of the machine the files are still there and nothing else is.
if [ -f "$dir/network.env" ] && ! ip link show "$(sed -n 's/^bridge=//p' "$dir/network.env")" >/dev/null 2>&1; then
  "$cluster_scripts/down.sh"
  mkdir -p "$dir"
fi
started=$SECONDS
"$cluster_scripts/build.sh" node >/dev/null
tools=$("$cluster_scripts/tools.sh")
"$cluster_scripts/network.sh" up "$dir"
"$cluster_scripts/control-plane.sh" start "$dir" --controller-manager --scheduler
for ((index = 0; index < ${BUILDIT_CLUSTER_NODES:-1}; index++)); do
  "$cluster_scripts/node.sh" start "$dir" "$index"
done
if [ -n "${BUILDIT_CLUSTER_OWNER:-}" ]; then
  # Outside the cluster's folder, because down.sh removes that.
  # shellcheck disable=SC2016 # the inner shell fills these in
  BUILDIT_CLUSTER=$dir setsid sh -c 'tail --pid="$1" -f /dev/null; exec "$2"' sh \
    "$BUILDIT_CLUSTER_OWNER" "$cluster_scripts/down.sh" >/dev/null 2>&1 </dev/null &
fi

cat <<TEXT
Kubernetes is up after $((SECONDS - started)) s.

  export KUBECONFIG=$dir/admin.kubeconfig PATH=$tools:\$PATH
  kubectl get nodes

  tests/cluster/images.sh all                                     build our images
  tests/cluster/node.sh import $dir artifacts/images/*.tar        give them to the node
  make cluster-down                                               stop it
TEXT
