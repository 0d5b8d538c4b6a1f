"""The section `auth` of an import: upstream's list of OIDC clients, and the addresses that follow from one issuer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panda_infra.config.scalars import Scalar
from panda_infra.products.imports import Imports
from panda_infra.products.migrated import Outcome
from panda_infra.products.panda.auth import OidcClient
from panda_infra.products.placing import file_of, filled_in, fits
from panda_infra.tree import Values

__all__ = ["IMPORTS"]

_DISCOVERY = "/.well-known/openid-configuration"
_FIELDS = {
    "name": "name",
    "client_id": "clientId",
    "audience": "audience",
    "config_url": "configUrl",
    "jwt_profile": "jwtProfile",
}


def _clients(key: str, items: list[Any], outcome: Outcome) -> None:
    """Place each client by the name of its VO."""
    clients: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(items):
        name = item.get("name") if isinstance(item, dict) else None
        here = f"{key}[{name.given if isinstance(name, Scalar) and name.given else index}]"
        if not isinstance(item, dict) or not isinstance(name, Scalar) or not _fits({"name": name.given}):
            outcome.miss(file_of(item), here, "must be a mapping with the name of a VO")
        elif name.given in clients:
            outcome.miss(name.file, here, "another client has this name")
        elif client := _client(here, item, outcome):
            clients[name.given] = client
    for position, name in enumerate(clients):
        outcome.origins["auth", "clients", position] = ("secrets/values.yaml", f"{key}[{name}]")
    if clients:
        outcome.put(("auth", "clients"), list(clients.values()))


def _client(key: str, item: Mapping[str, Any], outcome: Outcome) -> dict[str, Any] | None:
    """The settings of a client; its secret goes into the outcome."""
    given = dict(filled_in(key, item, outcome))
    name = item["name"]
    why = f"the client of VO {name.text} has no client id: neither it nor its secret was imported"
    if "client_id" not in given:
        outcome.settle(name.file, key, why)
        return None
    if not _fits({"clientId": given["client_id"].text}):
        outcome.miss(name.file, f"{key}.client_id", f"cannot be the id of a client: {why}")
        return None
    found: dict[str, Any] = {}
    for field, value in given.items():
        here = f"{key}.{field}"
        if field == "client_secret":
            path = ("auth", "clientSecrets", name.text)
            outcome.keep(path, value.text, origin=(value.file, here))
        elif field == "robot_ids":
            found["robotIds"] = _robots(here, value, outcome)
        elif field not in _FIELDS:
            outcome.miss(value.file, here, "nothing in a stack file stands for it")
        elif _fits({_FIELDS[field]: value.text}):
            found[_FIELDS[field]] = value.text
        else:
            outcome.miss(value.file, here, f"does not fit {_FIELDS[field]} of auth.clients")
    return found


def _robots(key: str, value: Scalar, outcome: Outcome) -> list[str]:
    robots = [robot for part in value.given.split(",") if (robot := part.strip())]
    for robot in robots:
        if not _fits({"robotIds": [robot]}):
            outcome.miss(value.file, f"{key}[{robot}]", "cannot be the id of a client")
    return [robot for robot in robots if _fits({"robotIds": [robot]})]


def _fits(values: Mapping[str, Any]) -> bool:
    return fits(OidcClient, {"name": "x", "clientId": "x", **values})


def _name_issuer(sections: Values) -> None:
    """Set the issuer of the discovery document, unless it is the stack's own IAM; it replaces many addresses.

    Readers compare a token's issuer as text, and IAM's own ends with a slash, so that one is not set here.
    """
    auth = sections.get("auth", {})
    discovery = auth.get("configUrl", "")
    issuer = discovery.removesuffix(_DISCOVERY)
    own = sections["components"].get("iam", {}).get("settings", {}).get("baseUrl", "")
    host = sections.get("hosts", {}).get("iam")
    addresses = {own.rstrip("/")} if own else {f"https://{host}"} if host else set()
    if issuer != discovery and not ("iam" in sections["components"] and issuer in addresses):
        auth["issuer"] = issuer


IMPORTS = Imports(
    texts={
        "auth": "kind",
        "authVO": "vo",
        "auth_client_id": "internal.clientId",
        "auth_endpoint": "internal.tokenEndpoint",
        "config_url": "internal.configUrl",
        "oidc.audience": "audience",
        "oidc.config_url": "configUrl",
        "oidc.token_cache.client_name": "tokenCache.clientName",
        "oidc.token_cache.client_id": "tokenCache.clientId",
        "oidc.token_cache.endpoint": "tokenCache.tokenEndpoint",
    },
    secrets={
        "authIdToken": "idToken",
        "auth_client_secret": "internalClientSecret",
        "oidc.token_cache.client_secret": "tokenCacheSecret",
    },
    lists={"oidc.clients": _clients},
    may_be_empty=("authIdToken", "auth_client_id", "auth_client_secret", "config_url"),
    useless_without={"internal": ("clientId",), "tokenCache": ("clientId",)},
    prepare=_name_issuer,
    # The discovery document is removed before the issuer that it is derived from.
    derived=(
        ("configUrl",),
        ("issuer",),
        ("audience",),
        ("clients", "*", "audience"),
        ("clients", "*", "configUrl"),
        ("internal", "configUrl"),
        ("internal", "tokenEndpoint"),
        ("tokenCache", "tokenEndpoint"),
    ),
)
