"""Record in the namespace who works on a stack's releases, by a Lease with a heartbeat.

The engine's lock separates only runs that share a backend, and does not show whether its run was killed. The Lease
records the process that works on the stack now, and the time in which a dead run has written.
"""

from __future__ import annotations

import getpass
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from panda_infra.clients.kubernetes.client import KubernetesApi
from panda_infra.clients.kubernetes.errors import KubernetesError
from panda_infra.errors import PandaInfraError
from panda_infra.plan.ownership import RELEASES, lease_name

__all__ = ["Lease", "Window"]

_DURATION = 15  # seconds without a heartbeat after which a holder counts as dead
_HEARTBEAT = 5.0
_LOOK = 1.0  # seconds between two checks of the heartbeat of another machine
_PROCESS = "panda-infra/process"
_COLLECTION = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


@dataclass(frozen=True)
class Window:
    """The time in which dead runs may have written."""

    since: datetime
    until: datetime

    def covers(self, moment: datetime) -> bool:
        """True if a record of that moment, which is exact to the second, is theirs."""
        return self.since - timedelta(seconds=1) <= moment <= self.until


class Lease:
    """The Lease ``panda-infra-STACK`` of a namespace, held during calls on releases; safe for threads."""

    def __init__(self, api: KubernetesApi, namespace: str, stack: str) -> None:
        self._api = api
        self._collection = _COLLECTION.format(namespace=namespace)
        self._name = lease_name(stack)
        self._stack = stack
        self._lock = threading.Lock()
        self._at_work = 0
        self._unfinished = False
        self._lost = False
        self._window: Window | None = None
        self._ended = threading.Event()
        self._ahead = timedelta()

    @property
    def former(self) -> Window | None:
        """The time in which killed runs before this one may have written; None if the last run ended properly."""
        return self._window

    def now(self) -> datetime:
        """The time by the API server's clock, like the times of release records."""
        return datetime.now(UTC) + self._ahead

    def begin(self, release: str) -> None:
        """Take the Lease for work on a release, unless this process already has it.

        Raises:
            PandaInfraError: another living process works on the stack.
        """
        with self._lock:
            if self._at_work == 0:
                self._take()
                self._lost = False
                self._ended = threading.Event()
                threading.Thread(target=self._beat, args=(self._ended,), daemon=True).start()
            elif self._lost:
                raise PandaInfraError(
                    f"another run has taken over the work on stack {self._stack} (Lease {self._name}), because this "
                    f"one gave no sign of life for {_DURATION} s: it was stopped, or its network failed. Try again "
                    "when the other one has ended"
                )
            self._at_work += 1
            self._note(release, made=True)

    def end(self, release: str, *, finished: bool, gone: bool = False) -> None:
        """End work on a release; ``finished`` is false if it may be half done, ``gone`` is true if it was deleted."""
        with self._lock:
            self._unfinished |= not finished
            if gone:
                self._note(release, made=False)
            self._at_work -= 1
            if self._at_work == 0:
                self._ended.set()
                # After unfinished work the holder stays: the next run then attributes the rest to it.
                if not self._unfinished:
                    self._write_held({"spec": {"holderIdentity": ""}})

    def _take(self) -> None:
        found = self._get()
        now = self.now()
        spec: dict[str, Any] = {
            "holderIdentity": f"{_user()}@{socket.gethostname()}",
            "leaseDurationSeconds": _DURATION,
            "acquireTime": _text(now),
            "renewTime": _text(now),
        }
        metadata: dict[str, Any] = {"name": self._name, "annotations": {_PROCESS: _process(os.getpid())}}
        if found is None:
            self._set_clock(self._own("POST", self._collection, {"metadata": metadata, "spec": spec}))
            return
        holder = found["spec"].get("holderIdentity")
        if holder and not _is_this_process(found):
            self._refuse_living(found)
            since = datetime.fromisoformat(found["spec"]["acquireTime"])
            last = datetime.fromisoformat(found["spec"]["renewTime"]) + timedelta(seconds=_DURATION)
            self._window = Window(since, last)
            # Keep the former start: if this run is killed too, the next one must cover the time of both.
            spec["acquireTime"] = found["spec"]["acquireTime"]
        # The version makes the write fail if another run has written since the read.
        metadata["resourceVersion"] = found["metadata"]["resourceVersion"]
        self._set_clock(
            self._own("PATCH", f"{self._collection}/{self._name}", {"metadata": metadata, "spec": spec})
        )

    def _own(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Make the Lease this process's.

        Raises:
            PandaInfraError: another run took it at the same time.
        """
        while True:
            try:
                return self._ask(method, path, body)
            except _ConflictError:
                found = self._get()
            if found is None or not _is_this_process(found):
                raise PandaInfraError(
                    f"another run began to work on stack {self._stack} in the same moment: try again when it has ended"
                )
            # The client sends a request again whose answer is lost; the API then refuses the second one.
            if found["spec"].get("holderIdentity"):
                return found
            # A heartbeat of this process was still on its way when its former work ended.
            newest = {**body["metadata"], "resourceVersion": found["metadata"]["resourceVersion"]}
            body = {**body, "metadata": newest}
            method, path = "PATCH", f"{self._collection}/{self._name}"

    def _set_clock(self, written: Any) -> None:
        """Take over the API server's clock, from the time that it noted for the write of the Lease."""
        times = [
            field["time"] for field in ((written or {}).get("metadata") or {}).get("managedFields") or ()
        ]
        if not times:
            return
        ahead = max(map(datetime.fromisoformat, times)) - datetime.now(UTC)
        # The server's times are whole seconds.
        if abs(ahead) > timedelta(seconds=2):
            self._ahead = ahead
            times_by_server = {"renewTime": _text(self.now())}
            if not self._window:
                times_by_server["acquireTime"] = _text(self.now())
            self._write_held({"spec": times_by_server})

    def _refuse_living(self, found: Mapping[str, Any]) -> None:
        """Wait until the holder is dead; the process of a run that has just ended lives a moment longer.

        Raises:
            PandaInfraError: it stays alive: by its process id, or on another machine, whose clock may be wrong, by
                its heartbeat.
        """
        pause = threading.Event()
        lives = _lives(found)
        for _ in range(_DURATION):
            if lives is False:
                return
            pause.wait(_LOOK)
            again = self._get()
            if again is None or not again["spec"].get("holderIdentity"):
                return
            lives = _lives(again)
            if lives is None and again["spec"].get("renewTime") != found["spec"].get("renewTime"):
                lives = True
                break
        if lives:
            holder, since = found["spec"]["holderIdentity"], found["spec"].get("acquireTime")
            raise PandaInfraError(
                f"{holder} works on stack {self._stack} since {since} (Lease {self._name}): wait until that run has "
                "ended, or end it, then try again"
            )

    def _beat(self, ended: threading.Event) -> None:
        while not (self._lost or ended.wait(_HEARTBEAT)):
            # Without the credential for a moment, say, the next beat may succeed.
            with suppress(PandaInfraError):
                self._write_held({"spec": {"renewTime": _text(self.now())}})

    def _note(self, release: str, *, made: bool) -> None:
        """Update the list of the stack's releases, which separates them from those of others."""

        def change(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
            known = (found["metadata"].get("annotations") or {}).get(RELEASES, "")
            listed = set(filter(None, known.split(",")))
            wanted = listed | {release} if made else listed - {release}
            return {"annotations": {RELEASES: ",".join(sorted(wanted)) or None}} if wanted != listed else None

        self._change(lambda found: {"metadata": meant} if (meant := change(found)) else None)

    def _write_held(self, body: Mapping[str, Any]) -> None:
        """Write the Lease as its holder: a process that was stopped must not touch that of the next one."""

        def change(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
            self._lost = not _is_this_process(found)
            return None if self._lost else body

        self._change(change)

    def _change(self, change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]) -> None:
        """Change the Lease by a function, which gets the newer Lease if another process has written it meanwhile."""
        while found := self._get():
            body = change(found)
            if body is None:
                return
            version = {"resourceVersion": found["metadata"]["resourceVersion"]}
            metadata = {**(body.get("metadata") or {}), **version}
            with suppress(_ConflictError):
                self._ask("PATCH", f"{self._collection}/{self._name}", {**body, "metadata": metadata})
                return

    def _get(self) -> Any:
        return self._ask("GET", f"{self._collection}/{self._name}")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the API; if it refuses Leases or does not answer, the work continues without the Lease.

        Raises:
            _ConflictError: the Lease was written since it was read.
        """
        try:
            return self._api.call(method, path, body=body, missing=True)
        except KubernetesError as error:
            if error.status == HTTPStatus.CONFLICT:
                raise _ConflictError from error
            return None


class _ConflictError(Exception):
    """The Lease was written since it was read."""


def _is_this_process(lease: Mapping[str, Any]) -> bool:
    return _recorded(lease) == _process(os.getpid())


def _lives(lease: Mapping[str, Any]) -> bool | None:
    """True if the holder's process lives; None if it is on another machine."""
    machine, _, process = _recorded(lease).partition("/")
    if not machine or machine != _machine():
        return None
    pid = process.partition("/")[0]
    return pid.isdigit() and _process(int(pid)) == _recorded(lease)


def _recorded(lease: Mapping[str, Any]) -> str:
    return str((lease["metadata"].get("annotations") or {}).get(_PROCESS, ""))


def _process(pid: int) -> str:
    """A unique name of a process: machine and its boot, process id, and start time."""
    try:
        # The command's name, in parentheses, may contain spaces.
        started = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        started = "?"
    return f"{_machine()}/{pid}/{started}"


def _machine() -> str:
    """The machine and its boot; empty if unknown: then only the heartbeat counts."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        # Containers on one machine have process ids of their own.
        return f"{boot}-{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
