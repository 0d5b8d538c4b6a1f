"""Connections: whom a sub-component's pods connect to, inside of the stack and outside of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["EVERY_PORT", "Call", "Remote", "at_address", "at_urls"]

EVERY_PORT = 0
"""Stands for all TCP ports."""

_PORTS = {"http": 80, "https": 443}
_HTTPS = 443


@dataclass(frozen=True, order=True)
class Call:
    """A connection to pods of the same stack, on their own TCP port; nothing if the stack does not run them."""

    component: str
    sub_component: str
    port: int


@dataclass(frozen=True, order=True)
class Remote:
    """A connection to a host by the name that the pods use, on a TCP port or ``EVERY_PORT``.

    The host may be a Service or an exposed host of the stack itself. It is empty where no setting names one: then the
    port is meant at any address outside of the cluster. ``what`` is there, for people.
    """

    host: str
    port: int
    what: str


def at_urls(what: str, urls: Iterable[str | None]) -> Iterator[Remote]:
    """The hosts and ports of http and https URLs; None and other texts are left out."""
    for url in filter(None, urls):
        parts = urlsplit(url)
        if parts.hostname and parts.scheme in _PORTS:
            yield Remote(parts.hostname, parts.port or _PORTS[parts.scheme], what)


def at_address(what: str, address: str | None) -> Iterator[Remote]:
    """The host of an address, and its port or that of https, such as ``rucio.cern.ch:443``; nothing for None."""
    if address and (match := re.fullmatch(r"(?P<host>[^:]+)(:(?P<port>\d+))?", address)):
        yield Remote(match["host"], int(match["port"] or _HTTPS), what)
