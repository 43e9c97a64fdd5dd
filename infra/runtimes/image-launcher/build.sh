#!/usr/bin/env bash
# Compiles launch.c, the first process of container-image functions, beside itself as hearth-launch. Nothing is done when it is up to date.
#
#   build.sh
#
#   CC                      C compiler (default cc); it needs the static C library (Debian: gcc libc6-dev)
#   HEARTH_COMPILER_IMAGE   Debian image to compile in where this machine has no compiler (default hearth/base:bookworm if it is there, else
#                           debian:bookworm-slim)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=$here/hearth-launch
hash=$(cat "$here/launch.c" "$here/extensions.h" | sha256sum | cut -c1-64)
if [[ -x $target && $(cat "$target.source" 2>/dev/null) == "$hash" ]]; then exit 0; fi

flags=(-static -Os -s -Wall -Wextra -o)
new=$(mktemp "$here/.hearth-launch.XXXXXX")
trap 'rm -f "$new"' EXIT
if ! "${CC:-cc}" "${flags[@]}" "$new" "$here/launch.c" 2>"$new.log"; then
  cat "$new.log" >&2
  echo 'image launcher: no C compiler with a static C library here; compiling in a container ...' >&2
  image=${HEARTH_COMPILER_IMAGE:-hearth/base:bookworm}
  [[ -n ${HEARTH_COMPILER_IMAGE:-} ]] || docker image inspect "$image" >/dev/null 2>&1 || image=debian:bookworm-slim
  docker run --rm --volume "$here:/source" "$image" \
    sh -c 'apt-get update -q && apt-get install -qy --no-install-recommends gcc libc6-dev && gcc "$@"' sh "${flags[@]}" "/source/${new##*/}" /source/launch.c
fi
rm -f "$new.log"
chmod 0755 "$new"
# One move: running sandboxes keep the file they have.
mv "$new" "$target"
printf '%s' "$hash" >"$target.source"
echo "image launcher: compiled $target" >&2
