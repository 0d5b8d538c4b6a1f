"""Whom Rucio's programs connect to: its server and database in the stack, and what is outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.products.ctao.interfaces import ExternalDatabase, ExternalHosts, ExternalService
from panda_infra.products.network import Call, Remote, at_urls

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context

__all__ = ["DATABASE", "RUCIO", "brokers", "database", "fts", "issuer", "storage"]

DATABASE = Call("rucio-db", "postgres", 5432)
RUCIO = Call("rucio", "server", 443)
# By HTTP and XRootD.
_STORAGE, _FTS, _BROKER = 1094, 8446, 61613


def database(context: Context) -> Iterator[Remote]:
    """Rucio's database, if it is outside."""
    outside = context.interfaces.rucio_database
    if isinstance(outside, ExternalDatabase):
        yield Remote(outside.host, outside.port, "database")


def issuer(context: Context) -> Iterator[Remote]:
    """The issuer of tokens, if the stack names one."""
    outside = context.interfaces.iam
    if isinstance(outside, ExternalService):
        yield from at_urls("issuer of tokens", (outside.url,))


def fts(context: Context) -> Iterator[Remote]:
    """FTS: the one of the stack file, else any, because a storage may name its own."""
    outside = context.interfaces.fts
    named = outside.url if isinstance(outside, ExternalService) else None
    yield from at_urls("FTS", (named,)) if named else (Remote("", _FTS, "FTS"),)


def storage(context: Context) -> Iterator[Remote]:
    """The storages that the stack file names as outside."""
    outside = context.interfaces.storage
    if isinstance(outside, ExternalHosts):
        yield from (Remote(host, _STORAGE, "storage") for host in outside.hosts)


def brokers(_context: Context) -> Iterator[Remote]:
    """The brokers that the chart's values name."""
    yield Remote("", _BROKER, "message broker")
