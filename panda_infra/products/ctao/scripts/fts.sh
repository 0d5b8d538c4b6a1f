#!/bin/bash
# Makes or migrates the tables of FTS, then starts its server and its REST service.
set -euo pipefail
install -d /etc/grid-security/certificates
install -m 0444 /secrets/host/tls.crt /etc/grid-security/hostcert.pem
install -m 0400 /secrets/host/tls.key /etc/grid-security/hostkey.pem
awk '/BEGIN CERTIFICATE/ {n++} {print > ("/etc/grid-security/certificates/" n ".pem")}' /secrets/authorities/ca.pem
openssl rehash /etc/grid-security/certificates
/usr/share/fts/fts-database-upgrade.py --yes
/usr/sbin/fts_server
exec /usr/sbin/httpd -DFOREGROUND
