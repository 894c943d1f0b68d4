#!/usr/bin/env bash
# Packs the chart as it is at a commit. The test of upgrades begins with that file, while a call goes on. Run it when a version has been
# released, so that the next one is tried from there.
#
#   scripts/released-chart.sh [COMMIT [FOLDER]]     the current one, into the tests, by default
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "$*" >&2; exit 1; }

commit=$(git rev-parse --verify --quiet "${1:-HEAD}^{commit}") || die "there is no commit '$1'"
folder=${2:-tests/e2e/BuildIt.EndToEnd.Tests/Chart/released}
work=$(mktemp -d -t buildit-chart.XXXXXX)
trap 'rm -rf "$work"' EXIT

git archive "$commit" charts/buildit-sfu | tar -x -C "$work"
"$(tests/cluster/tools.sh)/helm" package "$work/charts/buildit-sfu" --destination "$work" >/dev/null
packed=$(find "$work" -maxdepth 1 -name '*.tgz')

# It stays in the history of the sources for good.
[ "$(stat -c %s "$packed")" -lt 150000 ] || die "the packed chart is larger than 150 kB: $(stat -c %s "$packed") bytes"
mkdir -p "$folder"
rm -f "$folder"/*.tgz
mv "$packed" "$folder"
echo "$folder/$(basename "$packed"), of $commit"
