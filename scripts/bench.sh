#!/usr/bin/env bash
# Measures the hot paths with release builds: the bare limit of protecting and sending, then the whole node
# under load from another process. Wants the machine to itself.
#
#   scripts/bench.sh [ROOM...]    ROOM: 1x50, 1x200, 1x1000, 50x50 (all by default); BENCH_SECONDS for each, 10 by default
set -euo pipefail
cd "$(dirname "$0")/.."

# A thousand clients have a socket each.
ulimit -n "$(ulimit -Hn)"

for project in sfu-node/BuildIt.Sfu.Node tests/BuildIt.Sfu.TestClient tests/BuildIt.Sfu.Bench; do
  dotnet build "$project" -c Release -nologo -v quiet
done
bench=tests/BuildIt.Sfu.Bench/bin/Release/net10.0/BuildIt.Sfu.Bench.dll

echo "The limit"
dotnet "$bench" limit 64 2
echo
echo "The node"
dotnet "$bench" node "$PWD" "${BENCH_SECONDS:-10}" "$@"
