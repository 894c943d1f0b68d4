#!/usr/bin/env bash
# Builds everything that a release consists of into artifacts/release/VERSION, and SHA256SUMS over it.
#
#   scripts/release.sh VERSION [PART...]     VERSION: such as 1.2.3 or 1.2.3-rc.1. PART: chart, crds, images, plugin, sbom; all of them
#                                            when none is named
#
#   PLATFORMS     of the plugin, as .NET calls them; "linux-x64 linux-arm64 osx-x64 osx-arm64 win-x64" by default
#   RELEASE_URL   where the files will be downloaded from, for krew's manifest
#   REGISTRY      with docker buildx: images for linux/amd64 and linux/arm64 are pushed there, as REGISTRY/sfu-operator:VERSION and so on.
#                 Without it, images of this machine's kind are left as files that Docker and containerd load
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "$*" >&2; exit 1; }

version=${1:-}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || die "usage: make release VERSION=1.2.3 (a semantic version), not '$version'"
shift
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(chart crds images plugin sbom)
out=$PWD/artifacts/release/$version
rm -rf "$out"
mkdir -p "$out"
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
programs=(sfu-operator:operator/BuildIt.Operator sfu-node:sfu-node/BuildIt.Sfu.Node room-api:operator/BuildIt.RoomApi)

chart() {
  "$(tests/cluster/tools.sh 2>/dev/null)/helm" package charts/buildit-sfu --version "$version" --app-version "$version" --destination "$out" >/dev/null
}

crds() {
  awk 'FNR == 1 { print "---" } 1' crds/*.yaml >"$out/crds-$version.yaml"
  awk 'FNR == 1 { print "---" } 1' crds/without-rules/*.yaml >"$out/crds-without-rules-$version.yaml"
}

images() {
  local each file names=()
  if [ -n "${REGISTRY:-}" ]; then
    docker buildx version >/dev/null 2>&1 || die "REGISTRY is set, and docker buildx is not installed"
    for each in "${programs[@]}"; do
      file=images/${each%%:*}.Dockerfile
      [ -f "$file" ] || file=images/$(sed 's/^sfu-//' <<<"${each%%:*}").Dockerfile
      docker buildx build --platform linux/amd64,linux/arm64 --push --provenance=true --sbom=true -f "$file" \
        --build-arg "VERSION=$version" --build-arg "REVISION=$revision" -t "$REGISTRY/${each%%:*}:$version" .
    done
    return
  fi
  for each in "${programs[@]}"; do names+=("buildit/${each%%:*}:$version" "${each#*:}"); done
  mkdir -p "$out/images"
  IMAGE_VERSION=$version IMAGE_REVISION=$revision BUILDIT_IMAGES=$PWD/artifacts/release/images tests/cluster/images.sh dotnet "${names[@]}" |
    while read -r file; do gzip -9 -n <"$file" >"$out/images/$(basename "$file").gz"; done
}

# One archive for each platform, and krew's manifest with their checksums.
plugin() {
  local rid os arch file folder program
  mkdir -p "$out/plugin"
  local manifest=$out/plugin/sfu.yaml
  cat >"$manifest" <<YAML
apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: sfu
spec:
  version: v$version
  shortDescription: See what fleets of BuildIt SFU do and why
  description: |
    Shows fleets, pods, rooms and links of BuildIt SFU at a glance, tells why the operator does what it does, tries out what it would do,
    drains pods and moves rooms. Needs BuildIt SFU in the cluster.
  platforms:
YAML
  for rid in ${PLATFORMS:-linux-x64 linux-arm64 osx-x64 osx-arm64 win-x64}; do
    folder=$PWD/artifacts/release/plugin/$rid
    rm -rf "$folder"
    dotnet publish tools/kubectl-sfu -c Release -r "$rid" -o "$folder" -nologo -v quiet "-p:Version=$version" -p:RunAnalyzers=false >&2
    case $rid in linux-*) os=linux ;; osx-*) os=darwin ;; win-*) os=windows ;; *) die "unknown platform $rid" ;; esac
    case $rid in *-x64) arch=amd64 ;; *-arm64) arch=arm64 ;; *) die "unknown platform $rid" ;; esac
    program=kubectl-sfu
    [ $os != windows ] || program+=.exe
    cp LICENSE "$folder"
    file=$out/plugin/kubectl-sfu_${os}_$arch.tar.gz
    tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$folder" -cf - "$program" LICENSE | gzip -9 -n >"$file"
    cat >>"$manifest" <<YAML
    - selector:
        matchLabels:
          os: $os
          arch: $arch
      uri: ${RELEASE_URL:-https://downloads.example.com/buildit-sfu/$version}/$(basename "$file")
      sha256: $(sha256sum "$file" | cut -d' ' -f1)
      bin: $program
YAML
  done
}

sbom() {
  local each
  mkdir -p "$out/sbom"
  for each in "${programs[@]}" kubectl-sfu:tools/kubectl-sfu conference-client:conference-client; do
    scripts/sbom.sh "${each#*:}" "$version" >"$out/sbom/${each%%:*}.cdx.json"
  done
}

for part in "${parts[@]}"; do
  case $part in
    chart | crds | images | plugin | sbom) echo "$part" >&2; "$part" ;;
    *) die "there is no part '$part': chart, crds, images, plugin, sbom" ;;
  esac
done
(cd "$out" && find . -type f ! -name SHA256SUMS -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
echo "$out"
