"""A MariaDB as a part of a fixture, in the official image, whose data is dumped by root."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from panda_infra.products.ctao.context import MARIADB_PORT
from panda_infra.products.ctao.programs import Data, Key, Part, tcp
from panda_infra.products.ctao.versions import MARIADB_IMAGE
from panda_infra.products.model import Claim, Dump, SubComponentSpec, start

if TYPE_CHECKING:
    from panda_infra.config.stack import Settings

__all__ = ["mariadb_part", "mariadb_spec"]

_NAME = "mariadb"


def mariadb_part(secret: str, variables: Collection[str], size: str) -> Part:
    """The server, with these variables of the Secret with this suffix, and a volume of this size."""
    return Part(
        name=_NAME,
        ports={_NAME: MARIADB_PORT},
        variables={key: Key(secret, key) for key in variables},
        data=Data("/var/lib/mysql", size),
        probe=tcp(_NAME),
    )


def mariadb_spec(secret: str, size: str, databases: Callable[[Settings], dict[str, str]]) -> SubComponentSpec:
    """Its description; ``databases`` are dumped."""
    return SubComponentSpec(
        name=_NAME,
        workload="Deployment",
        chart_image=MARIADB_IMAGE,
        image=MARIADB_IMAGE,
        secrets=start(secret),
        claims=(Claim("data", size, adopt_key="existingClaim"),),
        ports=(MARIADB_PORT,),
        switchable=False,
        scalable=False,
        # Its Deployment replaces a pod only after its end.
        locks=True,
        dump=Dump(
            "mariadb",
            secret,
            "MARIADB_USER",
            "MARIADB_PASSWORD",
            databases,
            administrator="MARIADB_ROOT_PASSWORD",
        ),
    )
