#!/bin/bash
# Starts a program of DIRAC: PROGRAM MODULE. The master takes the configuration of the stack file over the options of DIRAC's
# release, whenever one of them changed; what its agents and operators have added since is in its volume, with a copy of what each
# change has replaced.
set -euo pipefail
umask 077
mkdir -p /work/tls /work/trust /work/storage
# Not `cp`, which fails where a container of this pod has ended: its copies are there, and read-only.
install -m 0400 /secrets/host/tls.crt /work/tls/hostcert.pem
install -m 0400 /secrets/host/tls.key /work/tls/hostkey.pem
# shellcheck disable=SC1091 # it is part of the image
set +u; source /opt/dirac/bashrc; set -u
# What is outside may have a certificate of an authority that everybody knows, or of one that the stack file names. Not in the
# present folder, whose *.pem the service of bundles would hand out.
cat "$(python3 -m certifi)" /etc/grid-security/certificates/ca.pem > /work/trust/authorities.pem
if [ -f /etc/dirac/served.cfg ]; then
    # DIRAC renames a new file to the name of its configuration, so that the folder must be in the volume: a link would be replaced.
    export DIRAC_ROOT_PATH=/persistent
    kept=/persistent/etc
    mkdir -p $kept
    python3 /etc/dirac/dirac.py /etc/dirac/served.cfg /work/declared.cfg
    if ! cmp -s /work/declared.cfg $kept/declared.cfg; then
        [ -f $kept/DPPS.cfg ] && cp $kept/DPPS.cfg "$kept/DPPS-$(date -u +%Y%m%dT%H%M%SZ).cfg"
        cp /work/declared.cfg $kept/DPPS.cfg
        cp /work/declared.cfg $kept/declared.cfg
    fi
fi
options=(--cfg /etc/dirac/local.cfg --cfg /secrets/dirac/secrets.cfg)
[ -f /secrets/dirac/sections.cfg ] && options+=(--cfg /secrets/dirac/sections.cfg)
# Some programs write into the present folder; this one is still there when the container is started anew.
cd /work
exec "$1" "$2" "${options[@]}"
