#!/bin/bash
# Starts a program of DIRAC: PROGRAM MODULE. The master takes the configuration of the stack file over the options of DIRAC's
# release, whenever one of them changed; what its agents and operators have added since is in its volume, with a copy of what each
# change has replaced.
set -euo pipefail
umask 077
mkdir -p /work/tls /work/storage /opt/dirac/etc
cp /secrets/host/hostcert.pem /secrets/host/hostkey.pem /work/tls/
# shellcheck disable=SC1091 # it is part of the image
set +u; source /opt/dirac/bashrc; set -u
if [ -f /etc/dirac/served.cfg ]; then
    python3 /etc/dirac/dirac.py /etc/dirac/served.cfg /work/declared.cfg
    if ! cmp -s /work/declared.cfg /persistent/declared.cfg; then
        [ -f /persistent/DPPS.cfg ] && cp /persistent/DPPS.cfg "/persistent/DPPS-$(date -u +%Y%m%dT%H%M%SZ).cfg"
        cp /work/declared.cfg /persistent/DPPS.cfg
        cp /work/declared.cfg /persistent/declared.cfg
    fi
    ln -sfn /persistent/DPPS.cfg /opt/dirac/etc/DPPS.cfg
fi
exec "$1" "$2" --cfg /etc/dirac/local.cfg --cfg /secrets/dirac/secrets.cfg
