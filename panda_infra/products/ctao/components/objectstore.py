"""An object store for tests, the fixture of the interface of that name."""

from typing import TYPE_CHECKING, ClassVar

from panda_infra.products.content import Env, reveal
from panda_infra.products.ctao.context import S3_PORT
from panda_infra.products.ctao.interfaces import InterfaceComponent, InterfacesSecrets
from panda_infra.products.ctao.programs import CHART, VERSION, Data, Key, Part, tcp, values_of
from panda_infra.products.ctao.versions import VERSITYGW_IMAGE
from panda_infra.products.model import Claim, ComponentSpec, SubComponentSpec, start
from panda_infra.products.secret_values import Contained
from panda_infra.products.settings import ComponentSettings
from panda_infra.products.verification import Check, Request
from panda_infra.products.workloads import SubComponent

if TYPE_CHECKING:
    from panda_infra.products.ctao.context import Context

__all__ = ["COMPONENT", "Objectstore"]

_SECRET = "objectstore"  # noqa: S105 - a name
_DATA = "/data"


class Objectstore(InterfaceComponent):
    """An S3 store, for tests."""

    replaces: ClassVar[str] = "objectstore"

    server: SubComponent = SubComponent()
    """The server, versitygw."""
    settings: ComponentSettings = ComponentSettings()
    """Its Secrets."""


def keys(context: "Context") -> Env:
    """The Secret objectstore: the keys of the only account, under the names of the server's variables."""
    given = context.secrets.of(InterfacesSecrets)
    return {
        "ROOT_ACCESS_KEY_ID": reveal(given.object_store_access_key),
        "ROOT_SECRET_ACCESS_KEY": reveal(given.object_store_secret_key),
    }


_SERVER = Part(
    name="server",
    ports={"s3": S3_PORT},
    command=("versitygw", "--port", f":{S3_PORT}", "--health", "/health", "posix", _DATA),
    variables={key: Key(_SECRET, key) for key in ("ROOT_ACCESS_KEY_ID", "ROOT_SECRET_ACCESS_KEY")},
    data=Data(_DATA, "5Gi"),
    probe=tcp("s3"),
)


COMPONENT = ComponentSpec(
    name="objectstore",
    title="Object store",
    about="S3 store for tests.",
    position=205,
    version=VERSION,
    usual_seconds=15,
    chart=CHART,
    ships=True,
    config=Objectstore,
    sub_components=(
        SubComponentSpec(
            name="server",
            workload="Deployment",
            chart_image=VERSITYGW_IMAGE,
            image=VERSITYGW_IMAGE,
            secrets=start(_SECRET),
            claims=(Claim("data", "5Gi", adopt_key="existingClaim"),),
            ports=(S3_PORT,),
            switchable=False,
            scalable=False,
            locks=True,
        ),
    ),
    contains={
        ("interfaces", "objectStoreAccessKey"): Contained(secrets=(_SECRET,)),
        ("interfaces", "objectStoreSecretKey"): Contained(secrets=(_SECRET,)),
    },
    builders={_SECRET: keys},
    values=values_of("objectstore", _SERVER),
    checks=(
        Check(
            "objectstore.answers",
            "The object store answers",
            "DPPS-FIXTURES",
            Request("objectstore/server", S3_PORT, "/health", secure=False),
        ),
    ),
)
