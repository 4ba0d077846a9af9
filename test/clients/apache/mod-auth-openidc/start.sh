#!/bin/sh
# Apache's workers run as another user, who has to read the certificate of the authority.
set -e
chmod 755 "$DATA"
cp "$SSL_CERT_FILE" "$DATA/ca.pem"
export PAGES="$PWD/apache/mod-auth-openidc/pages"
exec /usr/sbin/apache2 -d "$DATA" -f "$PWD/apache/mod-auth-openidc/httpd.conf" -D FOREGROUND
