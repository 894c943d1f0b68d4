#!/usr/bin/env bash
# Feeds hostile bytes to everything that reads bytes from outside. A minute for each target, or as many inputs as asked for:
#
#   scripts/fuzz.sh                                   every target, 60 s each
#   INPUTS=10000000 scripts/fuzz.sh                   every target, ten million inputs each
#   TARGET=sdp SECONDS_EACH=600 SEED=7 scripts/fuzz.sh
#   STATE=artifacts/fuzz/state INPUTS=10000000 scripts/fuzz.sh
#                                                     the same in a campaign that may be stopped and goes on where it was
#   KEEP=1 scripts/fuzz.sh                            writes what was learned back into the corpus that the tests replay
#
# Inputs that show a fault are left in artifacts/fuzz; "replay TARGET FILE" shows one again.
set -euo pipefail
cd "$(dirname "$0")/.."

project=tests/fuzz/BuildIt.Sfu.Fuzz
options=(--seed "${SEED:-1}" --faults artifacts/fuzz)
if [ -n "${INPUTS:-}" ]; then
  options+=(--inputs "$INPUTS")
else
  options+=(--seconds "${SECONDS_EACH:-60}")
fi
if [ -n "${STATE:-}" ]; then options+=(--state "$STATE"); fi
if [ -n "${KEEP:-}" ]; then options+=(--corpus "$project/Corpus"); fi

dotnet build "$project" -c Release -nologo -v quiet
program=$project/bin/Release/net10.0/BuildIt.Sfu.Fuzz.dll
status=0
dotnet "$program" run "${TARGET:-all}" "${options[@]}" || status=$?
if [ -n "${STATE:-}" ]; then dotnet "$program" state "$STATE"; fi
exit "$status"
