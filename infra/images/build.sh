#!/usr/bin/env bash
# Builds hearth/control-plane, hearth/scheduler and hearth/worker from this checkout.
#
#   build.sh [APP...]
#
#   BASE_IMAGE     what they start from: anything with glibc and a shell (default debian:bookworm-slim; where nothing can be pulled use
#                  hearth/base:bookworm, which infra/runtimes/build.sh makes). The worker needs nsenter and mkfifo in it.
#   HEARTH_TAG     tag of the images (default latest)
#   HEARTH_IMAGE_LABEL   one more label, KEY=VALUE
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$ROOT"
source infra/launcher/report.sh
source infra/launcher/machine.sh
source infra/launcher/project.sh

require_node
prepare_project

# Goes into the worker's image with the rest of infra/runtimes.
infra/runtimes/image-launcher/build.sh || say 'without the launcher of container images, this worker will not run such functions'

# Production dependencies as one archive, once per lock file.
modules=.hearth/images/modules.tar
hash=$(hash_of package-lock.json infra/images/production-modules.mjs)
pack_modules() {
  local folder=.hearth/images/modules
  rm -rf "$folder"
  run_node infra/images/production-modules.mjs "$folder" && tar -C "$folder" --owner=0 --group=0 --mode=a+rX -cf "$modules" node_modules && rm -rf "$folder"
}
mkdir -p .hearth/images
if [[ ! -f $modules ]] || ! fresh image-modules "$hash"; then
  step 'Collecting production dependencies for the images' .hearth/logs/image-modules.log pack_modules
  stamp image-modules "$hash"
fi

context=$(mktemp -d "$ROOT/.hearth/images/context.XXXXXX")
trap 'rm -rf "$context"' EXIT
mkdir -p "$context/bin" "$context/project"
cp -L node_modules/node/bin/node "$context/bin/node"
ln "$modules" "$context/modules.tar"
cp infra/images/Dockerfile infra/images/healthcheck.mjs infra/images/worker-entrypoint.sh "$context/"
cp -R package.json dist "$context/project/"
find "$context/project/dist" -name '*.js.map' -delete
# Models, catalogues, launchers, migrations: found at run time below the folder of package.json.
find libs infra/runtimes prisma/migrations -type f ! -name '*.ts' ! -name project.json ! -path '*/testing/*' ! -path '*/probes/*' -exec cp --parents {} "$context/project/" \;
chmod -R a+rX "$context/project" "$context/bin"

tag=${HEARTH_TAG:-latest}
step 'Building hearth/platform' .hearth/logs/image-platform.log env DOCKER_BUILDKIT=0 docker build --tag "hearth/platform:$tag" \
  ${BASE_IMAGE:+--build-arg "BASE_IMAGE=$BASE_IMAGE"} ${HEARTH_IMAGE_LABEL:+--label "$HEARTH_IMAGE_LABEL"} "$context"

build_app() {
  printf 'FROM hearth/platform:%s\nENV HEARTH_APP=%s\n' "$tag" "$1" |
    DOCKER_BUILDKIT=0 docker build --tag "hearth/$1:$tag" ${HEARTH_IMAGE_LABEL:+--label "$HEARTH_IMAGE_LABEL"} -
}
[[ $# -gt 0 ]] || set -- control-plane scheduler worker
for app in "$@"; do
  step "Building hearth/$app" ".hearth/logs/image-$app.log" build_app "$app"
done
