#!/usr/bin/env bash
# Downloads the Kubernetes binaries into the cache. Called by build.sh, under its lock.
# Fails within seconds on a machine that cannot reach the Kubernetes project's hosts.
#
#   download-kubernetes.sh control-plane|node
#
# BUILDIT_KUBERNETES_DOWNLOAD=off skips it. control-plane takes the archive that controller tests
# commonly use (envtest: kube-apiserver, etcd, kubectl); node adds the release's own binaries.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

wanted=$1
version=$kubernetes_version
[ "${BUILDIT_KUBERNETES_DOWNLOAD:-on}" = on ] || exit 1
have curl || exit 1

case $(uname -m) in
  x86_64) machine=amd64 ;;
  aarch64) machine=arm64 ;;
  *) exit 1 ;;
esac

envtest=https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-v$version/envtest-v$version-linux-$machine.tar.gz
release=https://dl.k8s.io/v$version/bin/linux/$machine

# A host that does not answer within 3 s is out of reach; a slow one may take its time.
get() { curl --fail --silent --show-error --location --connect-timeout 3 --speed-limit 1024 --speed-time 15 "$@"; }
get --head --max-time 8 --output /dev/null "$envtest" 2>/dev/null || exit 1

say "Downloading Kubernetes $version"
staging=$(mktemp -d "$cache/kubernetes/.staging.XXXXXX")
trap 'rm -rf "$staging"' EXIT
mkdir "$staging/bin"
get "$envtest" | tar -xz -C "$staging/bin" --strip-components=2 --no-same-owner
if [ "$wanted" = node ]; then
  for program in kube-controller-manager kube-scheduler kubelet kube-proxy; do
    get --output "$staging/bin/$program" "$release/$program"
    checksum=$(get "$release/$program.sha256")
    echo "$checksum  $staging/bin/$program" | sha256sum --check --quiet >&2
  done
fi
chmod 0755 "$staging/bin" "$staging/bin"/*
mkdir -p "$cache/kubernetes/$version"
rm -rf "${cache:?}/kubernetes/$version/bin"
mv "$staging/bin" "$cache/kubernetes/$version/bin"
say "Kubernetes $version is in $cache/kubernetes/$version/bin"
