#!/usr/bin/env bash
# Shows an encrypted call on a real Kubernetes of this machine: the chart installed with Helm, a fleet of 2, a room made for a
# Nostr key, browsers in it; the pod that serves them is killed, and they go on. Nothing is
# simulated. Behind "make demo".
#
# FLEET=yes shows the life of the fleet first: it grows and shrinks with a load that is simulated, and rolls a change out.
# REGIONS=2 makes two fleets in two regions with a link between them, and one room over both: demo-regions.sh.
# Run again, it uses the cluster that is there. It leaves everything running: "make cluster-down" stops it.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=../tests/cluster/lib.sh
source tests/cluster/lib.sh
# shellcheck source=side-by-side.sh
source scripts/side-by-side.sh
# shellcheck source=demo-regions.sh
source scripts/demo-regions.sh
need_root "the demo"

dir=${BUILDIT_CLUSTER:-$cache/cluster}
export BUILDIT_CLUSTER=$dir KUBECONFIG=$dir/admin.kubeconfig
system=buildit-sfu
space=demo
browsers=4
declare -A region_of=([demo]=local-1 [us]=us-east-1 [eu]=eu-west-1)
case ${REGIONS:-1} in
  1) fleets=(demo) cpu=250m ;;
  # The pods of two fleets have to fit on a machine of two cores.
  2) fleets=(us eu) cpu=150m ;;
  *) die "REGIONS is 1 or 2" ;;
esac
fleet=${fleets[0]}
[ ${#fleets[@]} = 1 ] || [ "${FLEET:-}" != yes ] || die "FLEET=yes shows the life of one fleet; leave REGIONS out"
log=$(mktemp -t buildit-demo.XXXXXX) archives=$(mktemp -t buildit-archives.XXXXXX)

if [ -t 1 ]; then bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' plain=$'\e[0m'; else bold='' dim='' green='' plain=''; fi

# The clock of all that is printed: seconds since the demo began, and what each step took.
began=$(date +%s%N)
mark=$began
elapsed() { printf '%d.%01d' $((($2 - $1) / 1000000000)) $((($2 - $1) / 100000000 % 10)); }
step() { mark=$(date +%s%N); printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
tell() { printf '  %s\n' "$1"; }
done_() {
  local now
  now=$(date +%s%N)
  printf '  %s✓%s %s %s(%s s)%s\n' "$green" "$plain" "$1" "$dim" "$(elapsed "$mark" "$now")" "$plain"
  mark=$now
}

watcher=
finish() {
  local code=$?
  [ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
  part_ways
  if [ "$code" != 0 ]; then
    printf '\nThe demo broke off. What there is to see:\n' >&2
    tail -n 20 "$log" >&2 || true
    kubectl get sfu,pods --all-namespaces >&2 2>/dev/null || true
    kubectl logs --namespace $system --selector app.kubernetes.io/component=operator --tail 20 >&2 2>/dev/null || true
  fi
  rm -f "$log" "$archives"
  exit "$code"
}
trap finish EXIT

# quietly COMMAND...: its output is shown only when it fails.
quietly() { "$@" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; die "failed: $*"; }; }

# field PATH [FLEET]
field() { kubectl get sfu "${2:-$fleet}" --namespace $space -o "jsonpath=$1"; }
pods() { kubectl get pods --namespace $space --selector sfu.buildit.network/cluster "$@"; }
pod_names() { pods -o 'jsonpath={range .items[?(!@.metadata.deletionTimestamp)]}{.metadata.name}{"\n"}{end}' 2>/dev/null || pods -o name | sed 's,.*/,,'; }
pod_count() { pods --no-headers 2>/dev/null | wc -l; }

# settled N: N pods of each fleet that accept rooms, and none beyond them.
settled() {
  local each
  for each in "${fleets[@]}"; do
    [ "$(field '{.status.readyReplicas}/{.status.desiredReplicas}/{.status.drainingReplicas}' "$each")" = "$1/$1/0" ] || return 1
  done
  [ "$(pod_count)" = $(($1 * ${#fleets[@]})) ]
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local seconds=$1 what=$2
  shift 2
  wait_until "$seconds" "$@" || die "not within $seconds s: $what"
  done_ "$what"
}

# load PUBLISHERS: what every pod there is now reports instead of its own load. A node reads it from a file; the file is
# put into the pod's scratch space from outside, because the image has no shell.
load() {
  local name uid node folder
  while read -r name uid node; do
    folder=$dir/nodes/$node/kubelet/pods/$uid/volumes/kubernetes.io~empty-dir/tmp
    printf '{"rooms":%d,"participants":%d,"publishers":%d,"subscribers":%d}\n' $(($1 / 10)) "$1" "$1" "$1" >"$folder/.load"
    mv "$folder/.load" "$folder/load.json"
  done < <(pods -o 'jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.spec.nodeName}{"\n"}{end}')
}

# The life of a fleet, with a load that is simulated.
show_fleet_life() {
  step "Load comes: 45 publishers on each pod, where 25 are the target"
  load 45
  wait_for 90 "4 pods accept rooms" settled 4
  kubectl get sfu "$fleet" --namespace $space | sed 's/^/  /'

  step "Load goes"
  load 0
  wait_for 120 "2 pods again; the others were drained, then removed" settled 2

  step "A change is rolled out: new pods beside the old, the old ones drained"
  before=$(field '{.status.revision}')
  quietly kubectl patch sfu "$fleet" --namespace $space --type=merge -p '{"spec":{"capacity":{"maxRooms":'$((20 + RANDOM % 1000))'}}}'
  rolled_out() { settled 2 && [ "$(field '{.status.revision}')" != "$before" ] && [ "$(field '{.status.instances[*].revision}' | tr ' ' '\n' | sort -u)" = "$(field '{.status.revision}')" ]; }
  wait_for 120 "every pod has the new revision; the one before was $before" rolled_out
}

service_address() { kubectl get service "$2" --namespace "$1" -o 'jsonpath={.spec.clusterIP}'; }
now_ms() { date +%s%3N; }
# The pod of a room's origin, which stands first.
owner_of() { kubectl get conferenceroom "$1" --namespace $space -o 'jsonpath={.status.assignments[0].instance}'; }

# The page's port: the same one each time, unless something else has it.
page_port() {
  stop_program "$dir" demo 10
  if ss -Hltn "sport = :8800" | grep -q .; then free_port; else echo 8800; fi
}

install_chart() {
  quietly helm upgrade --install buildit-sfu charts/buildit-sfu --namespace $system --create-namespace --wait --timeout 3m \
    --set operator.image.tag=local --set node.image.tag=local --set-string "operator.podAnnotations.images=$images" \
    --set redis.enabled=true --set redis.image.repository=buildit/redis --set redis.image.tag=local \
    --set tests.image.repository=buildit/curl --set tests.image.tag=local "$@"
}

# Browsers and the page's server are one program, which runs on and is ended with the cluster.
start_call() {
  local each through=()
  if [ ${#fleets[@]} -gt 1 ]; then for each in "${fleets[@]}"; do through+=(--region "${region_of[$each]}"); done; fi
  rm -f "$dir/logs/demo.log"
  start_program "$dir" demo dotnet tools/BuildIt.Demo/bin/Release/net10.0/BuildIt.Demo.dll \
    --api "http://$(service_address $space buildit-sfu-room-api):8080" --port "$port" --pages "$dir/page" --browsers $browsers "${through[@]}"
}

# await_room: sets room and invitation once the first has made it.
await_room() {
  wait_until 60 curl -sf -o /dev/null "$page/" || call_failed
  read -r room invitation < <(curl -sf --max-time 120 "$page/demo/room" || true) || call_failed
}

await_all() { curl -sf --max-time 180 -X POST "$page/demo/all" || call_failed; }

# flows_since MILLISECONDS: the seconds from then until media flows between all.
flows_since() { curl -sf --max-time 90 "$page/demo/flows?since=$1" || call_failed; }

call_failed() {
  curl -s --max-time 5 "$page/demo/flows?since=$(now_ms)" >&2 || true
  tail -n 20 "$dir/logs/demo.log" >&2 || true
  die "the call did not come about"
}

# Every decision of the operator is an Event with its reason; they are printed as they come.
follow_events() {
  # Not tabs: kubectl aligns columns at them.
  kubectl get events --namespace $space --watch-only \
    -o "jsonpath={.source.component}{'|'}{.reason}{'|'}{.message}{'\n'}" > >(
    while IFS='|' read -r component reason message; do
      [ "$component" = buildit-sfu-operator ] || continue
      printf '    %s%s: %s%s\n' "$dim" "$reason" "$message" "$plain"
    done
  ) 2>/dev/null &
  watcher=$!
}

printf '%sBuildIt SFU on a real Kubernetes of this machine%s\n' "$bold" "$plain"

# Name and project of our own programs.
programs=(buildit/sfu-operator operator/BuildIt.Operator buildit/sfu-node sfu-node/BuildIt.Sfu.Node buildit/room-api operator/BuildIt.RoomApi)
build_images() {
  {
    tests/cluster/images.sh dotnet "${programs[@]}"
    tests/cluster/images.sh program buildit/redis redis-server
    tests/cluster/images.sh program buildit/curl curl
  } >"$archives"
  say "building the demo's page"
  dotnet build tools/BuildIt.Demo -c Release -nologo -v quiet
  dotnet build tools/kubectl-sfu -c Release -nologo -v quiet
}

# kubectl finds its plugins on the PATH. "make plugin" makes one that needs no .NET.
plugin=$dir/plugin
make_plugin() {
  mkdir -p "$plugin"
  printf '#!/bin/sh\nexec dotnet %q "$@"\n' "$repository/tools/kubectl-sfu/bin/Release/net10.0/kubectl-sfu.dll" >"$plugin/kubectl-sfu"
  chmod +x "$plugin/kubectl-sfu"
}

has_kubernetes() {
  [ -x "${KUBEBUILDER_ASSETS:-/nowhere}/kubelet" ] || [ -n "$(find "$cache/kubernetes" -mindepth 3 -maxdepth 3 -path '*/bin/kubelet' 2>/dev/null)" ]
}

step "Kubernetes (control plane, kubelet, containers) and the images, side by side"
usually=seconds
if ! has_kubernetes; then
  usually="7 to 10 minutes on 2 cores where it has to be built, 1 where it can be downloaded"
  tell "once on this machine, Kubernetes is downloaded or built, which usually takes $usually"
fi
tell "the images are made without a registry, which usually takes 1 to 3 minutes, and seconds when their sources are the same"
# On stderr it says what it does; on stdout how a person would go on.
start_kubernetes() { tests/cluster/up.sh >/dev/null; }
aside Kubernetes "$usually" start_kubernetes
aside images "1 to 3 minutes" build_images
together || die "the demo needs both"
tools=$(tests/cluster/tools.sh)
make_plugin
export PATH=$tools:$plugin:$PATH
done_ "$(kubectl version -o json 2>/dev/null | jq -r .serverVersion.gitVersion) with $(kubectl get nodes --no-headers | wc -l) node, and $(wc -l <"$archives") images"

step "The images, given to the node"
mapfile -t files < <(sort "$archives")
quietly tests/cluster/node.sh import "$dir" "${files[@]}"
done_ "$(printf '%s\n' "${files[@]}" | sed -E 's,.*/buildit-(.*)-local.tar,buildit/\1,' | paste -sd ' ')"
# All are called ":local", so a new one has to announce itself.
images=$(cat "${files[@]}" | sha256sum | cut -c1-12)

step "The chart, installed with Helm"
install_chart
done_ "operator ($(kubectl get deployment --namespace $system buildit-sfu-operator -o 'jsonpath={.status.readyReplicas}') replicas) and Redis run"
quietly helm test buildit-sfu --namespace $system --timeout 2m
done_ "helm test"

make_fleet() {
  quietly kubectl apply --namespace $space -f - <<YAML
apiVersion: sfu.buildit.network/v1alpha1
kind: SfuCluster
metadata:
  name: $1
spec:
  region: ${region_of[$1]}
  paused: $2
  replicas: {min: 2, max: 6}
  capacity: {maxPublishers: 50}
  autoscaling:
    targetUtilization: 0.5
    metrics: [publishers]
    # Minutes in production; here somebody is watching.
    scaleDown: {stabilization: 5s, maxStep: 1}
  drain: {deadline: 20s, maxConcurrent: 2}
  network:
    mode: HostPort
    hostPortRange: {first: $3, last: $(($3 + 19))}
    advertise: HostIP
  resources:
    requests: {cpu: $cpu, memory: 128Mi}
    limits: {cpu: "2", memory: 512Mi}
  redis: {addresses: ["buildit-sfu-redis.$system.svc:6379"]}
  apiKeysSecretRef: {name: sfu-api-keys}
  podTemplate:
    annotations: {images: "$images"}
    # Media that is not encrypted is refused. The file is written only where a load is simulated.
    env: [{name: BUILDIT_REQUIRE_E2EE, value: "true"}, {name: BUILDIT_SYNTHETIC_LOAD_FILE, value: /tmp/load.json}]
YAML
}

if [ ${#fleets[@]} = 1 ]; then step "A fleet of 2"; else step "Two fleets of 2, us in us-east-1 and eu in eu-west-1"; fi
kubectl create namespace $space --dry-run=client -o yaml | quietly kubectl apply -f -
# What an earlier demo left, perhaps with other regions.
stop_program "$dir" demo 10
quietly kubectl delete conferencerooms,regionlinks,sfu --all --namespace $space --timeout 2m
kubectl get secret sfu-api-keys --namespace $space >/dev/null 2>&1 ||
  quietly kubectl create secret generic sfu-api-keys --namespace $space --from-literal="demo=$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
follow_events
mark=$(date +%s%N)
for index in "${!fleets[@]}"; do
  make_fleet "${fleets[index]}" "$([ ${#fleets[@]} = 1 ] && echo false || echo true)" $((30900 + 20 * index))
done
[ ${#fleets[@]} = 1 ] || connect_fleets
quietly kubectl wait "${fleets[@]/#/sfu/}" --namespace $space --for=condition=Available --timeout 2m
wait_for 60 "Available: 2 pods accept rooms$([ ${#fleets[@]} = 1 ] || echo ' in each')" settled 2
kubectl get sfu --namespace $space | sed 's/^/  /'

if [ ${#fleets[@]} -gt 1 ]; then
  step "A RegionLink between them"
  link_fleets
fi

if [ "${FLEET:-}" = yes ]; then show_fleet_life; fi

step "The room API"
signal=$(service_address $space "$fleet-signal")
port=$(page_port)
page=http://127.0.0.1:$port
kubectl get secret room-api-pepper --namespace $space >/dev/null 2>&1 ||
  quietly kubectl create secret generic room-api-pepper --namespace $space --from-literal="pepper=$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
install_chart --set roomApi.enabled=true --set roomApi.image.tag=local --set-string "roomApi.podAnnotations.images=$images" \
  --set roomApi.namespace=$space --set roomApi.pepperSecret=room-api-pepper --set "roomApi.publicUrl=$page" --set "roomApi.defaultEndpoint=ws://$signal:7880" \
  --set-string 'roomApi.extraEnv[0].name=BUILDIT_ROOMAPI_ENDPOINT_TEMPLATE,roomApi.extraEnv[0].value=ws://{host}:7880'
if [ ${#fleets[@]} = 1 ]; then done_ "the room API runs; the region's one address is ws://$signal:7880"; else done_ "the room API runs, and knows each region's one address"; fi

step "A call: a room made for a Nostr key, $browsers browsers, encrypted end to end"
start_call
await_room
[ ${#fleets[@]} = 1 ] || spread_room
await_all
tell "room $room is on $(owner_of "$room")$([ ${#fleets[@]} = 1 ] || echo ', its origin; every other browser is in eu-west-1')"
mark=$(date +%s%N)
seen=$(flows_since "$(now_ms)")
done_ "everybody sees and hears everybody ($seen s after the last one joined)"
kubectl get conferencerooms --namespace $space | sed 's/^/  /'

all_ready() { ! pods -o 'jsonpath={range .items[*]}{.status.containerStatuses[0].ready}{"\n"}{end}' | grep -qv true; }
healed() { settled 2 && all_ready; }

# kill_owner: one fleet. kill_seat is the same over regions.
kill_owner() {
  local victim since again
  step "The pod that serves them is killed"
  victim=$(owner_of "$room")
  since=$(now_ms)
  quietly tests/cluster/node.sh kill "$dir" "$(kubectl get pod "$victim" --namespace $space -o 'jsonpath={.metadata.uid}')"
  # What was on its way when the process ended has arrived by then.
  sleep 0.3
  again=$(flows_since "$since")
  done_ "everybody sees and hears everybody again; media was away for ${bold}$again s${plain}"
  tell "room $room is on $(owner_of "$room") now; nobody had to reload"
  wait_for 90 "the fleet has healed: 2 pods accept rooms" healed
}

if [ ${#fleets[@]} = 1 ]; then
  kill_owner
else
  show_whole_room
  kill_seat Edge
  kill_seat Origin
fi
pods | sed 's/^/  /'

# Where to join, and how to kill the pod that serves you.
if [ ${#fleets[@]} = 1 ]; then
  addresses="  $bold$page/#$invitation$plain"
  kill_yours="Kill the pod that serves you, and watch the page:

  tests/cluster/node.sh kill $dir \\
    \"\$(kubectl get pod -n $space \"\$(kubectl get conferenceroom $room -n $space -o 'jsonpath={.status.assignments[0].instance}')\" -o 'jsonpath={.metadata.uid}')\""
  more=
else
  addresses=$(for each in "${fleets[@]}"; do printf '  %s, through %s:\n    %s%s/?region=%s#%s%s\n' "$each" "${region_of[$each]}" "$bold" "$page" "${region_of[$each]}" "$invitation" "$plain"; done)
  kill_yours="Below the pictures the page says which pod serves you. Kill it, and watch the page:

  tests/cluster/node.sh kill $dir \"\$(kubectl get pod -n $space POD -o 'jsonpath={.metadata.uid}')\""
  more="
  kubectl get links -n $space
  kubectl describe regionlink us-eu -n $space
  kubectl sfu room $room -n $space"
fi
now=$(date +%s%N)
cat <<TEXT

${bold}Everything is still running, $(elapsed "$began" "$now") s after the start.${plain} Open the call in a browser on this machine:

$addresses

$kill_yours

Look around:

  export KUBECONFIG=$KUBECONFIG PATH=$tools:$plugin:\$PATH
  kubectl get sfu -A -o wide
  kubectl describe sfu $fleet -n $space
  kubectl get conferencerooms -n $space -o wide
  kubectl describe conferenceroom $room -n $space$more
  kubectl get pods -n $space -o wide
  kubectl scale sfu $fleet -n $space --replicas 3
  kubectl logs -n $system -l app.kubernetes.io/component=operator
  kubectl explain sfucluster.spec.autoscaling

Stop it:  make cluster-down
TEXT
