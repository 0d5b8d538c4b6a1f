"""Stands in for OpenShift's router: admits each Route, without which Argo CD takes it for unfinished."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from testbed.api import Api, Object
from testbed.errors import BedError

ROUTES = "/apis/route.openshift.io/v1"
_PAUSE = 1.0  # seconds between two looks


@contextmanager
def running(api: Api) -> Iterator[None]:
    """Admit every Route of a cluster until the end of the block."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(_PAUSE):
            # The bed's definition of Routes may come later, and the server may restart.
            with suppress(BedError):
                admit(api)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()


def admit(api: Api) -> None:
    """Admit each Route that is not admitted yet."""
    for route in api.list(f"{ROUTES}/routes"):
        if "status" not in route:
            metadata = route["metadata"]
            path = f"{ROUTES}/namespaces/{metadata['namespace']}/routes/{metadata['name']}/status"
            api.merge(path, {"status": _admitted(route)})


def _admitted(route: Object) -> Object:
    condition = {
        "type": "Admitted",
        "status": "True",
        "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    host = route["spec"].get("host", "")
    return {"ingress": [{"host": host, "routerName": "default", "conditions": [condition]}]}
