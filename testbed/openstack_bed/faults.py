"""Faults of the cloud, switched on and off while it runs.

The faults are in a file that the services read at every request, so that a test can change them in running
processes. Answers with a count are taken from the file under a lock, so that each is given once.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """The answer to the next ``count`` matching requests, which do not reach the service unless it is ``late``.

    ``path`` is a regular expression searched in the path, ``method`` one that matches the whole method.
    ``retry_after`` is in seconds. An expired token is a status 401. A ``late`` answer replaces the service's own, but
    the service executes the request.
    """

    status: int
    count: int = 1
    service: str = "magnum"
    method: str = ".*"
    path: str = ""
    retry_after: int | None = None
    late: bool = False

    def matches(self, service: str, method: str, path: str) -> bool:
        """Return whether the answer matches a request."""
        return (
            self.count > 0
            and self.service == service
            and re.fullmatch(self.method, method) is not None
            and re.search(self.path, path) is not None
        )


@dataclass(frozen=True)
class Faults:
    """All faults of a cloud; none by default. Times are in seconds.

    Attributes:
        create_failed: New clusters end in CREATE_FAILED with this reason.
        create_seconds: A new cluster completes at the earliest this long after the request.
        scale_seconds: The same for a change of the node count.
        row_seconds: For this long after Magnum answers 202, GET of the new cluster is a 404.
        heat_seconds: Magnum answers an update or a delete, and its status changes this much later.
        address_seconds: Magnum shows a new cluster's address this long after it is complete.
        join_seconds: Nodes join their cluster this long after it is complete.
        addon_seconds: The ingress controller's settings appear this long after a new cluster's API answers.
        answers: Answers that replace those of the services.
    """

    create_failed: str | None = None
    create_seconds: float = 0
    scale_seconds: float = 0
    row_seconds: float = 0
    heat_seconds: float = 0
    address_seconds: float = 0
    join_seconds: float = 0
    addon_seconds: float = 0
    answers: tuple[Answer, ...] = ()


class FaultFile:
    """The faults of the bed in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "faults.json"
        self._lock = folder / "faults.lock"

    def read(self) -> Faults:
        """The present faults."""
        try:
            content = json.loads(self._path.read_text())
        except FileNotFoundError:
            return Faults()
        answers = tuple(Answer(**answer) for answer in content.pop("answers"))
        return Faults(**content, answers=answers)

    def write(self, faults: Faults) -> None:
        """Replaces all faults."""
        with self._locked():
            self._replace(faults)

    def take(self, service: str, method: str, path: str) -> Answer | None:
        """The answer to this request, counted down by one; None if the service answers itself."""
        if not any(answer.matches(service, method, path) for answer in self.read().answers):
            return None
        with self._locked():
            faults = self.read()
            for place, answer in enumerate(faults.answers):
                if answer.matches(service, method, path):
                    less = dataclasses.replace(answer, count=answer.count - 1)
                    answers = (*faults.answers[:place], less, *faults.answers[place + 1 :])
                    self._replace(dataclasses.replace(faults, answers=answers))
                    return answer
        return None

    def _replace(self, faults: Faults) -> None:
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(dataclasses.asdict(faults)))
        fresh.replace(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
