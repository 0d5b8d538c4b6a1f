"""The job that makes DIRAC's databases and their tables."""

from typing import TYPE_CHECKING, ClassVar

from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.dirac_database import LOGIN, ROOT, job_of_databases, operated
from panda_infra.products.ctao.interfaces import InterfaceComponent
from panda_infra.products.ctao.jobs import CHART, job
from panda_infra.products.ctao.tables import BY_COMPONENT
from panda_infra.products.ctao.versions import DIRAC_IMAGE
from panda_infra.products.model import ComponentSpec
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.workloads import SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.names import Names

__all__ = ["COMPONENT", "DiracBootstrap"]

_NAME = "dirac-bootstrap"


class DiracBootstrap(InterfaceComponent):
    """The job that makes DIRAC's tables."""

    needs: ClassVar[tuple[str, ...]] = ("dirac_database",)

    job: SubComponent = SubComponent()
    """The job."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


def _values(config: "Settings", names: "Names") -> Values:
    return {
        **job_of_databases(_NAME, config, names, {}),
        "script": "dirac.py",
        # The image's environment has Python in a folder of its own.
        "command": ["bash", "-c", 'source /opt/dirac/bashrc; exec python3 "$0"'],
        "settings": {"databases": list(BY_COMPONENT[_NAME]), "packages": ["CTADIRAC", "DIRAC"]},
    }


COMPONENT = ComponentSpec(
    name=_NAME,
    title="DIRAC's tables",
    about="Job that makes DIRAC's databases and tables.",
    position=221,
    version="1.0.0",
    usual_seconds=30,
    chart=CHART,
    ships=True,
    config=DiracBootstrap,
    sub_components=(
        job(
            LOGIN,
            calls=(remotes.DIRAC_DATABASE,),
            remotes=remotes.dirac_database,
            image=DIRAC_IMAGE,
            more=ROOT,
        ),
    ),
    after=("dirac-db",),
    values=_values,
    mariadb=operated(),
)
