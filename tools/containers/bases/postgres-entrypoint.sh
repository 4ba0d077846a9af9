#!/bin/sh
# What our Compose file needs of the public image's start: POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE, data in
# PGDATA, the user postgres, and any other command as it is.
set -eu
[ "$1" = postgres ] || exec "$@"
if [ "$(id -u)" -eq 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres:postgres /var/lib/postgresql
  exec setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi
server=/usr/local/pgsql/bin
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  "$server/initdb" --username "$POSTGRES_USER" --pwfile "$POSTGRES_PASSWORD_FILE" --auth scram-sha-256
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  "$server/pg_ctl" --wait start --options "-c listen_addresses='' -c unix_socket_directories=/tmp"
  PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE") psql --host /tmp --username "$POSTGRES_USER" --dbname postgres \
    --command "CREATE DATABASE \"$POSTGRES_DB\""
  "$server/pg_ctl" --wait --mode fast stop
fi
exec "$server/postgres" -c listen_addresses='*' -c unix_socket_directories=/tmp
