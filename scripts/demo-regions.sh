# shellcheck shell=bash disable=SC2154,SC2034,SC2317
# (What demo.sh sets is used here and the other way round, and conditions are called by name.)
# What "make demo REGIONS=2" shows beyond one fleet: a link between two, a room over both, and the pods that link them killed.
# Sourced by demo.sh, never run.

# connect_fleets: gives each fleet the host at which clients of its region arrive, and starts it. In production that is a name whose
# address a load balancer knows; here it is the Service's own address, which is known once there is one.
connect_fleets() {
  local each
  has_address() { [ -n "$(service_address "$space" "$1-signal")" ]; }
  for each in "${fleets[@]}"; do
    wait_until 30 has_address "$each" || die "the Service $each-signal did not come"
    quietly kubectl patch sfu "$each" --namespace "$space" --type=merge \
      -p "{\"spec\":{\"paused\":false,\"network\":{\"signalHost\":\"$(service_address "$space" "$each-signal")\"}}}"
  done
}

# link_fleets: a RegionLink between the two, until the path is measured and well.
link_fleets() {
  quietly kubectl apply --namespace "$space" -f - <<YAML
apiVersion: sfu.buildit.network/v1alpha1
kind: RegionLink
metadata:
  name: us-eu
spec:
  a: {clusterRef: {name: us}}
  b: {clusterRef: {name: eu}}
  health: {interval: 1s, timeout: 1s}
YAML
  quietly kubectl wait regionlink/us-eu --namespace "$space" --for=condition=Healthy --timeout 4m
  measured() { [ -n "$(kubectl get regionlink us-eu --namespace "$space" -o 'jsonpath={.status.aToB.rtt}')" ]; }
  wait_for 60 "a pod of each fleet holds one end of the link, and the path is measured" measured
  kubectl get links --namespace "$space" | sed 's/^/  /'
}

# seat_of ROLE: the pod of that seat of the room, and its region.
seat_of() {
  kubectl get conferenceroom "$room" --namespace "$space" \
    -o "jsonpath={range .status.assignments[?(@.role==\"$1\")]}{.instance} {.region}{'\n'}{end}" | head -n 1
}

# spread: the room has one seat in each region, and every one of them is on a pod that is there.
spread() {
  local seats pod
  seats=$(kubectl get conferenceroom "$room" --namespace "$space" -o 'jsonpath={range .status.assignments[*]}{.region} {.instance}{"\n"}{end}')
  [ "$(cut -d' ' -f1 <<<"$seats" | sort | paste -sd ' ')" = "eu-west-1 us-east-1" ] || return 1
  while read -r _ pod; do
    [ "$(kubectl get pod "$pod" --namespace "$space" -o 'jsonpath={.status.containerStatuses[0].ready}')" = true ] || return 1
  done <<<"$seats"
}

# spread_room: people are not moved to a seat that comes later, so the room gets its seats before they come.
spread_room() {
  tell "the first is in us-east-1; the room shall have a seat in every region from the start:"
  tell "  kubectl patch conferenceroom $room -n $space --type=merge -p '{\"spec\":{\"placement\":{\"cascade\":\"Always\"}}}'"
  quietly kubectl patch conferenceroom "$room" --namespace "$space" --type=merge -p '{"spec":{"placement":{"cascade":"Always"}}}'
  wait_for 30 "the room has a seat in both regions" spread
}

# show_whole_room: who is where by the page, the seats by kubectl sfu, the link by kubectl.
show_whole_room() {
  tell "who is where, as the page in eu-west-1 shows it:"
  { curl -sf --max-time 90 "$page/demo/where" || call_failed; } | sed 's/^/    /'
  tell "kubectl sfu room $room -n $space"
  kubectl sfu room "$room" --namespace "$space" 2>&1 | sed '/^$/,$d; s/^/    /'
  tell "kubectl get links -n $space"
  kubectl get links --namespace "$space" | sed 's/^/    /'
}

# kill_seat ROLE: kills the pod, and says how long media was away in each region.
kill_seat() {
  local role=$1 victim region gaps to from seconds
  read -r victim region < <(seat_of "$role")
  step "A pod that links the regions is killed: $victim in $region, the room's ${role,,}"
  curl -sf --max-time 90 -X POST "$page/demo/gaps/begin" || call_failed
  mark=$(date +%s%N)
  quietly tests/cluster/node.sh kill "$dir" "$(kubectl get pod "$victim" --namespace "$space" -o 'jsonpath={.metadata.uid}')"
  gaps=$(curl -sf --max-time 150 "$page/demo/gaps") || call_failed
  done_ "everybody sees and hears everybody again, for two seconds by now; nobody had to reload"
  tell "the longest time without somebody's picture or sound:"
  while read -r to from seconds; do
    if [ "$to" = "$from" ]; then from="each other"; else from="those in $from"; fi
    printf '    people in %s had nothing of %s for %s%s s%s\n' "$to" "$from" "$bold" "$seconds" "$plain"
  done <<<"$gaps"
  wait_for 180 "the fleets have healed, and the room has a seat in both regions" healed_over_regions
  show_whole_room
}

healed_over_regions() { healed && spread; }
