"""The log of all requests to the cloud: one line of JSON each, written by the services, read by tests."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request and its answer.

    Attributes:
        at: Its time, in seconds since the epoch.
        service: keystone, placement, glance, neutron, nova, cinder, manila or magnum.
        method: The HTTP method.
        path: The path with its query.
        microversion: The value of OpenStack-API-Version without the service's name; None without the header.
        agent: The client program, from its User-Agent (``gophercloud``, ``openstacksdk``, ...).
        status: The HTTP status.
        milliseconds: The time until the answer.
        fault: True if the answer was a switched-on fault.
        body: The JSON sent to Nova or Magnum; None if there was none.
    """

    at: float
    service: str
    method: str
    path: str
    microversion: str | None
    agent: str
    status: int
    milliseconds: int
    fault: bool
    body: Any

    def line(self) -> str:
        """This request as a line of the log."""
        return json.dumps(dataclasses.asdict(self)) + "\n"


def read(log: Path, since: float = 0) -> Iterator[Request]:
    """The requests since ``since`` (seconds since the epoch), in the order of their answers."""
    if not log.exists():
        return
    # The last line may be incomplete while it is being written.
    for line in log.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            request = Request(**json.loads(line))
            if request.at >= since:
                yield request
