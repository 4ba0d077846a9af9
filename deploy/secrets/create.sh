#!/bin/sh
# The service `secrets` of docker-compose.yml runs this as root, without a network. Each folder below /secrets is a volume: one
# per app, and `postgres`. The script creates the secrets that are missing. It never changes an existing file, so an operator
# can put own secrets there first (docs/docker.md).
set -eu
umask 077

APP_USER=1000 # the user `node` of the images of the apps
POSTGRES_USER=999 # the user `postgres` of the image postgres:18

new_secret() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

# create <file> <command that prints the content>
create() {
  file=$1
  shift
  [ -s "$file" ] && return
  "$@" >"$file.new"
  mv "$file.new" "$file"
  echo "created $file"
}

database_url() { printf 'postgres://%s:%s@postgres:5432/gatehouse' "$1" "$(new_secret)"; }

# The accounts and clients of SEED_DEMO. Orders has the secret of its client in a file of its own.
demo_credentials() {
  printf 'DEMO_EMAIL=demo@gatehouse.example\nDEMO_STAFF_EMAIL=staff@gatehouse.example\n'
  for name in DEMO_PASSWORD DEMO_STAFF_PASSWORD SHORT_LIVED_SECRET; do
    printf '%s=%s\n' "$name" "$(new_secret)"
  done
  printf 'ORDERS_SERVICE_SECRET=%s\n' "$(cat /secrets/orders/client_secret 2>/dev/null || new_secret)"
}

# The private key of a client, as a JWK whose last member is the private one.
client_key() {
  node --print '
    const { generateKeyPairSync } = require("node:crypto");
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { d, ...rest } = privateKey.export({ format: "jwk" });
    JSON.stringify({ ...rest, alg: "ES256", kid: process.argv[1], d });
  ' "$1"
}

# The tools of apps/web as clients of auth, with their public keys: web_clients <addresses of sed>
web_clients() {
  for tool in shop back_office; do
    public_key=$(sed 's/,"d":.*/}/' "web/${tool}_key")
    set -- "$@" -e "/\"web-$(echo $tool | tr _ -)\"/,/\"jwks\"/ s|\"keys\": \[\]|\"keys\": [$public_key]|"
  done
  sed "$@" /web-clients.json
}

# New files belong to root until this.
give() {
  find "$1" -type f -user root -exec chmod 0400 {} + -exec chown "$2" {} +
}

cd /secrets
create postgres/postgres_password new_secret
[ ! -d orders ] || create orders/client_secret new_secret
[ ! -d auth ] || create auth/server_secret new_secret
[ ! -d auth ] || create auth/demo.env demo_credentials
if [ -d web ]; then
  create web/session_secret new_secret
  create web/shop_key client_key web-shop
  create web/back_office_key client_key web-back-office
  # Auth reaches the tools inside the network.
  create auth/web_clients.json web_clients \
    -e 's|http://localhost:3003/back-ch|http://shop:3000/back-ch|' -e 's|http://localhost:3004/back-ch|http://back-office:3000/back-ch|'
  create auth/web_clients_scaled.json web_clients \
    -e 's|http://localhost:3003/|https://shop.localhost/|' -e 's|http://localhost:3004/|https://back-office.localhost/|'
fi
for folder in *; do
  [ "$folder" != postgres ] || continue
  create "$folder/database_url" database_url "$folder"
  # roles.sh reads role and password from this copy.
  [ ! -O "$folder/database_url" ] || cp --remove-destination "$folder/database_url" "postgres/${folder}_database_url"
  give "$folder" "$APP_USER"
done
give postgres "$POSTGRES_USER"
