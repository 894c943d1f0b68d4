#!/usr/bin/env bash
# Builds the definition server of a current Kubernetes, k8s.io/apiextensions-apiserver, and prints the folder it is in.
# It is the part of kube-apiserver that serves CustomResourceDefinitions and their objects: rules in the Common Expression
# Language, defaults, pruning, server-side apply, scale, status.
#
# It comes from Debian unstable as a Go library, with every library it needs and a Go that can build them. They are unpacked
# in a folder of our own: nothing is installed, and the machine's package sources stay as they are. Unstable keeps one version
# at a time, so the version that is found is built, named, and kept until the cache is emptied.
#
# Safe to run several times at once: the first builds (about 7 minutes on 2 idle cores), the others wait for it.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

library=golang-k8s-apiextensions-apiserver-dev
program=apiextensions-apiserver
home=$cache/definition-server

cached() {
  local folder
  folder=$(find "$home" -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
  [ -n "$folder" ] && [ -x "$folder/$program" ] && echo "$folder"
}
cached && exit

mkdir -p "$home"
need flock
exec 9>"$home/build.lock"
if ! flock -n 9; then
  say "Another process is making the definition server; waiting for it"
  flock 9
fi
cached && exit

have apt-get || die "no apt here, so no Debian package of the definition server"
need dpkg-deb tar etcd

work=$home/source
chmod -R u+w "$work" 2>/dev/null || true
rm -rf "$work"
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/packages" "$work/root"
cd "$work"

# Unstable, from each place this machine's own Debian packages come from.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# shellcheck disable=SC2016 # apt, not the shell, fills these in
apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Label: Debian' 'Component: main' | sort -u |
  while read -r uri; do
    echo "deb [signed-by=$keyring] $uri unstable main"
  done >apt/sources.list
[ -s apt/sources.list ] || die "apt knows no Debian package source"
# As if nothing were installed, so that what is here does not change what is chosen.
: >apt/status

own_apt=(
  -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/apt/lists" -o "Dir::State::status=$work/apt/status" -o "Dir::Cache=$work/apt/cache"
  -o APT::Sandbox::User=root -o Acquire::Retries=3 -o Acquire::Languages=none
  -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
)
depends() {
  apt-cache "${own_apt[@]}" depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@"
}

say "Fetching the definition server of a current Kubernetes from Debian unstable (about 280 MB)"
apt-get "${own_apt[@]}" -q update >&2
version=$(apt-cache "${own_apt[@]}" show --no-all-versions "$library" | sed -nE 's/^Version: ([0-9]+:)?([0-9.]+).*/\2/p')
[ -n "$version" ] || die "Debian unstable has no $library"
# The compiler that unstable builds all its Go libraries with.
compiler=$(depends golang-go | sed -nE 's/.*Depends: (golang-[0-9.]+-go)$/\1/p' | head -n 1)
[ -n "$compiler" ] || die "Debian unstable's golang-go names no compiler"
mapfile -t libraries < <(depends --recurse "$library" | grep -E '^golang-.*-dev$' | sort -u)
(cd packages && apt-get "${own_apt[@]}" -q download "$compiler" "${compiler%-go}-src" "${libraries[@]}" >../download.log 2>&1) || {
  tail -n 20 download.log >&2
  die "the packages of the definition server could not be downloaded"
}
for package in packages/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x -C root --no-same-owner \
    --exclude='./usr/share/doc' --exclude='./usr/share/lintian' --exclude='*_test.go' --exclude='*/testdata/*'
done
rm -rf packages apt

say "Building the definition server of Kubernetes 1.${version#0.} with ${#libraries[@]} libraries and ${compiler%-go}: about 7 minutes on 2 idle cores, once on this machine (log: $work/build.log)"
export GOROOT=$work/root/usr/lib/go-${compiler//[!0-9.]/} GOPATH=$work/root/usr/share/gocode GOCACHE=$work/objects
export GO111MODULE=off GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=0
# Kubernetes is released with the first encoding/json; with the second, which newer compilers choose, /openapi/v2 has null in
# place of empty values, and clients that validate with it refuse it. A compiler that knows only one has nothing to choose.
if GOEXPERIMENT=nojsonv2 "$GOROOT/bin/go" env GOEXPERIMENT >/dev/null 2>&1; then
  export GOEXPERIMENT=nojsonv2
fi
# Not optimized, which halves the build: tests ask a few hundred things of it. The compiler may use memory instead of time.
# The lock is this script's; a build's stray children must not hold it on.
GOGC=400 nice -n 2 "$GOROOT/bin/go" build -trimpath -gcflags 'all=-N -l' -ldflags '-s -w' -o "$work/$program" "k8s.io/$program" >build.log 2>&1 9>&- || {
  tail -n 20 build.log >&2
  die "the definition server of Kubernetes 1.${version#0.} could not be built"
}

# The folder appears whole or not at all.
mkdir -p "$home/1.${version#0.}"
staging=$(mktemp -d "$home/.staging.XXXXXX")
install -m 0755 "$work/$program" "$staging/$program"
chmod 0755 "$staging"
rm -rf "${home:?}/1.${version#0.}/bin"
mv "$staging" "$home/1.${version#0.}/bin"
[ -n "${BUILDIT_KEEP_BUILD:-}" ] || rm -rf "$work"
say "The definition server of Kubernetes 1.${version#0.} is in $home/1.${version#0.}/bin"
cached
