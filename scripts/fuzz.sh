#!/usr/bin/env bash
# Feeds hostile bytes to everything that reads bytes from outside. A minute for each target, or as many inputs as asked for:
#
#   scripts/fuzz.sh                                   every target, 60 s each
#   INPUTS=10000000 scripts/fuzz.sh                   every target, ten million inputs each
#   TARGET=sdp SECONDS_EACH=600 SEED=7 scripts/fuzz.sh
#   KEEP=1 scripts/fuzz.sh                            writes what was learned back into the corpus that the tests replay
#
# Inputs that show a fault are left in artifacts/fuzz; "replay TARGET FILE" shows one again.
set -euo pipefail
cd "$(dirname "$0")/.."

project=tests/BuildIt.Sfu.Fuzz
options=(--seed "${SEED:-1}" --faults artifacts/fuzz)
if [ -n "${INPUTS:-}" ]; then
  options+=(--inputs "$INPUTS")
else
  options+=(--seconds "${SECONDS_EACH:-60}")
fi
if [ -n "${KEEP:-}" ]; then options+=(--corpus "$project/Corpus"); fi

dotnet build "$project" -c Release -nologo -v quiet
dotnet "$project/bin/Release/net10.0/BuildIt.Sfu.Fuzz.dll" run "${TARGET:-all}" "${options[@]}"
