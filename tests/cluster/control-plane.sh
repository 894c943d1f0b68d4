#!/usr/bin/env bash
# A real control plane on this machine: etcd and kube-apiserver, and on request
# kube-controller-manager and kube-scheduler. Needs no root.
#
#   control-plane.sh start DIR [--controller-manager] [--scheduler] [--owner PID]
#   control-plane.sh stop DIR
#   control-plane.sh stop-apiserver DIR    etcd and its data stay
#   control-plane.sh start-apiserver DIR   same port, same certificates
#   control-plane.sh compact-etcd DIR      forgets every past revision, so old watches get 410 Gone
#
# DIR receives admin.kubeconfig, pki/, logs/ and run/. All that listens does so on free ports of
# 127.0.0.1, except when DIR/network.env (see network.sh) gives the API server an address that
# nodes can reach. With --owner it ends by itself soon after that process has ended.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=certificates.sh
source "$cluster_scripts/certificates.sh"

usage() { sed -n '5,9s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
command=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2
with_controller_manager=no with_scheduler=no
owner=''
while [ $# -gt 0 ]; do
  case $1 in
    --controller-manager) with_controller_manager=yes ;;
    --scheduler) with_scheduler=yes ;;
    --owner) owner=$2; shift ;;
    *) usage ;;
  esac
  shift
done

settings=$dir/control-plane.env

prepare() {
  local level=control-plane
  if [ "$with_controller_manager$with_scheduler" != nono ]; then level=node; fi
  binaries=$("$cluster_scripts/build.sh" "$level")
  api_address=127.0.0.1 service_cidr=10.96.0.0/16 service_first=10.96.0.1 pod_cidr=10.95.0.0/16
  # shellcheck source=/dev/null
  [ ! -f "$dir/network.env" ] || source "$dir/network.env"

  make_authority "$dir"
  issue "$dir" apiserver "/CN=kube-apiserver" serverAuth \
    "IP:127.0.0.1,IP:$api_address,IP:$service_first,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  issue "$dir" apiserver-kubelet "/O=system:masters/CN=kube-apiserver-kubelet" clientAuth
  issue "$dir" admin "/O=system:masters/CN=admin" clientAuth
  issue "$dir" controller-manager "/CN=system:kube-controller-manager" clientAuth
  issue "$dir" scheduler "/CN=system:kube-scheduler" clientAuth
  make_key "$dir/pki/service-account.key"
  openssl ec -in "$dir/pki/service-account.key" -pubout -out "$dir/pki/service-account.pub" 2>/dev/null
  cat >"$settings" <<SETTINGS
binaries=$binaries
minor=$(kubernetes_minor "$binaries")
api_address=$api_address
service_cidr=$service_cidr
service_first=$service_first
pod_cidr=$pod_cidr
SETTINGS
  choose_ports
}

choose_ports() {
  etcd_port=$(free_port) etcd_peer_port=$(free_port) api_port=$(free_port)
  sed -i '/_port=/d' "$settings"
  printf '%s\n' "etcd_port=$etcd_port" "etcd_peer_port=$etcd_peer_port" "api_port=$api_port" >>"$settings"
  # shellcheck source=/dev/null
  source "$settings"
  server=https://$api_address:$api_port
  local name
  for name in admin controller-manager scheduler; do
    write_kubeconfig "$dir" "$name" "$server" "$dir/$name.kubeconfig"
  done
}

start_etcd() {
  local client=http://127.0.0.1:$etcd_port peer=http://127.0.0.1:$etcd_peer_port
  mkdir -p "$dir/etcd"
  chmod 0700 "$dir/etcd"
  start_program "$dir" etcd "$binaries/etcd" --data-dir "$dir/etcd" --name local \
    --listen-client-urls "$client" --advertise-client-urls "$client" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "local=$peer"
}

start_apiserver() {
  local pki=$dir/pki arguments
  arguments=(
    --etcd-servers="http://127.0.0.1:$etcd_port"
    --bind-address="$api_address" --secure-port="$api_port"
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key"
    --client-ca-file="$pki/ca.crt"
    '--authorization-mode=Node,RBAC'
    --service-cluster-ip-range="$service_cidr"
    --service-account-issuer=https://kubernetes.default.svc
    --service-account-key-file="$pki/service-account.pub"
    --service-account-signing-key-file="$pki/service-account.key"
    --kubelet-client-certificate="$pki/apiserver-kubelet.crt"
    --kubelet-client-key="$pki/apiserver-kubelet.key"
    --kubelet-certificate-authority="$pki/ca.crt"
    --kubelet-preferred-address-types=InternalIP
    --allow-privileged=true
    --enable-priority-and-fairness=true
    --v=1
  )
  if [ "$api_address" = 127.0.0.1 ]; then
    # A loopback address may not be the endpoint of the Service "kubernetes"; nobody here needs it.
    arguments+=(--endpoint-reconciler-type=none)
  else
    arguments+=(--advertise-address="$api_address")
  fi
  if [ "$with_controller_manager" = no ] && [ ! -f "$dir/controller-manager.on" ]; then
    # Without a controller manager no namespace ever gets its ServiceAccount, and pods would be refused.
    arguments+=(--disable-admission-plugins=ServiceAccount)
  fi
  start_program "$dir" kube-apiserver "$binaries/kube-apiserver" "${arguments[@]}"
}

api_ready() {
  curl --fail --silent --max-time 2 --cacert "$dir/pki/ca.crt" --cert "$dir/pki/admin.crt" \
    --key "$dir/pki/admin.key" "https://$api_address:$api_port/readyz"
}

# Ready, or known to have failed: a port that somebody took in between shows at once.
api_ready_or_ended() { api_ready || has_ended "$dir" kube-apiserver || has_ended "$dir" etcd; }

wait_for_api() { wait_until "${BUILDIT_CLUSTER_TIMEOUT:-120}" api_ready_or_ended && api_ready >/dev/null; }

start_controllers() {
  local old=() pki=$dir/pki
  # Up to 1.23 these two also serve plain HTTP on a fixed port, unless told not to.
  [ "${minor:?}" -ge 24 ] || old=(--port=0)
  if [ "$with_controller_manager" = yes ]; then
    start_program "$dir" kube-controller-manager "$binaries/kube-controller-manager" \
      --kubeconfig="$dir/controller-manager.kubeconfig" --leader-elect=false \
      --use-service-account-credentials=true \
      --service-account-private-key-file="$pki/service-account.key" --root-ca-file="$pki/ca.crt" \
      --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key" \
      --cluster-cidr="$pod_cidr" --allocate-node-cidrs=false --service-cluster-ip-range="$service_cidr" \
      --node-monitor-grace-period=20s --node-monitor-period=2s \
      --bind-address=127.0.0.1 --secure-port="$(free_port)" --cert-dir="$dir/pki" "${old[@]}"
  fi
  if [ "$with_scheduler" = yes ]; then
    start_program "$dir" kube-scheduler "$binaries/kube-scheduler" \
      --kubeconfig="$dir/scheduler.kubeconfig" --leader-elect=false \
      --bind-address=127.0.0.1 --secure-port="$(free_port)" --cert-dir="$dir/pki" "${old[@]}"
  fi
}

start() {
  local attempt
  if [ -f "$settings" ] && is_running "$dir" kube-apiserver; then
    say "The control plane in $dir is running already"
    return
  fi
  need openssl curl ss setsid
  prepare
  if [ "$with_controller_manager" = yes ]; then touch "$dir/controller-manager.on"; fi
  for attempt in 1 2 3; do
    start_etcd
    start_apiserver
    if wait_for_api; then break; fi
    stop
    [ "$attempt" -lt 3 ] || die "the API server does not start; see $dir/logs"
    rm -rf "$dir/etcd"
    choose_ports
  done
  start_controllers
  if [ -n "$owner" ]; then
    # shellcheck disable=SC2016 # the inner shell fills these in
    start_program "$dir" guard sh -c 'tail --pid="$1" -f /dev/null; exec "$2" stop "$3"' sh "$owner" "$cluster_scripts/control-plane.sh" "$dir"
  fi
  say "Control plane ready: KUBECONFIG=$dir/admin.kubeconfig"
}

stop() {
  local name
  # The guard may be the one that calls this, so it goes last; its group holds the waiting tail.
  for name in kube-scheduler kube-controller-manager kube-apiserver etcd; do
    # Nothing here has state worth a slow goodbye; the API server would wait for its watches.
    stop_program "$dir" "$name" 2
  done
  stop_guard
}

stop_guard() {
  local pid
  if pid=$(running_pid "$dir" guard) && [ "$pid" != $$ ]; then
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$dir/run/guard.pid"
}

load() {
  [ -f "$settings" ] || die "no control plane was started in $dir"
  # shellcheck source=/dev/null
  source "$settings"
}

case $command in
  start) start ;;
  stop) stop ;;
  stop-apiserver) load; stop_program "$dir" kube-apiserver 2 ;;
  start-apiserver)
    load
    start_apiserver
    wait_for_api || die "the API server does not come back; see $dir/logs/kube-apiserver.log"
    ;;
  compact-etcd)
    load
    # The gRPC gateway of etcd speaks JSON, so no etcdctl is needed.
    etcd=http://127.0.0.1:$etcd_port/v3
    revision=$(curl --fail --silent --max-time 10 "$etcd/kv/range" --data '{"key":"AA=="}' |
      sed -E 's/.*"revision":"([0-9]+)".*/\1/')
    curl --fail --silent --max-time 10 "$etcd/kv/compaction" --data "{\"revision\":\"$revision\",\"physical\":true}" >/dev/null
    say "etcd has forgotten everything before revision $revision"
    ;;
  *) usage ;;
esac
