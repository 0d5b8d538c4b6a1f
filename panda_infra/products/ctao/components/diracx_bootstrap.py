"""The job that makes DiracX's databases and their tables."""

from typing import TYPE_CHECKING, ClassVar

from panda_infra.products.content import Env
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.dirac_database import LOGIN, ROOT, job_of_databases
from panda_infra.products.ctao.interfaces import InterfaceComponent
from panda_infra.products.ctao.jobs import CHART, job
from panda_infra.products.ctao.tables import DIRACX
from panda_infra.products.ctao.versions import DIRACX_IMAGE
from panda_infra.products.model import ComponentSpec
from panda_infra.products.secret_values import Contained
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.workloads import SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["COMPONENT", "DATABASES", "DiracxBootstrap", "urls"]

DATABASES = "diracx-databases"
"""The Secret with the address of each database, which DiracX's programs take as variables."""
_NAME = "diracx-bootstrap"


class DiracxBootstrap(InterfaceComponent):
    """The job that makes DiracX's tables."""

    needs: ClassVar[tuple[str, ...]] = ("dirac_database",)

    job: SubComponent = SubComponent()
    """The job."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


def urls(context: "Context") -> Env:
    """The Secret diracx-databases: the address of each database, with the password (C46)."""
    return {
        f"DIRACX_DB_URL_{name.upper()}": context.dirac_database_url(database)
        for name, database in DIRACX.items()
    }


def _values(config: "Settings", names: "Names") -> Values:
    return {
        **job_of_databases(_NAME, config, names, {"databases": DATABASES}),
        "script": "diracx.py",
        "command": ["/usr/local/bin/_entrypoint.sh", "bash", "/entrypoint.sh", "python"],
        "settings": {"databases": dict(DIRACX)},
    }


COMPONENT = ComponentSpec(
    name=_NAME,
    title="DiracX's tables",
    about="Job that makes DiracX's databases and tables.",
    position=222,
    version="1.0.0",
    usual_seconds=30,
    chart=CHART,
    ships=True,
    config=DiracxBootstrap,
    sub_components=(
        job(
            LOGIN,
            DATABASES,
            calls=(remotes.DIRAC_DATABASE,),
            remotes=remotes.dirac_database,
            image=DIRACX_IMAGE,
            more=ROOT,
        ),
    ),
    # Tables that DIRAC and DiracX both define are made by DIRAC.
    after=("dirac-db", "dirac-bootstrap"),
    contains={("interfaces", "diracDatabasePassword"): Contained(secrets=(DATABASES,))},
    builders={DATABASES: urls},
    values=_values,
)
