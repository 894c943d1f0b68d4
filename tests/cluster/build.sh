#!/usr/bin/env bash
# Finds or makes the Kubernetes binaries and prints the folder they are in.
#
#   build.sh [control-plane|node]
#
# control-plane (the default) promises kube-apiserver and etcd; node promises also
# kube-controller-manager, kube-scheduler, kubelet and kube-proxy. Tried in this order:
#
#   1. $KUBEBUILDER_ASSETS
#   2. what an earlier run left in the cache
#   3. a download from the Kubernetes project, when its host answers at once
#   4. Debian's source package, built here with Debian's Go (about 7 minutes on 2 idle cores)
#
# Safe to run several times at once: the first builds, the others wait for it.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

wanted=${1:-control-plane}
case $wanted in
  control-plane) programs=(kube-apiserver etcd) ;;
  node) programs=(kube-apiserver etcd kube-controller-manager kube-scheduler kubelet kube-proxy) ;;
  *) die "usage: build.sh [control-plane|node]" ;;
esac

complete() {
  local program
  for program in "${programs[@]}"; do
    [ -x "$1/$program" ] || return 1
  done
}

cached() {
  local folder
  # The newest version first, when there are several.
  while IFS= read -r folder; do
    complete "$folder" && { echo "$folder"; return 0; }
  done < <(find "$cache/kubernetes" -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -Vr)
  return 1
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ] && complete "$KUBEBUILDER_ASSETS"; then
  echo "$KUBEBUILDER_ASSETS"
  exit
fi
cached && exit

mkdir -p "$cache/kubernetes"
need flock
exec 9>"$cache/kubernetes/build.lock"
if ! flock -n 9; then
  say "Another process is making the Kubernetes binaries; waiting for it"
  flock 9
fi
cached && exit

# The lock is this script's; a build's stray children must not hold it on.
"$cluster_scripts/download-kubernetes.sh" "$wanted" 9>&- ||
  "$cluster_scripts/build-from-debian.sh" 9>&- ||
  die "there is no Kubernetes here: no \$KUBEBUILDER_ASSETS, nothing could be downloaded, and the Debian source could not be built"
cached || die "the Kubernetes binaries were made but some of these are missing: ${programs[*]}"
