#!/usr/bin/env bash
# Builds container images without a registry, out of what this machine has installed. Each becomes
# a tar file that Docker and containerd can load; its path is printed.
#
#   images.sh all                                operator, sfu-node, room-api into artifacts/images
#   images.sh dotnet NAME PROJECT                our own program: PROJECT is a folder in the repository
#   images.sh program NAME PROGRAM [ARGUMENT...] an installed program and its libraries, as NAME's entry point;
#                                                EXTRA="PROGRAM..." adds more programs
#   images.sh pause                              what every pod's first container runs
#
# NAME without a tag gets ":local". All but pause run as user 65532. Users of a registry build
# from images/*.Dockerfile instead.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=archive.sh
source "$cluster_scripts/archive.sh"

usage() { sed -n '5,9s/^# *//p' "$0" >&2; exit 2; }

output=${BUILDIT_IMAGES:-$repository/artifacts/images}
layers=$cache/images
mkdir -p "$output" "$layers"
need jq tar sha256sum ldd

# copy_with_libraries ROOT FILE...: the files, and the shared libraries they load, at their paths.
copy_with_libraries() {
  local root=$1
  shift
  {
    printf '%s\n' "$@"
    ldd "$@" 2>/dev/null | sed -nE 's/^\s*(.* => )?(\/[^ ]+) \(0x.*/\2/p'
  } | sort -u | xargs -d '\n' cp -L --parents -t "$root"
}

# A root folder with what every Linux program expects.
make_root() {
  local root=$1
  mkdir -p "$root"/{etc,proc,sys,dev,run,home/nonroot,tmp,usr/{bin,sbin,lib,lib64,share}}
  ln -sfn usr/bin "$root/bin"
  ln -sfn usr/sbin "$root/sbin"
  ln -sfn usr/lib "$root/lib"
  ln -sfn usr/lib64 "$root/lib64"
  chmod 1777 "$root/tmp"
  printf '%s\n' 'root:x:0:0:root:/:/sbin/nologin' 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'nonroot:x:65532:' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
}

# One writer for each cached layer; the lock ends with the subshell it is taken in.
lock_layers() {
  exec 8>"$layers/lock"
  flock 8
}

# The layer below every .NET image: the C library, OpenSSL, time zones, authorities, the runtime.
dotnet_base() {
  local dotnet_root version root key archive library libraries=()
  lock_layers
  dotnet_root=$(dirname "$(readlink -f "$(command -v dotnet)")")
  version=$(dotnet --list-runtimes | awk '$1 == "Microsoft.AspNetCore.App" && $2 ~ /^10\./ { v = $2 } END { print v }')
  [ -n "$version" ] || die "this machine has no ASP.NET Core 10 runtime"
  key=$(cat "$cluster_scripts"/{images,archive}.sh /etc/os-release - <<<"$version" | sha256sum | cut -c1-16)
  archive=$layers/dotnet-$version-$key.tar
  if [ ! -f "$archive" ]; then
    say "Assembling the base layer: .NET $version on $(. /etc/os-release && echo "$PRETTY_NAME")"
    root=$(mktemp -d "$layers/.root.XXXXXX")
    make_root "$root"
    # The runtime's own files bring what they link to; the rest they load by name at run time.
    mapfile -t libraries < <(find "$dotnet_root/dotnet" "$dotnet_root/host" "$dotnet_root"/shared/*/"$version" \
      -type f \( -name dotnet -o -name 'lib*.so' ! -name libcoreclrtraceptprovider.so \))
    for library in libssl.so.3 libcrypto.so.3 libnss_dns.so.2 libnss_files.so.2 libresolv.so.2 libgcc_s.so.1 libstdc++.so.6 libz.so.1; do
      library=$(ldconfig -p | awk -v name="$library" '$1 == name { print $NF; exit }')
      [ -z "$library" ] || libraries+=("$library")
    done
    copy_with_libraries "$root" "${libraries[@]}"
    cp -L --parents -r -t "$root" /etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo
    mkdir -p "$root$dotnet_root"/shared
    cp "$dotnet_root/dotnet" "$root$dotnet_root"
    cp -r "$dotnet_root/host" "$root$dotnet_root"
    for library in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
      (cd "$dotnet_root/shared" && cp -r --parents "$library/$version" "$root$dotnet_root/shared")
    done
    if [ "$dotnet_root" != /usr/share/dotnet ]; then
      ln -s "$dotnet_root" "$root/usr/share/dotnet"
    fi
    pack_layer "$root" "$archive"
    rm -rf "$root"
    # Those of earlier runtimes and scripts; a build under way elsewhere may still read a recent one.
    find "$layers" -name 'dotnet-*.tar' ! -path "$archive" -mmin +1440 -delete
  fi
  echo "$archive"
}

build_dotnet() {
  local name=$1 project=$repository/$2 program stage base
  [ -d "$project" ] || die "there is no project $2"
  program=$(basename "$project")
  base=$(dotnet_base)
  say "Publishing $program"
  stage=$(mktemp -d "$layers/.stage.XXXXXX")
  # publish leaves old files where they were, so it gets an empty folder.
  # A test host hands its MSBuild variables on, and they are not for another build.
  env -u MSBuildSDKsPath -u MSBuildExtensionsPath -u MSBUILD_EXE_PATH dotnet publish "$project" -c Release -o "$stage/app" --no-self-contained -nologo -v quiet \
    --use-current-runtime -p:PublishReadyToRun=true -p:DebugType=embedded -p:GenerateDocumentationFile=false >&2
  rm -f "$stage"/app/*.xml
  pack_layer "$stage" "$stage.tar"
  write_image "$name" "$(jq -n --arg program "/app/$program" '{
    User: "65532:65532", WorkingDir: "/app", Entrypoint: [$program],
    Env: ["PATH=/usr/bin:/bin:/app", "DOTNET_ROOT=/usr/share/dotnet", "DOTNET_RUNNING_IN_CONTAINER=true", "DOTNET_EnableDiagnostics=0"]
  }')" "$base" "$stage.tar"
  rm -rf "$stage" "$stage.tar"
}

build_program() {
  local name=$1 program root extra=()
  # Not resolved: some programs ask by which name they were called.
  program=$(command -v "$2") || die "$2 is not installed"
  shift 2
  root=$(mktemp -d "$layers/.root.XXXXXX")
  make_root "$root"
  local each
  for each in ${EXTRA:-}; do extra+=("$(command -v "$each")"); done
  copy_with_libraries "$root" "$program" "${extra[@]}"
  pack_layer "$root" "$root.tar"
  write_image "$name" "$(jq -n '{ User: "65532:65532", WorkingDir: "/tmp", Entrypoint: $ARGS.positional, Env: ["PATH=/usr/bin:/usr/sbin"] }' \
    --args -- "$program" "$@")" "$root.tar"
  rm -rf "$root" "$root.tar"
}

build_pause() {
  local root archive
  lock_layers
  archive=$layers/pause-$(sha256sum <"$cluster_scripts/pause.c" | cut -c1-16).tar
  if [ ! -f "$archive" ]; then
    need gcc
    root=$(mktemp -d "$layers/.root.XXXXXX")
    gcc -Os -static -s -Wall -Wextra -Werror -o "$root/pause" "$cluster_scripts/pause.c"
    pack_layer "$root" "$root.tar"
    write_image buildit/pause '{"User": "65535:65535", "Entrypoint": ["/pause"]}' "$root.tar" >/dev/null
    mv "$output/buildit-pause-local.tar" "$archive"
    rm -rf "$root" "$root.tar"
  fi
  echo "$archive"
}

case ${1:-} in
  all)
    build_dotnet buildit/sfu-operator operator/BuildIt.Operator
    build_dotnet buildit/sfu-node sfu-node/BuildIt.Sfu.Node
    build_dotnet buildit/room-api operator/BuildIt.RoomApi
    ;;
  dotnet) [ $# = 3 ] || usage; build_dotnet "$2" "$3" ;;
  program) [ $# -ge 3 ] || usage; shift; build_program "$@" ;;
  pause) build_pause ;;
  *) usage ;;
esac
