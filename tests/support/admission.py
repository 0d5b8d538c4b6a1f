"""An operator's own webhooks beside a bed's API server, as admission asks them."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testbed import pki, ports, waiting
from testbed.api import Api
from testbed.bed import Bed
from tests.support import fast_yaml

__all__ = ["DEFINITIONS", "admission", "again_and_again", "fresh"]

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
"""The path of custom resource definitions."""
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_HOST = "127.0.0.1"
_SECONDS = 120


def fresh(bed: Bed, name: str) -> Path:
    """An empty folder of an operator, with one for certificates: a bed may get an operator more than once."""
    folder = bed.state / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "certificates").mkdir(parents=True)
    return folder


@contextmanager
def admission(
    bed: Bed,
    folder: Path,
    words: Callable[[int], Sequence[str | Path]],
    *,
    files: tuple[str, str],
    configurations: str,
    environment: Mapping[str, str],
) -> Iterator[None]:
    """Run an operator for a bed, with its webhooks in the API server's way, until the end of the context.

    Args:
        bed: has the API server.
        folder: of `fresh`.
        words: the command for the port of the webhooks.
        files: the names under which it reads certificate and key.
        configurations: the operator's own objects that name the webhooks.
        environment: more variables.
    """
    authority = pki.Authority.fresh("webhooks")
    pair = authority.server("webhooks", [_HOST])
    certificate, key = (folder / "certificates" / name for name in files)
    certificate.write_bytes(pair.certificate)
    pki.write_private(key, pair.key)
    (port,) = ports.free(1)
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            words(port),
            cwd=folder,
            env={**os.environ, "KUBECONFIG": str(bed.kubeconfig), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    api = Api(bed.kubeconfig)
    made = []
    try:

        def listens() -> bool:
            assert process.poll() is None, log.read_text()[-2000:]
            return not ports.is_free(port)

        waiting.until(listens, "the operator's webhooks", _SECONDS)
        for kind, body in _webhooks(configurations, port, authority.pair.certificate):
            api.create(f"{_ADMISSION}/{kind}", body)
            made.append(f"{_ADMISSION}/{kind}/{body['metadata']['name']}")
        yield
    finally:
        for path in made:
            api.delete(path)
        process.terminate()
        process.wait(_SECONDS)


def _webhooks(configurations: str, port: int, authority: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operator's own configurations, which lead to this machine."""
    for body in fast_yaml.load_all(configurations):
        for webhook in body["webhooks"]:
            path = webhook["clientConfig"]["service"]["path"]
            webhook["clientConfig"] = {
                "url": f"https://{_HOST}:{port}{path}",
                "caBundle": base64.b64encode(authority).decode(),
            }
        yield f"{body['kind'].lower()}s", body


@contextmanager
def again_and_again(action: Callable[[], None]) -> Iterator[None]:
    """Repeat an action beside the context until its end."""
    ends = threading.Event()

    def repeat() -> None:
        while not ends.wait(0.2):
            action()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
