# shellcheck shell=bash disable=SC2154
# Writes image archives in the format of "docker save", which Docker, Podman and containerd load.
# Sourced by images.sh.

# pack_layer ROOT FILE: the same files give the same bytes, and so the same image id.
pack_layer() {
  # mktemp closes its folders to everybody else, and the folder becomes the root of the image.
  chmod 0755 "$1"
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$1" -cf "$2.part" .
  mv "$2.part" "$2"
}

# archive_of NAME: where the image's archive is written.
archive_of() {
  local name=$1
  [[ ${name##*/} == *:* ]] || name+=:local
  echo "$output/$(tr '/:' '--' <<<"$name").tar"
}

# write_image NAME CONFIG LAYER...: CONFIG is the "config" object of an image, in JSON.
write_image() {
  local name=$1 config=$2 folder layer digest digests=() files=() file machine
  shift 2
  [[ ${name##*/} == *:* ]] || name+=:local
  case $(uname -m) in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; *) machine=$(uname -m) ;; esac
  folder=$(mktemp -d "$output/.image.XXXXXX")
  for layer in "$@"; do
    digest=$(sha256sum <"$layer" | cut -d' ' -f1)
    digests+=("sha256:$digest")
    files+=("$digest.tar")
    ln -f "$layer" "$folder/$digest.tar" 2>/dev/null || cp "$layer" "$folder/$digest.tar"
  done
  jq -n --arg machine "$machine" --argjson config "$config" '{
    architecture: $machine, os: "linux", created: "1970-01-01T00:00:00Z", config: $config,
    rootfs: { type: "layers", diff_ids: $ARGS.positional },
    history: [$ARGS.positional[] | { created: "1970-01-01T00:00:00Z", created_by: "tests/cluster/images.sh" }]
  }' --args "${digests[@]}" >"$folder/config.json"
  # containerd asks for the full name; people and charts write the short one.
  jq -n --arg name "docker.io/$name" '[{ Config: "config.json", RepoTags: [$name], Layers: $ARGS.positional }]' \
    --args "${files[@]}" >"$folder/manifest.json"
  file=$(archive_of "$name")
  tar -C "$folder" -cf "$file.part" manifest.json config.json "${files[@]}"
  mv "$file.part" "$file"
  rm -rf "$folder"
  say "Image $name"
  echo "$file"
}
