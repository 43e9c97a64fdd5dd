#!/usr/bin/env bash
# Writes the secrets of docker-compose.yml, one file per reader, mode 0600: DIRECTORY/{hearth,postgres,valkey}.env (default .hearth/compose).
# Existing files are never replaced: another master key could not open what the old one has sealed.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
directory=${1:-$ROOT/.hearth/compose}
if [[ -e $directory/hearth.env ]]; then
  echo "The secrets in $directory are there already" >&2
  exit 0
fi

random() { head -c "$1" /dev/urandom | base64 -w0; }
word() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

umask 077
mkdir -p "$directory"
postgres=$(word)
valkey=$(word)
printf 'POSTGRES_USER=hearth\nPOSTGRES_DB=hearth\nPOSTGRES_PASSWORD=%s\n' "$postgres" >"$directory/postgres.env"
printf 'VALKEY_PASSWORD=%s\n' "$valkey" >"$directory/valkey.env"
cat >"$directory/hearth.env.new" <<END
DATABASE_URL=postgresql://hearth:$postgres@postgres:5432/hearth
REDIS_URL=redis://:$valkey@valkey:6379
HEARTH_MASTER_KEY=$(random 32)
HEARTH_FLEET_SECRET=$(word)
END
mv "$directory/hearth.env.new" "$directory/hearth.env"
echo "Secrets written to $directory" >&2
