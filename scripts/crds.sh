#!/usr/bin/env bash
# Generates what is made from the C# types of the resources: crds/, the chart's copies, and the tables of fields in
# docs/reference.md. With --check it changes nothing, names what is out of date and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
exec dotnet run --project operator/BuildIt.Operator.CrdGen -v quiet -- "$@"
