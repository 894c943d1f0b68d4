#!/usr/bin/env bash
# A call over three regions: what serves it is killed, cut off and wiped, and its return timed. Behind "make cascade-faults".
#
#   scripts/cascade-faults.sh [COMMIT]    COMMIT: the nodes of one region are of that version, as during a rolling upgrade;
#                                         CASCADE_FAULTS for each fault, 10 by default
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${1:-}" ]; then
  sources=$(mktemp -d -t buildit-other-node.XXXXXX)
  trap 'rm -rf "$sources"' EXIT
  git archive "$1" | tar -x -C "$sources"
  rm -rf artifacts/other-node
  dotnet publish "$sources/sfu-node/BuildIt.Sfu.Node" -c Release -o artifacts/other-node -nologo -v quiet
  export BUILDIT_OTHER_NODE=$PWD/artifacts/other-node/BuildIt.Sfu.Node.dll
fi

BUILDIT_CASCADE_FAULTS=${CASCADE_FAULTS:-10} dotnet test tests/integration/BuildIt.Operator.Tests -nologo -v quiet \
  --filter FullyQualifiedName~CascadeFaultTests --logger 'console;verbosity=detailed'
