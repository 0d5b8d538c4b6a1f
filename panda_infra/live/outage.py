"""Work in the cluster that goes on while the API does not answer: made once, and followed through an outage."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError, KubernetesUnreachableError
from panda_infra.errors import PandaInfraError

__all__ = ["look", "make"]

Object = Mapping[str, Any]
_SILENCE = 300.0  # seconds without an answer after which nothing is followed any more
_PAUSE = 1.0


def make(api: KubernetesApi, collection: str, body: Object) -> None:
    """Make an object whose name nobody else has; it counts as made if only the answer is lost.

    Raises:
        KubernetesError: it is not made, or nothing can be found out.
    """
    try:
        api.call("POST", collection, body=body)
    except KubernetesError:
        with suppress(KubernetesError):
            if api.call("GET", f"{collection}/{body['metadata']['name']}", missing=True) is not None:
                return
        raise


def look(api: KubernetesApi, path: str, deadline: float, *, missing: bool = False) -> Object:
    """An object; asked for again while nothing answers, until ``deadline`` at the latest, a monotonic time.

    With ``missing``, it is empty if it is not there.

    Raises:
        PandaInfraError: nothing answers, or the API refuses.
    """
    ends = min(deadline, time.monotonic() + _SILENCE)
    while True:
        try:
            found: Object | None = api.call("GET", path, missing=missing)
        except KubernetesUnreachableError as error:
            if time.monotonic() >= ends:
                raise PandaInfraError(f"{error}\n  {path.rpartition('/')[2]} goes on") from None
            time.sleep(_PAUSE)
        else:
            return found or {}
