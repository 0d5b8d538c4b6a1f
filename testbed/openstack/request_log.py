"""Every request to the cloud: one line of JSON each, written by the services, read by tests."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request and how it was answered.

    Attributes:
        at: When it came, in seconds since the epoch.
        service: Who was asked: keystone, placement, glance, neutron, nova, cinder, manila or magnum.
        method: The HTTP method.
        path: The path with its query.
        microversion: What OpenStack-API-Version says, without the service's name; None without the header.
        agent: The client program, as its User-Agent begins (``gophercloud``, ``openstacksdk``, ...).
        status: The HTTP status.
        milliseconds: How long the answer took.
        fault: Whether the answer was a switched-on fault.
        body: The JSON sent to Nova or Magnum; None where there was none.
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
    """The requests that came at ``since`` (seconds since the epoch) or later, in the order of their answers."""
    if not log.exists():
        return
    # A line that is being written has no end yet.
    for line in log.read_text().splitlines(keepends=True):
        if line.endswith("\n"):
            request = Request(**json.loads(line))
            if request.at >= since:
                yield request
