"""The UI's backend: Django settings from variables alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from testbed.consumers.pods import Container
from tests.support.readers import values
from tests.support.readers.values import RefusedError

__all__ = ["Ui", "read"]

_CONNECTION = re.compile(r"DB_CONN_(\w+)_(\w+)")
_SCHEMA = "DB_SCHEMA_"
_OWN = "PANDAUI"
_NEEDED = {
    "oracle": ("NAME", "USER", "PASSWORD"),
    "postgresql": ("NAME", "USER", "PASSWORD", "HOST", "PORT"),
}
_CERTIFICATES = "/opt/pandaui/etc/cert"


@dataclass(frozen=True)
class Ui:
    """What the backend works with; the database ``default`` is its own."""

    secret_key: str
    vo: str
    hosts: tuple[str, ...]
    databases: Mapping[str, Mapping[str, str]]
    schemas: Mapping[str, str]
    oauth: Mapping[str, str]


def read(container: Container) -> Ui:
    """What the backend makes of its container.

    Raises:
        RefusedError: it would not start, or take a value for something else.
    """
    environment = container.environment
    frontend = values.url(
        "PANDAUI_FRONTEND_BASE_URL", values.filled(environment, "PANDAUI_FRONTEND_BASE_URL")
    )
    hosts = tuple(values.needed(environment, "PANDAUI_ALLOWED_HOSTS").split(","))
    if urlsplit(frontend).hostname not in hosts:
        raise RefusedError("ALLOWED_HOSTS", "does not have the host of the frontend")
    values.url("PANDA_SERVER_API_URL", values.filled(environment, "PANDA_SERVER_API_URL"))
    values.url("AUTH_IAM_ENDPOINT", values.filled(environment, "AUTH_IAM_ENDPOINT"))
    for name in ("hostcert.pem", "hostkey.pem"):
        if f"{_CERTIFICATES}/{name}" not in container.files:
            raise RefusedError(name, "is not mounted")
    return Ui(
        values.filled(environment, "PANDAUI_SECRET_KEY"),
        values.filled(environment, "PANDAUI_VO").upper(),
        hosts,
        dict(_databases(environment)),
        {
            name.removeprefix(_SCHEMA).lower(): values.filled(environment, name)
            for name in environment
            if name.startswith(_SCHEMA)
        },
        {
            name: values.filled(environment, f"AUTH_IAM_{name}")
            for name in ("ENDPOINT", "CLIENT_ID", "CLIENT_SECRET")
        },
    )


def _databases(environment: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    found: dict[str, dict[str, str]] = {}
    for name, text in environment.items():
        if match := _CONNECTION.fullmatch(name):
            connection, part = (each.upper() for each in match.groups())
            found.setdefault(connection, {})[part] = text
    if _OWN not in found:
        raise RefusedError("DATABASES", f"has no connection {_OWN}")
    for connection, parts in found.items():
        vendor = values.one_of(f"{connection} VENDOR", values.filled(parts, "VENDOR").lower(), _NEEDED)
        for part in _NEEDED[vendor]:
            values.filled({f"{connection} {part}": parts.get(part, "")}, f"{connection} {part}")
        if vendor == "postgresql":
            values.host(f"{connection} HOST", parts["HOST"])
            values.port(f"{connection} PORT", parts["PORT"])
        elif parts.get("PORT"):
            raise RefusedError(f"{connection} PORT", "stands beside Oracle's alias")
        yield ("default" if connection == _OWN else connection.lower()), parts
