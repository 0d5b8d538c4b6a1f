"""cert-manager beside a bed: its definitions in the cluster and its controllers as a process, gone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from testbed import executables, processes, waiting
from testbed.api import Api
from testbed.bed import Bed

__all__ = ["GROUP", "running"]

GROUP = "/apis/cert-manager.io/v1"
_PART = "cert-manager"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_PATIENCE = 60.0


@contextmanager
def running(bed: Bed) -> Iterator[None]:
    """The controllers that issue certificates, with the rights of an administrator and without a webhook.

    Raises:
        BedError: they cannot be built, or the API server did not serve the new kinds in time.
    """
    executable = executables.built(_PART)[_PART]
    api = Api(bed.kubeconfig)
    definitions = [yaml.load(file.read_text(), yaml.CSafeLoader) for file in _files(executable)]
    try:
        for each in definitions:
            api.create(_DEFINITIONS, each)
        waiting.until(
            lambda: all(api.serves(f"{GROUP}/{kind}") for kind in ("certificates", "issuers")),
            "Certificates being served",
            _PATIENCE,
        )
        part = processes.spawn(bed.state, _PART, [executable, f"--kubeconfig={bed.kubeconfig}"])
        yield
        part.ensure_alive()
    finally:
        processes.end(bed.state, {_PART})
        for each in definitions:
            path = f"{_DEFINITIONS}/{each['metadata']['name']}"
            if api.exists(path):
                api.delete(path)


def _files(executable: Path) -> list[Path]:
    return sorted(executable.parent.glob("*cert-manager.io_*.yaml"))
