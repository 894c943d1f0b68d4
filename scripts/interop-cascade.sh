#!/usr/bin/env bash
# What browsers, SDKs and servers do with one node, once more with three that serve every room together, each participant at the next of
# them: to a client a cascade is invisible. Behind "make interop-cascade".
#
#   scripts/interop-cascade.sh [FILTER]    FILTER: a part of the names of those tests
#
# Left out is what is not about participants of a room: what one process holds and bears (Soak, Hostile), how one node is run (Node), what is
# below rooms (Sdp, Transport), and what has several nodes anyway (Cascade).
set -euo pipefail
cd "$(dirname "$0")/.."

filter=
for part in Soak Hostile Node Sdp Transport Cascade; do filter+="FullyQualifiedName!~Tests.$part.&"; done
BUILDIT_INTEROP_NODES=${BUILDIT_INTEROP_NODES:-3} dotnet test tests/e2e/BuildIt.Interop.Tests -nologo -v quiet --logger "console;verbosity=normal" --filter "${filter}FullyQualifiedName~${1:-Tests}"
