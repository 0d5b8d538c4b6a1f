#!/bin/bash
# start-daemon.sh all: the package's defaults with the pod's ConfigMap and Secrets merged into them by the package's
# own scripts, the database at its newest version, the REST server, and the agents, of which the variable IDDS_AGENTS
# names some.
set -eu
home=/opt/idds
export PATH=$home/bin:$PATH IDDS_HOME=$home IDDS_CONFIG=$home/etc/idds/idds.cfg ALEMBIC_CONFIG=$home/config/idds/alembic.ini

mkdir -p $home/config/idds $home/config/.panda /var/log/idds /var/idds/wsgisocks
for name in idds/idds.cfg idds/auth.cfg idds/alembic.ini panda.cfg rucio.cfg; do
  cp "$home/config_default/$(basename "$name")" "$home/config/$name"
  for source in "$home"/configmap/{auth.cfg,idds_configmap}.json; do
    python "$home/tools/env/merge_configmap.py" -s "$source" -d "$home/config/$name"
  done
done
python "$home/tools/env/merge_configmap.py" --create_oidc_token

# A pod without a certificate of its own makes one, as the original does.
certificates=/etc/grid-security
if [ ! -e "$certificates/hostkey.pem" ]; then
  openssl req -x509 -nodes -days 1 -newkey rsa:2048 -subj "/CN=$(cat /proc/sys/kernel/hostname)" \
    -keyout "$home/config/hostkey.pem" -out "$home/config/hostcert.pem" 2>/dev/null
  ln -sf "$home/config/hostkey.pem" "$certificates/hostkey.pem"
  ln -sf "$home/config/hostcert.pem" "$certificates/hostcert.pem"
fi
[ -e "$certificates/chain.pem" ] || ln -sf hostcert.pem "$certificates/chain.pem"
# The server wants at least one authority of clients.
[ -n "$(ls "$certificates/certificates")" ] || cp /etc/ssl/certs/ca-certificates.crt "$certificates/certificates/"

python "$home/tools/env/create_database.py"
alembic upgrade heads
bash "$home/config_default/httpd_daemon.sh" &
run-idds >>/var/log/idds/idds-stdout.log 2>>/var/log/idds/idds-stderr.log &
# The pod ends with whichever ends first.
wait -n
