"""The ports of everything outside that a stack file names: databases, issuers, proxies and others, by host or URL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from panda_infra.config.stack import Settings

__all__ = ["outside_ports"]

_PORTS = {"http": 80, "https": 443}
_HOST_AND_PORT = re.compile(r"(https?://)?[\w.-]+\.[\w-]+:(?P<port>\d{1,5})/?")
_HIGHEST = 65535
# The program connects to these places, pods do not.
_ELSEWHERE = ("cluster", "charts", "developer", "developers", "delivery")


def outside_ports(config: Settings) -> tuple[int, ...]:
    """The sorted TCP ports; 443 for the stack's own hosts, by which its services call each other too."""
    sections = config.model_dump(mode="json", by_alias=True, exclude=set(_ELSEWHERE))
    own = {443} if config.hosts.exposed() else set()
    return tuple(sorted(own | set(_ports(sections))))


def _ports(value: Any) -> Iterator[int]:
    if isinstance(value, Mapping):
        if value.get("host") and isinstance(value.get("port"), int):
            yield value["port"]
        for each in value.values():
            yield from _ports(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _ports(each)
    elif isinstance(value, str) and (port := _port(value)):
        yield port


def _port(text: str) -> int | None:
    """The port of a URL, or of a host with a port; None for another text."""
    if match := _HOST_AND_PORT.fullmatch(text):
        port = int(match["port"])
        return port if 0 < port <= _HIGHEST else None
    scheme = text.partition("://")[0]
    if scheme not in _PORTS:
        return None
    try:
        return urlsplit(text).port or _PORTS[scheme]
    except ValueError:
        return None
