"""Rucio's PostgreSQL inside the stack: the fixture of the interface `rucioDatabase`."""

from typing import TYPE_CHECKING, ClassVar

from panda_infra.products.ctao.context import POSTGRES_PORT
from panda_infra.products.ctao.database import DATABASE_SECRET
from panda_infra.products.ctao.interfaces import InterfaceComponent, Interfaces
from panda_infra.products.model import Claim, ComponentSpec, Dump, SubComponentSpec, start
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.verification import Check, postgres
from panda_infra.products.workloads import SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names

__all__ = ["COMPONENT", "RucioDb"]


class RucioDb(InterfaceComponent):
    """A PostgreSQL for Rucio, for tests."""

    replaces: ClassVar[str] = "rucio_database"

    postgres: SubComponent = SubComponent()
    """The server."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


def _values(_config: "Settings", names: "Names") -> Values:
    return {"name": names.workload("rucio-db", "postgres"), "secret": names.secret(DATABASE_SECRET)}


def _databases(config: "Settings") -> dict[str, str]:
    interfaces = config.maybe(Interfaces) or Interfaces()
    return {"": interfaces.rucio_database.name}


COMPONENT = ComponentSpec(
    name="rucio-db",
    title="Rucio's database",
    about="PostgreSQL for Rucio, for tests.",
    position=210,
    version="1.0.0",
    usual_seconds=15,
    ships=True,
    config=RucioDb,
    sub_components=(
        SubComponentSpec(
            name="postgres",
            workload="Deployment",
            chart_image=("postgres", "15.10"),
            secrets=start(DATABASE_SECRET),
            claims=(Claim("data", "5Gi", adopt_key="existingClaim"),),
            ports=(POSTGRES_PORT,),
            switchable=False,
            scalable=False,
            # Its Deployment replaces a pod only after its end.
            locks=True,
            dump=Dump("postgres", DATABASE_SECRET, "user", "password", _databases),
        ),
    ),
    values=_values,
    checks=(
        Check(
            "rucio-db.database",
            "The database answers a query of Rucio's user",
            "DPPS-FIXTURES",
            postgres("rucio-db/postgres", "SELECT version()", "POSTGRES", "POSTGRES_DB"),
        ),
        Check(
            "rucio-db.tables",
            "Rucio's tables are there, with their version",
            "DPPS-RUCIO-TABLES",
            postgres(
                "rucio-db/postgres",
                "SELECT version_num FROM alembic_version",
                "POSTGRES",
                "POSTGRES_DB",
                holds=r"\w",
            ),
        ),
    ),
)
