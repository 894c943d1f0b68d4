#!/usr/bin/env bash
# Shows that a cluster from here is a real one: starts one of its own, runs pods made from images
# that no registry has seen, reaches them every way there is, and looks for leftovers at the end.
# Prints each finding with the time it took; fails at the first that is wrong.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need_root "check.sh"

BUILDIT_CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/buildit-check.XXXXXX")
export BUILDIT_CLUSTER BUILDIT_IMAGES=$BUILDIT_CLUSTER-images
trap '"$cluster_scripts/down.sh"; rm -rf "$BUILDIT_IMAGES"' EXIT
tools=$("$cluster_scripts/tools.sh")
export PATH=$tools:$PATH KUBECONFIG=$BUILDIT_CLUSTER/admin.kubeconfig
mark=$(date +%s%N)

found() {
  local now
  now=$(date +%s%N)
  printf '%6d ms  %s\n' $(((now - mark) / 1000000)) "$1"
  mark=$now
}

# expect DESCRIPTION TEXT COMMAND...: within 30 s the command says the text.
says() { local text=$1; shift; [[ $("$@" 2>/dev/null) == *"$text"* ]]; }
expect() {
  local what=$1 text=$2
  shift 2
  if ! wait_until 30 says "$text" "$@"; then
    tail -n 5 "$BUILDIT_CLUSTER"/nodes/node-0/logs/{dns,kube-proxy}.log >&2 || true
    "$@" >&2 || true
    die "not so: $what ($*)"
  fi
  found "$what"
}

"$cluster_scripts/up.sh" >/dev/null
found "control plane and node up"

# shellcheck disable=SC2016 # the container's shell fills it in
serve='SYSTEM:echo HTTP/1.0 200 OK; echo; echo served by $HOSTNAME'
EXTRA="sh" "$cluster_scripts/images.sh" program check/web socat >/dev/null
EXTRA="sleep" "$cluster_scripts/images.sh" program check/shell curl >/dev/null
"$cluster_scripts/node.sh" import "$BUILDIT_CLUSTER" "$BUILDIT_IMAGES"/*.tar
found "two images built and imported"

kubectl apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Pod
metadata: { name: bridged, labels: { app: web } }
spec:
  containers:
  - name: web
    image: check/web:local
    args: ["TCP-LISTEN:8080,fork,reuseaddr", '$serve']
    ports: [{ containerPort: 8080, hostPort: 18080 }]
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }
    securityContext:
      runAsNonRoot: true
      readOnlyRootFilesystem: true
      allowPrivilegeEscalation: false
      capabilities: { drop: [ALL] }
      seccompProfile: { type: RuntimeDefault }
---
apiVersion: v1
kind: Pod
metadata: { name: host }
spec:
  hostNetwork: true
  containers:
  - { name: web, image: check/web:local, args: ["TCP-LISTEN:8090,fork,reuseaddr", '$serve'] }
---
apiVersion: v1
kind: Pod
metadata: { name: shell }
spec:
  containers:
  - { name: shell, image: check/shell:local, command: [sleep, "3600"] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: NodePort, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: headless }
spec: { clusterIP: None, selector: { app: web }, ports: [{ port: 8080 }] }
YAML
kubectl wait --for=condition=Ready pod --all --timeout=60s >/dev/null
found "a pod in the pod network and one in the host network are Ready"

field() { kubectl get "$1" "$2" -o "jsonpath={$3}"; }
node_address=$(field node node-0 '.status.addresses[0].address')
ask() { curl --silent --max-time 3 "$@"; }
inside() { kubectl exec shell -- /usr/bin/curl --silent --max-time 3 "$@"; }

expect "a pod reaches a Service by name" "served by bridged" inside http://web
expect "a pod reaches a headless Service by its full name" "served by bridged" inside http://headless.default.svc.cluster.local:8080
expect "a pod reaches the API server" "gitVersion" inside --insecure https://kubernetes/version
expect "a pod reaches the host network" "served by node-0" inside "http://$node_address:8090"
expect "this machine reaches the pod" "served by bridged" ask "http://$(field pod bridged .status.podIP):8080"
expect "this machine reaches the Service's address" "served by bridged" ask "http://$(field service web .spec.clusterIP)"
expect "this machine reaches the host port" "served by bridged" ask "http://$node_address:18080"
expect "this machine reaches the node port" "served by bridged" ask "http://$node_address:$(field service web '.spec.ports[0].nodePort')"

network=$(sed -n 's/^network=//p' "$BUILDIT_CLUSTER/network.env")
"$cluster_scripts/down.sh"
found "stopped"
leftovers=$(
  ip -o link | grep -E "buildit$network\b|\bb$network-" || true
  find /sys/fs/cgroup -type d -name "buildit$network-*"
  find /run/netns /run/buildit-sfu -name "buildit$network-*" 2>/dev/null || true
  grep -s "$BUILDIT_CLUSTER" /proc/self/mountinfo || true
  for process in /proc/[0-9]*; do
    { tr '\0' ' ' <"$process/cmdline" | grep -F -- "$BUILDIT_CLUSTER/"; } 2>/dev/null || true
  done
)
[ -z "$leftovers" ] || die "left behind: $leftovers"
found "no process, interface, mount or control group is left"
