"""The log-in of Rucio's programs to their database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.interfaces import InterfacesSecrets

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["DATABASE_SECRET", "POOL", "database_env", "database_secret"]

DATABASE_SECRET = "rucio-database"  # noqa: S105 - a name
_URL_KEY = "sqlalchemyUrl"
# The pool does not check idle connections: after a restart of the database each would fail once (C21).
POOL = {"pool_recycle": "600"}


def database_secret(context: Context) -> Env:
    """The Secret rucio-database: the login in the forms of all of its readers."""
    database = context.interfaces.rucio_database
    return {
        _URL_KEY: context.rucio_database_url,
        "host": context.rucio_database_host,
        "port": str(context.rucio_database_port),
        "database": database.name,
        "user": database.user,
        "password": reveal(context.secrets.of(InterfacesSecrets).rucio_database_password),
    }


def database_env(names: Names) -> dict[str, Any]:
    """The variable that the images of Rucio put into their configuration, from the Secret: no value has it (C47)."""
    source = {"name": names.secret(DATABASE_SECRET), "key": _URL_KEY}
    return {"name": "RUCIO_CFG_DATABASE_DEFAULT", "valueFrom": {"secretKeyRef": source}}
