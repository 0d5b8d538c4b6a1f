"""INDIGO IAM's separate database chart, with its backup."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from panda_infra.products.imports import Imports
from panda_infra.products.model import Claim, ComponentSpec, Dump, SubComponentSpec, start
from panda_infra.products.network import Remote
from panda_infra.products.panda import calls, remotes
from panda_infra.products.verification import Check, mariadb
from panda_infra.products.workloads import Component, SubComponent

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings
    from panda_infra.products.panda.context import Context

__all__ = ["CHART_DATABASE", "COMPONENT", "DATABASE_IMAGE", "DUMP", "IamDb"]

# Upstream's bitnami image stores its data outside the volume that these two charts mount (T28). The official image
# reads the same variables and init scripts and stores its data in the volume.
DATABASE_IMAGE = ("mariadb", "11.4")
CHART_DATABASE = ("bitnami/mariadb", "latest")


def _databases(config: "Settings") -> dict[str, str]:
    from panda_infra.products.panda.components.iam.models import Iam  # noqa: PLC0415 - needs this module

    return {"": config.components.of(Iam).settings.database.name}


DUMP = Dump(
    "mariadb",
    "iam-db-envs",
    "MARIADB_USER",
    "MARIADB_PASSWORD",
    _databases,
    administrator="MARIADB_ROOT_PASSWORD",
)


class IamDb(Component):
    """IAM's own database with its backup."""

    mariadb: SubComponent = SubComponent()
    """The database."""
    backup: SubComponent = SubComponent()
    """Daily dump."""


def _remotes(context: "Context") -> Iterator[Remote]:
    yield from remotes.database(context.iam.database.host, remotes.MARIADB)


COMPONENT = ComponentSpec(
    name="iam-db",
    title="IAM database",
    about="IAM's database.",
    position=30,
    version="0.1.0",
    config=IamDb,
    sub_components=(
        SubComponentSpec(
            name="mariadb",
            workload="StatefulSet",
            chart_image=CHART_DATABASE,
            secrets=start("iam-db-envs", "iam-initdb"),
            claims=(Claim("data", "5Gi"),),
            ports=(3306,),
            scalable=False,
            image=DATABASE_IMAGE,
            dump=DUMP,
        ),
        SubComponentSpec(
            name="backup",
            workload="StatefulSet",
            chart_image=("ghcr.io/hsf/harvester", "latest"),
            secrets=start("iam-envs"),
            calls=calls.IAM_DATABASES,
            remotes=_remotes,
            claims=(Claim("dumps", "100Gi", key="persistentvolumespecial", optional=True),),
            scalable=False,
            # The backup uses only mysqldump of this image; the chart names `latest` (T40).
            image=("ghcr.io/hsf/harvester", "v0.6.5"),
        ),
    ),
    own_name="iam",
    issuing=True,
    # Upstream has one part for IAM and its database, and deploys both together.
    imports=Imports(part="iam", shared=("database.password",)),
    checks=(
        Check(
            "iam-db.database",
            "IAM's database answers a query of its user",
            "PANDA-DATABASES",
            mariadb("iam-db/mariadb"),
        ),
    ),
)
