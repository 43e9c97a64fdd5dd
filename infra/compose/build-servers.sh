#!/usr/bin/env bash
# Builds hearth/postgres and hearth/valkey from Debian's packages, for machines that can reach a Debian mirror but no image registry. For
# docker-compose.yml: HEARTH_POSTGRES_IMAGE=hearth/postgres HEARTH_VALKEY_IMAGE=hearth/valkey. Needs root and debootstrap.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$ROOT"
source infra/launcher/report.sh

cache=${HEARTH_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/hearth}
base=hearth/base:compose-servers
label=${HEARTH_IMAGE_LABEL:-hearth.part=compose}
mirror=${HEARTH_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(SUITE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
  awk '$3 == "main" && $2 !~ /security|updates|backports/ && $1 ~ /debian/ { print $1; exit }')}

make_base() {
  local root status=0
  root=$(mktemp -d /var/tmp/hearth-rootfs.XXXXXX)
  mkdir -p "$cache/debs"
  debootstrap --variant=minbase --cache-dir="$cache/debs" --include=postgresql-15,redis-server bookworm "$root" "${mirror:-http://deb.debian.org/debian}" &&
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/* "$root"/var/lib/postgresql/15 "$root"/etc/resolv.conf &&
    tar -C "$root" --numeric-owner --exclude='./dev/*' -c . | docker import --change "LABEL $label" - "$base" || status=$?
  rm -rf "$root"
  return "$status"
}

if ! docker image inspect "$base" >/dev/null 2>&1; then
  command -v debootstrap >/dev/null || die 'debootstrap was not found.' 'Install it: apt-get install debootstrap.'
  [[ $(id -u) == 0 ]] || die 'Making a root file system takes root.' 'Repeat with sudo.'
  step 'Making the base of Postgres and Redis with debootstrap' .hearth/logs/compose-base.log make_base
fi
for server in postgres valkey; do
  step "Building hearth/$server" ".hearth/logs/compose-$server.log" env DOCKER_BUILDKIT=0 docker build --tag "hearth/$server" --label "$label" \
    --build-arg BASE_IMAGE=hearth/base:compose-servers --file "infra/compose/$server.Dockerfile" infra/compose
done
