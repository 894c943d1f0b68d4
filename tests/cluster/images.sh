#!/usr/bin/env bash
# Builds container images without a registry, out of what this machine has installed. Each becomes
# a tar file that Docker and containerd can load; its path is printed.
#
#   images.sh all                                operator, sfu-node, room-api into artifacts/images
#   images.sh dotnet (NAME PROJECT)...           our own programs: PROJECT is a folder in the repository
#   images.sh program NAME PROGRAM [ARGUMENT...] an installed program and its libraries, as NAME's entry point;
#                                                EXTRA="PROGRAM..." adds more programs; IMAGE_VERSION and IMAGE_REVISION label our own
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

# What the images of our programs are made of, in one line.
sources_of() {
  {
    (cd "$repository" && find operator sfu-node Directory.* global.json tests/cluster/{images.sh,images.proj,archive.sh} -type f \
      -not -path '*/bin/*' -not -path '*/obj/*' -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum)
    dotnet --version
    echo "$1 ${IMAGE_VERSION:-} ${IMAGE_REVISION:-}"
  } | sha256sum | cut -d' ' -f1
}

# build_dotnet (NAME PROJECT)...: an image is built again only when what it is made of has changed.
build_dotnet() {
  local base sources name project program file layer names=() projects=()
  base=$(dotnet_base)
  sources=$(sources_of "$base")
  while [ $# -gt 0 ]; do
    name=$1 project=$2
    shift 2
    [ -d "$repository/$project" ] || die "there is no project $project"
    file=$(archive_of "$name")
    if [ -f "$file" ] && [ "$(cat "$file.sources" 2>/dev/null)" = "$sources $project" ]; then
      say "Image $name is there already"
      echo "$file"
    else
      names+=("$name") projects+=("$project")
    fi
  done
  [ ${#names[@]} -gt 0 ] || return 0
  publish "${projects[@]}"
  local index
  for index in "${!names[@]}"; do
    program=$(basename "${projects[index]}")
    layer=$(mktemp "$layers/.layer.XXXXXX")
    pack_layer "$published/$program" "$layer"
    file=$(write_image "${names[index]}" "$(jq -n --arg program "/app/$program" --arg version "${IMAGE_VERSION:-}" --arg revision "${IMAGE_REVISION:-}" '{
      Labels: ({ "org.opencontainers.image.licenses": "Apache-2.0" }
        + if $version == "" then {} else { "org.opencontainers.image.version": $version, "org.opencontainers.image.revision": $revision } end),
      User: "65532:65532", WorkingDir: "/app", Entrypoint: [$program],
      Env: ["PATH=/usr/bin:/bin:/app", "DOTNET_ROOT=/usr/share/dotnet", "DOTNET_RUNNING_IN_CONTAINER=true", "DOTNET_EnableDiagnostics=0"]
    }')" "$base" "$layer")
    rm -f "$layer"
    echo "$sources ${projects[index]}" >"$file.sources"
    echo "$file"
  done
}

# publish PROJECT...: leaves each program below $published, in the folder app of one with its name.
publish() {
  local project programs=() folder
  # Apart from what other builds leave beside the sources, and one at a time. What is compiled is kept for the next time.
  mkdir -p "$output/build"
  exec 7>"$output/build/lock"
  flock 7
  published=$output/build/root
  rm -rf "$published" "$output/build/publish"
  for project in "$@"; do programs+=("$repository/$project/$(basename "$project").csproj"); done
  say "Publishing $(printf '%s\n' "$@" | xargs -n 1 basename | paste -sd ' ')"
  # A test host hands its MSBuild variables on, and they are not for another build. Analyzers have their say in every other build.
  # The lock is this script's; a compiler that stays for a while must not hold it on.
  env -u MSBuildSDKsPath -u MSBuildExtensionsPath -u MSBUILD_EXE_PATH dotnet publish "$cluster_scripts/images.proj" -c Release -nologo -v quiet \
    --use-current-runtime --no-self-contained --artifacts-path "$output/build" "-p:Programs=\"$(IFS=';' && echo "${programs[*]}")\"" \
    ${IMAGE_VERSION:+"-p:Version=$IMAGE_VERSION"} -p:UseArtifactsOutput=true -p:PublishReadyToRun=true -p:DebugType=embedded -p:GenerateDocumentationFile=false -p:RunAnalyzers=false >&2 7>&-
  for project in "$@"; do
    project=$(basename "$project")
    mkdir -p "$published/$project"
    folder=$(echo "$output/build/publish/$project"/*)
    mv "$folder" "$published/$project/app"
    rm -f "$published/$project"/app/*.xml
  done
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
    build_dotnet buildit/sfu-operator operator/BuildIt.Operator buildit/sfu-node sfu-node/BuildIt.Sfu.Node buildit/room-api operator/BuildIt.RoomApi
    ;;
  dotnet) [ $# -ge 3 ] && [ $(($# % 2)) = 1 ] || usage; shift; build_dotnet "$@" ;;
  program) [ $# -ge 3 ] || usage; shift; build_program "$@" ;;
  pause) build_pause ;;
  *) usage ;;
esac
