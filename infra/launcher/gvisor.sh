# gVisor for functions that ask for it (docs/isolation.md): its package, and the engine told of it without a restart.

GVISOR_ARGUMENTS='["--network=host", "--host-uds=open", "--host-fifo=open", "--oci-seccomp"]'
# Older ones, Debian 12's own 2022 among them, do not run what Hearth needs.
GVISOR_LEAST=20240000

prepare_gvisor() {
  [[ -z ${DOCKER_HOST:-} ]] || die 'The Docker engine is elsewhere (DOCKER_HOST).' 'Run this on its machine.'
  if ! gvisor_is_current; then install_gvisor; fi
  if docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q '"runsc"'; then
    say 'The engine knows gVisor (runsc)'
    return
  fi
  as_root mkdir -p /etc/docker
  as_root "$(command -v node)" -e '
    const { existsSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
    const file = "/etc/docker/daemon.json";
    const config = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    config.runtimes = { ...config.runtimes, runsc: { path: process.argv[1], runtimeArgs: JSON.parse(process.argv[2]) } };
    writeFileSync(`${file}.new`, `${JSON.stringify(config, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  ' "$(command -v runsc)" "$GVISOR_ARGUMENTS"
  # It reads its runtimes again; nothing that runs is touched.
  as_root sh -c 'kill -HUP $(pidof dockerd)'
  local deadline=$((SECONDS + 10))
  until docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q '"runsc"'; do
    ((SECONDS < deadline)) || die 'The Docker engine did not take gVisor in.' "See its log; /etc/docker/daemon.json has it now."
    sleep 0.2
  done
  say 'The engine knows gVisor (runsc); nothing was restarted'
}

gvisor_is_current() {
  local version
  command -v runsc >/dev/null || return 1
  version=$(runsc --version | grep -oE '[0-9]{8}' | head -n 1)
  [[ -n $version && $version -ge $GVISOR_LEAST ]]
}

# From the machine's own mirror, with a package list of its own: the machine's sources stay as they are.
install_gvisor() {
  command -v apt-get >/dev/null || die 'This machine has no apt-get.' 'Install runsc as https://gvisor.dev/docs/user_guide/install says, then repeat.'
  local codename mirror directory
  codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  if [[ $codename != bookworm ]]; then
    install_packages runsc
    return
  fi
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' 2>/dev/null | head -n 1)
  [[ -n $mirror ]] || die "This machine's apt has no package list of Debian bookworm." 'Run apt-get update, or install runsc by hand, then repeat.'
  directory=$(mktemp -d)
  mkdir -p "$directory/lists/partial" "$directory/cache/archives/partial"
  chmod 755 "$directory"
  printf 'deb %s bookworm-backports main\n' "$mirror" >"$directory/sources.list"
  local options=(-o "Dir::Etc::sourcelist=$directory/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$directory/lists" -o "Dir::Cache=$directory/cache")
  step 'Reading the package list of bookworm-backports' .hearth/logs/gvisor-update.log as_root apt-get "${options[@]}" update
  step 'Installing gVisor (runsc)' .hearth/logs/gvisor-install.log as_root env DEBIAN_FRONTEND=noninteractive apt-get "${options[@]}" install -y --no-install-recommends runsc
  rm -rf "$directory"
}
