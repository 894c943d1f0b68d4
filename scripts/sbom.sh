#!/usr/bin/env bash
# Writes what a program is made of, in CycloneDX 1.5 (JSON), to standard output: its NuGet packages, or the npm packages of a folder
# with a package-lock.json.
#
#   scripts/sbom.sh PROJECT VERSION     PROJECT: a folder with a .csproj that has been restored, or with a package-lock.json
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 2 ] || { sed -n '3,6s/^# *//p' "$0" >&2; exit 2; }
project=$1 version=$2 name=$(basename "$1")

# components KIND: one object for each line "name version".
components() {
  jq -Rn --arg kind "$1" '[inputs | split(" ") | {
    type: "library", name: .[0], version: .[1], purl: "pkg:\($kind)/\(.[0] | gsub("@"; "%40"))@\(.[1])", "bom-ref": "pkg:\($kind)/\(.[0])@\(.[1])"
  }]'
}

if [ -f "$project/package-lock.json" ]; then
  parts=$(jq -r '.packages | to_entries[] | select(.key != "" and (.value.dev // false | not) and .value.version) | "\(.key | sub(".*node_modules/"; "")) \(.value.version)"' \
    "$project/package-lock.json" | LC_ALL=C sort -u | components npm)
else
  parts=$(dotnet list "$project" package --include-transitive --no-restore --format json |
    jq -r '.projects[0].frameworks[] | (.topLevelPackages // []) + (.transitivePackages // []) | .[] | "\(.id) \(.resolvedVersion)"' |
    LC_ALL=C sort -u | components nuget)
fi
jq -n --arg name "$name" --arg version "$version" --argjson parts "$parts" '{
  bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
  metadata: { component: { type: "application", name: $name, version: $version, licenses: [{ license: { id: "Apache-2.0" } }] } },
  components: $parts
}'
