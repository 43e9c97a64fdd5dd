#!/usr/bin/env bash
# Proves docker-compose.yml without any public registry: builds everything from locally made bases, brings the stack up under a project name, port and
# state directory of its own, runs the smoke test against it and tears it all down again.
#
#   HEARTH_PORT   port of the stack (default 24510)
#   KEEP=1        leave it running
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$ROOT"
source infra/launcher/report.sh
source infra/launcher/machine.sh
source infra/launcher/project.sh

READY_DEADLINE_S=180

if docker compose version >/dev/null 2>&1; then compose=(docker compose)
elif command -v docker-compose >/dev/null; then compose=(docker-compose)
else die 'Neither docker compose nor docker-compose was found.' 'Install it: apt-get install docker-compose.'; fi

require_node
prepare_project
infra/runtimes/build.sh nodejs22.x
infra/compose/build-servers.sh
BASE_IMAGE=${BASE_IMAGE:-hearth/base:bookworm} HEARTH_TAG=smoke infra/images/build.sh

project=hearth-smoke-$$
# Short: the sandboxes' sockets lie below, and a socket's path has at most 107 bytes.
state=$(mktemp -d /var/tmp/hs.XXXXXX)
secrets=$(mktemp -d "$ROOT/.hearth/smoke-secrets.XXXXXX")
chmod 711 "$state"
export HEARTH_PORT=${HEARTH_PORT:-24510} HEARTH_INGRESS_PORT=${HEARTH_INGRESS_PORT:-24511} HEARTH_STATE_DIR=$state HEARTH_SECRETS_DIR=$secrets HEARTH_TAG=smoke
export HEARTH_POSTGRES_IMAGE=hearth/postgres HEARTH_VALKEY_IMAGE=hearth/valkey HEARTH_PUBLIC_URL=http://127.0.0.1:$HEARTH_PORT
infra/compose/make-secrets.sh "$HEARTH_SECRETS_DIR"

status=1
finish() {
  if ((status != 0)); then "${compose[@]}" -p "$project" logs --no-color --tail 60 >&2 || true; fi
  if [[ ${KEEP:-} == 1 ]]; then
    say "Left running: ${compose[*]} -p $project; state in $state, secrets in $secrets"
    return
  fi
  "${compose[@]}" -p "$project" down --volumes --timeout 60 >/dev/null 2>&1 || true
  # A worker that was killed leaves its sandboxes; all of them mount something of this state directory.
  docker ps -aq --filter "volume=$HEARTH_STATE_DIR" | xargs -r docker rm -f >/dev/null 2>&1 || true
  rm -rf "$state" "$secrets"
}
trap finish EXIT
trap 'exit 130' INT TERM

step 'Starting the stack' .hearth/logs/compose-up.log "${compose[@]}" -p "$project" up -d --no-build
deadline=$((SECONDS + READY_DEADLINE_S))
until curl -fsS --max-time 2 "http://127.0.0.1:$HEARTH_PORT/_hearth/health" >/dev/null 2>&1 && [[ -s $HEARTH_STATE_DIR/profile/credentials ]]; do
  ((SECONDS < deadline)) || die "The control plane did not answer within $READY_DEADLINE_S s." 'Its log is above or below.'
  sleep 0.5
done
say 'The control plane answers'

AWS_ENDPOINT_URL=http://127.0.0.1:$HEARTH_PORT AWS_REGION=us-east-1 AWS_SHARED_CREDENTIALS_FILE=$HEARTH_STATE_DIR/profile/credentials AWS_CONFIG_FILE=$HEARTH_STATE_DIR/profile/config \
  AWS_PROFILE=hearth run_node dist/apps/cli/src/smoke.js
status=0
say 'The smoke test passed against the compose stack'
