#!/bin/bash
# Runs a command at the start and each day after; the pod ends where that fails, and is started anew.
set -euo pipefail
trap 'exit 0' TERM
while true; do
    "$@"
    sleep 86400 &
    wait $!
done
