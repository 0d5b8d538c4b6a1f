#!/bin/bash
# Gives DiracX its configuration, which it reads from a git repository alone, and the authorities to trust, and starts one of
# its programs.
set -euo pipefail
if [ -f /etc/diracx/default.yml ]; then
    # That of a container that has ended is still there, and a commit without a change fails.
    rm -rf /work/configuration
    git init --quiet --initial-branch=master /work/configuration
    cp /etc/diracx/default.yml /work/configuration/default.yml
    git -C /work/configuration add default.yml
    git -C /work/configuration -c user.name=stack -c user.email=stack@localhost commit --quiet --message='From the stack file'
fi
if [ -f /etc/authorities/ca.pem ]; then
    # What is outside may have a certificate of an authority that everybody knows, or of one that the stack file names.
    mkdir -p /work/trust
    cat "$(python3 -m certifi)" /etc/authorities/ca.pem > /work/trust/authorities.pem
fi
exec "$@"
