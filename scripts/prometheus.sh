#!/usr/bin/env bash
# Watches the cluster of "make demo" with a Prometheus of this machine and the alerts of the chart, until it is ended with Ctrl+C.
# Behind "make prometheus". It reads pods at their own addresses, which this machine reaches as it is the cluster's only node; in a real
# cluster the chart's monitoring.enabled tells the Prometheus that is there.
#
#   PORT   of its page; 9090 by default
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=../tests/cluster/lib.sh
source tests/cluster/lib.sh

port=${PORT:-9090}
export KUBECONFIG=${BUILDIT_CLUSTER:-$cache/cluster}/admin.kubeconfig
[ -f "$KUBECONFIG" ] || die "there is no cluster here: make demo starts one"
need prometheus jq
PATH=$(tests/cluster/tools.sh):$PATH
folder=$(mktemp -d -t buildit-prometheus.XXXXXX)
server=
finish() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

# targets JOB SELECTOR PORT: the pods there are now, with the labels that the chart's monitors give them.
targets() {
  kubectl get pods --all-namespaces --selector "$2" -o json |
    jq --arg port "$3" '[.items[] | select(.status.podIP) | {targets: ["\(.status.podIP):\($port)"], labels: {namespace: .metadata.namespace, pod: .metadata.name}}]' >"$folder/.$1"
  mv "$folder/.$1" "$folder/$1.json"
}
look() {
  targets buildit-sfu-operator app.kubernetes.io/component=operator 8080
  targets buildit-sfu-room-api app.kubernetes.io/component=room-api 9090
  targets buildit-sfu-nodes app.kubernetes.io/name=sfu-node 7885
}

{
  printf 'global: {scrape_interval: 5s, evaluation_interval: 5s}\nrule_files: ["%s"]\nscrape_configs:\n' "$PWD/charts/buildit-sfu/files/alerts.yaml"
  # What the operator says about a fleet carries the fleet's namespace, not its own.
  for job in buildit-sfu-operator buildit-sfu-room-api buildit-sfu-nodes; do
    printf '  - {job_name: %s, honor_labels: true, file_sd_configs: [{files: ["%s"], refresh_interval: 5s}]}\n' "$job" "$folder/$job.json"
  done
} >"$folder/prometheus.yaml"
look
prometheus --config.file "$folder/prometheus.yaml" --storage.tsdb.path "$folder/data" --web.listen-address "127.0.0.1:$port" \
  --log.level warn &
server=$!
echo "Alerts: http://127.0.0.1:$port/alerts (Ctrl+C ends it)"
# Pods come and go.
while kill -0 "$server" 2>/dev/null; do
  sleep 5
  look || true
done
die "Prometheus has ended"
