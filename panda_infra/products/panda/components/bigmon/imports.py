"""BigMon's part of an import."""

from __future__ import annotations

from panda_infra.config.scalars import Scalar
from panda_infra.products.imports import Folder, Imports
from panda_infra.products.migrated import Outcome
from panda_infra.products.placing import literal

__all__ = ["IMPORTS"]

_PROVIDERS = {"cern": "CERNOIDC"}


def _provider(key: str, value: Scalar, outcome: Outcome) -> None:
    """Place a field of a provider of log-ins, e.g. ``bigmon.auth.providers.cern.key``."""
    *_, given, field = key.split(".")
    name = _PROVIDERS.get(given, given)
    settings = ("components", "bigmon", "settings", "providers", name)
    text, origin = literal(key, value, outcome), (value.file, key)
    if field == "key":
        outcome.put((*settings, "clientId"), text, origin=origin)
    elif field == "basePath":
        outcome.put((*settings, "basePath"), text, origin=origin)
    elif field == "secret":
        outcome.keep(("bigmon", "providerSecrets", name), text, origin=origin)
    else:
        outcome.miss(value.file, key, "BigMon reads no such field of a provider")


IMPORTS = Imports(
    texts={
        "deployment": "deployment",
        "dbBackend": "database.backend",
        "database.backend": "database.backend",
        "database.dbhost": "database.host",
        "database.name": "database.name",
        "database.user": "database.user",
        "vo": "vo",
        "logs_provider": "logsProvider",
        "prmonLocation": "prmonLocation",
    },
    numbers={"database.dbport": "database.port", "numWSGI": "processes"},
    switches={"debugMode": "debug"},
    words={"bigmon_extra": "extraApps"},
    secrets={"database.password": "databasePassword", "secretKey": "secretKey"},
    hosts={"hostname": "bigmon"},
    entries={"auth.providers": _provider},
    settled={"base_url": "is read by no template", "dbaccess": "follows from other keys of the stack"},
    may_be_empty=(
        "existingTlsSecret",
        "hostname",
        "dbBackend",
        "database.backend",
        "database.dbhost",
        "database.dbport",
        "database.name",
        "database.user",
        "database.password",
        "debugMode",
        "bigmon_extra",
        "logs_provider",
        "prmonLocation",
    ),
    derived=(
        ("vo",),
        ("deployment",),
        ("database", "backend"),
        ("providers", "indigoiam", "basePath"),
    ),
    folders={"bigmon_certs": Folder(endings=(".pem",), certificate=True)},
)
