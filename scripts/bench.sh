#!/usr/bin/env bash
# Measures the hot paths with release builds: the planners, the rounds of many large fleets, rooms from creation to Ready against a
# real API server, then the bare limit of protecting and sending, and the whole node under load from another process. Wants the
# machine to itself.
#
#   scripts/bench.sh [ROOM...]    ROOM: 1x50, 1x200, 1x1000, 50x50 (all by default); BENCH_SECONDS for each, 10 by default
#   scripts/bench.sh large [SECONDS [PODS,PODS...]]    only a room of 200 people, on four nodes and on one, ten minutes each
#   scripts/bench.sh link [SECONDS [ROOMSxPUBLISHERS,...]]    only a link between two nodes: what crosses it, and its delay; as root
#   scripts/bench.sh parts [SECONDS [SUBSCRIBERS,...]]    only a room on two loops of one node, beside the same on one
#   scripts/bench.sh rooms [NAME=VALUE...]    only the rooms: rooms=1000 nodes=20 creators=16 rate=0 webhook=yes finalizer=yes
set -euo pipefail
cd "$(dirname "$0")/.."

rooms() {
  # As the image has it: compiled ahead.
  local operator=artifacts/bench/operator
  rm -rf "$operator"
  dotnet publish operator/BuildIt.Operator -c Release -o "$operator" -nologo -v quiet
  dotnet build tests/benchmarks/BuildIt.Operator.Bench -c Release -nologo -v quiet
  dotnet tests/benchmarks/BuildIt.Operator.Bench/bin/Release/net10.0/BuildIt.Operator.Bench.dll rooms operator="$PWD/$operator/BuildIt.Operator" "$@"
}

if [ "${1:-}" = large ] || [ "${1:-}" = link ] || [ "${1:-}" = parts ]; then
  what=$1
  shift
  ulimit -n "$(ulimit -Hn)"
  for project in sfu-node/BuildIt.Sfu.Node tools/BuildIt.Sfu.TestClient tests/benchmarks/BuildIt.Sfu.Bench; do
    dotnet build "$project" -c Release -nologo -v quiet
  done
  exec dotnet tests/benchmarks/BuildIt.Sfu.Bench/bin/Release/net10.0/BuildIt.Sfu.Bench.dll "$what" . "$@"
fi

if [ "${1:-}" = rooms ]; then
  shift
  echo "Rooms from creation to Ready"
  rooms "$@"
  exit
fi

# A thousand clients have a socket each.
ulimit -n "$(ulimit -Hn)"

for project in sfu-node/BuildIt.Sfu.Node tools/BuildIt.Sfu.TestClient tests/benchmarks/BuildIt.Sfu.Bench tests/benchmarks/BuildIt.Operator.Bench; do
  dotnet build "$project" -c Release -nologo -v quiet
done

echo "The planners, the rounds of many large fleets, and what is cached of them"
dotnet tests/benchmarks/BuildIt.Operator.Bench/bin/Release/net10.0/BuildIt.Operator.Bench.dll
echo
echo "Rooms from creation to Ready, as many as the API server takes"
rooms
echo
echo "Rooms from creation to Ready, 200 a second"
rooms rate=200
echo

bench=tests/benchmarks/BuildIt.Sfu.Bench/bin/Release/net10.0/BuildIt.Sfu.Bench.dll
echo "The limit"
dotnet "$bench" limit 64 2
echo
echo "The node"
dotnet "$bench" node "$PWD" "${BENCH_SECONDS:-10}" "$@"
