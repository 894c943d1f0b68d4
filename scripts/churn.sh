#!/usr/bin/env bash
# Participants join a node of its own and leave again; prints what the node holds on the way, and fails when it grows.
#
#   scripts/churn.sh [CYCLES [AT_ONCE]]    10000 and 8 by default
set -euo pipefail
cd "$(dirname "$0")/.."

for project in sfu-node/BuildIt.Sfu.Node tools/BuildIt.Sfu.TestClient; do
  dotnet build "$project" -c Release -nologo -v quiet
done

output=$(mktemp)
dotnet sfu-node/BuildIt.Sfu.Node/bin/Release/net10.0/BuildIt.Sfu.Node.dll \
  --dev --port 0 --udp-port 0 --tcp-port 0 --health-port 0 >"$output" 2>&1 &
node=$!
trap 'kill "$node" 2>/dev/null || true; rm -f "$output"' EXIT
for _ in $(seq 600); do
  url=$(sed -n 's/.*Serving: signal \(http[^ ,]*\),.*/\1/p' "$output")
  [ -z "$url" ] || break
  kill -0 "$node" || { cat "$output"; exit 1; }
  sleep 0.1
done
[ -n "$url" ] || { echo "The node does not serve:"; cat "$output"; exit 1; }

dotnet tools/BuildIt.Sfu.TestClient/bin/Release/net10.0/BuildIt.Sfu.TestClient.dll \
  churn --url "$url" --process "$node" --cycles "${1:-10000}" --at-once "${2:-8}"
