#!/bin/bash
# Starts a program of DIRAC: PROGRAM MODULE. The master takes the configuration of the stack file whenever that changed;
# what its agents and operators have added since is in its volume, with a copy of what each change has replaced.
set -euo pipefail
umask 077
mkdir -p /work/tls /opt/dirac/etc
cp /secrets/host/hostcert.pem /secrets/host/hostkey.pem /work/tls/
if [ -f /etc/dirac/served.cfg ]; then
    if ! cmp -s /etc/dirac/served.cfg /persistent/declared.cfg; then
        [ -f /persistent/DPPS.cfg ] && cp /persistent/DPPS.cfg "/persistent/DPPS-$(date -u +%Y%m%dT%H%M%SZ).cfg"
        cp /etc/dirac/served.cfg /persistent/DPPS.cfg
        cp /etc/dirac/served.cfg /persistent/declared.cfg
    fi
    ln -sfn /persistent/DPPS.cfg /opt/dirac/etc/DPPS.cfg
fi
# shellcheck disable=SC1091 # it is part of the image
set +u; source /opt/dirac/bashrc; set -u
exec "$1" "$2" --cfg /etc/dirac/local.cfg --cfg /secrets/dirac/secrets.cfg
