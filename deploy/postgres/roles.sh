#!/bin/sh
# Gives each app a role and a schema of its own, so that one app cannot read the tables of another. Role, password and schema
# come from the app's database URL. A second run adds what is new.
set -eu

secrets=${SECRETS:-/run/secrets}
export PGPASSWORD="${PGPASSWORD:-$(cat "$secrets/postgres_password")}"

for file in "$secrets"/*_database_url; do
  login=$(sed -e 's|^postgres://||' -e 's|@.*||' "$file")
  psql --quiet --no-psqlrc --variable ON_ERROR_STOP=1 --variable role="${login%%:*}" --variable password="${login#*:}" <<'SQL'
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password';
SELECT format('CREATE SCHEMA %I AUTHORIZATION %I', :'role', :'role') WHERE to_regnamespace(quote_ident(:'role')) IS NULL \gexec
SQL
done
