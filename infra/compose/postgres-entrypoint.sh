#!/bin/sh
# What the public postgres image does with the same variables: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB.
set -eu

PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
export PATH LC_ALL=C.UTF-8
data=/var/lib/postgresql/data
mkdir -p "$data" /var/run/postgresql
chown postgres:postgres "$data" /var/run/postgresql
chmod 700 "$data"
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }

if [ ! -s "$data/PG_VERSION" ]; then
  printf '%s' "$POSTGRES_PASSWORD" >/run/password
  chown postgres /run/password
  as_postgres initdb -D "$data" -U "$POSTGRES_USER" -A scram-sha-256 --pwfile=/run/password -E UTF8
  rm /run/password
  echo 'host all all all scram-sha-256' >>"$data/pg_hba.conf"
  # Single-user mode: nobody can connect before the database is there.
  echo "CREATE DATABASE \"$POSTGRES_DB\"" | as_postgres postgres --single -D "$data" postgres >/dev/null
fi
unset POSTGRES_PASSWORD
exec setpriv --reuid=postgres --regid=postgres --clear-groups postgres -D "$data" -c 'listen_addresses=*'
