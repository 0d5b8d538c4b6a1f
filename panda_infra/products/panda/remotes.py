"""The places outside of the stack that PanDA's services connect to, by the addresses in their Secrets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.products.network import Remote, at_address, at_urls

if TYPE_CHECKING:
    from panda_infra.products.panda.context import Context

__all__ = ["MARIADB", "cric", "database", "issuers", "proxies", "rucio"]

MARIADB = 3306
# The default of settings that are about either kind of database.
_POSTGRES = 5432
# An alias of Oracle is resolved by a file inside the images: the usual port, and the one of CERN's databases.
_ORACLE = (1521, 10121)
_DATABASE = "database"


def issuers(context: Context) -> Iterator[Remote]:
    """The issuers of tokens: their discovery documents and token endpoints."""
    auth = context.auth
    yield from at_urls("issuer of tokens", (context.config_url, context.token_endpoint))
    yield from at_urls("issuer of tokens", (client.config_url for client in auth.clients))
    if auth.internal:
        yield from at_urls("issuer of tokens", (auth.internal.config_url, auth.internal.token_endpoint))
    if auth.token_cache:
        yield from at_urls("issuer of tokens", (auth.token_cache.token_endpoint,))


def cric(context: Context) -> Iterator[Remote]:
    """CRIC, unless files replace it."""
    if urls := context.cric_urls:
        yield from at_urls("CRIC", (getattr(urls, name) for name in type(urls).model_fields))


def rucio(context: Context) -> Iterator[Remote]:
    """Rucio and its server for log-ins."""
    for address in (context.rucio.host, context.rucio.auth_host):
        yield from at_address("Rucio", address)


def proxies(context: Context) -> Iterator[Remote]:
    """The HTTP proxies."""
    env = context.proxies()
    yield from at_urls("proxy", (env.get("http_proxy"), env.get("https_proxy")))


def database(host: str | None, port: int, *, oracle: bool = False) -> Iterator[Remote]:
    """A database outside; nothing without a host. The host of Oracle is an alias, which names no port."""
    if host is None:
        return
    if oracle:
        given = {port} - {_POSTGRES}
        yield from (Remote("", each, "Oracle") for each in sorted(given.union(_ORACLE)))
    else:
        yield Remote(host, port, _DATABASE)
