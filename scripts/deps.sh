#!/usr/bin/env bash
# Installs what building and testing need and this machine lacks. Runs again in a second or two
# when nothing is missing. Starts from Debian 12 or Ubuntu with the .NET SDK and git.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# For each package the program or file that shows it is there, however it was installed.
packages=(
  # building
  make=make gcc=gcc libc6-dev=/usr/include/stdio.h curl=curl unzip=unzip jq=jq rsync=rsync
  # the tests' real parts
  redis-server=redis-server ffmpeg=ffmpeg coturn=turnserver prometheus=promtool openssl=openssl nodejs=node npm=npm
  # the local Kubernetes: tests/cluster/README.md
  etcd-server=etcd golang-go=go dpkg-dev=dpkg-source iproute2=ss procps=sysctl util-linux=setsid
  containerd=containerd runc=runc containernetworking-plugins=/usr/lib/cni/ptp
  iptables=iptables conntrack=conntrack socat=socat dnsmasq-base=dnsmasq
)

installed() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "root is needed to install packages: $*"
  fi
}

# A program, under whichever name the distribution has it.
any_of() { local name; for name in "$@"; do installed "$name" && return 0; done; return 1; }

install_system_packages() {
  local entry missing=() unknown=() wanted=()
  for entry in "${packages[@]}"; do
    installed "${entry#*=}" || missing+=("${entry%%=*}")
  done
  any_of chromium-headless-shell chromium chromium-browser google-chrome || missing+=(chromium-headless-shell)
  any_of firefox-esr firefox || missing+=(firefox-esr)
  [ ${#missing[@]} -gt 0 ] || return 0

  command -v apt-get >/dev/null || die "this machine has no apt; please install: ${missing[*]}"
  say "Installing system packages: ${missing[*]}"
  as_root apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update >/dev/null
  for entry in "${missing[@]}"; do
    if apt-cache show "$entry" >/dev/null 2>&1; then wanted+=("$entry"); else unknown+=("$entry"); fi
  done
  [ ${#unknown[@]} = 0 ] || say "This distribution has no package for: ${unknown[*]} (what needs them will say so)"
  [ ${#wanted[@]} -gt 0 ] || return 0
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
    install --no-install-recommends "${wanted[@]}" >/dev/null ||
    die "the packages could not be installed"
}

install_npm_packages() {
  local lock folder
  while IFS= read -r lock; do
    folder=$(dirname "$lock")
    [ "$folder/node_modules/.package-lock.json" -nt "$lock" ] && continue
    say "Installing npm packages of $folder"
    # The browser comes from the system, never from a download of its own.
    (cd "$folder" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 PUPPETEER_SKIP_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error >&2)
    touch "$folder/node_modules/.package-lock.json"
  done < <(find . -name package-lock.json -not -path '*/node_modules/*')
}

restore_nuget_packages() {
  local project stale=no stamp=artifacts/nuget-restored
  while IFS= read -r project; do
    if [ ! -f "$(dirname "$project")/obj/project.assets.json" ] || [ ! "$stamp" -nt "$project" ]; then stale=yes; fi
  done < <(find operator sfu-node tests tools -name '*.csproj' -not -path '*/node_modules/*')
  [ "$stamp" -nt Directory.Packages.props ] || stale=yes
  [ "$stale" = yes ] || return 0
  say "Restoring NuGet packages"
  dotnet restore BuildIt.Operator.sln -nologo -v quiet >&2
  mkdir -p artifacts
  touch "$stamp"
}

command -v dotnet >/dev/null || die "the .NET SDK named in global.json is needed"
install_system_packages
install_npm_packages
restore_nuget_packages
