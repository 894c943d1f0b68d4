#!/usr/bin/env bash
# What browsers, SDKs and servers do with one node, once more with three that serve every room together, each participant at the next of
# them: to a client a cascade is invisible. Behind "make interop-cascade". Or with one node whose rooms have two parts, each participant at
# the other one: parts are not to be seen either. Behind "make interop-parts".
#
#   scripts/interop-cascade.sh [FILTER]          FILTER: a part of the names of those tests
#   scripts/interop-cascade.sh parts [FILTER]
#
# Left out is what is not about participants of a room: what one process holds and bears (Soak, Hostile), how one node is run (Node), what is
# below rooms (Sdp, Transport), and what has several nodes anyway (Cascade).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = parts ]; then
  shift
  export BUILDIT_INTEROP_NODES=${BUILDIT_INTEROP_NODES:-1} BUILDIT_INTEROP_PARTS=${BUILDIT_INTEROP_PARTS:-2}
fi

filter=
for part in Soak Hostile Node Sdp Transport Cascade; do filter+="FullyQualifiedName!~Tests.$part.&"; done
BUILDIT_INTEROP_NODES=${BUILDIT_INTEROP_NODES:-3} dotnet test tests/e2e/BuildIt.Interop.Tests -nologo -v quiet --logger "console;verbosity=normal" --filter "${filter}FullyQualifiedName~${1:-Tests}"
