#!/usr/bin/env bash
# Builds Kubernetes from Debian's source package into the cache. Called by build.sh, under its lock.
#
# Nothing on the machine changes: the source index lives in apt folders of our own, and where the
# source comes from is read from the machine's own package sources.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

have apt-get || die "no apt here, so no Debian source package"
need go dpkg-source rsync jq make gcc etcd

work=$cache/kubernetes/source
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
cd "$work"

# One deb-src line for each place Debian packages already come from.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# shellcheck disable=SC2016 # apt, not the shell, fills these in
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Identifier: Packages' 'Label: Debian' 'Component: main' | sort -u |
  while read -r uri release component; do
    echo "deb-src ${keyring:+[signed-by=$keyring] }$uri $release $component"
  done >apt/sources.list
[ -s apt/sources.list ] || die "apt knows no Debian package source"

own_apt=(
  -o "Dir::Etc::sourcelist=$work/apt/sources.list" -o Dir::Etc::sourceparts=-
  -o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache"
  -o APT::Sandbox::User=root -o Acquire::Retries=3
)

tree=$work/go/src/k8s.io/kubernetes
if [ ! -f "$work/unpacked" ]; then
  say "Fetching the source of Kubernetes from the Debian archive"
  apt-get "${own_apt[@]}" -q update >&2
  apt-get "${own_apt[@]}" -q source --download-only kubernetes >&2
  rm -rf "$tree"
  mkdir -p "$(dirname "$tree")"
  dpkg-source --no-check -x kubernetes_*.dsc "$tree" >&2
  # The vendored reflect2 is older than Go 1.18, where reflect.mapiterinit took the iterator as an argument.
  # Unpatched, the API server walks maps through a wild pointer and dies, or worse, now and then.
  sed -i 's|^func mapiterinit(.*$|func mapiterinit(rtype unsafe.Pointer, m unsafe.Pointer, it *hiter)|; s|// rest fields are ignored|_ [6]unsafe.Pointer; _ [6]uintptr // the runtime'"'"'s own state|' \
    "$tree/vendor/github.com/modern-go/reflect2/unsafe_link.go"
  sed -i '/) UnsafeIterate(/,/^}/{s|return &UnsafeMapIterator{|it := new(hiter)\n\tmapiterinit(type2.rtype, *(*unsafe.Pointer)(obj), it)\n\treturn \&UnsafeMapIterator{|; s|hiter: .*|hiter: it,|}' \
    "$tree/vendor/github.com/modern-go/reflect2/unsafe_map.go"
  touch "$work/unpacked"
fi

# Debian's version reads 1.20.5+really1.20.2-1.1: what counts follows "really".
version=$(dpkg-parsechangelog -l "$tree/debian/changelog" -S Version |
  sed -E 's/^[0-9]+://; s/.*really//; s/^([0-9]+\.[0-9]+\.[0-9]+).*/\1/')
cat >version.sh <<VARIABLES
KUBE_GIT_COMMIT='debian'
KUBE_GIT_TREE_STATE='archive'
KUBE_GIT_VERSION='v$version'
KUBE_GIT_MAJOR='$(echo "$version" | cut -d. -f1)'
KUBE_GIT_MINOR='$(echo "$version" | cut -d. -f2)'
VARIABLES

say "Building Kubernetes $version: about 7 minutes on 2 idle cores, once on this machine (log: $work/build.log)"
programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
export GOPATH=$work/go GO111MODULE=off
export KUBE_GIT_VERSION_FILE=$work/version.sh
nice -n 2 make -C "$tree" WHAT="${programs[*]/#/cmd/}" >build.log 2>&1 || {
  tail -n 20 build.log >&2
  exit 1
}

# The folder appears whole or not at all.
staging=$(mktemp -d "$cache/kubernetes/.staging.XXXXXX")
install -m 0755 "${programs[@]/#/$tree/_output/bin/}" "$staging"
ln -s "$(command -v etcd)" "$staging/etcd"
chmod 0755 "$staging"
mkdir -p "$cache/kubernetes/$version"
rm -rf "${cache:?}/kubernetes/$version/bin"
mv "$staging" "$cache/kubernetes/$version/bin"
[ -n "${BUILDIT_KEEP_BUILD:-}" ] || { cd "$cache/kubernetes" && chmod -R u+w "$work" && rm -rf "$work"; }
say "Kubernetes $version is in $cache/kubernetes/$version/bin"
