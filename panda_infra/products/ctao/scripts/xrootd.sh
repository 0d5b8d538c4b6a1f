#!/bin/bash
# Starts XRootD with copies of its certificate and key that its user owns, and of each authority under the name of its hash.
set -euo pipefail
install -d -o xrootd -g xrootd /work/tls /work/authorities /data/ctao
install -o xrootd -g xrootd -m 0444 /secrets/host/tls.crt /work/tls/cert.pem
install -o xrootd -g xrootd -m 0400 /secrets/host/tls.key /work/tls/key.pem
awk '/BEGIN CERTIFICATE/ {n++} {print > ("/work/authorities/" n ".pem")}' /secrets/authorities/ca.pem
openssl rehash /work/authorities
# Macaroons end with the pod that has signed them.
install -o xrootd -g xrootd -m 0400 <(openssl rand -base64 64) /work/macaroons
chown xrootd:xrootd /data
# A copy between two servers is made by a client of its own.
export X509_CERT_DIR=/work/authorities
exec xrootd -R xrootd -n storage -c /etc/xrootd/storage.cfg
