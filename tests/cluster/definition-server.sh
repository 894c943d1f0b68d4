#!/usr/bin/env bash
# A real server of CustomResourceDefinitions of a current Kubernetes, where a whole current one may not be had.
#
#   definition-server.sh build               makes the programs and prints which server it will be
#   definition-server.sh start DIR [--owner PID]
#   definition-server.sh stop DIR
#
# That is kube-apiserver where the one of build.sh is current enough, else apiextensions-apiserver
# (build-definition-server.sh), which has no namespaces, pods or webhooks. DIR receives admin.kubeconfig, version, pki/, logs/
# and run/. All that listens does so on free ports of 127.0.0.1. With --owner it ends by itself soon after that process.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=certificates.sh
source "$cluster_scripts/certificates.sh"

usage() { sed -n '4,6s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 1 ] || usage
command=$1
shift
if [ "$command" != build ]; then
  [ $# -ge 1 ] || usage
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  shift
fi
owner=''
while [ $# -gt 0 ]; do
  case $1 in
    --owner) owner=$2; shift ;;
    *) usage ;;
  esac
  shift
done

# choose: sets binaries and version. kube-apiserver evaluates rules since 1.25 and is the whole thing, so it goes first.
choose() {
  if binaries=$("$cluster_scripts/build.sh" control-plane) && [ "$(kubernetes_minor "$binaries")" -ge "$current_kubernetes_minor" ]; then
    server=kube-apiserver
    version=$("$binaries/kube-apiserver" --version | sed 's/^Kubernetes v//')
  else
    server=apiextensions-apiserver
    binaries=$("$cluster_scripts/build-definition-server.sh")
    version=$(basename "$(dirname "$binaries")")
  fi
}

start_definition_server() {
  local pki=$dir/pki etcd=http://127.0.0.1:$etcd_port
  mkdir -p "$dir/etcd"
  chmod 0700 "$dir/etcd"
  start_program "$dir" etcd etcd --data-dir "$dir/etcd" --name local \
    --listen-client-urls "$etcd" --advertise-client-urls "$etcd" \
    --listen-peer-urls "http://127.0.0.1:$etcd_peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$etcd_peer_port" \
    --initial-cluster "local=http://127.0.0.1:$etcd_peer_port"
  # Whoever asks is known by certificate; group system:masters needs no authorizer, and there is none. Admission that reads
  # namespaces, webhooks or policies would wait for a server that serves them.
  start_program "$dir" "$server" "$binaries/$server" \
    --etcd-servers="$etcd" --bind-address=127.0.0.1 --secure-port="$api_port" \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
    --kubeconfig="$dir/admin.kubeconfig" --authentication-kubeconfig="$dir/admin.kubeconfig" \
    --authorization-kubeconfig="$dir/admin.kubeconfig" --authentication-skip-lookup \
    --enable-priority-and-fairness=false \
    --disable-admission-plugins=NamespaceLifecycle,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,MutatingAdmissionPolicy,ValidatingAdmissionPolicy \
    --v=1
}

# It looks for Services too, for webhooks that convert; there are none here and nobody that serves them, so it never counts
# that as done.
api_ready() {
  curl --fail --silent --max-time 2 --cacert "$dir/pki/ca.crt" --cert "$dir/pki/admin.crt" \
    --key "$dir/pki/admin.key" "https://127.0.0.1:$api_port/readyz?exclude=informer-sync"
}

# Ready, or known to have failed: a port that somebody took in between shows at once.
api_ready_or_ended() { api_ready || has_ended "$dir" "$server" || has_ended "$dir" etcd; }

start() {
  local attempt etcd_port etcd_peer_port api_port
  choose
  echo "$version" >"$dir/version"
  if [ "$server" = kube-apiserver ]; then
    exec "$cluster_scripts/control-plane.sh" start "$dir" ${owner:+--owner "$owner"}
  fi
  need openssl curl ss setsid etcd
  make_authority "$dir"
  issue "$dir" apiserver "/CN=$server" serverAuth "IP:127.0.0.1,DNS:localhost"
  issue "$dir" admin "/O=system:masters/CN=admin" clientAuth
  for attempt in 1 2 3; do
    etcd_port=$(free_port) etcd_peer_port=$(free_port) api_port=$(free_port)
    write_kubeconfig "$dir" admin "https://127.0.0.1:$api_port" "$dir/admin.kubeconfig"
    start_definition_server
    if wait_until "${BUILDIT_CLUSTER_TIMEOUT:-120}" api_ready_or_ended && api_ready >/dev/null; then break; fi
    stop
    [ "$attempt" -lt 3 ] || die "the definition server does not start; see $dir/logs"
    rm -rf "$dir/etcd"
  done
  if [ -n "$owner" ]; then
    # shellcheck disable=SC2016 # the inner shell fills these in
    start_program "$dir" guard sh -c 'tail --pid="$1" -f /dev/null; exec "$2" stop "$3"' sh "$owner" "$cluster_scripts/definition-server.sh" "$dir"
  fi
  say "Definition server of Kubernetes $version ready: KUBECONFIG=$dir/admin.kubeconfig"
}

stop() {
  local name pid
  for name in apiextensions-apiserver kube-apiserver etcd; do
    stop_program "$dir" "$name" 2
  done
  # The guard may be the one that calls this, so it goes last; its group holds the waiting tail.
  if pid=$(running_pid "$dir" guard) && [ "$pid" != $$ ]; then
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$dir/run/guard.pid"
}

case $command in
  build) choose; echo "$server $version" ;;
  start) start ;;
  stop) stop ;;
  *) usage ;;
esac
