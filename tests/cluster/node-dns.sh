#!/usr/bin/env bash
# Cluster DNS for one node: dnsmasq, whose names follow the cluster's Services.
# Answers A records of Services, of the pods behind headless ones, and of their host names;
# everything outside cluster.local goes to the machine's own servers.
#
#   node-dns.sh NODE_DIR ADDRESS KUBECTL
set -euo pipefail
node=$1 address=$2 kubectl=$3
kubectl=("$kubectl" "--kubeconfig=$node/../../admin.kubeconfig")
names=$node/dns.hosts

touch "$names"
upstream=()
while read -r _ server; do upstream+=(--server="$server"); done <"$node/resolv.conf"
dnsmasq --keep-in-foreground --conf-file=/dev/null --user=root --pid-file= --log-facility=- \
  --listen-address="$address" --bind-interfaces --no-resolv --no-hosts --addn-hosts="$names" \
  --local=/cluster.local/ --local-ttl=2 --neg-ttl=2 "${upstream[@]}" &
dnsmasq=$!

# One line for each address and name, as in /etc/hosts.
render() {
  "${kubectl[@]}" get services,endpoints --all-namespaces --output json | jq -r '
    def zone: "\(.metadata.name).\(.metadata.namespace).svc.cluster.local";
    (.items | map(select(.kind == "Service"))) as $services
    | (.items | map(select(.kind == "Endpoints"))) as $endpoints
    | ($services[] | select(.spec.clusterIP // "None" | . != "None" and . != "") | "\(.spec.clusterIP) \(zone)"),
      ($services[] | select(.spec.clusterIP == "None")
        | (.spec.publishNotReadyAddresses // false) as $all | zone as $zone
        | $endpoints[] | select(zone == $zone) | (.subsets // [])[]
        | ((.addresses // []) + (if $all then (.notReadyAddresses // []) else [] end))[]
        | "\(.ip) \($zone)", (select(.hostname) | "\(.ip) \(.hostname).\($zone)"))
  ' >"$names.new"
  cmp -s "$names" "$names.new" || { cp "$names.new" "$names"; kill -HUP "$dnsmasq"; }
}

# Each watch begins with the whole list, so nothing that happened in between is missed.
changes=$node/dns.changes
[ -p "$changes" ] || mkfifo "$changes"
exec 3<>"$changes"
for kind in services endpoints; do
  while :; do
    "${kubectl[@]}" get "$kind" --all-namespaces --watch --output name >&3 || true
    sleep 1
  done &
done

while kill -0 "$dnsmasq" 2>/dev/null; do
  # Without news the list is still compared now and then; it costs one request.
  IFS= read -r -t 60 _ <&3 || true
  # A burst of changes is one change.
  while IFS= read -r -t 0.2 _ <&3; do :; done
  render || sleep 1
done
