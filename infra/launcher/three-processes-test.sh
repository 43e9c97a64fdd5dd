#!/usr/bin/env bash
# Control plane, scheduler and worker as three plain processes on this machine, with the smoke test run against them. Takes servers for the time of
# the test; leaves nothing.
#
#   HEARTH_PORT   first of the five ports used (default 24520)
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$ROOT"
source infra/launcher/report.sh
source infra/launcher/machine.sh
source infra/launcher/project.sh
source infra/launcher/test.sh

READY_DEADLINE_S=60

require_node
prepare_project
port=${HEARTH_PORT:-24520}

three_processes() {
  local state app index=0 deadline=$((SECONDS + READY_DEADLINE_S)) status=0 pids=()
  state=$(mktemp -d /var/tmp/h3.XXXXXX)
  chmod 711 "$state"
  export DATABASE_URL=$HEARTH_TEST_DATABASE_URL REDIS_URL=$HEARTH_TEST_REDIS_URL HEARTH_STATE_DIR=$state HEARTH_PORT=$port HEARTH_WORKER_PORT=$((port + 1)) HEARTH_INGRESS_PORT=0
  export HEARTH_MASTER_KEY HEARTH_FLEET_SECRET
  HEARTH_MASTER_KEY=$(head -c 32 /dev/urandom | base64 -w0)
  HEARTH_FLEET_SECRET=$(head -c 24 /dev/urandom | base64 -w0)
  for app in control-plane scheduler worker; do
    HEARTH_METRICS_PORT=$((port + 2 + index)) exec_node "dist/apps/$app/src/main.js" >"$state/$app.log" 2>&1 </dev/null &
    pids+=($!)
    index=$((index + 1))
  done
  until curl -fsS --max-time 2 "http://127.0.0.1:$port/_hearth/health" >/dev/null 2>&1 && [[ -s $state/profile/credentials ]] && curl -fsS --max-time 2 "http://127.0.0.1:$((port + 4))/metrics" >/dev/null 2>&1; do
    if ((SECONDS > deadline)); then
      say 'The three processes were not ready in time'
      status=1
      break
    fi
    sleep 0.1
  done
  if ((status == 0)); then
    AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_REGION=us-east-1 AWS_SHARED_CREDENTIALS_FILE=$state/profile/credentials AWS_CONFIG_FILE=$state/profile/config \
      AWS_PROFILE=hearth run_node dist/apps/cli/src/smoke.js || status=$?
  fi
  if ((status != 0)); then tail -n 40 "$state"/*.log >&2; fi
  kill "${pids[@]}" 2>/dev/null || true
  wait "${pids[@]}" 2>/dev/null || true
  rm -rf "$state"
  return "$status"
}

with_test_services three_processes
say 'The smoke test passed against three plain processes'
