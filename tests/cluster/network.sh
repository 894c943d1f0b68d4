#!/usr/bin/env bash
# The network that one local cluster has to itself: a bridge on this machine that its nodes are
# plugged into. Several clusters can run side by side.
#
#   network.sh up DIR       picks a free 10.N.0.0/16, makes the bridge, writes DIR/network.env
#   network.sh down DIR
#
#   10.N.0.1        this machine; the API server listens here
#   10.N.0.10+i     node i
#   10.N.64+i.0/24  pods of node i
#   10.N.128.0/17   Services, reachable from this machine too (see node.sh)
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

[ $# = 2 ] || { sed -n '5,6s/^# *//p' "$0" >&2; exit 2; }
command=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)

# Another tool's rules may drop what is forwarded (Docker's do); ours come first and go with us.
firewall() {
  local action=$1 position=()
  if [ "$action" = -I ]; then position=(1); fi
  iptables -w "$action" FORWARD "${position[@]}" -i "$bridge" -j ACCEPT
  iptables -w "$action" FORWARD "${position[@]}" -o "$bridge" -j ACCEPT
  iptables -w -t nat "$action" POSTROUTING "${position[@]}" -s "10.$network.0.0/16" ! -d "10.$network.0.0/16" -j MASQUERADE
}

up() {
  local n
  [ ! -f "$dir/network.env" ] || return 0
  need ip iptables
  # Making the bridge is what reserves the number: the kernel refuses a second one of that name.
  for n in $(shuf -i 96-223); do
    [ -z "$(ip -4 route show root "10.$n.0.0/16")" ] || continue
    if ip link add "buildit$n" type bridge 2>/dev/null; then
      network=$n
      break
    fi
  done
  [ -n "${network:-}" ] || die "there is no free network left between 10.96.0.0/16 and 10.223.0.0/16"
  bridge=buildit$network
  ip address add "10.$network.0.1/24" dev "$bridge"
  ip link set "$bridge" up
  sysctl -q -w net.ipv4.ip_forward=1
  firewall -I
  cat >"$dir/network.env" <<SETTINGS
network=$network
bridge=$bridge
api_address=10.$network.0.1
pod_cidr=10.$network.64.0/18
service_cidr=10.$network.128.0/17
service_first=10.$network.128.1
SETTINGS
}

down() {
  [ -f "$dir/network.env" ] || return 0
  # shellcheck source=/dev/null
  source "$dir/network.env"
  firewall -D 2>/dev/null || true
  ip link delete "$bridge" 2>/dev/null || true
  rm -f "$dir/network.env"
}

case $command in
  up) need_root "network.sh"; up ;;
  down) down ;;
  *) die "unknown command '$command'" ;;
esac
