#!/usr/bin/env bash
# Builds the runtime images of catalogue.json.
#
#   build.sh [RUNTIME...]        all runtimes without arguments; nothing is done for images that are up to date
#   build.sh --refresh [...]     remake bases and images, for the security updates since
#
#   HEARTH_RUNTIMES_FILE         another catalogue
#   HEARTH_CACHE_DIR             downloads and root file systems (default ${XDG_CACHE_HOME:-~/.cache}/hearth)
#   HEARTH_PUBLIC_BASES=1        start from the public Debian images instead of making bases with debootstrap
#   HEARTH_BASE_BOOKWORM, HEARTH_BASE_TRIXIE, HEARTH_BASE_FORKY   images to start from, whatever is above
#   HEARTH_DEBIAN_MIRROR, HEARTH_DEBIAN_SECURITY_MIRROR   for debootstrap (default: what this machine's apt uses)
#   HEARTH_IMAGE_LABEL           one more label, KEY=VALUE, on what is built
#
# Needs: docker, node >= 20, debootstrap and root (unless public bases are used); npm (nodejs runtimes), pip (python), Maven (java), each
# of which gets packages from where this machine's configuration of it says.
set -euo pipefail
# Hearth itself runs without it, and starts this script when an image is missing.
if [[ -n ${HEARTH_BUILD_CA_CERTS:-} ]]; then export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$HEARTH_BUILD_CA_CERTS}; fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${HEARTH_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/hearth}
PULL_TIMEOUT_SECONDS=300

say() { printf 'runtimes: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

command -v docker >/dev/null || die 'the docker command is missing'

case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) die "no runtime binaries for $(uname -m)" ;;
esac

refresh=
if [[ ${1:-} == --refresh ]]; then refresh=1; shift; fi

if [[ ${HEARTH_PUBLIC_BASES:-} == 1 ]]; then base_kind=public; else base_kind=debootstrap; fi
# Part of the hash: other bases make other images.
given="${HEARTH_BASE_BOOKWORM:-}|${HEARTH_BASE_TRIXIE:-}|${HEARTH_BASE_FORKY:-}"
plan=$(node "$here/plan.mjs" "$arch" "$base_kind $given" "$@")

declare -A base_hash suite public packages origin base_image
images=()
while IFS=$'\t' read -r kind name rest; do
  case $kind in
    base) IFS=$'\t' read -r base_hash[$name] suite[$name] public[$name] packages[$name] origin[$name] <<<"$rest" ;;
    image) images+=("$name"$'\t'"$rest") ;;
  esac
done <<<"$plan"

# One call for all images: it is what a run with nothing to do costs.
existing=$(docker image inspect --format '{{index .RepoTags 0}} {{index .Config.Labels "hearth.build"}}' \
  $(printf '%s\n' "${images[@]}" | cut -f1) 2>/dev/null || true)

label_of() { docker image inspect --format '{{index .Config.Labels "hearth.build"}}' "$1" 2>/dev/null || true; }

# Where this machine's apt gets Debian (`main`) or its security updates (`security`) from; Debian's own address on other systems.
mirror_of_apt() {
  local kind=$1 site
  site=$(apt-get indextargets --format '$(REPO_URI) $(SUITE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    awk -v kind="$kind" '$3 == "main" && $1 ~ /debian/ && ($1 " " $2 ~ /security/) == (kind == "security") && $2 !~ /updates|backports/ { print $1; exit }') || true
  if [[ $kind == security ]]; then printf '%s' "${site:-http://deb.debian.org/debian-security}"; else printf '%s' "${site:-http://deb.debian.org/debian}"; fi
}

running=
# Background jobs of a script ignore Ctrl-C: end the whole group of the command at work.
trap '[[ -z $running ]] || kill -- -"$running" 2>/dev/null; exit 130' INT TERM HUP

# Runs a long command with its output in a log file, telling every few seconds that it goes on and where it is.
with_progress() {
  local what=$1 log=$2 started=$SECONDS pid
  shift 2
  say "$what ..."
  setsid "$@" >"$log" 2>&1 &
  pid=$!
  running=$pid
  while kill -0 "$pid" 2>/dev/null; do
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      sleep 0.5
      kill -0 "$pid" 2>/dev/null || break
    done
    if kill -0 "$pid" 2>/dev/null; then say "  $((SECONDS - started)) s: $(tail -n 1 "$log" | tr -d '\r' | cut -c1-100)"; fi
  done
  local failed=
  wait "$pid" || failed=1
  running=
  if [[ -n $failed ]]; then
    tail -n 25 "$log" >&2
    die "$what failed; full log: $log"
  fi
  grep '^WARNING' "$log" >&2 || true
  say "$what: done in $((SECONDS - started)) s"
}

# Sets base_image[NAME]: given by the user, pulled, or made with debootstrap.
ensure_base() {
  local name=$1 given_name given tag tar
  [[ -z ${base_image[$name]:-} ]] || return 0
  given_name=HEARTH_BASE_${suite[$name]^^}
  given=${!given_name:-}
  if [[ -n $given ]]; then base_image[$name]=$given; return; fi
  if [[ $base_kind == public ]]; then
    if [[ -n $refresh ]] || ! docker image inspect "${public[$name]}" >/dev/null 2>&1; then
      with_progress "pulling ${public[$name]}" "$cache/logs/pull.log" timeout "$PULL_TIMEOUT_SECONDS" docker pull "${public[$name]}"
    fi
    base_image[$name]=${public[$name]}
    return
  fi
  tag=hearth/base:$name
  base_image[$name]=$tag
  tar=$cache/bases/$name-${base_hash[$name]}.tar
  if [[ -n $refresh ]]; then rm -f "$tar"; elif [[ $(label_of "$tag") == "${base_hash[$name]}" ]]; then return; fi
  if [[ ! -f $tar ]]; then
    command -v debootstrap >/dev/null || die "debootstrap is missing: apt-get install debootstrap, or set HEARTH_PUBLIC_BASES=1"
    [[ $(id -u) == 0 ]] || die "making a base image needs root: run with sudo, or set HEARTH_PUBLIC_BASES=1"
    mkdir -p "$cache/bases"
    local from=${origin[$name]} from_tar=
    if [[ $from != - ]]; then
      ensure_base "$from"
      from_tar=$cache/bases/$from-${base_hash[$from]}.tar
      # Its image may be there without the file it was made of; then this one is made from nothing.
      [[ -f $from_tar ]] || from_tar=
    fi
    # Bases of former recipes are of no use any more.
    rm -f "$cache/bases/$name-"[0-9a-f]*.tar
    with_progress "making the $name base${from_tar:+ from the $from base}" "$cache/logs/base-$name.log" \
      "$here/images/debootstrap.sh" "${suite[$name]}" "${packages[$name]}" "${HEARTH_DEBIAN_MIRROR:-$(mirror_of_apt main)}" \
      "${HEARTH_DEBIAN_SECURITY_MIRROR:-$(mirror_of_apt security)}" "$cache/debs" "$tar" ${from_tar:+"$from_tar"}
  fi
  with_progress "importing the $name base" "$cache/logs/import-$name.log" docker import \
    --change "LABEL hearth.build=${base_hash[$name]}" ${HEARTH_IMAGE_LABEL:+--change "LABEL $HEARTH_IMAGE_LABEL"} "$tar" "$tag"
}

# Prints the path of the node binary, fetched from npm once and checked against the pinned digest.
ensure_node() {
  local version=$1 integrity=$2 folder=$cache/node/$1-$arch package=node-linux-$arch actual
  if [[ ! -x $folder/node ]]; then
    mkdir -p "$folder"
    (cd "$folder" && with_progress "fetching node $version" "$cache/logs/node-$version.log" npm pack --silent "$package@$version")
    actual=$(node -e "process.stdout.write('sha512-' + crypto.createHash('sha512').update(fs.readFileSync(process.argv[1])).digest('base64'))" \
      "$folder/$package-$version.tgz")
    if [[ $actual != "$integrity" ]]; then
      rm -f "$folder/$package-$version.tgz"
      die "$package@$version has digest $actual, catalogue.json pins $integrity"
    fi
    tar -xzf "$folder/$package-$version.tgz" -C "$folder" --strip-components=2 package/bin/node
    rm -f "$folder/$package-$version.tgz"
  fi
  printf '%s' "$folder/node"
}

# Prints the folder with the libraries of a bundle (npm, pip, maven), fetched once; each is pinned by its digest in the bundle's list.
ensure_bundle() {
  local kind=$1 folder=$cache/bundles/$1-$2 log=$cache/logs/bundle-$1.log work
  if [[ ! -d $folder ]]; then
    mkdir -p "$cache/bundles"
    work=$(mktemp -d "$cache/bundles/.$kind.XXXXXX")
    case $kind in
      npm)
        cp "$here/sdk/nodejs/"package*.json "$work"
        (cd "$work" && with_progress 'fetching the AWS SDK for JavaScript' "$log" npm ci --omit=dev --ignore-scripts --no-audit --no-fund)
        sh "$here/sdk/nodejs/trim.sh" "$work"
        ;;
      pip)
        python3 -m pip --version >/dev/null 2>&1 || die 'pip is missing: apt-get install python3-pip'
        with_progress 'fetching boto3' "$log" python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
          --no-deps --require-hashes --only-binary :all: --no-compile --target "$work" --requirement "$here/sdk/python/requirements.txt"
        rm -rf "$work/bin"
        ;;
      maven)
        command -v mvn >/dev/null || die 'Maven is missing: apt-get install maven'
        with_progress "fetching Lambda's Java runtime client" "$log" mvn --batch-mode --quiet --file "$here/java/pom.xml" \
          dependency:copy-dependencies "-DoutputDirectory=$work"
        (cd "$work" && sha256sum --quiet --check "$here/java/SHA256SUMS") || die "java/SHA256SUMS does not match what Maven fetched into $work"
        ;;
    esac
    # Bundles of former lists are of no use any more.
    rm -rf "$cache/bundles/$kind-"*
    mv "$work" "$folder"
  fi
  printf '%s' "$folder"
}

build_image() {
  local image=$1 family=$2 base=$3 hash=$4 argument=$5 bundle=$6 bundle_hash=$7 node_version=$8 node_integrity=$9 context
  local arguments=()
  ensure_base "$base"
  context=$(mktemp -d "$cache/context.XXXXXX")
  # shellcheck disable=SC2064 # the path of now
  trap "rm -rf '$context'" EXIT
  cp -r "$here/images" "$context/images"
  if [[ -d $here/$family ]]; then
    cp -r "$here/$family" "$context/$family"
    find "$context/$family" -name '*.spec.ts' -delete
    find "$context/$family" -name __pycache__ -prune -exec rm -rf {} +
  fi
  if [[ $bundle != - ]]; then
    local libraries
    libraries=$(ensure_bundle "$bundle" "$bundle_hash")
    cp -rl "$libraries" "$context/bundle" 2>/dev/null || cp -r "$libraries" "$context/bundle"
  fi
  if [[ $node_version != - ]]; then
    local node
    node=$(ensure_node "$node_version" "$node_integrity")
    ln "$node" "$context/node" 2>/dev/null || cp "$node" "$context/node"
  fi
  if [[ $argument != - ]]; then arguments+=(--build-arg "$argument"); fi
  # Readable by the sandbox user whatever the umask of the checkout.
  chmod -R a+rX "$context"
  local former
  former=$(docker image inspect --format '{{.Id}}' "$image" 2>/dev/null || true)
  with_progress "building $image" "$cache/logs/build-${image//\//-}.log" \
    env DOCKER_BUILDKIT=0 docker build --pull=false --tag "$image" --file "$context/images/$family.Dockerfile" \
    --build-arg "BASE_IMAGE=${base_image[$base]}" --build-arg "PACKAGES=${packages[$base]//,/ }" "${arguments[@]}" \
    --label "hearth.build=$hash" ${HEARTH_IMAGE_LABEL:+--label "$HEARTH_IMAGE_LABEL"} "$context"
  rm -rf "$context"
  trap - EXIT
  # The image this one replaces would stay behind without a name. One that a container still uses refuses, and may stay.
  if [[ -n $former && $former != "$(docker image inspect --format '{{.Id}}' "$image")" ]]; then docker image rm "$former" >/dev/null 2>&1 || true; fi
}

built=0
for line in "${images[@]}"; do
  IFS=$'\t' read -r image family base hash argument bundle bundle_hash node_version node_integrity <<<"$line"
  if [[ -z $refresh ]] && grep -qxF "$image:latest $hash" <<<"$existing"; then continue; fi
  mkdir -p "$cache/logs"
  build_image "$image" "$family" "$base" "$hash" "$argument" "$bundle" "$bundle_hash" "$node_version" "$node_integrity"
  built=$((built + 1))
done
# Without a compiler there are no container-image functions, and everything else works.
if command -v "${CC:-cc}" >/dev/null; then "$here/image-launcher/build.sh"; else say 'no C compiler: for container-image functions run infra/runtimes/image-launcher/build.sh'; fi
say "$built built, $((${#images[@]} - built)) up to date"
