# The whole test suite in one Jest run, against a Postgres and a Redis that live only as long as it does.

SERVICES_DEADLINE_S=120

# with_test_services COMMAND...: runs it with HEARTH_TEST_DATABASE_URL and HEARTH_TEST_REDIS_URL, and stops the servers whatever its end.
with_test_services() {
  local scratch services status=0 deadline=$((SECONDS + SERVICES_DEADLINE_S))
  scratch=$(mktemp -d)
  exec_node infra/launcher/test-services.mjs "$scratch/env" </dev/null >"$scratch/log" 2>&1 &
  services=$!
  # shellcheck disable=SC2064 -- the values of now
  trap "kill $services 2>/dev/null || true; wait $services 2>/dev/null || true; rm -rf '$scratch'" EXIT
  trap 'exit 130' INT TERM
  until [[ -f $scratch/env ]]; do
    if ! kill -0 "$services" 2>/dev/null || ((SECONDS > deadline)); then
      cat "$scratch/log" >&2
      die 'Postgres and Redis for the tests did not start.' 'The lines above say why.'
    fi
    sleep 0.1
  done
  set -a
  # shellcheck disable=SC1091 -- written by test-services.mjs
  source "$scratch/env"
  set +a
  "$@" || status=$?
  return "$status"
}

run_jest() {
  local options=(--config infra/launcher/jest.config.mjs --ci --maxWorkers 2)
  if [[ -n ${HEARTH_TEST_JSON:-} ]]; then
    mkdir -p "$(dirname "$HEARTH_TEST_JSON")"
    options+=(--json --outputFile "$HEARTH_TEST_JSON")
  fi
  NODE_OPTIONS=--experimental-vm-modules NODE_NO_WARNINGS=1 run_node_with_npm node_modules/jest/bin/jest.js "${options[@]}" "$@" </dev/null
}

run_tests() { with_test_services run_jest "$@"; }

compare_migrations() {
  DATABASE_URL=$HEARTH_TEST_DATABASE_URL PRISMA_SCHEMA_ENGINE_BINARY="$ROOT/prisma/engine/schema-engine.mjs" CHECKPOINT_DISABLE=1 \
    run_node node_modules/prisma/build/index.js migrate diff --from-migrations prisma/migrations --to-schema prisma/schema --exit-code
}
