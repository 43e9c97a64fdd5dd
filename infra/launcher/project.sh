# What Hearth needs from the checkout: dependencies, generated code, the compiled tree and the runtime images. Each step is left out when the
# content it was made from has not changed (a hash under .hearth/stamps).

# Replaces this shell: for background processes that are to get the signals themselves.
exec_node() {
  # NODE_EXTRA_CA_CERTS is for npm: in a long-lived process it costs start-up time and memory, and Hearth trusts nothing through it.
  local binary="$ROOT/node_modules/.bin/node"
  [[ -x $binary ]] || binary=$(command -v node)
  # Images that are built later may need it.
  exec env -u NODE_EXTRA_CA_CERTS ${NODE_EXTRA_CA_CERTS:+"HEARTH_BUILD_CA_CERTS=$NODE_EXTRA_CA_CERTS"} PATH="$ROOT/node_modules/.bin:$PATH" "$binary" "$@"
}

run_node() { (exec_node "$@"); }

# For what itself calls npm, which may need NODE_EXTRA_CA_CERTS to reach its registry.
run_node_with_npm() { PATH="$ROOT/node_modules/.bin:$PATH" "$ROOT/node_modules/.bin/node" "$@"; }

hash_of() { find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64; }

fresh() { [[ -f .hearth/stamps/$1 && $(<".hearth/stamps/$1") == "$2" ]]; }

stamp() {
  mkdir -p .hearth/stamps
  printf '%s' "$2" >".hearth/stamps/$1"
}

prepare_project() {
  local hash
  hash=$(hash_of package-lock.json .npmrc)
  if [[ ! -f node_modules/.package-lock.json ]] || ! fresh npm "$hash"; then
    rm -f .hearth/stamps/npm
    step 'Installing npm packages' .hearth/logs/npm.log npm ci --include=dev --include=optional --no-audit --no-fund --loglevel error
    stamp npm "$hash"
  fi
  hash=$(hash_of prisma/schema prisma/engine prisma.config.ts package-lock.json)
  if [[ ! -f prisma/generated/client.ts ]] || ! fresh prisma "$hash"; then
    step 'Generating the database client' .hearth/logs/prisma.log generate_client
    stamp prisma "$hash"
  fi
  hash=$({ find apps libs prisma/generated -name '*.ts' -type f -print0; printf '.swcrc\0package-lock.json\0'; } | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64)
  if [[ ! -d dist/apps ]] || ! fresh build "$hash"; then
    step 'Compiling' .hearth/logs/build.log compile
    stamp build "$hash"
  fi
}

# generate needs no schema engine, only an executable in its place: nothing is downloaded.
generate_client() { PRISMA_SCHEMA_ENGINE_BINARY="$ROOT/prisma/engine/schema-engine.mjs" CHECKPOINT_DISABLE=1 run_node node_modules/prisma/build/index.js generate; }

# Into a new tree that then takes the old one's place: a failed build leaves the last good one.
compile() {
  rm -rf dist.new dist.old
  run_node node_modules/@swc/cli/bin/swc.js apps libs prisma/generated -d dist.new || return
  if [[ -d dist ]]; then mv dist dist.old; fi
  mv dist.new dist
  rm -rf dist.old
}

# prepare_images [RUNTIME...]: none = all of the catalogue.
prepare_images() {
  wants_docker || return 0
  local build=(env "PATH=$ROOT/node_modules/.bin:$PATH" infra/runtimes/build.sh "$@")
  if [[ $(id -u) == 0 || ${HEARTH_PUBLIC_BASES:-} == 1 ]]; then "${build[@]}"; else
    # debootstrap makes a root file system, which takes root.
    sudo env "HEARTH_CACHE_DIR=${HEARTH_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/hearth}" "${build[@]}"
  fi || die 'The runtime images could not be built.' 'The lines above name the step; ./hearth doctor checks what it needs.'
}
