"""The log-in of DIRAC's and DiracX's programs to their databases, and the rights to make these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.interfaces import DiracDatabase, Fixture, Interfaces, InterfacesSecrets
from panda_infra.products.ctao.tables import databases
from panda_infra.products.ctao.versions import MARIADB_IMAGE
from panda_infra.products.databases import MariaDbDatabase
from panda_infra.products.model import SecretUse

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names
    from panda_infra.tree import Values

__all__ = [
    "ADMINISTRATOR",
    "LOGIN",
    "RIGHTS",
    "ROOT",
    "administers",
    "in_fixture",
    "job_of_databases",
    "login",
    "operated",
]

LOGIN = "dirac-database"
"""The Secret with the log-in of the programs."""
ADMINISTRATOR = "dirac-db"
"""The Secret with root's password, which the fixture and the jobs that make databases alone read."""

RIGHTS = (
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "ALTER",
    "INDEX",
    "REFERENCES",
    "TRIGGER",
    "LOCK TABLES",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "CREATE TEMPORARY TABLES",
)
"""The rights of the programs' user in their databases, as the job that makes them has them."""
# Each of DIRAC's services keeps some for each of its databases.
_CONNECTIONS = 500


def login(context: Context) -> Env:
    """The Secret dirac-database: the log-in of the programs, without root's."""
    database, (host, port) = context.interfaces.dirac_database, context.dirac_database
    return {
        "host": host,
        "port": str(port),
        "user": database.user if database else "",
        "password": reveal(context.secrets.of(InterfacesSecrets).dirac_database_password),
    }


def in_fixture(config: Settings) -> bool:
    """True if the stack runs these databases itself, and so knows root's password."""
    return isinstance(_section(config), Fixture)


def administers(use: SecretUse, config: Settings) -> SecretUse | None:
    """The use of root's password by a job; a site's database has none, because its owner keeps that password."""
    return use if in_fixture(config) else None


def operated() -> MariaDbDatabase:
    """These databases, if an operator makes them."""
    return MariaDbDatabase(
        instead="dirac-db/mariadb",
        key="interfaces.diracDatabase.host",
        beside="`kind: external`",
        host=lambda config: getattr(_section(config), "host", None),
        owner=lambda config: getattr(_section(config), "user", ""),
        databases=databases,
        secret=LOGIN,
        user="user",
        password="password",  # noqa: S106 - a key
        image=MARIADB_IMAGE,
        rights=RIGHTS,
        connections=_CONNECTIONS,
    )


def _section(config: Settings) -> DiracDatabase | None:
    interfaces = config.maybe(Interfaces)
    return interfaces.dirac_database if interfaces else None


ROOT = (SecretUse(ADMINISTRATOR, "start", in_stack=administers),)
"""The Secret with root's password, where the stack has it."""


def job_of_databases(component: str, config: Settings, names: Names, secrets: Mapping[str, str]) -> Values:
    """The values that the jobs which make databases share; ``secrets`` are more Secrets by their folders."""
    known = {"login": LOGIN, **({"root": ADMINISTRATOR} if in_fixture(config) else {}), **secrets}
    return {
        "name": names.workload(component, "job"),
        "modules": {"files": ["mariadb.py"]},
        "secrets": {folder: names.secret(suffix) for folder, suffix in known.items()},
    }
