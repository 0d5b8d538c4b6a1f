"""The Lease by which one process at a time may write: the pods of the Deployment, and the command, share it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from panda_infra.clients.pod.kubernetes import CallError

__all__ = ["LEASE", "Api", "Hold"]

LEASE = "panda-infra-node-recovery"
"""The name of the Lease, in the stack's namespace."""

_DURATION = 15
# Seconds before its end at which the Lease counts as lost, because writes need time to reach the API.
_MARGIN = 5.0
_API = "/apis/coordination.k8s.io/v1/namespaces"
_KIND = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}


class Api(Protocol):
    """Requests to the Kubernetes API: objects in, objects out; PATCH sends a merge patch.

    Raises:
        CallError: no success.
    """

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request."""


class Hold:
    """The Lease of ``namespace`` as ``holder`` holds it or not."""

    def __init__(self, api: Api, namespace: str, holder: str) -> None:
        self._api = api
        self._holder = holder
        self._collection = f"{_API}/{namespace}/leases"
        self._until = 0.0
        self._seen: tuple[object, float] = (None, 0.0)
        self.other = ""
        """The process that holds it instead, after a failed try."""
        self.other_lives = False
        """True if that one was seen to renew it."""

    @property
    def is_held(self) -> bool:
        """True while a write would certainly arrive in time."""
        return time.monotonic() < self._until - _MARGIN

    def take(self) -> bool:
        """Take the Lease or renew it; false if another process holds it.

        The other's Lease ends when this process has watched it without a change for its duration: clocks may differ.

        Raises:
            CallError: the API refuses or does not answer; then nothing may be written.
        """
        began = time.monotonic()
        found = self._read()
        if found is None:
            return self._written("POST", self._collection, {"metadata": {"name": LEASE}}, began)
        spec = found.get("spec") or {}
        self.other = str(spec.get("holderIdentity") or "")
        if self.other and self.other != self._holder:
            beat = (self.other, spec.get("renewTime"))
            if self._seen[0] != beat:
                self.other_lives = self._seen[0] is not None
                # Not from the beginning on: it may have been renewed while the answer was on its way.
                self._seen = (beat, time.monotonic())
            if began - self._seen[1] <= float(spec.get("leaseDurationSeconds") or _DURATION):
                self._until = 0.0
                return False
        return self._written("PUT", f"{self._collection}/{LEASE}", _same(found), began)

    def give_up(self) -> None:
        """Leave the Lease to the next process at once.

        Raises:
            CallError: the API refuses or does not answer; the Lease then ends by itself.
        """
        if time.monotonic() >= self._until:
            return
        self._until = 0.0
        found = self._read()
        if found and (found.get("spec") or {}).get("holderIdentity") == self._holder:
            self._api("PUT", f"{self._collection}/{LEASE}", {**_KIND, **_same(found), "spec": {}})

    def _read(self) -> Any:
        try:
            return self._api("GET", f"{self._collection}/{LEASE}")
        except CallError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def _written(self, method: str, path: str, body: dict[str, Any], began: float) -> bool:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": self._holder, "leaseDurationSeconds": _DURATION, "renewTime": now}
        try:
            self._api(method, path, {**_KIND, **body, "spec": spec})
        except CallError as error:
            if not error.is_conflict:
                raise
            self._until = 0.0
            return False
        self._until = began + _DURATION
        return True


def _same(found: dict[str, Any]) -> dict[str, Any]:
    """The resource version lets only one of two processes win that find the Lease free at once."""
    return {"metadata": {"name": LEASE, "resourceVersion": found["metadata"]["resourceVersion"]}}
