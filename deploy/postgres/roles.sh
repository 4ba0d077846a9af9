#!/bin/sh
# The postgres image runs this once, when its volume is empty. Each app gets a role and a schema of its own, so that one app
# cannot read the tables of another. Role, password and schema come from the app's database URL.
set -eu

for file in "${SECRETS:-/run/secrets}"/*_database_url; do
  login=$(sed -e 's|^postgres://||' -e 's|@.*||' "$file")
  psql --quiet --no-psqlrc --variable ON_ERROR_STOP=1 --variable role="${login%%:*}" --variable password="${login#*:}" \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE SCHEMA :"role" AUTHORIZATION :"role";
SQL
done
