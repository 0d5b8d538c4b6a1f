"""Starts and stops a cluster's control plane and gives it nodes, with the project's own interpreter."""

# mypy: disable-error-code="import-not-found, import-untyped"

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from eventlet.green import subprocess
from magnum.conductor.handlers.common import cert_manager

from testbed.openstack_bed.driver.cluster_files import ClusterFiles
from testbed.openstack_bed.settings import current

_SOURCES = Path(__file__).resolve().parents[3]


def write_certificates(files: ClusterFiles, context: Any, cluster: Any) -> None:
    """Writes the cluster's certificates of Magnum's certificate manager into its folder, made if it is missing."""
    files.folder.mkdir(mode=0o700, exist_ok=True)
    pairs = {
        files.authority: cert_manager.get_cluster_ca_certificate(cluster, context),
        files.administrator: cert_manager.get_cluster_magnum_cert(cluster, context),
    }
    for stem, pair in pairs.items():
        stem.with_suffix(".crt").write_bytes(_bytes(pair.get_certificate()))
        key = stem.with_suffix(".key")
        key.touch(mode=0o600)
        key.write_bytes(_bytes(pair.get_decrypted_private_key()))


def begin(command: Literal["start", "trust", "join", "stop"], files: ClusterFiles) -> None:
    """Runs ``testbed.openstack_bed.cluster`` without waiting for it; its result will be in ``files``."""
    argv = [current().interpreter, "-m", "testbed.openstack_bed.cluster", command, files.folder]
    with files.log.open("ab") as log:
        subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(_SOURCES)},
        )


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
