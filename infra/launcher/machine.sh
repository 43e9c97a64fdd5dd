# What Hearth needs from the machine: Node, Debian packages, a Docker engine, a user for Postgres. Everything that is there is used as it is.

MINIMUM_NODE=20
MINIMUM_DISK_KB=$((1024 * 1024))
ENGINE_DEADLINE_S=60

default_state_dir() {
  if [[ $(id -u) == 0 ]]; then printf /var/lib/hearth; else printf '%s/.local/share/hearth' "$HOME"; fi
}

require_node() {
  command -v node >/dev/null || die 'Node was not found.' "Install Node $MINIMUM_NODE or newer with npm (apt-get install nodejs npm on Debian 13 and Ubuntu 24.04, else from nodejs.org)."
  local major
  major=$(node -p 'process.versions.node.split(".")[0]')
  ((major >= MINIMUM_NODE)) || die "This machine's Node is $(node -v); Hearth needs $MINIMUM_NODE or newer to install itself." 'Install a newer Node and try again.'
  command -v npm >/dev/null || die 'npm was not found.' 'Install it (apt-get install npm).'
}

require_disk() {
  local path free
  for path in "$ROOT" "$(existing_ancestor "$HEARTH_STATE_DIR")"; do
    free=$(df -Pk "$path" | awk 'NR == 2 { print $4 }')
    ((free >= MINIMUM_DISK_KB)) || die "Only $((free / 1024)) MB are free on the disk of $path; Hearth needs 1024 MB." 'Free some space, or set HEARTH_STATE_DIR to a larger disk.'
  done
}

existing_ancestor() {
  local path=$1
  while [[ ! -e $path ]]; do path=$(dirname "$path"); done
  printf '%s' "$path"
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

engine_socket() {
  case ${DOCKER_HOST:-} in
    '') printf /var/run/docker.sock ;;
    unix://*) printf '%s' "${DOCKER_HOST#unix://}" ;;
  esac
}

# ready | denied | absent
engine_state() {
  local socket
  socket=$(engine_socket)
  if [[ -z $socket ]]; then
    if curl -fsS --max-time 5 "http://${DOCKER_HOST#tcp://}/_ping" >/dev/null 2>&1; then printf ready; else printf absent; fi
  elif [[ -S $socket && ! -w $socket ]]; then printf denied
  elif curl -fsS --max-time 5 --unix-socket "$socket" http://docker/_ping >/dev/null 2>&1; then printf ready
  else printf absent; fi
}

wants_docker() { [[ ${HEARTH_SANDBOX_DRIVER:-docker} == docker ]]; }

# Tests need everything, whatever servers the environment names.
wants_embedded() { [[ $2 == test || -z ${!1:-} ]]; }

missing_packages() {
  local purpose=$1
  if wants_embedded REDIS_URL "$purpose" && ! command -v redis-server >/dev/null && ! command -v valkey-server >/dev/null; then echo redis-server; fi
  if wants_docker; then
    if [[ -z ${DOCKER_HOST:-} && $(engine_state) == absent ]] && ! command -v dockerd >/dev/null; then
      echo docker.io
      # Where AppArmor is on, the engine starts no container without its parser.
      if [[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] && ! command -v apparmor_parser >/dev/null; then echo apparmor; fi
      if [[ ! -e /sys/fs/cgroup/cgroup.controllers && ! -d /sys/fs/cgroup/memory ]]; then echo cgroupfs-mount; fi
    fi
    if ! command -v docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then echo docker-cli; fi
    if [[ ${HEARTH_PUBLIC_BASES:-} != 1 ]] && ! command -v debootstrap >/dev/null; then echo debootstrap; fi
    command -v openssl >/dev/null || echo openssl
  fi
  # Libraries that images of Python functions have; and the black-box tests deploy Python packages and call the API with boto3.
  if { wants_docker || [[ $purpose == test ]]; } && ! python3 -m pip --version >/dev/null 2>&1; then echo python3-pip; fi
  # Images of Java functions, and functions in Java and Go for the tests.
  if [[ $purpose == test ]] && wants_docker; then
    command -v mvn >/dev/null || echo maven
    command -v javac >/dev/null || echo default-jdk-headless
    command -v go >/dev/null || echo golang-go
  fi
  # One of them deploys a native binary, compiled on the spot.
  if [[ $purpose == test ]] && ! command -v gcc >/dev/null; then printf 'gcc\nlibc6-dev\n'; fi
  if [[ -n ${HEARTH_WITH_COMPOSE:-} ]] && ! command -v docker-compose >/dev/null && ! docker compose version >/dev/null 2>&1; then echo docker-compose; fi
  return 0
}

# prepare_machine run|test: says once what it is about to change, asks once, and does it.
prepare_machine() {
  local purpose=$1 packages plan=() engine=absent
  packages=$(missing_packages "$purpose" | sort -u | tr '\n' ' ')
  packages=${packages% }
  if wants_docker; then engine=$(engine_state); else engine=ready; fi
  if [[ $engine == denied ]]; then
    die "The Docker engine is running, but user $(id -un) may not use it." "Run 'sudo usermod -aG docker $(id -un)', log in again and repeat; or run ./hearth as root."
  fi
  if [[ $engine == absent && -n ${DOCKER_HOST:-} ]]; then
    die "No Docker engine answers at DOCKER_HOST=$DOCKER_HOST." 'Start it, or unset DOCKER_HOST to use this machine.'
  fi
  local add_user=
  if [[ $(id -u) == 0 ]] && wants_embedded DATABASE_URL "$purpose" && ! getent passwd postgres >/dev/null; then add_user=1; fi

  [[ -n $packages ]] && plan+=("install the Debian packages: $packages")
  [[ -n $add_user ]] && plan+=('create the system user postgres (Postgres does not run as root)')
  [[ $engine == absent ]] && plan+=('start the Docker engine')
  [[ ${#plan[@]} -eq 0 ]] && return

  if [[ $(id -u) != 0 ]] && ! command -v sudo >/dev/null; then
    die "Hearth has to $(join_plan "${plan[@]}"), and you are neither root nor is there sudo." 'Do it as root, then repeat.'
  fi
  say 'Hearth is about to change this machine:'
  printf '  - %s\n' "${plan[@]}" >&2
  if interactive; then
    local answer
    read -r -p 'Go on? [Y/n] ' answer
    [[ $answer =~ ^([yY].*)?$ ]] || die 'Nothing was changed.' 'Install the above yourself, or repeat and agree.'
  fi
  [[ -n $packages ]] && install_packages "$packages"
  [[ -n $add_user ]] && as_root useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin postgres
  if [[ $engine == absent ]]; then start_engine; fi
  return 0
}

join_plan() {
  local text=$1
  shift
  while (($#)); do
    text+="; $1"
    shift
  done
  printf '%s' "$text"
}

install_packages() {
  command -v apt-get >/dev/null || die "This machine has no apt-get, and these are missing: $1." 'Install them with the package manager of your system, then repeat.'
  [[ $(id -u) == 0 ]] || sudo -v # Its password prompt would be lost in the log file.
  step 'Reading package lists' .hearth/logs/apt-update.log as_root apt-get update
  local packages=$1
  # Debian 13 ships the client apart from the engine.
  if [[ " $packages " == *' docker.io '* ]] && ! command -v docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then packages+=' docker-cli'; fi
  # shellcheck disable=SC2086 -- a list of names
  step "Installing $packages" .hearth/logs/apt-install.log as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages
}

start_engine() {
  [[ $(engine_state) == ready ]] && return # Its package started it.
  local log=/var/log/hearth-dockerd.log deadline=$((SECONDS + ENGINE_DEADLINE_S))
  if [[ -d /run/systemd/system ]]; then
    as_root systemctl start docker || die 'systemd could not start the Docker engine.' 'See journalctl -u docker.'
  else
    if [[ ! -e /sys/fs/cgroup/cgroup.controllers && ! -d /sys/fs/cgroup/memory ]] && command -v cgroupfs-mount >/dev/null; then as_root cgroupfs-mount; fi
    as_root sh -c "setsid nohup dockerd >>'$log' 2>&1 </dev/null &"
  fi
  until [[ $(engine_state) == ready ]]; do
    if [[ $(engine_state) == denied ]]; then
      die "The Docker engine is started, but user $(id -un) may not use it yet." "Run 'sudo usermod -aG docker $(id -un)', log in again and repeat; or run ./hearth as root."
    fi
    ((SECONDS < deadline)) || die "The Docker engine did not answer within $ENGINE_DEADLINE_S s. $(tail -n 1 "$log" 2>/dev/null | cut -c1-300)" "See $log, or set DOCKER_HOST to an engine elsewhere."
    sleep 0.2
  done
  say 'The Docker engine is running'
}
