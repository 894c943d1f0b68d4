#!/usr/bin/env bash
# Stops the Kubernetes that up.sh started and removes every trace. Behind "make cluster-down".
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

dir=${BUILDIT_CLUSTER:-$cache/cluster}
[ -d "$dir" ] || { say "No cluster in $dir"; exit; }
# The demo's browsers and page, where it has run.
stop_program "$dir" demo 10
for node in "$dir"/nodes/node-*; do
  [ -d "$node" ] || continue
  "$cluster_scripts/node.sh" stop "$dir" "${node##*-}"
done
"$cluster_scripts/control-plane.sh" stop "$dir"
"$cluster_scripts/network.sh" down "$dir"
rm -rf "$dir"
say "The cluster is gone"
