"""The job that gives Rucio's database its tables, and its root account its password."""

from typing import TYPE_CHECKING, Annotated

from pydantic import SecretStr

from panda_infra.config.base import Model
from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao import remotes
from panda_infra.products.ctao.components.rucio import policy
from panda_infra.products.ctao.database import DATABASE_SECRET
from panda_infra.products.ctao.jobs import CHART, job
from panda_infra.products.model import ComponentSpec
from panda_infra.products.secret_values import SecretValue, password
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.workloads import Component, SubComponent
from panda_infra.tree import Values

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.ctao.context import Context
    from panda_infra.products.names import Names

__all__ = ["COMPONENT", "ROOT_SECRET", "RootSecrets", "RucioBootstrap", "root"]

ROOT_SECRET = "rucio-root"  # noqa: S105 - a name
_USER = "root"


class RucioBootstrapSettings(ComponentSettings):
    """What the job may do to a database that has tables."""

    migrate: bool = False
    """Whether tables of an earlier release may be migrated; make a backup first: there is no way back."""


class RucioBootstrap(Component):
    """The job that makes or migrates Rucio's tables."""

    job: SubComponent = SubComponent()
    """The job."""
    settings: RucioBootstrapSettings = RucioBootstrapSettings()
    """What it may do."""


class RootSecrets(Model):
    """Secrets of Rucio's first account."""

    root_password: Annotated[
        SecretStr | None,
        SecretValue(
            title="password of Rucio's account root",
            make=password,
            secrets=(ROOT_SECRET,),
            consequence="the job gives the account the new one",
        ),
    ] = None
    """Password of Rucio's account root."""


def root(context: "Context") -> Env:
    """rucio-root: the login of the account root."""
    return {"username": _USER, "password": reveal(context.secrets.of(RootSecrets).root_password)}


def _values(config: "Settings", names: "Names") -> Values:
    bootstrap = config.components.get(RucioBootstrap) or RucioBootstrap()
    return {
        "name": names.workload("rucio-bootstrap", "job"),
        "script": "bootstrap.py",
        "settings": {"migrate": bootstrap.settings.migrate, **policy(config)},
        "secrets": {
            "database": names.secret(DATABASE_SECRET),
            "root": names.secret(ROOT_SECRET),
        },
    }


COMPONENT = ComponentSpec(
    name="rucio-bootstrap",
    title="Rucio's tables",
    about="Job that makes or migrates Rucio's tables.",
    position=220,
    version="1.0.0",
    usual_seconds=30,
    chart=CHART,
    ships=True,
    config=RucioBootstrap,
    sub_components=(job(DATABASE_SECRET, ROOT_SECRET, calls=(remotes.DATABASE,), remotes=remotes.database),),
    after=("rucio-db",),
    secrets=RootSecrets,
    secrets_about="Rucio's first account.",
    builders={ROOT_SECRET: root},
    values=_values,
)
