"""A MariaDB for DIRAC and DiracX, the fixture of their databases."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.dirac_database import ADMINISTRATOR, LOGIN, login
from panda_infra.products.ctao.interfaces import InterfaceComponent, InterfacesSecrets
from panda_infra.products.ctao.mariadb_fixture import mariadb_part, mariadb_spec
from panda_infra.products.ctao.programs import CHART, VERSION, values_of
from panda_infra.products.ctao.tables import databases
from panda_infra.products.model import ComponentSpec
from panda_infra.products.secret_values import KEPT_BY_DATABASE, Contained, SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.verification import Check, mariadb
from panda_infra.products.workloads import SubComponent

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context

__all__ = ["COMPONENT", "DiracDb", "DiracDbSecrets", "administrator"]

_VARIABLES = ("MARIADB_USER", "MARIADB_PASSWORD", "MARIADB_ROOT_PASSWORD")
_SIZE = "5Gi"


class DiracDb(InterfaceComponent):
    """A MariaDB for DIRAC and DiracX, for tests."""

    replaces: ClassVar[str] = "dirac_database"

    mariadb: SubComponent = SubComponent()
    """The server."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


class DiracDbSecrets(Model):
    """Secrets of the fixture of DIRAC's databases."""

    root_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of the MariaDB's user root",
            make=password,
            secrets=(ADMINISTRATOR,),
            consequence=KEPT_BY_DATABASE,
        ),
    ] = None
    """Password of the MariaDB's user root."""


def administrator(context: "Context") -> Env:
    """The Secret dirac-db: root's password and the programs' log-in, under the names of the image's variables."""
    database = context.interfaces.dirac_database
    return {
        "MARIADB_USER": database.user if database else "",
        "MARIADB_PASSWORD": reveal(context.secrets.of(InterfacesSecrets).dirac_database_password),
        "MARIADB_ROOT_PASSWORD": reveal(context.secrets.of(DiracDbSecrets).root_password),
    }


_SERVER = replace(
    mariadb_part(ADMINISTRATOR, _VARIABLES, _SIZE),
    # Each of DIRAC's services keeps some for each of its databases.
    arguments=("--max-connections=500",),
    resources={"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
)


def _dumped(config: "Settings") -> dict[str, str]:
    return {f"-{name.lower()}": name for name in databases(config)}


COMPONENT = ComponentSpec(
    name="dirac-db",
    title="DIRAC's databases",
    about="MariaDB for DIRAC and DiracX, for tests.",
    position=215,
    version=VERSION,
    usual_seconds=20,
    chart=CHART,
    ships=True,
    config=DiracDb,
    sub_components=(mariadb_spec(ADMINISTRATOR, _SIZE, _dumped),),
    secrets=DiracDbSecrets,
    secrets_about="The fixture of DIRAC's databases.",
    contains={("interfaces", "diracDatabasePassword"): Contained(secrets=(LOGIN, ADMINISTRATOR))},
    builders={ADMINISTRATOR: administrator, LOGIN: login},
    values=values_of("dirac-db", _SERVER),
    checks=(
        Check(
            "dirac-db.database",
            "The databases' server answers a query of DIRAC's user",
            "DPPS-FIXTURES",
            mariadb("dirac-db/mariadb"),
        ),
    ),
)
