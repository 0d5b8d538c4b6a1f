"""The OCI registry of a bed: plain HTTP on the loopback address."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

from testbed.ports import HOST

# A bed's charts have the same path as upstream's, one level below the registry's root.
CHARTS = "panda-k8s-charts"


def configure(state: Path, port: int) -> Path:
    """Writes the registry's configuration and returns its path."""
    path = state / "registry.json"  # YAML to the registry
    document = {
        "version": 0.1,
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "cache": {"blobdescriptor": "inmemory"},
            "filesystem": {"rootdirectory": str(state / "registry")},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": f"{HOST}:{port}"},
    }
    path.write_text(json.dumps(document, indent=1))
    return path


def answers(address: str) -> bool:
    """Return whether a registry answers at ``address`` (host:port)."""
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=2) as response:
            return bool(response.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False
