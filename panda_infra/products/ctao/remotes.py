"""Connections of the programs: to databases and servers in the stack, and to services outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.products.ctao.context import ISSUER_PORT, MARIADB_PORT, OPENSEARCH_PORT, S3_PORT
from panda_infra.products.ctao.interfaces import (
    ExternalDatabase,
    ExternalDiracDatabase,
    ExternalHosts,
    ExternalObjectStore,
    ExternalOpenSearch,
    ExternalService,
    Fixture,
    Interfaces,
)
from panda_infra.products.network import Call, Remote, at_urls

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = [
    "DATABASE",
    "DIRAC_DATABASE",
    "FTS",
    "FTS_PORT",
    "ISSUER",
    "OBJECTSTORE",
    "OPENSEARCH",
    "RUCIO",
    "STORAGES",
    "STORAGE_PORT",
    "brokers",
    "ce",
    "database",
    "dirac_database",
    "fts",
    "fts_url",
    "issuer",
    "objectstore",
    "opensearch",
    "storage",
]

DATABASE = Call("rucio-db", "postgres", 5432)
DIRAC_DATABASE = Call("dirac-db", "mariadb", MARIADB_PORT)
OBJECTSTORE = Call("objectstore", "server", S3_PORT)
OPENSEARCH = Call("opensearch", "server", OPENSEARCH_PORT)
RUCIO = Call("rucio", "server", 443)
# Storages answer by HTTP and XRootD here, and FTS by its REST service.
STORAGE_PORT, FTS_PORT = 1094, 8446
_BROKER = 61613
_CE = (22, 443)
STORAGES = tuple(Call("xrootd", name, STORAGE_PORT) for name in ("first", "second", "third"))
FTS = Call("fts", "server", FTS_PORT)
ISSUER = Call("dex", "server", ISSUER_PORT)


def database(context: Context) -> Iterator[Remote]:
    """Rucio's database, if it is outside."""
    outside = context.interfaces.rucio_database
    if isinstance(outside, ExternalDatabase):
        yield Remote(outside.host, outside.port, "database")


def dirac_database(context: Context) -> Iterator[Remote]:
    """DIRAC's databases, if they are outside."""
    outside = context.interfaces.dirac_database
    if isinstance(outside, ExternalDiracDatabase):
        yield Remote(outside.host, outside.port, "DIRAC's databases")


def objectstore(context: Context) -> Iterator[Remote]:
    """The object store, if it is outside."""
    outside = context.interfaces.objectstore
    if isinstance(outside, ExternalObjectStore):
        yield from at_urls("object store", (outside.url,))


def opensearch(context: Context) -> Iterator[Remote]:
    """OpenSearch, if it is outside."""
    outside = context.interfaces.opensearch
    if isinstance(outside, ExternalOpenSearch):
        yield Remote(outside.host, outside.port, "OpenSearch")


def issuer(context: Context) -> Iterator[Remote]:
    """The issuer of tokens, if the stack names one."""
    outside = context.interfaces.iam
    if isinstance(outside, ExternalService):
        yield from at_urls("issuer of tokens", (outside.url,))


def fts(context: Context) -> Iterator[Remote]:
    """FTS: the one of the stack file, else any, because a storage may name its own; none beside the fixture."""
    outside = context.interfaces.fts
    if isinstance(outside, Fixture):
        return
    named = outside.url if isinstance(outside, ExternalService) else None
    yield from at_urls("FTS", (named,)) if named else (Remote("", FTS_PORT, "FTS"),)


def fts_url(interfaces: Interfaces, names: Names) -> str:
    """Address of FTS: the external one, else the fixture's; empty without one."""
    if isinstance(interfaces.fts, ExternalService):
        return interfaces.fts.url
    return f"https://{names.workload('fts', 'server')}:{FTS_PORT}" if interfaces.fts else ""


def storage(context: Context) -> Iterator[Remote]:
    """The storages that the stack file names as outside."""
    outside = context.interfaces.storage
    if isinstance(outside, ExternalHosts):
        yield from (Remote(host, STORAGE_PORT, "storage") for host in outside.hosts)


def ce(context: Context) -> Iterator[Remote]:
    """The computing elements that the stack file names as outside, by SSH and HTTPS."""
    outside = context.interfaces.ce
    if isinstance(outside, ExternalHosts):
        yield from (Remote(host, port, "computing element") for host in outside.hosts for port in _CE)


def brokers(_context: Context) -> Iterator[Remote]:
    """The brokers that the chart's values name."""
    yield Remote("", _BROKER, "message broker")
