#!/usr/bin/env bash
# Whether prisma/migrations lead to exactly prisma/schema: status 0 yes, else what differs. Needs no server of the machine.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
cd "$ROOT"
source infra/launcher/report.sh
source infra/launcher/project.sh
source infra/launcher/test.sh

with_test_services compare_migrations
