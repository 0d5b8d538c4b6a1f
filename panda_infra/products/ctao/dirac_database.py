"""How DIRAC's and DiracX's programs log in to their databases, and who may make these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.interfaces import Fixture, Interfaces, InterfacesSecrets
from panda_infra.products.model import SecretUse

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names
    from panda_infra.tree import Values

__all__ = ["ADMINISTRATOR", "LOGIN", "ROOT", "administers", "in_fixture", "job_of_databases", "login"]

LOGIN = "dirac-database"
"""The Secret with the log-in of the programs."""
ADMINISTRATOR = "dirac-db"
"""The Secret with root's password, which the fixture and the jobs that make databases alone read."""


def login(context: Context) -> Env:
    """dirac-database: the log-in of the programs, without root's."""
    database, (host, port) = context.interfaces.dirac_database, context.dirac_database
    return {
        "host": host,
        "port": str(port),
        "user": database.user if database else "",
        "password": reveal(context.secrets.of(InterfacesSecrets).dirac_database_password),
    }


def in_fixture(config: Settings) -> bool:
    """True if the stack runs these databases itself, and so knows root's password."""
    interfaces = config.maybe(Interfaces)
    return interfaces is not None and isinstance(interfaces.dirac_database, Fixture)


def administers(use: SecretUse, config: Settings) -> SecretUse | None:
    """The use of root's password by a job: nobody outside gives it away."""
    return use if in_fixture(config) else None


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
