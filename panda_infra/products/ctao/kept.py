"""The places outside of its cluster where a stack keeps data: two stacks must never share one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panda_infra.products.ctao.interfaces import (
    ExternalDatabase,
    ExternalDiracDatabase,
    ExternalObjectStore,
    ExternalOpenSearch,
    Interfaces,
)

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["keeps"]


def keeps(config: Settings) -> dict[str, str]:
    """The address of each, by its key; of an operator's database only the name is known, so that it is left out."""
    interfaces = config.maybe(Interfaces) or Interfaces()
    found: dict[str, str] = {}
    rucio, dirac = interfaces.rucio_database, interfaces.dirac_database
    if isinstance(rucio, ExternalDatabase):
        found["rucioDatabase"] = f"{rucio.host}:{rucio.port}/{rucio.name}"
    if isinstance(dirac, ExternalDiracDatabase):
        # Its databases have the names that DIRAC and DiracX know, so that a server holds them once.
        found["diracDatabase"] = f"{dirac.host}:{dirac.port}"
    if isinstance(store := interfaces.objectstore, ExternalObjectStore):
        found["objectstore"] = f"{store.url.rstrip('/')}/{store.sandboxes}"
    if isinstance(search := interfaces.opensearch, ExternalOpenSearch):
        # OpenSearch's indices have fixed names too.
        found["opensearch"] = f"{search.host}:{search.port}"
    return {f"interfaces.{key}": address for key, address in found.items() if _is_known_everywhere(address)}


def _is_known_everywhere(address: str) -> bool:
    """False for the name of a Service, which leads to another one in another cluster or namespace."""
    host = address.partition("://")[2] or address
    name = host.partition("/")[0].partition(":")[0]
    return "." in name and not name.endswith((".svc", ".cluster.local"))
